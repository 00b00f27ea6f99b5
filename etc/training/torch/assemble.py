"""Puts the weights that a study kept into a model file for `mmdicom`, uncalibrated.

    python assemble.py --runs FOLDER --output FILE [--weight 0.5] [--version 5] [--training WORDS]

The whole picture's network with both last layers, and the reader beside it; then `mmdicom evaluate --calibrate` chooses temperature
and threshold.
"""
import argparse
import pathlib

import numpy as np
from safetensors.numpy import save_file

PREFIXES = {"weights/whole/": "", "weights/reader/": "lungs.encoder."}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--weight", default="0.5", help="of the lungs' scores in the mean with the whole picture's")
    parser.add_argument("--version", default="unversioned")
    parser.add_argument("--training", default="")
    options = parser.parse_args()
    tensors = {}
    for file in sorted(pathlib.Path(options.runs).glob("worker-*.npz")):
        kept = np.load(file)
        for prefix, name in PREFIXES.items():
            tensors |= {name + k[len(prefix):]: kept[k] for k in kept.files if k.startswith(prefix)}
    metadata = dict(
        format="pt", name="multimix", version=options.version, system="multimix", input_size="256", widths="16,32,64,128,256",
        class_names="normal,pneumonia", input_geometry="lungs", lungs_margin="0.06", lungs_weight=options.weight, decision_threshold="0.5",
        temperature="1.0", training=options.training, intended_use="research use only, not for diagnosis")
    save_file(tensors, options.output, metadata=metadata)


if __name__ == "__main__":
    main()
