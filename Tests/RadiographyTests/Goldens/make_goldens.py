#!/usr/bin/env python3
"""Golden values for RadiographyTests, from implementations that share nothing with ours.

pydicom's apply_modality_lut and apply_voi_lut for the display stages, Pillow's BILINEAR resize and numpy's
percentile for the network input, torch's interpolate for the way back, a cumulative integral for mask coverage.

    python3 make_goldens.py        # writes goldens.json beside itself; needs numpy pydicom pillow torch
"""
import base64
import json
import pathlib

import numpy as np
import pydicom
import torch
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.pixels import apply_modality_lut, apply_voi_lut


def packed(array):
    return base64.b64encode(np.ascontiguousarray(array, "<f4").tobytes()).decode()


def lut(first, entries, bits, signed=False):
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if signed else "US", [len(entries) % 65536, first, bits])
    item.add_new("LUTData", "US", list(map(int, entries)))
    return item


def display_case(name, bits, signed, voi=True, **attributes):
    """Stored values over the whole range, and their brightness 0...1 before any inversion."""
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    stored = np.unique(np.linspace(low, high, 400).astype(np.int64))
    data = Dataset()
    data.BitsAllocated, data.BitsStored, data.HighBit = 16, bits, bits - 1
    data.PixelRepresentation = int(signed)
    data.PhotometricInterpretation = "MONOCHROME2"
    for keyword, value in attributes.items():
        setattr(data, keyword, value)
    pixels = stored.astype(np.int16 if signed else np.uint16)
    modality = apply_modality_lut(pixels, data)
    shown = apply_voi_lut(modality, data).astype(np.float64)
    # pydicom scales a window to the range that the bits allow; bring it to 0...1.
    if "VOILUTSequence" in data:
        bottom, top = 0, 2 ** data.VOILUTSequence[0].LUTDescriptor[2] - 1
    elif "WindowCenter" in data:
        if "ModalityLUTSequence" in data:
            bottom, top = 0, 2 ** data.ModalityLUTSequence[0].LUTDescriptor[2] - 1
        else:
            bottom, top = low, high
            if "RescaleSlope" in data:
                slope, intercept = float(data.RescaleSlope), float(data.RescaleIntercept)
                bottom, top = low * slope + intercept, high * slope + intercept
    else:
        bottom, top = shown.min(), shown.max()

    def plain(value):
        if isinstance(value, list):
            return [
                {"descriptor": [int(v) for v in i.LUTDescriptor], "data": [int(v) for v in i.LUTData]}
                for i in value
            ]
        return value

    return {
        "name": name,
        "bits": bits,
        "isSigned": signed,
        "attributes": {k: plain(v) for k, v in attributes.items()},
        "stored": [int(v) for v in stored],
        "expected": packed((shown - bottom) / (top - bottom)),
    }


def display_cases():
    curve = (65535 * np.linspace(0, 1, 4096) ** 0.6).round()
    s_curve = (255 / (1 + np.exp(-np.linspace(-6, 6, 300)))).round()
    film = (65535 * (1 - np.linspace(0, 1, 1024) ** 2)).round()
    return [
        display_case("linear", 12, False, WindowCenter=1842.0, WindowWidth=3276.0),
        display_case("linear, signed, rescaled", 12, True, WindowCenter=-200.5, WindowWidth=1500.0,
                     RescaleSlope=2.0, RescaleIntercept=-1024.0),
        display_case("linear, width 1", 10, False, WindowCenter=512.0, WindowWidth=1.0),
        display_case("linear exact", 12, False, WindowCenter=1742.0, WindowWidth=818.0,
                     VOILUTFunction="LINEAR_EXACT"),
        display_case("sigmoid", 14, False, WindowCenter=7272.0, WindowWidth=13106.0, VOILUTFunction="SIGMOID"),
        display_case("VOI LUT, 16 bits", 12, False, VOILUTSequence=[lut(0, curve, 16)]),
        # pydicom 3.0.2 counts positions in the type of the entries, so eight-bit entries wrap beyond 255.
        display_case("VOI LUT, 8 bits", 8, False, VOILUTSequence=[lut(0, s_curve[:256], 8)]),
        display_case("VOI LUT, first mapped 500", 12, False, VOILUTSequence=[lut(500, s_curve * 257, 16)]),
        display_case("VOI LUT, signed, first mapped -150", 10, True,
                     VOILUTSequence=[lut(-150, s_curve * 257, 16, signed=True)]),
        display_case("modality LUT, then window", 10, False, ModalityLUTSequence=[lut(0, film, 16)],
                     WindowCenter=32768.0, WindowWidth=50000.0),
        display_case("modality LUT, then VOI LUT", 10, False, ModalityLUTSequence=[lut(0, film / 16, 16)],
                     VOILUTSequence=[lut(0, curve, 16)]),
        display_case("VOI LUT wins over window", 12, False, VOILUTSequence=[lut(0, curve, 16)],
                     WindowCenter=100.0, WindowWidth=50.0),
        display_case("no window", 12, True, RescaleSlope=0.5, RescaleIntercept=7.0),
    ]


