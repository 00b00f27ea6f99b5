#!/usr/bin/env python3
"""What a training step costs as one rank with several threads and as several ranks with one thread each, on the same
processors, in turn, so that whatever else the machine does meets both alike.

    python3 Tests/Benchmarks/ranks.py PROGRAM [--size 128] [--steps 6] [--rounds 5] [--batch 4,4,4,4] [--cores 2] [--layouts 1x2,2x1]

PROGRAM: mmdicom, built with --traits MPI. --cores pins everything to so many processors (taskset). A layout is
RANKSxTHREADS. Prints each round and, by layout, the median seconds of a step (the first of a run, which lays out its
memory, left out) and its speed as a part of the first layout's. Each run must end with the same model, which is checked.
"""
import argparse
import csv
import hashlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", default="4,4,4,4")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--layouts", default="1x2,2x1")
    options = parser.parse_args()
    program = str(Path(options.program).resolve())
    layouts = [tuple(map(int, text.split("x"))) for text in options.layouts.split(",")]
    folder = Path(tempfile.mkdtemp(prefix="mmdicom-ranks-"))
    environment = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    pin = ["taskset", "-c", ",".join(map(str, sorted(os.sched_getaffinity(0))[:options.cores]))]

    def run(*command):
        outcome = subprocess.run([*pin, *command], cwd=folder, env=environment, capture_output=True, text=True)
        if outcome.returncode:
            sys.exit(f"{' '.join(command)}: {outcome.returncode}\n{outcome.stderr[-3000:]}")

    run(program, "archive", "phantom", "--output", "archive", "--count", "40", "--size", "224")
    seconds = {layout: [] for layout in layouts}
    models = set()
    try:
        for number in range(options.rounds):
            for ranks, threads in layouts[number % 2:] + layouts[:number % 2]:
                output = folder / f"{ranks}x{threads}-{number}"
                launch = [] if ranks == 1 else ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", str(ranks)]
                run(
                    *launch, program, "train", "--archive", "archive", "--cache", "cache", "--output", str(output),
                    "--stages", f"{options.size}x{options.steps}", "--batch", options.batch, "--threads", str(threads))
                with open(output / "log.csv", newline="") as file:
                    own = [float(row["seconds"]) for row in csv.DictReader(file)][1:]
                seconds[ranks, threads] += own
                models.add(hashlib.sha256((output / "model.safetensors").read_bytes()).hexdigest())
                print(
                    f"round {number + 1}: {ranks} x {threads}: {statistics.median(own):.3f} s a step, "
                    f"load {os.getloadavg()[0]:.1f}", flush=True)
                shutil.rmtree(output)
        first = statistics.median(seconds[layouts[0]])
        for ranks, threads in layouts:
            median = statistics.median(seconds[ranks, threads])
            print(
                f"{ranks} ranks x {threads} threads: {median:.3f} s a step, "
                f"{first / median:.3f} of the speed of {layouts[0][0]} x {layouts[0][1]}")
        print("models: " + ("the same, byte for byte" if len(models) == 1 else f"{len(models)} DIFFERENT ONES"))
        return 0 if len(models) == 1 else 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
