"""A table of a study: a row per training and source left out.

    python summary.py --index FOLDER/index.json --pairs same-pictures.json --output runs.csv RUN...

RUN is a folder with a study's log (`log.txt` or `*.jsonl`) and `worker-*.npz`. Pictures that another source holds, too, and that were
learned from there (`--pairs`, from `mmdicom`'s cache), don't count in the columns `auroc` and `specificity_at_85` of findings; the other
columns are as the run wrote them. Empty where the run's scores weren't kept.
"""
import argparse
import collections
import csv
import json
import pathlib

import numpy as np

import recipes
from figures import auroc
from kinship import kin

COLUMNS = ["kind", "recipe", "left_out", "seed", "seconds", "normal", "pneumonia", "auroc", "specificity_at_85", "auroc_with_twins",
           "sensitivity_at_known_threshold", "specificity_at_known_threshold", "nih_talo", "nih_more", "val_nih", "val_children",
           "saliency_inside", "dice"]


def learned_twins(index, pairs, left):
    """Which pictures of the sources left out were learned from under another name, or whose patient was."""
    find = kin(index, pairs)
    learned = {find(r["uid"]) for r in index if r["source"] not in left and r["split"] == "train" and r["source"] not in recipes.NEVER}
    return np.array([r["source"] in left and find(r["uid"]) in learned for r in index])


def rows_of(job, figures, scores):
    """Of a training, or of each of its branches: name, figures, the scores of every picture or None. The weights that a branch kept on the
    way have scores alone."""
    name = recipes.name_of(job)
    if not job.get("branches"):
        yield job["recipe"], figures, scores.get(name)
        return
    for branch, own in figures.items():
        yield f"{job['recipe']}/{branch}", own, scores.get(f"{name}/{branch}")
        for i, (at, mean) in enumerate(scores.get(f"{name}/{branch}/course", [])):
            steps = (i + 1) * job["branches"][branch]["every"]
            yield f"{job['recipe']}/{branch}, {steps} steps", {}, at
            yield f"{job['recipe']}/{branch}, mean of {steps // 2} to {steps} steps", {}, mean


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--index", required=True)
    parser.add_argument("--pairs", required=True)
    parser.add_argument("--output", required=True)
    options = parser.parse_args()
    index = json.loads(pathlib.Path(options.index).read_text())
    pairs = json.loads(pathlib.Path(options.pairs).read_text())["pairs"]
    sources = np.array([r["source"] for r in index])
    findings = np.array([{"normal": 0, "pneumonia": 1}.get(r["finding"], -1) for r in index])
    splits = np.array([r["split"] for r in index])
    quarters = np.array([recipes.quarter(r["patient"]) for r in index])
    twins = {fold: learned_twins(index, pairs, left) for fold, left in recipes.FOLDS.items()}
    lines = []
    for folder in map(pathlib.Path, options.runs):
        scores = collections.ChainMap(*({k: z[k] for k in z.files} for z in map(np.load, folder.glob("worker-*.npz"))))
        for log in sorted([*folder.glob("*.jsonl"), *folder.glob("log.txt")]):
            for line in log.read_text().splitlines():
                if not line.startswith("{"):
                    continue
                done = json.loads(line)
                job, figures = done["job"], done["figures"]
                left = recipes.FOLDS[job["fold"]]
                counted = np.isin(sources, left) & (findings >= 0) & ~twins[job["fold"]]
                positive = findings[counted] == 1
                for recipe, own, read in rows_of(job, figures, scores):
                    row = dict(kind=job["kind"], recipe=recipe, left_out=" ".join(left) or "-", seed=job["seed"],
                               seconds=own.get("seconds", done["seconds"]), normal=int((~positive).sum()), pneumonia=int(positive.sum()),
                               auroc_with_twins=own.get("auroc"), sensitivity_at_known_threshold=own.get("sensitivity"),
                               specificity_at_known_threshold=own.get("specificity"), val_nih=own.get("val_nih"),
                               val_children=own.get("val_children"))
                    if read is not None and positive.any() and not positive.all():
                        s = read[counted].astype(float)
                        row["auroc"] = auroc(s, positive)
                        row["specificity_at_85"] = float((s[~positive] < np.quantile(s[positive], 0.15)).mean())
                    if read is not None and job["fold"] in recipes.QUARTERS:
                        # A hospital that is known, patients that aren't.
                        unknown = (splits == "val") | (quarters == recipes.QUARTERS[job["fold"]])
                        for source in ("nih_talo", "nih_more"):
                            these = (sources == source) & (findings >= 0) & unknown
                            row[source] = auroc(read[these].astype(float), findings[these] == 1)
                    if "saliency_inside" in own:
                        row["saliency_inside"] = "{share:.3f} (lungs {chance:.3f} of the view)".format(**own["saliency_inside"])
                    row["dice"] = "; ".join(
                        f"{source}{' (left out)' if d['left_out'] else ''} " + " ".join(f"{h:.3f}" for h in d["heads"])
                        for source, d in own.get("dice", {}).items())
                    lines.append({k: f"{v:.3f}" if isinstance(v, float) and k != "seconds" else v for k, v in row.items()})
    with open(options.output, "w", newline="") as f:
        writer = csv.DictWriter(f, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)


if __name__ == "__main__":
    main()