def picture(rows, columns, seed):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:rows, 0:columns]
    smooth = 0.5 + 0.3 * np.sin(x / 9) * np.cos(y / 13)
    return np.clip(smooth + 0.1 * rng.standard_normal((rows, columns)), 0, 1).astype(np.float32)


def input_case(name, rows, columns, box, size, seed, holes=0):
    values = picture(rows, columns, seed)
    row, column, height, width = box
    padding = np.ones((rows, columns), bool)
    padding[row:row + height, column:column + width] = False
    rng = np.random.default_rng(seed + 1)
    for _ in range(holes):  # padding inside the box, away from its edge
        padding[rng.integers(row + 1, row + height - 1), rng.integers(column + 1, column + width - 1)] = True
    values[padding] = 0
    low, high = np.percentile(values[~padding].astype(np.float64), [0.5, 99.5])
    # Cropped first: with box= Pillow would let pixels beside the box leak in at its edge.
    content = Image.fromarray(values[row:row + height, column:column + width])
    small = np.asarray(content.resize((size, size), Image.BILINEAR))
    expected = np.clip((small - low) / (high - low), 0, 1)

    back = np.zeros((rows, columns), np.float32)
    back[row:row + height, column:column + width] = torch.nn.functional.interpolate(
        torch.from_numpy(expected.astype(np.float32))[None, None], size=(height, width), mode="bilinear",
        align_corners=False)[0, 0].numpy()

    y, x = np.mgrid[0:rows, 0:columns]
    mask = (((x - columns * 0.4) / (columns * 0.25)) ** 2 + ((y - rows * 0.55) / (rows * 0.3)) ** 2 < 1)
    mask = mask.astype(np.uint8)
    coverage = mask[row:row + height, column:column + width].astype(np.float64)
    for axis, length in ((0, height), (1, width)):  # exact means over the cells, from the running integral
        integral = np.concatenate(
            [np.zeros_like(np.take(coverage, [0], axis)), np.cumsum(coverage, axis)], axis)
        edges = np.linspace(0, length, size + 1)
        at = np.apply_along_axis(lambda line: np.interp(edges, np.arange(length + 1), line), axis, integral)
        coverage = np.diff(at, axis=axis) * size / length
    return {
        "name": name, "rows": rows, "columns": columns, "box": list(map(int, box)), "size": size,
        "values": packed(values), "padding": np.flatnonzero(padding).tolist() if padding.any() else None,
        "expected": packed(expected), "back": packed(back),
        "mask": base64.b64encode(mask.tobytes()).decode(), "coverage": packed(coverage),
    }


def quantile_cases():
    rng = np.random.default_rng(7)
    cases = []
    for count in (1, 2, 3, 1000, 4097):
        values = rng.random(count).astype(np.float32)
        cases.append({
            "values": packed(values), "fractions": [0.0, 0.005, 0.3, 0.5, 0.995, 1.0],
            "expected": packed(np.percentile(values.astype(np.float64), [0, 0.5, 30, 50, 99.5, 100])),
        })
    return cases


def main():
    goldens = {
        "made_with": {"pydicom": pydicom.__version__, "numpy": np.__version__, "torch": torch.__version__},
        "display": display_cases(),
        "input": [
            input_case("reduced", 70, 90, (0, 0, 70, 90), 32, 1),
            input_case("reduced, bordered by padding", 80, 64, (7, 11, 61, 40), 24, 2, holes=9),
            input_case("enlarged in one direction", 20, 75, (0, 0, 20, 75), 32, 3),
            input_case("enlarged", 14, 11, (0, 0, 14, 11), 32, 4),
        ],
        "quantiles": quantile_cases(),
    }
    path = pathlib.Path(__file__).with_name("goldens.json")
    path.write_text(json.dumps(goldens, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size, "bytes")


main()
