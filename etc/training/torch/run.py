"""Does the trainings of a study (`recipes.py`), several at a time on one device, until the time is up.

    python run.py survey|release|fine|second --data FOLDER --output FOLDER [--workers 4] [--seconds 300]

Each job is one training without some sources, measured on them. Prints a line of JSON per job that begins with `{`; `worker-K.npz`
holds the scores of every picture (`kind/recipe/fold/seed`), and the weights of trainings that are kept in float16.
"""
import argparse
import json
import multiprocessing
import pathlib
import queue as queues
import time
import traceback

import numpy as np

import recipes
from figures import finding_figures


def twins(pictures, some, others, bound=0.95):
    """Which of `others` show a picture of `some`, at 32 pixels."""
    import torch.nn.functional as F
    if len(some) == 0 or len(others) == 0:
        return others[:0]
    small = F.interpolate(pictures.images[:, None].float(), size=32, mode="area")[:, 0].flatten(1)
    small = small - small.mean(1, keepdim=True)
    small = small / small.norm(dim=1, keepdim=True).clamp(min=1e-6)
    return others[((small[others] @ small[some].T).max(1).values > bound).cpu().numpy()]


def held_back(pictures, fold):
    """Which pictures a fold leaves out: whole sources, and of NIH a quarter of the patients."""
    out = np.isin(pictures.sources, recipes.FOLDS[fold])
    if fold in recipes.QUARTERS:
        quarter = np.array([recipes.quarter(p) == recipes.QUARTERS[fold] for p in pictures.patients])
        out |= np.char.startswith(pictures.sources.astype(str), "nih") & quarter
    return out


def chosen_for_training(pictures, fold):
    """The training split without the pictures left out, their patients and their twins."""
    out = held_back(pictures, fold)
    use = ~out & ~np.isin(pictures.sources, recipes.NEVER) & (pictures.splits == "train")
    use &= ~np.isin(pictures.patients, np.unique(pictures.patients[out]))
    use[twins(pictures, np.flatnonzero(out), np.flatnonzero(use))] = False
    return use


def finding_targets(pictures, use, job):
    """The wanted probability of pneumonia of each picture, and what it counts: 0 where nothing is wanted."""
    sources, findings = pictures.sources, pictures.findings
    target, weight = np.clip(findings, 0, 1).astype(np.float32), ((findings >= 0) & use).astype(np.float32)
    nih = np.char.startswith(sources.astype(str), "nih")
    if job["soft"]:
        target = np.where(nih, target * (1 - 2 * job["soft"]) + job["soft"], target)
    if job["both"]:
        weight[np.isin(sources, ("shenzhen", "jsrt", "hannover", "v7_ieee8023", "ieee8023_more"))] = 0
    if job["other"] is not None:
        # 0.5: whatever else was found is neither; more: tuberculosis alone, as an opacity.
        other = use & (findings < 0)
        other &= np.isin(sources, ("shenzhen", "jsrt", "nih_more")) if job["other"] == 0.5 else sources == "shenzhen"
        target, weight = np.where(other, job["other"], target), np.where(other, 1, weight)
    return target.astype(np.float32), weight.astype(np.float32)


