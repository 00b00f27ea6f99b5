"""Writes augmentations.json: what Pillow, NumPy and SciPy make of three small drawn images.

  python make_augmentations.py     (pillow, numpy, scipy)

The operations and their ranges are those of FixMatch's published RandAugment (magnitude 1 to 9 of 10), applied by
Pillow. For every operation, magnitude and sign there is the Adler-32 of the result's pixels; for one magnitude of each,
the pixels themselves, so that a difference can be looked at.
"""
import base64
import json
import math
import pathlib
import zlib

import numpy as np
from PIL import Image, ImageEnhance, ImageOps
from scipy.ndimage import affine_transform

SHOWN = 5


def thorax(size, rng):
    """Two dark lungs with ribs in a bright body, noise, a black border."""
    y, x = np.mgrid[:size, :size] / size
    image = 170 - 60 * np.hypot(x - 0.5, y - 0.5)
    for cx in (0.3, 0.7):
        lung = ((x - cx) / 0.15) ** 2 + ((y - 0.5) / 0.3) ** 2 < 1
        image = np.where(lung, 60 + 25 * np.sin(40 * y + 6 * x), image)
    image = image + 8 * rng.standard_normal(image.shape)
    image[: size // 16] = 0
    return np.clip(image, 0, 255).astype(np.uint8)


def ramp(size):
    """An odd size, few levels, none of them black or white."""
    y, x = np.mgrid[:size, :size]
    return (60 + (x + 2 * y) // 2).astype(np.uint8)


def operations(magnitude):
    """Name -> (function, whether it has a sign)."""
    def real(largest, bias=0.0):
        return float(magnitude) * largest / 10 + bias

    def whole(largest, bias=0):
        return int(magnitude * largest / 10) + bias

    def affine(image, matrix):
        return image.transform(image.size, Image.Transform.AFFINE, matrix)

    return {
        "autoContrast": (lambda i, s: ImageOps.autocontrast(i), False),
        "brightness": (lambda i, s: ImageEnhance.Brightness(i).enhance(real(0.9, 0.05)), False),
        "contrast": (lambda i, s: ImageEnhance.Contrast(i).enhance(real(0.9, 0.05)), False),
        "equalise": (lambda i, s: ImageOps.equalize(i), False),
        "identity": (lambda i, s: i, False),
        "posterise": (lambda i, s: ImageOps.posterize(i, whole(4, 4)), False),
        "rotate": (lambda i, s: i.rotate(s * whole(30)), True),
        "sharpness": (lambda i, s: ImageEnhance.Sharpness(i).enhance(real(0.9, 0.05)), False),
        "shearX": (lambda i, s: affine(i, (1, s * real(0.3), 0, 0, 1, 0)), True),
        "shearY": (lambda i, s: affine(i, (1, 0, 0, s * real(0.3), 1, 0)), True),
        "solarise": (lambda i, s: ImageOps.solarize(i, 256 - whole(256)), False),
        "translateX": (lambda i, s: affine(i, (1, 0, int(s * real(0.3) * i.size[0]), 0, 1, 0)), True),
        "translateY": (lambda i, s: affine(i, (1, 0, 0, 0, 1, int(s * real(0.3) * i.size[1]))), True),
    }


def text(pixels):
    return base64.b64encode(np.ascontiguousarray(pixels).tobytes()).decode()


def applied(pixels):
    image = Image.fromarray(pixels)
    results = []
    for magnitude in range(1, 10):
        for name, (operation, signed) in operations(magnitude).items():
            for sign in (1, -1) if signed else (1,):
                result = np.asarray(operation(image, sign))
                entry = {"operation": name, "magnitude": magnitude, "negative": sign < 0,
                         "adler32": zlib.adler32(result.tobytes())}
                if magnitude == SHOWN and sign == 1 and len(pixels) == 64:
                    entry["pixels"] = text(result)
                results.append(entry)
    return results


def windows(pixels):
    """Flip, then a window of the image padded by reflection, as torchvision's RandomCrop(padding_mode='reflect')."""
    size, pad = len(pixels), len(pixels) // 8
    results = []
    for flip in (False, True):
        for dx, dy in ((0, 0), (pad, -pad), (-pad // 2, pad // 3), (-pad, pad)):
            image = pixels[:, ::-1] if flip else pixels
            padded = np.pad(image, pad, mode="reflect")
            window = padded[pad + dy: pad + dy + size, pad + dx: pad + dx + size]
            results.append({"flip": flip, "dx": dx, "dy": dy, "adler32": zlib.adler32(window.tobytes())})
    return results


def warps(pixels):
    """Bilinear, black outside, about the centre of the pixel grid."""
    size = len(pixels)
    centre = (size - 1) / 2
    results = []
    for angle, scale, flip, dx, dy in ((0.2, 0.9, 1, 3.25, -2.5), (-0.15, 1.1, -1, -4.75, 1.0), (0, 1, -1, 0, 0)):
        a, b = flip * math.cos(angle) * scale, math.sin(angle) * scale
        c, d = -flip * math.sin(angle) * scale, math.cos(angle) * scale
        # SciPy's axes are (y, x).
        matrix = np.array([[d, c], [b, a]])
        offset = np.array([dy + centre, dx + centre]) - matrix @ np.array([centre, centre])
        warped = affine_transform(pixels.astype(float), matrix, offset, order=1, mode="grid-constant", cval=0)
        results.append({"a": a, "b": b, "c": c, "d": d, "dx": dx, "dy": dy,
                        "pixels": text(np.floor(warped + 0.5).astype(np.uint8))})
    return results


def main():
    rng = np.random.default_rng(11)
    images = {"thorax": thorax(64, rng), "ramp": ramp(33), "larger": thorax(96, rng), "constant": np.full((16, 16), 77, np.uint8)}
    golden = [
        {"name": name, "size": len(pixels), "pixels": text(pixels), "operations": applied(pixels),
         "windows": windows(pixels), "warps": warps(pixels) if len(pixels) == 64 else []}
        for name, pixels in images.items()
    ]
    path = pathlib.Path(__file__).with_name("augmentations.json")
    path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    print(path.name, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
