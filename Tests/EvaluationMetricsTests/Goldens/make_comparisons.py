"""Writes comparisons.json: what SciPy, scikit-learn and NumPy say of pairs of made-up models on the same images.

  python make_comparisons.py     (numpy, scipy, scikit-learn, scikit-image)

McNemar's exact test is SciPy's binomial test of the images on which the models differ. The bootstrap draws patients in
the order of the same generator (SplitMix64) as the program, and takes images by their numbers instead of by weights.
"""
import json
import pathlib

import numpy as np
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score, roc_auc_score

from make_metrics import scores, splitmix


def mcnemar(only_first, only_second):
    n = only_first + only_second
    return {"only_first": only_first, "only_second": only_second,
            "p": float(binomtest(only_first, n, 0.5).pvalue) if n else 1.0}


def area(labels, p):
    """Mann and Whitney's share of pairs in the right order, ties counted half."""
    gaps = p[labels][:, None] - p[~labels][None, :]
    return ((gaps > 0).sum() + (gaps == 0).sum() / 2) / gaps.size


def difference(figure, pairs, patients, resamples=2000, seed=1):
    """The mean over pairs of the second's figure less the first's, and the middle 95 % over resampled patients."""
    def mean(chosen):
        return float(np.mean([figure(second, chosen) - figure(first, chosen) for first, second in pairs]))

    order = sorted(set(patients))
    images = {name: [i for i, of in enumerate(patients) if of == name] for name in order}
    numbers = splitmix(seed)
    means = []
    for _ in range(resamples):
        drawn = [order[next(numbers) * len(order) >> 64] for _ in order]
        try:
            means.append(mean([i for name in drawn for i in images[name]]))
        except ZeroDivisionError:
            pass
    return {"value": mean(range(len(patients))), "interval": np.percentile(means, [2.5, 97.5]).tolist(),
            "usable": len(means)}


def comparison(rng, n, patients, seeds, better):
    """`seeds` pairs of models on the same n images, of which the second tells the classes apart better."""
    labels = rng.random(n) < 0.6
    names = [f"patient {k:03}" for k in rng.integers(0, patients, n)]
    pairs = [(scores(rng, n, labels, 2), np.clip(scores(rng, n, labels, 2) + better * (labels - 0.5), 0, 1).round(3))
             for _ in range(seeds)]
    masks = [(rng.beta(20, 2, n).round(6), rng.beta(22, 2, n).round(6)) for _ in range(seeds)]

    def accuracy(p, chosen):
        chosen = list(chosen)
        return (labels[chosen] == (p[chosen] >= 0.5)).mean()

    def auroc(p, chosen):
        chosen = list(chosen)
        if labels[chosen].all() or not labels[chosen].any():
            raise ZeroDivisionError
        return area(labels[chosen], p[chosen])

    def dice(values, chosen):
        return values[list(chosen)].mean()

    for p in [p for pair in pairs for p in pair]:
        assert np.isclose(area(labels, p), roc_auc_score(labels, p), rtol=1e-14)
        assert np.isclose(accuracy(p, range(n)), accuracy_score(labels, p >= 0.5), rtol=1e-14)

    right = [[(p >= 0.5) == labels for p in pair] for pair in pairs]
    return {
        "patients": names, "labels": labels.tolist(),
        "probabilities": [[p.tolist() for p in pair] for pair in pairs],
        "dice_values": [[d.tolist() for d in pair] for pair in masks],
        "mcnemar": [mcnemar(int((a & ~b).sum()), int((~a & b).sum())) for a, b in right],
        "by_seed": [{"accuracy": difference(accuracy, [pair], names), "auroc": difference(auroc, [pair], names),
                     "dice": difference(dice, [mask], names)} for pair, mask in zip(pairs, masks)],
        "together": {"accuracy": difference(accuracy, pairs, names), "auroc": difference(auroc, pairs, names),
                     "dice": difference(dice, masks, names)},
    }


def main():
    rng = np.random.default_rng(9)
    golden = {
        "mcnemar": [mcnemar(*counts) for counts in [
            (0, 0), (1, 0), (0, 5), (2, 9), (2, 5), (2, 4), (12, 12), (12, 25), (40, 61), (0, 40), (700, 800),
            (1500, 1500)]],
        "comparisons": [comparison(rng, 60, 23, 2, 0.1), comparison(rng, 12, 5, 3, 0.0)],
    }
    path = pathlib.Path(__file__).with_name("comparisons.json")
    path.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
