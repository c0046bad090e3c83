"""Makes tests/fixtures/guarantees.json: thresholds of split-conformal label sets, and bootstrapped ends over groups of
copies, both in plain numpy.

    pip install numpy
    python tests/reference/make_guarantees.py
"""

import json
from pathlib import Path

import numpy

TARGET = Path(__file__).resolve().parents[1] / "fixtures" / "guarantees.json"
LEVELS = [0.5, 0.8, 0.9, 0.95, 0.99]
SIZES = [5, 19, 40, 100, 257]


def threshold(own, level):
    """Angelopoulos and Bates 2021 (arXiv 2107.07511), section 1.1: of one less the probability of the true label, the
    ceil((n + 1) level)-th smallest; where there are not so many, every label is in the set."""
    rank = int(numpy.ceil(numpy.round((len(own) + 1) * level, 9)))
    if rank > len(own):
        return 0.0
    return float(1 - numpy.partition(1 - own, rank - 1)[rank - 1])


def conformal(rng):
    cases = []
    for size in SIZES:
        # Numbers of which one less is exact, too.
        own = numpy.round(rng.beta(2, 1, size) * 4096) / 4096
        cases += [{"own": own.tolist(), "level": level, "threshold": threshold(own, level)} for level in LEVELS]
    return cases


def grouped(rng, groups, most, resamples=20_000):
    """Pictures in groups of copies, some of which were fixed and some broken together."""
    sizes = rng.integers(1, most + 1, groups)
    changes = rng.choice([0.0, 1.0, -1.0], groups, p=[0.7, 0.2, 0.1])
    drawn = rng.integers(0, groups, (resamples, groups))
    means = (sizes * changes)[drawn].sum(1) / sizes[drawn].sum(1)
    low, high = numpy.percentile(means, [2.5, 97.5])
    return {"sizes": sizes.tolist(), "changes": changes.tolist(), "mean": float((sizes * changes).sum() / sizes.sum()),
            "low": float(low), "high": float(high)}


def main():
    rng = numpy.random.default_rng(21)
    made = {"conformal": conformal(rng), "grouped": [grouped(rng, 60, 4), grouped(rng, 200, 3), grouped(rng, 150, 6)]}
    TARGET.write_text(json.dumps(made) + "\n")


if __name__ == "__main__":
    main()
