"""Writes metrics.json: what scikit-learn, SciPy and scikit-image say of small made-up predictions.

  python make_metrics.py     (numpy, scipy, scikit-learn, scikit-image)
"""
import json
import pathlib

import numpy as np
from skimage.metrics import hausdorff_distance, structural_similarity
from sklearn.metrics import (accuracy_score, f1_score, jaccard_score, precision_score, recall_score,
                             roc_auc_score)


def classification(rng, n, threshold, ties):
    labels = rng.random(n) < 0.6
    p = np.clip(0.35 + 0.3 * labels + 0.25 * rng.standard_normal(n), 0, 1)
    if ties:
        p = np.round(p, 1)
    predicted = p >= threshold
    return {
        "probabilities": p.tolist(), "labels": labels.tolist(), "threshold": threshold,
        "accuracy": accuracy_score(labels, predicted), "auroc": roc_auc_score(labels, p),
        "f1_pneumonia": f1_score(labels, predicted), "f1_normal": f1_score(~labels, ~predicted),
        "precision": precision_score(labels, predicted), "recall": recall_score(labels, predicted),
    }


def blob(rng, size, n):
    y, x = np.mgrid[:size, :size]
    mask = np.zeros((size, size), bool)
    for _ in range(n):
        cy, cx = rng.uniform(0.2 * size, 0.8 * size, 2)
        a, b = rng.uniform(0.08 * size, 0.25 * size, 2)
        mask |= ((y - cy) / a) ** 2 + ((x - cx) / b) ** 2 < 1
    return mask


def segmentation(rng, size, n):
    a, b = blob(rng, size, n), blob(rng, size, n)
    b = b | np.roll(a, 3, 1)
    return {
        "size": size,
        "prediction": "".join("01"[int(v)] for v in a.ravel()), "reference": "".join("01"[int(v)] for v in b.ravel()),
        "dice": f1_score(b.ravel(), a.ravel()), "jaccard": jaccard_score(b.ravel(), a.ravel()),
        "precision": precision_score(b.ravel(), a.ravel()), "recall": recall_score(b.ravel(), a.ravel()),
        "hausdorff": hausdorff_distance(a, b),
        "ssim": structural_similarity(a.astype(float), b.astype(float), data_range=1.0),
    }


rng = np.random.default_rng(7)
golden = {
    "classification": [classification(rng, 60, 0.5, False), classification(rng, 200, 0.35, True)],
    "segmentation": [segmentation(rng, 32, 1), segmentation(rng, 48, 3)],
}
path = pathlib.Path(__file__).with_name("metrics.json")
path.write_text(json.dumps(golden) + "\n")
print(path.name, path.stat().st_size, "bytes")
