"""Makes of images what RealImageAugmentationTests asks for, with Pillow.

  python pillow_views.py FOLDER     (numpy, pillow)

FOLDER/request.json holds the side of the images and a list of views, each a name and its numbers; FOLDER/images.bin the
8-bit pixels of all images, one after another. FOLDER/views.bin then holds every image in the first view, every image in
the second, and so on. Nothing of an image is printed.
"""
import json
import pathlib
import sys

import numpy as np
from PIL import Image, ImageOps

from make_augmentations import operations


def window(image, flip, dx, dy):
    """As torchvision's RandomHorizontalFlip and RandomCrop(padding_mode='reflect') make it."""
    size, pad = image.size[0], image.size[0] // 8
    image = ImageOps.mirror(image) if flip else image
    padded = Image.fromarray(np.pad(np.asarray(image), pad, mode="reflect"))
    return padded.crop((pad + dx, pad + dy, pad + dx + size, pad + dy + size))


def warp(image, a, b, c, d, dx, dy):
    """Bilinear about the centre, in floating point, since Pillow cuts 8-bit results off where ours are rounded. Pillow
    ends the image half a pixel outside its border's centres; with two black pixels around, it fades out as ours does."""
    size, rim = image.size[0], 2
    half = size / 2
    canvas = Image.fromarray(np.pad(np.asarray(image, np.float32), rim))
    # Pillow counts from the corner of the first pixel.
    matrix = (a, b, dx + half + rim - (a + b) * half, c, d, dy + half + rim - (c + d) * half)
    warped = canvas.transform(image.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    return np.floor(np.asarray(warped) + 0.5)


def view(name, image, numbers):
    match name:
        case "window": return window(image, *numbers)
        case "warp": return warp(image, *numbers)
    magnitude, sign = numbers
    return operations(magnitude)[name][0](image, sign)


folder = pathlib.Path(sys.argv[1])
request = json.loads((folder / "request.json").read_text())
size = request["size"]
pixels = np.fromfile(folder / "images.bin", np.uint8).reshape(-1, size, size)
images = [Image.fromarray(image) for image in pixels]
with open(folder / "views.bin", "wb") as file:
    for wanted in request["views"]:
        for image in images:
            file.write(np.asarray(view(wanted["name"], image, wanted["numbers"])).astype(np.uint8).tobytes())