def run(job, pictures, graph=True, dtype=None, until=None):
    """-> the network with the average of its weights, figures, and the scores of every picture."""
    import torch
    import pictures as P
    import training as T
    from network import PAPER_WIDTHS, Encoder, MultiMix
    dtype = dtype or torch.bfloat16
    left = recipes.FOLDS[job["fold"]]
    use = chosen_for_training(pictures, job["fold"])
    target, weight = finding_targets(pictures, use, job)

    def device(values, kind=torch.float32):
        return torch.as_tensor(values, dtype=kind, device=pictures.device)
    torch.manual_seed(job["seed"])
    families, factors = (T.FAMILIES if job["families"] else T.FAMILIES[:1]), {"nih": job["nih"]}
    findings = T.drawing_plan(pictures, weight > 0, job.get("exponent", 0.3), job.get("balanced", True), families, factors)
    unlabelled = None
    if job.get("unlabelled"):
        unlabelled = np.where(use & (pictures.findings < 0), [(*job["unlabelled"], s).index(s) for s in pictures.sources], -1)
        unlabelled[unlabelled == len(job["unlabelled"])] = -1
        findings = T.drawing_plan(pictures, (weight > 0) | (unlabelled >= 0), job["exponent"], job["balanced"], families, factors)
        unlabelled = device(unlabelled, torch.long)
    masked = use & pictures.masked
    common = dict(how=P.STRONG if job["how"] == "strong" else P.USUAL, decay=job["decay"], dtype=dtype, graph=graph, until=until)
    if job["kind"] == "reader":
        network, groups = Encoder(job["widths"]).to(pictures.device), None
        if job["dro"]:
            names = [f"{s}/{f}" for s, f in zip(pictures.sources, pictures.findings)]
            number = {n: i for i, n in enumerate(sorted({n for n, w in zip(names, weight) if w > 0}))}
            groups = device([number.get(n, 0) for n in names], torch.long)
    else:
        network = MultiMix(job.get("widths", PAPER_WIDTHS), visible=True).to(pictures.device)
        if job["heads"] == "hidden":
            masked &= np.char.startswith(pictures.sources.astype(str), "v7_")
        findings = findings + T.drawing_plan(pictures, masked, 0.4, False)
    for number, (side, steps, batch, rate) in enumerate(job["stages"]):
        size = dict(side=side, steps=steps, batch=batch, rate=rate, seed=job["seed"] + 1000 * number)
        if job["kind"] == "reader":
            last = T.train_reader(network, pictures, device(target), device(weight), findings, view=job["view"], mixup=job["mixup"],
                                  groups=groups, unlabelled=unlabelled, inside=job["inside"], **size, **common)
        else:
            last = T.train_whole(network, pictures, device(target), device(weight), device(masked), findings,
                                 heads="one" if job["heads"] == "one" else "two", partial=job["partial"], drawn=job["drawn"],
                                 **size, **common)
    if job.get("branches"):
        return branches(job, network, pictures, device(target), device(weight), findings, common)
    encoder, view = (network, job["view"]) if job["kind"] == "reader" else (network.encoder, "whole")
    scores = T.read_all(encoder, pictures, side=side, view=view, dtype=dtype)
    figures = dict(loss=last, **finding_figures(scores, pictures, left))
    if job["kind"] == "reader" and view == "whole":
        rows = np.flatnonzero((pictures.splits == "val") & pictures.masked & ~np.isin(pictures.sources, left))
        inside, chance = T.saliency_inside(encoder, pictures, rows, side=side, view=view, dtype=dtype).mean(0).round(4).tolist()
        figures["saliency_inside"] = dict(share=inside, chance=chance, n=len(rows))
    if job["kind"] == "whole":
        measured = pictures.masked & (np.isin(pictures.sources, left) | (pictures.splits == "val"))
        measured = np.flatnonzero(measured & ~np.isin(pictures.sources, recipes.NEVER))
        dice = T.dice_of(network, pictures, measured, side=side, dtype=dtype)
        figures["dice"] = {}
        for s in np.unique(pictures.sources[measured]):
            rows = pictures.sources[measured] == s
            figures["dice"][str(s)] = dict(left_out=bool(s in left), n=int(rows.sum()), heads=dice[rows].mean(0).round(4).tolist())
    return network, figures, scores


