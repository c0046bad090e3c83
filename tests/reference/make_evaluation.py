"""Makes tests/fixtures/evaluation.json: intervals and paired tests as statsmodels and scipy have them.

    pip install scipy statsmodels
    python tests/reference/make_evaluation.py
"""

import json
from pathlib import Path

import numpy
from scipy.stats import binom, bootstrap
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

TARGET = Path(__file__).resolve().parents[1] / "fixtures" / "evaluation.json"

SHARES = [(hits, of) for of in (1, 2, 9, 20, 57, 1000) for hits in sorted({0, 1, of // 3, of // 2, of - 1, of})]
CHANGES = [
    (0, 0), (1, 0), (0, 1), (5, 0), (6, 0), (1, 8), (4, 4), (10, 2), (12, 12), (20, 4),
    (13, 12), (15, 10), (25, 0), (24, 1), (20, 20), (30, 12), (200, 150), (1000, 900), (7, 60), (500, 500), (3, 22),
]
# Right both times, only after, only before, never.
ANSWERS = [(600, 150, 50, 200), (40, 9, 2, 6), (300, 20, 22, 58), (5, 1, 0, 3)]


def wilson(hits, of):
    low, high = proportion_confint(hits, of, alpha=0.05, method="wilson")
    return [hits, of, float(low), float(high)]


def paired(fixed, broken):
    exact = float(mcnemar([[0, broken], [fixed, 0]], exact=True).pvalue) if fixed + broken else 1.0
    # Fagerland, Lydersen and Laake 2013: the exact value less the point probability, of which half where both are as many.
    at = float(binom.pmf(min(fixed, broken), fixed + broken, 0.5))
    return [fixed, broken, min(exact, 1.0), min(exact, 1.0) - (at / 2 if fixed == broken else at)]


def resampled(both, fixed, broken, neither):
    changes = numpy.repeat([0.0, 1.0, -1.0, 0.0], [both, fixed, broken, neither])
    found = bootstrap((changes,), numpy.mean, n_resamples=20_000, method="percentile", rng=0)
    low, high = found.confidence_interval
    return [both, fixed, broken, neither, float(low), float(high)]


def main():
    made = {
        "wilson": [wilson(*case) for case in SHARES],
        "mcnemar": [paired(*case) for case in CHANGES],
        "bootstrap": [resampled(*case) for case in ANSWERS],
    }
    lists = (f'"{name}": [\n' + ",\n".join(json.dumps(case) for case in cases) + "\n]" for name, cases in made.items())
    TARGET.write_text("{\n" + ",\n".join(lists) + "\n}\n")


if __name__ == "__main__":
    main()
