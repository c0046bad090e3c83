"""Makes tests/fixtures/evaluation.json, intervals and paired tests as statsmodels and scipy have them, and
tests/fixtures/measures.json, measures of answers as scikit-learn, statsmodels, cleanlab and plain numpy have them.

    pip install scipy statsmodels scikit-learn cleanlab
    python tests/reference/make_evaluation.py
"""

import json
from pathlib import Path

import numpy
from cleanlab.filter import find_label_issues
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from scipy.stats import binom, bootstrap
from sklearn.decomposition import PCA
from sklearn.metrics import (
    accuracy_score, confusion_matrix, precision_recall_fscore_support, roc_auc_score, roc_curve, top_k_accuracy_score,
)
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

MEASURES = Path(__file__).resolve().parents[1] / "fixtures" / "measures.json"
SCALE = 20.0
BINS = 15

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


def exact(values):
    """Numbers that are the same in single and double precision."""
    return numpy.round(numpy.asarray(values) * 4096) / 4096


def answers(rng, pictures=240, classes=8):
    """Cosines of which most are right; one class is never shown."""
    truth = rng.integers(0, classes - 1, pictures)
    cosines = rng.normal(0.2, 0.05, (pictures, classes + 1))
    cosines[numpy.arange(pictures), truth] += rng.normal(0.08, 0.06, pictures)
    return truth, exact(cosines)


def measured(truth, cosines):
    labels = cosines[:, :-1]
    answered = labels.argmax(1)
    shown = sorted(set(truth.tolist()))
    precision, recall, f1, _ = precision_recall_fscore_support(truth, answered, labels=shown, zero_division=0)
    everything = list(range(labels.shape[1]))
    return {
        "top1": accuracy_score(truth, answered),
        "top5": top_k_accuracy_score(truth, labels, k=5, labels=everything),
        "macro_recall": recall.mean(), "macro_precision": precision.mean(), "macro_f1": f1.mean(),
        "shown": shown, "recall": recall.tolist(), "precision": precision.tolist(), "f1": f1.tolist(),
        "confusion": confusion_matrix(truth, answered, labels=everything).tolist(),
    }


def calibration_error(confidence, right):
    """Bins that are open below and closed above, as in Guo et al.'s own code."""
    edges = numpy.linspace(0, 1, BINS + 1)
    error, counts = 0.0, []
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        counts.append(int(inside.sum()))
        if inside.any():
            error += abs(right[inside].mean() - confidence[inside].mean()) * inside.mean()
    return float(error), counts


def calibrated(truth, cosines):
    logits = SCALE * cosines[:, :-1]
    confidence = softmax(logits, axis=1).max(1)
    right = logits.argmax(1) == truth

    def unlikely(log_temperature):
        return -log_softmax(logits / numpy.exp(log_temperature), axis=1)[numpy.arange(len(truth)), truth].mean()

    best = minimize_scalar(unlikely, bounds=(-6, 6), method="bounded", options={"xatol": 1e-12})
    ece, counts = calibration_error(confidence, right)
    return {"confidence": confidence.tolist(), "right": right.tolist(), "ece": ece, "counts": counts,
            "temperature": float(numpy.exp(best.x))}


def negatives(rng):
    own, others = exact(rng.normal(0.04, 0.03, 300)), exact(rng.normal(0.0, 0.03, 170))
    said = numpy.r_[numpy.ones(300), numpy.zeros(170)]
    scores = numpy.r_[own, others]
    false, true, _ = roc_curve(said, scores, drop_intermediate=False)
    return {"own": own.tolist(), "others": others.tolist(), "auroc": roc_auc_score(said, scores),
            "fpr95": float(false[true >= 0.95].min())}


def retrieved(rng, pictures=40, dim=16):
    """COCO's way of counting: some pictures have five captions, some fewer."""
    owners = numpy.repeat(numpy.arange(pictures), rng.integers(1, 6, pictures))
    images = exact(rng.normal(0, 1, (pictures, dim)))
    captions = exact(images[owners] + rng.normal(0, 2.0, (len(owners), dim)))
    cosines = images @ captions.T
    to_captions, to_pictures = [], []
    for among in (1, 5, 10):
        best = numpy.argsort(-cosines, axis=1, kind="stable")[:, :among]
        to_captions.append(float(numpy.mean([(owners[row] == n).any() for n, row in enumerate(best)])))
        best = numpy.argsort(-cosines.T, axis=1, kind="stable")[:, :among]
        to_pictures.append(float(numpy.mean([owners[n] in row for n, row in enumerate(best)])))
    return {"dim": dim, "pictures": images.ravel().tolist(), "captions": captions.ravel().tolist(),
            "owners": owners.tolist(), "to_captions": to_captions, "to_pictures": to_pictures}


def suspects(rng):
    """Every class is shown, and some pictures are said to show another one."""
    pictures, classes = 200, 5
    shown = rng.integers(0, classes, pictures)
    said = numpy.where(rng.random(pictures) < 0.1, rng.integers(0, classes, pictures), shown)
    cosines = rng.normal(0.2, 0.03, (pictures, classes + 1))
    cosines[numpy.arange(pictures), shown] += 0.1
    cosines = exact(cosines)
    probabilities = softmax(SCALE * cosines[:, :-1], axis=1)
    found = find_label_issues(said, probabilities, filter_by="confident_learning",
                              return_indices_ranked_by="normalized_margin", n_jobs=1)
    return {"truth": said.tolist(), "cosines": cosines.tolist(), "found": sorted(int(n) for n in found)}


def projected(rng):
    rows = exact(rng.normal(0, 1, (60, 12)) * numpy.linspace(2, 0.3, 12))
    made = PCA(2, svd_solver="full").fit(rows)
    return {"rows": rows.tolist(), "coordinates": made.transform(rows).tolist(),
            "explained": float(made.explained_variance_ratio_.sum())}


def measures():
    rng = numpy.random.default_rng(20)
    truth, cosines = answers(rng)
    p = [0.001, 0.04, 0.03, 0.5, 0.012, 0.012, 1.0]
    return {
        "scale": SCALE, "truth": truth.tolist(), "cosines": cosines.tolist(),
        "measures": measured(truth, cosines), "calibration": calibrated(truth, cosines),
        "negatives": negatives(rng), "retrieval": retrieved(rng), "suspects": suspects(rng), "pca": projected(rng),
        "holm": {"p": p, "corrected": multipletests(p, method="holm")[1].tolist()},
    }


def main():
    MEASURES.write_text(json.dumps(measures()) + "\n")
    made = {
        "wilson": [wilson(*case) for case in SHARES],
        "mcnemar": [paired(*case) for case in CHANGES],
        "bootstrap": [resampled(*case) for case in ANSWERS],
    }
    lists = (f'"{name}": [\n' + ",\n".join(json.dumps(case) for case in cases) + "\n]" for name, cases in made.items())
    TARGET.write_text("{\n" + ",\n".join(lists) + "\n}\n")


if __name__ == "__main__":
    main()
