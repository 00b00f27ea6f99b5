"""Packs an archive's pictures for trainings on another machine, from the cache that `mmdicom` keeps of it, so that geometry and grey
levels are the product's.

    python pack.py --archive OURS CACHE --archive ADULTS CACHE --model multimix-3.safetensors --output FOLDER [--side 320] [--quality 78]

CACHE is the archive's folder in `mmdicom`'s cache with `headers.json`, `detail-512.cache` and `images-256.cache`: `mmdicom evaluate`
with a model that reads the lungs makes them. The model draws the lungs where nobody did, for boxes and for `drawn`. Writes
`index.json` (a row per picture), `pictures.bin` (WebP after WebP) and `masks.xz` (bits: masks of people, then masks that the model
drew). They hold pictures of patients: treat them as the archive.

A patient, or a picture that two archives hold, is on one side as `mmdicom` has it: what is `val` or `test` in one is so in all.
"""
import argparse
import collections
import csv
import io
import json
import lzma
import pathlib
import struct

import numpy as np

from kinship import kin

SIDE, DETAIL, MARGIN = 256, 512, 0.06
NO_MASK = np.zeros(SIDE * SIDE // 8, np.uint8)


class Cache:
    """`Archive/CacheFormat.swift` says how the file is laid out."""

    def __init__(self, path):
        self.bytes = np.memmap(path, np.uint8, "r")
        self.side, self.count, _ = struct.unpack("<III", bytes(self.bytes[8:20]))
        table = 4096 + struct.unpack("<Q", bytes(self.bytes[20:28]))[0]
        self.entries = [struct.unpack("<QQ", bytes(self.bytes[table + 80 * i:table + 80 * i + 16])) for i in range(self.count)]

    def plane(self, number, which=0):
        offset = self.entries[number][which]
        if not offset:
            return None
        start = 4096 + offset - 1
        return np.asarray(self.bytes[start:start + self.side ** 2]).reshape(self.side, self.side)


def rows_of(archive, cache):
    """The archive's images in the cache's order."""
    archive, cache = pathlib.Path(archive), pathlib.Path(cache)
    with open(archive / "labels.csv") as f:
        labels = {r["SOPInstanceUID"]: r for r in csv.DictReader(f)}
    records = json.loads((cache / "headers.json").read_text())["records"]
    images = sorted((r["path"], r["content"]["image"]["_0"]) for r in records if "image" in r["content"])
    detail, small = Cache(cache / "detail-512.cache"), Cache(cache / "images-256.cache")
    assert detail.count == small.count == len(images)
    for number, (path, image) in enumerate(images):
        square = detail.plane(number)
        if square is None:
            continue
        label = labels.get(image["sopInstanceUID"], {})
        yield dict(
            uid=image["sopInstanceUID"], source=path.split("/")[0], patient=image["patientID"], split=label.get("Split") or "train",
            finding=label.get("Finding", ""), square=square, small=small.plane(number), mask=small.plane(number, 1))


def on_one_side(rows, pairs):
    """What is kept from training in one archive is in all: by patient, and by picture."""
    find = kin(rows, pairs)
    order = ["train", "val", "test"]
    side = collections.defaultdict(int)
    for row in rows:
        side[find(row["uid"])] = max(side[find(row["uid"])], order.index(row["split"]))
    for row in rows:
        row["split"] = order[side[find(row["uid"])]]


def largest_regions(lung):
    """Without islands: regions of less than a tenth of the largest."""
    from scipy import ndimage
    regions, n = ndimage.label(lung)
    if n == 0:
        return lung
    sizes = ndimage.sum(lung, regions, range(1, n + 1))
    return np.isin(regions, 1 + np.flatnonzero(sizes >= 0.1 * sizes.max()))


def drawn_by(network, small):
    import torch
    x = torch.from_numpy(small.astype(np.float32) / 255)[None, None]
    with torch.no_grad():
        return largest_regions(network(x)[1][0, 0].numpy() > 0)


def box_around(lung):
    """Top, bottom, left, right of the lungs with their margin, as shares."""
    if not lung.any():
        return [0.0, 1.0, 0.0, 1.0]
    rows, columns = np.flatnonzero(lung.any(1)), np.flatnonzero(lung.any(0))
    top, bottom, left, right = rows[0] / SIDE, (rows[-1] + 1) / SIDE, columns[0] / SIDE, (columns[-1] + 1) / SIDE
    y, x = MARGIN * (bottom - top), MARGIN * (right - left)
    return [max(0, top - y), min(1, bottom + y), max(0, left - x), min(1, right + x)]


def grey_limits(square, box):
    """The 0.5th and 99.5th percentile of the box, 0...1."""
    from PIL import Image
    top, bottom, left, right = (int(round(v * DETAIL)) for v in box)
    part = Image.fromarray(square[top:bottom, left:right]).resize((SIDE, SIDE), Image.BILINEAR)
    return [round(float(v), 4) for v in np.quantile(np.asarray(part) / 255, [0.005, 0.995])]


def main():
    import torch
    from PIL import Image
    from safetensors.torch import load_file

    from network import MultiMix, state
    parser = argparse.ArgumentParser()
    parser.add_argument("--archive", nargs=2, action="append", required=True, metavar=("ARCHIVE", "CACHE"))
    parser.add_argument("--model", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--side", type=int, default=320)
    parser.add_argument("--quality", type=int, default=78)
    parser.add_argument("--leave", nargs="*", default=["kermany224_train"], help="sources that are of no use: neither findings nor masks")
    parser.add_argument("--limit", type=int)
    options = parser.parse_args()
    torch.set_num_threads(1)
    network = MultiMix()
    network.load_state_dict(state({k: v for k, v in load_file(options.model).items() if not k.startswith("lungs.")}), strict=False)
    network.eval()
    rows = [row for archive, cache in options.archive for row in rows_of(archive, cache) if row["source"] not in options.leave]
    pairs = []
    for _, cache in options.archive:
        for file in pathlib.Path(cache).glob("same-pictures-*.json"):
            pairs += json.loads(file.read_text())["pairs"]
    on_one_side(rows, pairs)
    output = pathlib.Path(options.output)
    output.mkdir(parents=True, exist_ok=True)
    masks, drawn, index = [], [], []
    with open(output / "pictures.bin", "wb") as pictures:
        for row in rows[:options.limit]:
            square, small, mask = row.pop("square"), row.pop("small"), row.pop("mask")
            person = mask > 127 if mask is not None else None
            # A mask of lungs with what the heart hides serves as it is; another only says where the lungs are seen.
            whole = person is not None and row["source"].startswith("v7_")
            lung = person if whole else drawn_by(network, small)
            masks.append(np.packbits(person) if person is not None else NO_MASK)
            drawn.append(NO_MASK if whole else np.packbits(lung))
            box = [round(float(v), 5) for v in box_around(lung)]
            low, high = grey_limits(square, box)
            data = io.BytesIO()
            picture = Image.fromarray(square).resize((options.side, options.side), Image.HAMMING).convert("RGB")
            picture.save(data, "WEBP", quality=options.quality, method=4)
            pictures.write(data.getvalue())
            index.append(dict(row, mask=int(person is not None), box=box, lo=low, hi=high, bytes=data.tell()))
    (output / "masks.xz").write_bytes(lzma.compress(np.stack(masks + drawn).tobytes(), preset=3))
    (output / "index.json").write_text(json.dumps(index))


if __name__ == "__main__":
    main()
