#!/usr/bin/env python3
"""Has damaged radiographs read, and says what came of each.

    mutated.py MMDICOM FOLDER [--count 5000] [--seed 1] [--model FILE] [--radiographs DIR] [--batch 40]

Draws small radiographs in every transfer syntax (../Conformance/display_values.py), takes those of `--radiographs` as
well, and damages them: bits flipped in the header or anywhere, ends cut off, lengths that promise up to 4 GiB, sequences
nested a thousand deep, stretches repeated, blanked or swapped with those of another file, and zzuf's noise where it is
installed. `mmdicom analyze` reads them in batches, in its own process, so that whatever breaks it is seen. It must end by
itself, with 0 or 1, give each file one row, `analysed` or with a reason, need 10 seconds at most for any and 1 GB
(beyond what a batch of undamaged ones needs). Prints what it found, by kind of damage; ends with 1 where a file broke it and
leaves those files in FOLDER/broke. The same seed gives the same files. Needs pydicom, and Debian's dcmtk.
"""
import argparse
import collections
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import time

SLOW, MEMORY = 10.0, 1 << 30
HERE = pathlib.Path(__file__).parent


def flipped(data, rng, others):
    for _ in range(rng.choice([1, 2, 8, 64])):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def flipped_header(data, rng, others):
    for _ in range(rng.choice([1, 2, 8])):
        data[rng.randrange(128, min(len(data), 1500))] ^= 1 << rng.randrange(8)


def cut(data, rng, others):
    del data[rng.randrange(len(data)):]


def length_bomb(data, rng, others):
    at = rng.randrange(128, min(len(data), 3000) - 4)
    value = rng.choice([0xFFFFFFFF, 0xFFFFFFFE, 0x7FFFFFFF, 0x80000000, len(data), 0xFFFF, 0, 1])
    data[at:at + 4] = struct.pack("<I", value)


def after_meta(data):
    """Where the data set begins; None where the file has no meta header."""
    if data[128:132] != b"DICM" or data[132:136] != b"\x02\x00\x00\x00" or data[136:138] != b"UL":
        return None
    return 144 + struct.unpack("<I", data[140:144])[0]


def nested(data, rng, others):
    at = after_meta(data) or 132
    depth = rng.choice([10, 200, 1000, 20000])
    # Referenced Study Sequence, undefined lengths, never closed or closed.
    opening = b"\x08\x00\x10\x11SQ\x00\x00\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    closing = b"\xfe\xff\x0d\xe0\x00\x00\x00\x00" + b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"
    data[at:at] = opening * depth + (closing * depth if rng.random() < 0.7 else b"")


def repeated(data, rng, others):
    at, length = rng.randrange(len(data)), rng.choice([1, 16, 256, 4096])
    data[at:at] = data[at:at + length] * rng.choice([1, 3, 50])


def blanked(data, rng, others):
    at, length = rng.randrange(len(data)), rng.choice([1, 16, 256, 4096])
    data[at:at + length] = bytes([rng.choice([0, 0x20, 0xFF])]) * len(data[at:at + length])


def crossed(data, rng, others):
    other = others[rng.randrange(len(others))].read_bytes()
    at = rng.randrange(len(data))
    length = rng.choice([8, 64, 1024])
    start = rng.randrange(len(other))
    data[at:at + length] = other[start:start + length]


def noise(data, rng, others):
    ratio = rng.choice(["0.0001", "0.001", "0.01"])
    result = subprocess.run(
        ["zzuf", "-q", "-s", str(rng.randrange(1 << 30)), "-r", ratio], input=bytes(data), capture_output=True, check=True)
    data[:] = result.stdout


DAMAGES = [flipped, flipped_header, cut, length_bomb, nested, repeated, blanked, crossed]


def damaged(folder, seeds, count, seed):
    damages = DAMAGES + ([noise] if shutil.which("zzuf") else [])
    rng = random.Random(seed)
    for number in range(count):
        damage = damages[number % len(damages)]
        source = seeds[rng.randrange(len(seeds))]
        data = bytearray(source.read_bytes())
        for _ in range(rng.choice([1, 1, 2])):
            if len(data) > 2000:
                damage(data, rng, seeds)
        path = folder / f"{number:05}-{damage.__name__}.dcm"
        path.write_bytes(data)
        yield path


