#!/usr/bin/env python3
"""Display values of radiographs as pydicom makes them, to hold ours against.

    display_values.py matrix FOLDER     writes small radiographs: syntax x bits x sign x photometric x tables x padding
    display_values.py compare LIST      LIST has three lines for each file: its path, our values as raw float32, and
                                        which pixels we take for padding, as bytes

`compare` prints for each file the largest difference, and how many pixels are declared padding but no padding to us (bone
as white as the padding, amid the picture; of more than one in a hundred those alone that the picture doesn't fade into, as it does
into air that is as black as the padding); `shape` where the sizes differ, `padding` where ours wasn't declared. Values are of
the stored pixels, 0 black to 1 white, padding 0. Needs pydicom, pyjpegls, pylibjpeg with openjpeg, and Debian's dcmtk for lossless JPEG.
"""
import itertools
import os
import subprocess
import sys
import warnings

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from pydicom.uid import (
    ComputedRadiographyImageStorage, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ExplicitVRLittleEndian,
    ImplicitVRLittleEndian, JPEG2000Lossless, JPEGLosslessSV1, JPEGLSLossless, RLELossless, generate_uid)

ROWS, COLUMNS = 32, 40
SYNTAXES = {
    "implicit": ImplicitVRLittleEndian, "explicit": ExplicitVRLittleEndian, "big": ExplicitVRBigEndian,
    "deflated": DeflatedExplicitVRLittleEndian, "rle": RLELossless, "jpegls": JPEGLSLossless,
    "jpeg2000": JPEG2000Lossless, "jpeg": JPEGLosslessSV1,
}
BITS = [8, 10, 12, 14, 16]


def table(first, entries, bits, signed):
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if signed else "US", [len(entries) % 65536, first, bits])
    # As words: what US may hold in explicit representation ends at 32,767 of them.
    item.add_new("LUTData", "OW", np.asarray(entries).astype("<u2").tobytes())
    return item


def tables(kind, bits, signed):
    """What the data set says of its grey values; every one of them leaves contrast."""
    low = -(1 << bits - 1) if signed else 0
    span = 1 << bits
    curve = (65535 * np.linspace(0, 1, span) ** 0.6).round()
    film = (65535 * (1 - np.linspace(0, 1, span) ** 2)).round()
    center, width = low + span * 0.45, span * 0.8
    return {
        "none": {},
        "rescale": {"RescaleSlope": "0.5", "RescaleIntercept": "-7", "RescaleType": "US"},
        "window": {"WindowCenter": f"{center:.1f}", "WindowWidth": f"{width:.1f}"},
        "exact": {"WindowCenter": f"{center:.1f}", "WindowWidth": f"{width:.1f}", "VOILUTFunction": "LINEAR_EXACT"},
        "sigmoid": {"WindowCenter": f"{center:.1f}", "WindowWidth": f"{width:.1f}", "VOILUTFunction": "SIGMOID"},
        "rescaled window": {
            "RescaleSlope": "2", "RescaleIntercept": "-1024", "RescaleType": "US",
            "WindowCenter": f"{2 * center - 1024:.1f}", "WindowWidth": f"{2 * width:.1f}"},
        "voi": {"VOILUTSequence": [table(low, curve, 16, signed)]},
        "modality": {
            "ModalityLUTSequence": [table(low, film, 16, signed)], "WindowCenter": "32768", "WindowWidth": "50000"},
    }[kind]


TABLES = ["none", "rescale", "window", "exact", "sigmoid", "rescaled window", "voi", "modality"]
PADDINGS = ["none", "value", "range"]


