"""What a run's scores are worth on the sources that it left out, and on the validation images of those that it knows."""
import numpy as np


def auroc(scores, positive):
    order = np.argsort(scores, kind="stable")
    ranks = np.empty(len(scores))
    ranks[order] = np.arange(1, len(scores) + 1)
    p, n = positive.sum(), (~positive).sum()
    return float((ranks[positive].sum() - p * (p + 1) / 2) / (p * n)) if p and n else None


def finding_figures(scores, pictures, left):
    findings, sources = pictures.findings, pictures.sources
    out = np.isin(sources, left) & (findings >= 0)
    positive = findings == 1
    val = (pictures.splits == "val") & (findings >= 0) & ~np.isin(sources, left)
    nih = np.char.startswith(sources.astype(str), "nih")
    children = np.char.find(sources.astype(str), "kermany") >= 0
    known = [scores[val & positive & (sources == s)] for s in np.unique(sources[val])]
    known = [k for k in known if len(k) >= 7]
    bound = max((t for t in np.unique(np.concatenate(known)) if np.mean([(k >= t).mean() for k in known]) >= 0.85), default=0)
    p, n = scores[out & positive], scores[out & ~positive]

    def share(hits):
        return float(hits.mean()) if len(hits) else None
    own = np.quantile(p, 0.15) if len(p) else 0
    return {
        "auroc": auroc(scores[out], positive[out]), "specificity_at_85": share(n < own) if len(p) else None,
        "sensitivity": share(p >= bound), "specificity": share(n < bound),
        "sensitivity_at_0": share(p >= 0), "specificity_at_0": share(n < 0),
        "by_source": {str(s): [int((out & (sources == s) & positive).sum()), int((out & (sources == s) & ~positive).sum()),
                               auroc(scores[out & (sources == s)], positive[out & (sources == s)])] for s in left},
        "val_nih": auroc(scores[val & nih], positive[val & nih]), "val_children": auroc(scores[val & children], positive[val & children])}
