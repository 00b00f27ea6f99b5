#!/usr/bin/env python3
"""Analyses radiographs and has every result object looked at by dciodvfy and dcentvfy (package dicom3tools).

    whole_run.py MMDICOM OUTPUT [--sample N] [--processes N] PATH...

`--sample` takes so many files of each folder below the paths, the same ones every time. Prints the errors by kind, and
ends with 1 where there are any. Needs pydicom.
"""
import argparse
import collections
import glob
import multiprocessing
import os
import random
import subprocess
import sys

import pydicom


def radiographs(paths, sample):
    files = []
    for path in paths:
        for root, folders, names in sorted(os.walk(path)) if os.path.isdir(path) else [("", [], [path])]:
            found = [os.path.join(root, name) for name in sorted(names)]
            files += found
    groups = collections.defaultdict(list)
    for file in files:
        relative = next((os.path.relpath(file, p) for p in paths if file.startswith(p)), file)
        groups[relative.split(os.sep)[0]].append(file)
    if sample:
        for name, group in groups.items():
            random.Random(name).shuffle(group)
    chosen = []
    for group in groups.values():
        taken = 0
        for file in group:
            try:
                header = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=["Modality", "StudyInstanceUID"])
            except Exception:
                continue
            if header.get("Modality") in ("SEG", None):
                continue
            chosen.append((file, str(header.get("StudyInstanceUID", ""))))
            taken += 1
            if sample and taken == sample:
                break
    return chosen


def said(tool, files):
    result = subprocess.run([tool, *files], capture_output=True, text=True, errors="replace")
    lines = (result.stdout + result.stderr).splitlines()
    return [line for line in lines if "Error" in line]


def validate(path):
    return [("dciodvfy " + path.rsplit(".", 2)[1], line) for line in said("dciodvfy", [path])]


def compare(files):
    return [("dcentvfy", line) for line in said("dcentvfy", files)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("output")
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("paths", nargs="+")
    arguments = parser.parse_args()
    chosen = radiographs(arguments.paths, arguments.sample)
    for start in range(0, len(chosen), 500):
        files = [file for file, _ in chosen[start : start + 500]]
        subprocess.run(
            [arguments.program, "analyze", *files, "--output", arguments.output, "--results",
             "overlay,segmentation,report,presentation"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    objects = glob.glob(os.path.join(glob.escape(arguments.output), "*.dcm"))
    if not objects:
        sys.exit("no objects: is there a model (MMDICOM_MODEL)?")
    studies = collections.defaultdict(list)
    for file, study in chosen:
        studies[study].append(file)
    own = collections.defaultdict(list)
    for path in objects:
        own[str(pydicom.dcmread(path, stop_before_pixels=True).StudyInstanceUID)].append(path)
    groups = [files + own[study] for study, files in studies.items() if own[study]]
    errors = collections.Counter()
    with multiprocessing.Pool(arguments.processes) as pool:
        for found in pool.imap_unordered(validate, objects, chunksize=16):
            errors.update(found)
        for found in pool.imap_unordered(compare, groups, chunksize=16):
            errors.update(found)
    kinds = collections.Counter(path.rsplit(".", 2)[1] for path in objects)
    print(f"{len(chosen)} radiographs, {len(objects)} objects {dict(kinds)}, {len(groups)} studies compared")
    for (tool, line), count in errors.most_common(40):
        print(f"{count:6} {tool}: {line}")
    print("errors:", sum(errors.values()))
    sys.exit(1 if errors else 0)


if __name__ == "__main__":
    main()
