"""Whether this network is that of the Swift program. Exit status 1 where it isn't.

    python check.py goldens ../../../Tests/MultiMixTests/Goldens
    python check.py tensors MODEL.safetensors FILE.safetensors...      # of `mmdicom analyze --tensors`

The goldens are what the Swift network is held against in its tests, on images without kinks close by. Prints relative 2-norms of the
differences. On real pictures saliency moves by a few hundredths: the program's convolutions (Winograd) round a little more, and
where that crosses a kink of leaky ReLU or pooling, the gradient behind it changes (`make_goldens.py` says more).
"""
import importlib.util
import pathlib
import sys

import torch
from safetensors import safe_open
from safetensors.torch import load_file

from network import Encoder, MultiMix, state

BOUNDS = {"class_logits": 1e-4, "mask_logits": 1e-4, "visible_mask_logits": 1e-4, "saliency": 1e-4}
WITH_KINKS = BOUNDS | {"saliency": 1e-1, "lungs_saliency": 1e-1}


def relative(a, b):
    return ((a - b).norm() / b.norm()).item()


def saliency_of(encoder, image):
    image = image.clone().requires_grad_(True)
    gradient, = torch.autograd.grad(encoder(image)[1].max(1).values.sum(), image)
    return gradient.abs()


def of_goldens(folder):
    spec = importlib.util.spec_from_file_location("make_goldens", folder / "make_goldens.py")
    goldens = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(goldens)
    network = MultiMix()
    goldens.set_formula_weights(network, torch.float32)
    expected = load_file(folder / "inference.safetensors")
    scores, masks = network(expected["input"])
    ours = {"class_logits": scores, "mask_logits": masks, "saliency": network.saliency(expected["input"])}
    return {name: relative(value, expected[name].reshape(value.shape)) for name, value in ours.items()}


def of_tensors(model, file):
    with safe_open(model, "pt") as opened:
        weight = float((opened.metadata() or {}).get("lungs_weight", 1))
    tensors, expected = load_file(model), load_file(file)
    visible = any("conv_last_visible" in k for k in tensors)
    network = MultiMix(visible=visible)
    network.load_state_dict(state({k: v for k, v in tensors.items() if not k.startswith("lungs.")}))
    scores, masks = network(expected["input"])
    ours = {"mask_logits": masks[:, :1]}
    if visible:
        ours["visible_mask_logits"] = masks[:, 1:]
    if "lungs_input" in expected:
        reader = network.encoder
        if any(k.startswith("lungs.") for k in tensors):
            reader = Encoder()
            reader.load_state_dict(state(tensors, "lungs.encoder."))
        scores = weight * reader(expected["lungs_input"])[1] + (1 - weight) * scores
        ours["lungs_saliency"] = saliency_of(reader, expected["lungs_input"])
    else:
        ours["saliency"] = network.saliency(expected["input"])
    ours["class_logits"] = scores
    return {name: relative(value, expected[name]) for name, value in ours.items()}


def main():
    what, first, *rest = sys.argv[1:]
    reports = [of_goldens(pathlib.Path(first))] if what == "goldens" else [of_tensors(first, file) for file in rest]
    bounds = BOUNDS if what == "goldens" else WITH_KINKS
    isSame = True
    for report in reports:
        print(", ".join(f"{name} {error:.1e}" for name, error in report.items()))
        isSame &= all(error < bounds[name] for name, error in report.items())
    sys.exit(0 if isSame and reports else 1)


if __name__ == "__main__":
    main()