class Batch:
    """One run of the program over some files."""

    def __init__(self, program, files, output, model):
        shutil.rmtree(output, ignore_errors=True)
        command = [program, "analyze", *map(str, files), "--output", str(output), "--json", "--threads", "1"]
        environment = os.environ | ({"MMDICOM_MODEL": model} if model else {})
        out_path = output.with_suffix(".json")
        start = time.monotonic()
        with open(out_path, "wb") as out, open(output.with_suffix(".log"), "wb") as log:
            process = subprocess.Popen(command, stdout=out, stderr=log, env=environment)
            limit = start + SLOW * len(files) + 60
            while True:
                pid, status, usage = os.wait4(process.pid, os.WNOHANG)
                if pid:
                    break
                if time.monotonic() > limit:
                    process.kill()
                time.sleep(0.05)
        process.returncode = 0
        self.status = os.waitstatus_to_exitcode(status)
        self.memory = usage.ru_maxrss * 1024
        try:
            self.rows = {row["path"]: row for row in json.loads(out_path.read_bytes())["images"]}
        except (ValueError, KeyError):
            self.rows = {}
        self.files = [str(file) for file in files]

    def is_well(self, memory):
        return (
            self.status in (0, 1) and self.memory <= memory
            and all(self.answers(file) for file in self.files))

    def answers(self, file):
        row = self.rows.get(file)
        return row is not None and (row["status"] == "analysed" or row.get("reason")) and row["seconds"] < SLOW


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch", type=int, default=40)
    parser.add_argument("--model")
    parser.add_argument("--radiographs", type=pathlib.Path)
    arguments = parser.parse_args()
    folder = arguments.folder
    for name in ("seeds", "damaged", "broke"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    if not any((folder / "seeds").iterdir()):
        script = HERE.parent / "Conformance" / "display_values.py"
        subprocess.run([sys.executable, "-W", "ignore", script, "matrix", folder / "seeds"], check=True)
    seeds = sorted((folder / "seeds").glob("*.dcm"))
    seeds = random.Random(arguments.seed).sample(seeds, min(400, len(seeds)))
    if arguments.radiographs:
        # As many again, so that large ones are damaged as often.
        found = sorted(arguments.radiographs.rglob("*.dcm"))
        seeds += random.Random(arguments.seed).choices(found, k=len(seeds))
    files = list(damaged(folder / "damaged", seeds, arguments.count, arguments.seed))

    def run(some):
        return Batch(arguments.program, some, folder / "out", arguments.model)

    memory = run(seeds[-arguments.batch:]).memory + MEMORY
    outcomes, broke = collections.Counter(), []
    for start in range(0, len(files), arguments.batch):
        batch = run(files[start:start + arguments.batch])
        if not batch.is_well(memory):
            # Which of them it was: each alone.
            before = len(broke)
            for file in batch.files:
                alone = run([file])
                batch.rows.update(alone.rows)
                if not alone.is_well(memory):
                    row = alone.rows.get(file, {})
                    broke.append(f"{os.path.basename(file)}: status {alone.status}, {alone.memory >> 20} MB, {row}")
                    shutil.copy(file, folder / "broke")
                    print(broke[-1], flush=True)
            if len(broke) == before:
                broke.append(f"files {start} to {start + arguments.batch} together: status {batch.status}, "
                             f"{batch.memory >> 20} MB")
                print(broke[-1], flush=True)
        for file in batch.files:
            row = batch.rows.get(file)
            kind = os.path.basename(file).split("-")[1].removesuffix(".dcm")
            reason = row and (row["status"] if row["status"] == "analysed" else row["reason"].split(":")[0])
            outcomes[kind, reason] += 1
        if (start // arguments.batch) % 10 == 0:
            print(f"{start + len(batch.files)}/{len(files)}", flush=True)
    for (kind, reason), count in sorted(outcomes.items(), key=lambda item: (item[0][0], -item[1])):
        print(f"{kind:16} {reason!s:40} {count:6}")
    print(f"{len(files)} files, {len(broke)} broke it")
    sys.exit(1 if broke else 0)


if __name__ == "__main__":
    main()
