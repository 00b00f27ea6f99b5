"""Is the saliency on the disease? Phantoms know where their opacity is: one seed, drawn with and without, differs nowhere else.

    python3 saliency_on_opacities.py --program PROGRAM --model FILE [--model FILE ...] [--count 200]

For each model: how often the opacity makes pneumonia more probable, and of the pictures with one what share of the saliency lies on
it (energy-based pointing game) and how often the largest value does, against chance, which is the opacity's share of the picture, and
against what a saliency that only knew the lungs would have. Intervals are 95 %, by bootstrap over pictures.
"""
import argparse
import csv
import pathlib
import subprocess
import tempfile

import numpy as np
from safetensors.numpy import load_file


def drawn(program, folder, finding, arguments):
    subprocess.run([program, "archive", "phantom", "--output", folder, "--count", str(arguments.count), "--size", "512",
                    "--seed", str(arguments.seed), "--sources", "1", "--finding", finding], check=True, capture_output=True)


def read(program, model, archive, output):
    """By phantom: its report row and tensors."""
    subprocess.run([program, "analyze", archive, "--output", output, "--model", model, "--tensors", "--results", "overlay"],
                   capture_output=True)
    with open(output / "report.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["status"] == "analysed"]
    return {row["patient_id"]: (row, load_file(output / f"{row['sop_instance_uid']}.safetensors")) for row in rows}


def plane(tensors, name):
    return tensors[name][0, 0].astype(float)


def smooth(values):
    """Means of 5 x 5, which the noise doesn't outlive."""
    padded = np.pad(values, 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5))
    return windows.mean(axis=(2, 3))


def interval(values, rng):
    means = rng.choice(values, (2000, len(values))).mean(axis=1)
    return f"{values.mean():.3f} ({np.quantile(means, .025):.3f} to {np.quantile(means, .975):.3f})"


def measure(program, model, folder, arguments):
    normal, opaque = (read(program, model, folder / finding, folder / f"{model.stem}-{finding}")
                      for finding in ("normal", "pneumonia"))
    shift, called, energy, points, chance, lungs, seen = [], [], [], [], [], [], []
    for phantom in sorted(normal.keys() & opaque.keys()):
        (row, plain), (other, tensors) = normal[phantom], opaque[phantom]
        opacity = smooth(plane(tensors, "input") - plane(plain, "input")) > arguments.brighter
        saliency = np.maximum(plane(tensors, "saliency"), 0)
        if opacity.sum() < 40 or saliency.sum() == 0:
            continue
        shift.append(float(other["pneumonia_probability"]) - float(row["pneumonia_probability"]))
        called.append((row["finding"] == "pneumonia", other["finding"] == "pneumonia"))
        lung = plane(tensors, "mask_logits") >= 0
        energy.append(saliency[opacity].sum() / saliency.sum())
        points.append(float(opacity.flat[saliency.argmax()]))
        chance.append(opacity.mean())
        lungs.append((opacity & lung).sum() / max(1, lung.sum()))
        seen.append(saliency[opacity & lung].sum() / max(1e-12, saliency[lung].sum()))
    shift, called = np.array(shift), np.array(called)
    rng = np.random.default_rng(1)
    say = lambda values: interval(np.array(values), rng)
    print(f"{model.name}: {len(shift)} pairs")
    print(f"  more probable with the opacity: {(shift > 0).mean():.3f}; by {say(shift)}; "
          f"called pneumonia without, with: {called[:, 0].mean():.3f}, {called[:, 1].mean():.3f}")
    print(f"  saliency on the opacity: {say(energy)}, chance {np.mean(chance):.3f}; largest value there: {say(points)}")
    print(f"  of the saliency within the lungs: {say(seen)}, chance {np.mean(lungs):.3f}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", type=pathlib.Path, required=True)
    parser.add_argument("--model", type=pathlib.Path, action="append", required=True)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--brighter", type=float, default=0.04, help="of the range: from where on a pixel belongs to the opacity")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for finding in ("normal", "pneumonia"):
            drawn(arguments.program, folder / finding, finding, arguments)
        for model in arguments.model:
            measure(arguments.program, model, folder, arguments)


main()