def branches(job, reader, pictures, target, weight, findings, common):
    """-> the reader, the figures of each branch, and the scores of every picture that wasn't learned from (others 0): of the moving average
    at the end, and where weights were kept on the way, [their number, 2, pictures]: their own, and those of the mean of their later half;
    and of the mean of what all branches came to."""
    import torch
    import pictures as P
    import training as T
    trunk = T.weights_of(reader)
    left = recipes.FOLDS[job["fold"]]
    unknown = (pictures.findings >= 0) & ~np.isin(pictures.sources, recipes.NEVER)
    unknown = np.flatnonzero(unknown & (held_back(pictures, job["fold"]) | (pictures.splits == "val")))
    figures, scores, ends = {}, {}, []

    def read(values):
        T.take(reader, values)
        out = np.zeros(len(pictures.index), np.float32)
        out[unknown] = T.read_all(reader, pictures, side=side, view=job["view"], dtype=common["dtype"], rows=unknown)
        return out
    for name, branch in job["branches"].items():
        began, kept = time.time(), []
        side, steps, batch, rate = branch["stage"]
        T.take(reader, trunk)
        course = common | {k: branch[k] for k in ("flat", "decay", "every", "bootstrap") if k in branch}
        if "how" in branch:
            course["how"] = dict(strong=P.STRONG, usual=P.USUAL)[branch["how"]]
        T.train_reader(reader, pictures, target, weight, findings, side=side, steps=steps, batch=batch, rate=rate, view=job["view"],
                       seed=branch.get("seed", job["seed"]) + 1000, kept=kept, **course)
        ends.append(T.weights_of(reader))
        scores[name] = read(ends[-1])
        if kept:
            scores[f"{name}/course"] = np.stack([[read(v), read(torch.stack(kept[(i + 1) // 2:i + 1]).mean(0))] for i, v in enumerate(kept)])
        figures[name] = dict(finding_figures(scores[name], pictures, left), seconds=round(time.time() - began, 1))
    scores["mean"] = read(torch.stack(ends).mean(0))
    figures["mean"] = finding_figures(scores["mean"], pictures, left)
    return reader, figures, scores


class Pace:
    """How long a job is likely to take, from those that are done: in proportion to steps, batch and pixels."""

    def __init__(self):
        self.rates = {}

    @staticmethod
    def work(job):
        return sum(side * side * steps * batch for side, steps, batch, _ in job["stages"])

    def expects(self, job):
        return self.rates.get(job["kind"], 0) * self.work(job)

    def notes(self, job, seconds):
        self.rates[job["kind"]] = seconds / self.work(job)


def work(number, options, queue, start):
    import torch
    import fused_norm
    import pictures as P
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.backends.cudnn.benchmark = True
    graph = device.type == "cuda"
    if graph:
        error = fused_norm.check()
        fused_norm.ENABLED = fused_norm.ENABLED and error < 1e-3
        print(f"worker {number}: fused norm differs by {error:.1e}", flush=True)
    pictures = P.Pictures(options.data, device, options.limit)
    fused = fused_norm.ENABLED
    pace, results = Pace(), {}
    while True:
        try:
            job = queue.get(timeout=1)
        except queues.Empty:
            break
        if options.tiny:
            job["stages"] = [(32, 3, 8, 1e-3), (64, 3, 8, 1e-3)][:len(job["stages"])]
            job["branches"] = {k: b | dict(stage=(64, 4, 4, 1e-3), every=2 * (b.get("every", 0) > 0)) for k, b in job.get("branches", {}).items()}
        if time.time() - start + pace.expects(job) > options.seconds:
            continue
        began = time.time()
        # The fused norm has no second derivative.
        fused_norm.ENABLED = fused and not job.get("inside")
        try:
            network, figures, scores = run(job, pictures, graph, torch.float32 if device.type == "cpu" else None, start + options.seconds)
        except Exception:
            print("failed", job["kind"], job["recipe"], job["fold"], flush=True)
            traceback.print_exc(limit=6)
            continue
        seconds = time.time() - began
        pace.notes(job, seconds)
        name = recipes.name_of(job)
        for branch, values in scores.items() if isinstance(scores, dict) else [("", scores)]:
            results[f"{name}/{branch}".rstrip("/")] = values.astype(np.float16)
        if job.get("keep"):
            for k, v in network.state_dict().items():
                results[f"weights/{job['kind']}/{k}"] = v.cpu().numpy().astype(np.float16)
        print(json.dumps(dict(at=round(time.time() - start, 1), seconds=round(seconds, 1), job=job, figures=figures)), flush=True)
        np.savez_compressed(pathlib.Path(options.output) / f"worker-{number}.npz", **results)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("study", choices=("survey", "release", "fine", "second"))
    parser.add_argument("--data", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=300, help="no job goes on after")
    parser.add_argument("--limit", type=int, help="that many pictures, for a trial")
    parser.add_argument("--tiny", action="store_true", help="three steps a stage, for a trial")
    options = parser.parse_args()
    start = time.time()
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    for job in getattr(recipes, options.study)():
        queue.put(job)
    processes = [context.Process(target=work, args=(k, options, queue, start)) for k in range(options.workers)]
    for p in processes:
        p.start()
    for p in processes:
        p.join()


if __name__ == "__main__":
    main()