def radiograph(bits, signed, photometric, kind, padding, seed):
    random = np.random.default_rng(seed)
    low = -(1 << bits - 1) if signed else 0
    high = low + (1 << bits) - 1
    ramp = np.linspace(low, high, ROWS * COLUMNS).round()
    noise = random.integers(-(1 << bits - 4), 1 << bits - 4, ROWS * COLUMNS)
    stored = np.clip(ramp + noise, low + 4, high).astype(np.int64)
    stored[[0, -1]] = low + 4, high
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = ComputedRadiographyImageStorage, generate_uid(entropy_srcs=[str(seed)])
    ds.StudyInstanceUID = ds.SeriesInstanceUID = ds.SOPInstanceUID + ".1"
    ds.PatientID, ds.PatientName, ds.Modality = "MATRIX", "MATRIX", "CR"
    ds.BodyPartExamined, ds.ViewPosition = "CHEST", "PA"
    ds.Rows, ds.Columns, ds.SamplesPerPixel = ROWS, COLUMNS, 1
    ds.BitsAllocated = 8 if bits == 8 else 16
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation = bits, bits - 1, int(signed)
    ds.PhotometricInterpretation = photometric
    if padding != "none":
        stored[:COLUMNS] = low
        kind_of_value = "SS" if signed else "US"
        ds.add_new("PixelPaddingValue", kind_of_value, low)
        if padding == "range":
            stored[COLUMNS // 2:COLUMNS] = low + 2
            ds.add_new("PixelPaddingRangeLimit", kind_of_value, low + 2)
    for keyword, value in tables(kind, bits, signed).items():
        setattr(ds, keyword, value)
    dtype = ("<i" if signed else "<u") + ("1" if bits == 8 else "2")
    # Only the bits that are stored: the ones above repeat the sign where there is one.
    ds.PixelData = stored.astype(dtype).tobytes()
    ds["PixelData"].VR = "OB" if bits == 8 else "OW"
    return ds


def write(ds, path, syntax):
    uid = SYNTAXES[syntax]
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    if syntax == "jpeg":
        ds.save_as(path, enforce_file_format=True)
        subprocess.run(["dcmcjpeg", "+e1", path, path], check=True, capture_output=True)
        return
    if uid.is_compressed and uid != DeflatedExplicitVRLittleEndian:
        ds.compress(uid, generate_instance_uid=False)
        ds.save_as(path, enforce_file_format=True)
        return
    if syntax == "big" and ds.BitsAllocated == 16:
        ds.PixelData = np.frombuffer(ds.PixelData, "<u2").astype(">u2").tobytes()
    ds.file_meta.TransferSyntaxUID = uid
    ds.save_as(path, implicit_vr=syntax == "implicit", little_endian=syntax != "big", enforce_file_format=True)


def encodes(syntax, bits, signed):
    """Not every coder takes every number: dcmcjpeg and pyjpegls know no signed pixels."""
    return not (signed and syntax in ("jpeg", "jpegls"))


def matrix(folder):
    cells = itertools.product(SYNTAXES, BITS, [False, True], ["MONOCHROME1", "MONOCHROME2"], TABLES, PADDINGS)
    for number, (syntax, bits, signed, photometric, kind, padding) in enumerate(cells):
        if not encodes(syntax, bits, signed):
            continue
        ds = radiograph(bits, signed, photometric, kind, padding, number)
        name = f"{number:04} {syntax} {bits} {'signed' if signed else 'unsigned'} {photometric} {kind}, padding {padding}"
        write(ds, os.path.join(folder, name + ".dcm"), syntax)


def padding_mask(ds, stored):
    if "PixelPaddingValue" not in ds:
        return np.zeros(stored.shape, bool)
    one = int(ds.PixelPaddingValue)
    other = int(ds.get("PixelPaddingRangeLimit", one))
    return (stored >= min(one, other)) & (stored <= max(one, other))


def apart(missed, stored):
    """How many of these pixels lie in regions most of whose surroundings differ from them by more than a thirtieth of the scale."""
    tolerance = (np.percentile(stored, 99) - np.percentile(stored, 1)) / 30
    left, count = set(zip(*np.nonzero(missed))), 0
    while left:
        region, shore = [left.pop()], []
        for row, column in region:
            for place in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
                if place in left:
                    left.remove(place)
                    region.append(place)
                elif 0 <= place[0] < stored.shape[0] and 0 <= place[1] < stored.shape[1] and not missed[place]:
                    shore.append(abs(int(stored[place]) - int(stored[row, column])))
        if 2 * sum(step <= tolerance for step in shore) < len(shore):
            count += len(region)
    return count


def display_values(ds, stored, padded):
    """0 black to 1 white, by pydicom's modality and VOI stages; what pydicom scales to the stored bits comes back."""
    # pydicom 3.0.2 counts positions in a table in the type of the pixels, and signed ones overflow: give it wider ones.
    modality = apply_modality_lut(stored.astype(np.int32), ds)
    wide = modality if modality.dtype.kind == "f" else modality.astype(np.int32)
    shown = apply_voi_lut(wide, ds, prefer_lut=True).astype(np.float64)
    bits, signed = ds.BitsStored, ds.PixelRepresentation == 1
    if ds.get("VOILUTSequence"):
        bottom, top = 0, 2 ** ds.VOILUTSequence[0].LUTDescriptor[2] - 1
    elif ds.get("WindowWidth"):
        if ds.get("ModalityLUTSequence"):
            bottom, top = 0, 2 ** ds.ModalityLUTSequence[0].LUTDescriptor[2] - 1
        else:
            bottom, top = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
            if "RescaleSlope" in ds:
                slope, intercept = float(ds.RescaleSlope), float(ds.RescaleIntercept)
                bottom, top = bottom * slope + intercept, top * slope + intercept
    else:
        bottom, top = shown[~padded].min(), shown[~padded].max()
    values = np.clip((shown - bottom) / max(top - bottom, 1e-12), 0, 1)
    if ds.PhotometricInterpretation == "MONOCHROME1" or ds.get("PresentationLUTShape") == "INVERSE":
        values = 1 - values
    values[padded] = 0
    return values


def compare(list_file):
    lines = open(list_file).read().split("\n")
    for path, raw, mask in zip(lines[::3], lines[1::3], lines[2::3]):
        ds = pydicom.dcmread(path)
        stored = ds.pixel_array
        ours, padded = np.fromfile(raw, "<f4"), np.fromfile(mask, "u1").astype(bool)
        declared = padding_mask(ds, stored.astype(np.int64))
        if ours.size != stored.size or padded.size != stored.size:
            print("shape", flush=True)
        elif (padded & ~declared.ravel()).any():
            print("padding", flush=True)
        else:
            theirs = display_values(ds, stored, padded.reshape(stored.shape)).ravel()
            missed = declared & ~padded.reshape(stored.shape)
            count = missed.sum() if 100 * missed.sum() < missed.size else apart(missed, stored)
            print(f"{np.abs(theirs - ours).max():.3g} {count}", flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    {"matrix": matrix, "compare": compare}[sys.argv[1]](sys.argv[2])
