"""Looks for images for make_goldens.py that have no kink close by: see SEEDS there for what that means, and why.

    python find_seeds.py --peer ../../../../shared/peers/torch_multimix.py gradients|dropout_gradients [FIRST]

Prints one seed per slot (about a minute each for the first two). The weak images are chosen by their confidence alone:
they carry no gradient.
"""
import argparse
import pathlib
import sys

import torch
from torch import nn
from torch.nn import functional as F

sys.dont_write_bytecode = True
import make_goldens as goldens  # noqa: E402

AT_ONCE = 8
SLOTS = {0: "segmentation", 1: "segmentation", 2: "saliency", 3: "saliency",
         4: "classes", 5: "classes", 8: "classes", 9: "classes"}


class Sides:
    """A network that tells on which side of its kinks everything lies: signs before leaky ReLU, pooling's choices."""

    def __init__(self, model):
        self.model, self.signs = model, []
        for module in model.modules():
            if isinstance(module, nn.LeakyReLU):
                module.register_forward_hook(lambda _module, inputs, _output: self.signs.append(inputs[0] > 0))

    def encoder(self, x, slot=None):
        """With dropout for a slot, or in evaluation mode."""
        self.model.train(slot is not None)
        goldens.passing(self.model, [slot] * len(x))
        self.signs = []
        features, _ = self.model.encoder(x)
        return features, self.signs + [F.max_pool2d(f, 2, return_indices=True)[1] for f in features]

    def decoder(self, x, slot):
        """The signs of one image's decoder."""
        saliency = self.model.eval().saliency(x)
        features, _ = self.encoder(x, slot)
        self.signs = []
        self.model.decoder(x, features, saliency)
        return self.signs


def steady(networks, x, sides):
    """Which of the images every network sees alike."""
    exact, *others = (sides(n, x) for n in networks)
    return [i for i in range(len(x)) if all(torch.equal(a[i], b[i]) for o in others for a, b in zip(exact, o))]


@torch.no_grad()
def suitable(networks, x, kind, slot, dropout):
    """Indices of the images that would do for a slot."""
    left = list(range(len(x)))
    passes = [lambda n, y: n.encoder(y)[1]] if kind != "classes" or not dropout else []
    if dropout:
        passes.append(lambda n, y: n.encoder(y, slot)[1])
    for sides in passes:
        left = [left[i] for i in steady(networks, x[left], sides)] if left else []
    if kind == "segmentation":
        with torch.enable_grad():
            left = [i for i in left if steady(networks, x[i:i + 1], lambda n, y: n.decoder(y, slot))]
    return left


def networks(peer, dropout, jitter):
    models = [goldens.network(peer, torch.float64, dropout)]
    models += [goldens.jittered(goldens.network(peer, torch.float64, dropout), draw, jitter) for draw in goldens.DRAWS]
    return [Sides(m) for m in models]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", type=pathlib.Path, required=True, help="torch_multimix.py")
    parser.add_argument("which", choices=["gradients", "dropout_gradients"])
    parser.add_argument("first", type=int, nargs="?", default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    peer = goldens.load_peer(options.peer)
    dropout = options.which == "dropout_gradients"
    seen = networks(peer, dropout, goldens.JITTER[options.which])
    first = options.first
    for slot, kind in SLOTS.items():
        found = []
        while not found:
            x = torch.cat([goldens.images(first + i, 1, 64) for i in range(AT_ONCE)]).double()
            found = [first + i for i in suitable(seen, x, kind, slot, dropout)]
            first += AT_ONCE
        print(options.which, "slot", slot, "seed", found[0], flush=True)


if __name__ == "__main__":
    main()
