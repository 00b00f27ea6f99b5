"""Writes metrics.json: what scikit-learn, SciPy and scikit-image say of small made-up predictions.

  python make_metrics.py     (numpy, scipy, scikit-learn, scikit-image)

Everything here is written without a look at the Swift code, except the order in which the bootstrap draws patients:
that follows the same generator (SplitMix64), so that the intervals must agree to the last digit.
"""
import json
import pathlib
import warnings

import numpy as np
from scipy import ndimage
from scipy.optimize import minimize_scalar
from skimage.metrics import hausdorff_distance, structural_similarity
from sklearn.metrics import (accuracy_score, confusion_matrix, f1_score, jaccard_score, log_loss, precision_score,
                             recall_score, roc_auc_score, roc_curve)

BINS = 15


def calibration_error(labels, p):
    """Guo et al. 2017: bins (b / 15, (b + 1) / 15] of the larger probability."""
    top = np.maximum(p, 1 - p)
    right = (p >= 0.5) == labels
    bins = np.digitize(top, np.arange(1, BINS) / BINS, right=True)
    return sum(abs(top[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean() for b in np.unique(bins))


def scores(rng, n, labels, decimals=None):
    p = np.clip(0.35 + 0.3 * labels + 0.25 * rng.standard_normal(n), 0, 1)
    return p if decimals is None else np.round(p, decimals)


def classification(labels, p, threshold):
    predicted = p >= threshold
    one_class = labels.all() or not labels.any()
    return {
        "probabilities": p.tolist(), "labels": labels.tolist(), "threshold": threshold,
        "accuracy": accuracy_score(labels, predicted), "auroc": None if one_class else roc_auc_score(labels, p),
        "f1_pneumonia": f1_score(labels, predicted, zero_division=0),
        "f1_normal": f1_score(~labels, ~predicted, zero_division=0),
        "precision": precision_score(labels, predicted, zero_division=0),
        "recall": recall_score(labels, predicted, zero_division=0), "ece": calibration_error(labels, p),
        "confusion": confusion_matrix(labels, predicted, labels=[False, True]).ravel().tolist(),
    }


def blob(rng, size, n):
    y, x = np.mgrid[:size, :size]
    mask = np.zeros((size, size), bool)
    for _ in range(n):
        cy, cx = rng.uniform(0.2 * size, 0.8 * size, 2)
        a, b = rng.uniform(0.08 * size, 0.25 * size, 2)
        mask |= ((y - cy) / a) ** 2 + ((x - cx) / b) ** 2 < 1
    return mask


def runs(mask):
    """Lengths of runs in row order, beginning with the zeros."""
    flat = mask.ravel().astype(np.int8)
    ends = np.flatnonzero(np.diff(flat)) + 1
    lengths = np.diff(np.concatenate([[0], ends, [flat.size]])).tolist()
    return [0] + lengths if flat[0] else lengths


def surface(mask):
    return mask ^ ndimage.binary_erosion(mask)


def hausdorff95(a, b):
    """As MONAI's compute_hausdorff_distance(percentile=95): the larger of the two directed percentiles."""
    if not a.any() or not b.any():
        return 0.0 if a.any() == b.any() else float(np.hypot(*a.shape))
    sa, sb = surface(a), surface(b)
    return float(max(np.percentile(ndimage.distance_transform_edt(~sb)[sa], 95),
                     np.percentile(ndimage.distance_transform_edt(~sa)[sb], 95)))


def segmentation(a, b):
    empty = not a.any() and not b.any()
    zero = 1.0 if empty else 0.0
    distance = hausdorff_distance(a, b)
    return {
        "size": a.shape[0], "prediction": runs(a), "reference": runs(b),
        "dice": f1_score(b.ravel(), a.ravel(), zero_division=zero),
        "jaccard": jaccard_score(b.ravel(), a.ravel(), zero_division=zero),
        "precision": precision_score(b.ravel(), a.ravel(), zero_division=zero),
        "recall": recall_score(b.ravel(), a.ravel(), zero_division=zero),
        # scikit-image says infinity where one mask is empty; the image's diagonal stands for it.
        "hausdorff": float(distance if np.isfinite(distance) else np.hypot(*a.shape)), "hausdorff95": hausdorff95(a, b),
        "ssim": structural_similarity(a.astype(float), b.astype(float), data_range=1.0),
    }


def segmentations(rng):
    def points(size, *places):
        mask = np.zeros((size, size), bool)
        for place in places:
            mask[place] = True
        return mask

    def pair(size, n):
        a, b = blob(rng, size, n), blob(rng, size, n)
        return a, b | np.roll(a, 3, 1)

    none = points(16)
    corner, centre = points(16, (0, 0)), points(16, (8, 9))
    full = ~none
    ring = ndimage.binary_dilation(points(24, (12, 12)), iterations=9)
    hole = ring & ~ndimage.binary_dilation(points(24, (12, 12)), iterations=4)
    noise = rng.random((40, 40)) < 0.05
    large = pair(256, 2)
    return [segmentation(*masks) for masks in [
        pair(32, 1), pair(48, 3), (none, none), (none, centre), (centre, none), (corner, centre), (centre, centre),
        (full, centre), (full, full), (full, none), (ring, hole), (hole, ring), (noise, rng.random((40, 40)) < 0.02),
        (large[0], large[1] | (rng.random((256, 256)) < 2e-4))]]


def splitmix(seed):
    """Steele, Lea, Flood 2014."""
    state, word = seed, 2 ** 64 - 1
    while True:
        state = (state + 0x9e3779b97f4a7c15) & word
        z = state
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9 & word
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb & word
        yield z ^ (z >> 31)


def bootstrap(rng, n, patients, resamples, seed, decimals):
    """Percentile intervals of AUROC and of a mean, whole patients drawn with replacement."""
    labels = rng.random(n) < 0.5
    p = scores(rng, n, labels, decimals)
    values = rng.random(n)
    names = [f"patient {k:02}" for k in rng.integers(0, patients, n)]
    order = sorted(set(names))
    images = {name: [i for i in range(n) if names[i] == name] for name in order}
    numbers = splitmix(seed)
    areas, means = [], []
    for _ in range(resamples):
        drawn = [order[next(numbers) * len(order) >> 64] for _ in order]
        chosen = np.array([i for name in drawn for i in images[name]])
        means.append(values[chosen].mean())
        if labels[chosen].any() and not labels[chosen].all():
            areas.append(roc_auc_score(labels[chosen], p[chosen]))
    return {
        "patients": names, "labels": labels.tolist(), "probabilities": p.tolist(), "values": values.tolist(),
        "resamples": resamples, "seed": seed, "usable": len(areas),
        "auroc": np.percentile(areas, [2.5, 97.5]).tolist(), "mean": np.percentile(means, [2.5, 97.5]).tolist(),
    }


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def calibration(rng, n, sharpness, decimals=None):
    """Temperature by SciPy's bounded search over the inverse temperature; threshold by scikit-learn's ROC curve."""
    labels = rng.random(n) < 0.55
    z = sharpness * (rng.standard_normal(n) + np.where(labels, 0.8, -0.8))
    if decimals is not None:
        z = np.round(z, decimals)

    def loss(beta):
        return float(np.logaddexp(0, np.where(labels, -beta * z, beta * z)).mean())

    found = minimize_scalar(loss, bounds=(0.1, 10), method="bounded", options={"xatol": 1e-10})
    assert np.isclose(found.fun, log_loss(labels, sigmoid(found.x * z)), rtol=1e-12)
    temperature = 1 / float(found.x)
    p = sigmoid(z / temperature)
    fpr, tpr, at = roc_curve(labels, p, drop_intermediate=False)
    best = (tpr - fpr).max()
    distinct = np.unique(p)
    # A threshold between two neighbours has the J of the upper one.
    middles = [(distinct[np.flatnonzero(distinct == t)[0] - 1] + t) / 2
               for t, j in zip(at[1:], (tpr - fpr)[1:]) if t > distinct[0] and j > best - 1e-12]
    threshold = min(middles, key=lambda t: abs(t - 0.5))
    return {
        "logits": z.tolist(), "labels": labels.tolist(), "temperature": temperature, "loss_before": loss(1),
        "loss": float(found.fun), "youden": float(best), "threshold": float(threshold),
        "auroc": roc_auc_score(labels, z), "ece": float(calibration_error(labels, p)),
    }


def main():
    warnings.simplefilter("ignore")  # scikit-image warns of empty masks
    rng = np.random.default_rng(7)
    some = rng.random(60) < 0.6
    many = rng.random(200) < 0.6
    ones = np.ones(9, bool)
    golden = {
        "classification": [
            classification(some, scores(rng, 60, some), 0.5),
            classification(many, scores(rng, 200, many, 1), 0.35),
            classification(many, np.round(scores(rng, 200, many) * BINS) / BINS, 0.5),  # on the bins' edges
            classification(ones, scores(rng, 9, ones), 0.5), classification(~ones, scores(rng, 9, ~ones), 0.5),
            classification(some, np.full(60, 0.5), 0.5), classification(some, np.where(some, 0.0, 1.0), 0.5),
            classification(np.array([True]), np.array([0.4]), 0.5),
        ],
        "segmentation": segmentations(rng),
        "bootstrap": [bootstrap(rng, 60, 60, 300, 1, None), bootstrap(rng, 90, 20, 250, 5, 1),
                      bootstrap(rng, 7, 4, 200, 9, None)],
        "calibration": [calibration(rng, 150, 2), calibration(rng, 150, 12), calibration(rng, 80, 0.4),
                        calibration(rng, 90, 3, 0)],
    }
    path = pathlib.Path(__file__).with_name("metrics.json")
    path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    print(path.name, path.stat().st_size, "bytes")
    for g in golden["calibration"]:
        print({k: v for k, v in g.items() if k not in ("logits", "labels")})
    for g in golden["bootstrap"]:
        print(g["usable"], g["auroc"], g["mean"])


if __name__ == "__main__":
    main()
