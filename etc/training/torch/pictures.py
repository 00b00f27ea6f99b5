"""The pictures that trainings learn from, as `pack.py` wrote them, and the views of them that are drawn while training. All of it
lies on the device; nothing comes from the host between steps."""
import io
import json
import lzma
import math
import pathlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch.nn import functional as F

SIDE = 256


class Pictures:
    """`index`: a row per picture. `images` [N, S, S], `masks` (drawn by people) and `drawn` (by a model, with what the heart hides)
    [N, 256, 256], bytes; `boxes` [N, 4]: top, bottom, left, right of the lungs with their margin, as shares."""

    def __init__(self, folder, device, limit=None):
        from PIL import Image
        folder = pathlib.Path(folder)
        self.index = json.loads((folder / "index.json").read_text())
        blob = (folder / "pictures.bin").read_bytes()
        bits = np.frombuffer(lzma.decompress((folder / "masks.xz").read_bytes()), np.uint8).reshape(2, -1, SIDE * SIDE // 8)
        starts = np.cumsum([0] + [row["bytes"] for row in self.index])
        chosen = list(range(len(self.index)))
        if limit:
            chosen = sorted(np.random.default_rng(0).permutation(len(self.index))[:limit].tolist())
            self.index = [self.index[i] for i in chosen]

        def picture(i):
            return np.asarray(Image.open(io.BytesIO(blob[starts[i]:starts[i + 1]])).convert("L"))
        with ThreadPoolExecutor(16) as pool:
            images = np.stack(list(pool.map(picture, chosen)))
        self.device = device
        self.images = torch.from_numpy(images).to(device)

        def planes(b):
            return torch.from_numpy(np.unpackbits(b[chosen], axis=1).reshape(-1, SIDE, SIDE)).to(device)
        self.masks, self.drawn = planes(bits[0]), planes(bits[1])

        def column(f, dtype=torch.float32):
            return torch.tensor([f(row) for row in self.index], dtype=dtype, device=device)
        self.boxes = column(lambda r: r["box"])
        self.all_of_it = torch.tensor([0.0, 1, 0, 1], device=device)
        self.limits = column(lambda r: [r["lo"], r["hi"]])
        self.sources = np.array([r["source"] for r in self.index])
        self.splits = np.array([r["split"] for r in self.index])
        self.patients = np.array([r["patient"] for r in self.index])
        self.findings = np.array([{"normal": 0, "pneumonia": 1}.get(r["finding"], -1) for r in self.index])
        self.masked = np.array([r["mask"] == 1 for r in self.index])
        # Whether a mask, if there is one, holds the lung that heart and diaphragm hide.
        self.convention = column(lambda r: r["source"].startswith("v7_"), torch.uint8)


def nominal_grid(boxes, side):
    """Where the pixels of a view lie on the picture, for `grid_sample`: [N, side, side, 2]."""
    steps = (torch.arange(side, device=boxes.device) + 0.5) / side
    y = boxes[:, 0, None] + (boxes[:, 1] - boxes[:, 0])[:, None] * steps
    x = boxes[:, 2, None] + (boxes[:, 3] - boxes[:, 2])[:, None] * steps
    grid = torch.stack(torch.broadcast_tensors(x[:, None, :], y[:, :, None]), -1)
    return grid * 2 - 1


def moved_grid(boxes, side, how, uniform):
    """The same with each edge of the box, angle, scale, aspect, place and direction left to chance."""
    n = len(boxes)
    height, width = boxes[:, 1] - boxes[:, 0], boxes[:, 3] - boxes[:, 2]
    edges = uniform(n, 4) * how["edges"]
    top, bottom = boxes[:, 0] + edges[:, 0] * height, boxes[:, 1] + edges[:, 1] * height
    left, right = boxes[:, 2] + edges[:, 2] * width, boxes[:, 3] + edges[:, 3] * width
    angle = uniform(n) * how["angle"] * math.pi / 180
    scale, aspect = torch.exp(uniform(n) * how["scale"]), torch.exp(uniform(n) * how["aspect"])
    flip = torch.where(uniform(n) > 0, 1.0, -1.0) if how["flip"] else torch.ones_like(angle)
    shift = uniform(n, 2) * how["shift"]
    steps = (torch.arange(side, device=boxes.device) + 0.5) / side * 2 - 1
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    cos, sin = torch.cos(angle)[:, None, None], torch.sin(angle)[:, None, None]
    s, a, f = scale[:, None, None], aspect[:, None, None], flip[:, None, None]
    u = (cos * x + sin * y) * s * a * f + shift[:, 0, None, None]
    v = (cos * y - sin * x) * s / a + shift[:, 1, None, None]
    gx = (left + right)[:, None, None] - 1 + u * (right - left)[:, None, None]
    gy = (top + bottom)[:, None, None] - 1 + v * (bottom - top)[:, None, None]
    return torch.stack([gx, gy], -1)


def sample(planes, grid):
    """planes [N, S, S] bytes -> [N, side, side], 0...255; black outside."""
    return F.grid_sample(planes[:, None].float(), grid, align_corners=False)[:, 0]


def exposed(x, how, uniform, normal):
    """Other grey levels, sharpness, noise, shading and things in the way: x [N, S, S] in 0...1."""
    n, side = len(x), x.shape[-1]

    def each(k, *shape):
        return uniform(n, *shape)[(...,) + (None,) * k]
    x = x.clamp(1e-4, 1).pow(torch.exp(each(2) * how["gamma"]))
    if how["curve"] > 0:
        # A sigmoid around a grey level of its own, between none and as steep as film.
        centre, share = 0.5 + 0.25 * each(2), (each(2) * how["curve"]).clamp(min=0)
        steep = 6 + 2 * each(2)
        low, high = torch.sigmoid(-steep * centre), torch.sigmoid(steep * (1 - centre))
        x = torch.lerp(x, (torch.sigmoid(steep * (x - centre)) - low) / (high - low), share)
    x = (x - 0.5) * (1 + each(2) * how["contrast"]) + 0.5 + each(2) * how["brightness"]
    if how["shading"] > 0:
        field = F.interpolate(uniform(n, 1, 3, 3), size=(side, side), mode="bicubic", align_corners=True)[:, 0]
        x = x + field * how["shading"] * each(2).abs()
    if how["sharpness"] > 0:
        k = torch.exp(-torch.arange(-3, 4, device=x.device) ** 2 / (2 * (1.5 * side / 256 + 0.3) ** 2))
        k = k / k.sum()
        soft = F.conv2d(F.pad(x[:, None], (3, 3, 3, 3), mode="replicate"), (k[:, None] * k)[None, None])[:, 0]
        strength = each(2) * how["sharpness"]
        x = x + torch.where(strength > 0, 1.5 * strength, strength) * (x - soft)
    if how["noise"] > 0:
        x = x + normal(n, side, side) * (each(2) * how["noise"]).clamp(min=0)
    x = x.clamp(0, 1)
    for _ in range(how["erase"]):
        centre, extent = uniform(n, 2), 0.05 + 0.2 * uniform(n, 2).abs()
        at = torch.linspace(-1, 1, side, device=x.device)
        rows = (at[None] - centre[:, :1]).abs() < extent[:, :1]
        columns = (at[None] - centre[:, 1:]).abs() < extent[:, 1:]
        hidden = rows[:, :, None] & columns[:, None, :] & (each(2) > 0)
        x = torch.where(hidden, (each(2) + 1) / 2, x)
    if how["border"] > 0:
        at = torch.linspace(0, 1, side, device=x.device)
        cut = (uniform(n, 4) * how["border"]).clamp(min=0)
        rows = (at[None] < cut[:, :1]) | (at[None] > 1 - cut[:, 1:2])
        columns = (at[None] < cut[:, 2:3]) | (at[None] > 1 - cut[:, 3:])
        x = torch.where(rows[:, :, None] | columns[:, None, :], (each(2) > 0).float(), x)
    return x


# The Swift trainings' own; and stronger.
USUAL = dict(edges=0.0, angle=12, scale=0.15, aspect=0.04, shift=0.16, flip=True, gamma=0.4, contrast=0.3, brightness=0.15, curve=0.0,
             shading=0.0, sharpness=0.5, noise=0.03, erase=0, border=0.0)
STRONG = dict(edges=0.06, angle=15, scale=0.25, aspect=0.12, shift=0.1, flip=True, gamma=0.45, contrast=0.3, brightness=0.12, curve=0.6,
              shading=0.2, sharpness=0.8, noise=0.03, erase=1, border=0.06)
