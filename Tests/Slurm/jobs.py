#!/usr/bin/env python3
"""The batch scripts of etc/slurm under a real Slurm on this machine (cluster.py): a training over two ranks that is
pre-empted and goes on, an experiment of which one task is lost, and a reading in shards, each compared with what one
process makes of the same.

    python3 Tests/Slurm/jobs.py PROGRAM        PROGRAM: mmdicom, built with --traits MPI; about two minutes
Status 0: all as it should be, 77: no cluster can be started here (it says why), 1: something isn't (it says what)."""
import csv
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import cluster

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "etc" / "slurm"


class Failure(Exception):
    pass


def expect(is_true, what):
    if not is_true:
        raise Failure(what)


def lines(path):
    return path.read_text().splitlines() if path.exists() else []


class Jobs:
    def __init__(self, program, folder, slurm):
        self.program, self.folder, self.slurm = program, folder, slurm

    def run(self, *arguments, status=0):
        outcome = subprocess.run(
            [self.program, *map(str, arguments)], cwd=self.folder, capture_output=True, text=True)
        expect(outcome.returncode == status, f"mmdicom {arguments[0]}: {outcome.returncode}: {outcome.stderr[-2000:]}")
        return outcome

    def submit(self, *arguments):
        # Phantoms are few: a rank that is killed has a minute for its checkpoint, as a real one has.
        return self.slurm.submit(*map(str, arguments), cwd=self.folder, MMDICOM=self.program)

    def said(self, job):
        """What a job printed, all tasks of an array together."""
        return "\n".join(p.read_text(errors="replace") for p in sorted(self.folder.glob(f"slurm-{job}*.out")))

    def processes(self, *words):
        """Of the program, with these words on the command line."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                command = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except (OSError, ValueError):
                continue
            if command[0] == self.program and set(words) <= set(command):
                found.append(int(entry.name))
        return found

    def stands(self, process):
        """Whether a process that was stopped is so still, and wasn't told to end."""
        try:
            status = Path(f"/proc/{process}/status").read_text()
        except OSError:
            return False
        fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        told = any(int(fields[name], 16) >> (signal.SIGTERM - 1) & 1 for name in ["SigPnd", "ShdPnd"])
        if told and fields["State"].split()[0] == "T":
            os.kill(process, signal.SIGCONT)
        return fields["State"].split()[0] == "T" and not told

    # -- training

    def training(self):
        self.run("archive", "phantom", "--output", "archive", "--count", 16, "--size", 96)
        (self.folder / "small.json").write_text(
            '{"widths": [16, 16, 32], "emaDecay": 0.9, "validateEvery": 30, "checkpointEvery": 20, "batch": '
            '{"segmentation": 3, "segmentationUnlabelled": 3, "classification": 4, "unlabelled": 3}}')
        options = ["--archive", "archive", "--cache", "cache", "--config", "small.json", "--stages", "64x240"]
        self.run("train", *options, "--output", "one")
        job = self.submit(
            "--partition=spare", "--ntasks=2", SCRIPTS / "train.sbatch", *options, "--output", "together")
        log = self.folder / "together" / "log.csv"
        self.slurm.wait_until(
            lambda: len(lines(log)) > 8 or self.slurm.field(job, "JobState") not in ("PENDING", "RUNNING"),
            "the training doesn't begin", 180)
        # It stands still until Slurm tells it to stop (and sends SIGCONT, too): it can't end before.
        ranks = self.processes("train", "together")
        expect(len(ranks) == 2, f"{len(ranks)} ranks: {self.said(job)}")
        for rank in ranks:
            os.kill(rank, signal.SIGSTOP)
        urgent = self.submit("--partition=urgent", "--ntasks=4", "--wrap", "sleep 2")
        self.slurm.wait_until(lambda: not any(map(self.stands, ranks)), "nobody tells the ranks to stop", 180)
        expect(self.slurm.wait_for(urgent) == ["COMPLETED"], "the urgent job failed")
        expect(self.slurm.wait_for(job) == ["COMPLETED"], f"the training failed: {self.said(job)}")
        said = self.said(job)
        expect(self.slurm.field(job, "Restarts") == "1", f"it wasn't pre-empted: {said}")
        expect(said.count("stopped after a whole step") == 1, f"its ranks didn't stop after a step: {said}")
        expect("resumed after step" in said, f"it didn't go on: {said}")
        for name in ["model.safetensors", "checkpoint.safetensors"]:
            expect(
                (self.folder / "together" / name).read_bytes() == (self.folder / "one" / name).read_bytes(),
                f"{name} isn't what one process makes")
        step = next(line for line in said.splitlines() if "resumed after step" in line)
        print(f"training: 2 ranks, pre-empted, {step.strip()}, the same model")

    # -- experiment

    def experiment(self):
        (self.folder / "grid.json").write_text(
            '{"name": "phantoms", "systems": ["unet", "enc"], "seeds": [1, 2], "size": 32, "threads": 1, '
            '"labels": [{"classification": "all", "segmentation": "all"}], "tests": [{"name": "in-domain"}], '
            '"training": {"stages": [{"size": 32, "steps": 120}], "checkpointEvery": 10, '
            '"batch": {"segmentation": 2, "segmentationUnlabelled": 1, "classification": 2, "unlabelled": 2}}}')
        options = ["--archive", "archive", "--cache", "cache", "--grid", "grid.json"]
        self.run("experiment", *options, "--output", "grid-one")
        job = self.submit(
            "--partition=spare", "--array=1-2", SCRIPTS / "experiment.sbatch", *options, "--output", "grid",
            "--jobs", 1, "--lease", 5)
        # The first task is lost in the middle of its first cell.
        first = self.folder / "grid" / "cells" / "unet-sall-seed1"
        log = first / "training" / "log.csv"
        self.slurm.wait_until(lambda: len(lines(log)) > 20, "the first cell doesn't begin", 180)
        lost = self.processes("experiment", "1/2")
        expect(len(lost) == 1, f"{len(lost)} processes are task 1")
        os.kill(lost[0], signal.SIGKILL)
        states = self.slurm.wait_for(job)
        expect(sorted(states) == ["COMPLETED", "FAILED"], f"{states}: {self.said(job)}")
        expect((first / "claim-2").exists(), "nobody has taken the lost cell over")
        for name in ["table.csv", "cells.csv", "comparisons.csv"]:
            ours, theirs = [
                (self.folder / place / name) for place in ["grid", "grid-one"]]
            expect(ours.exists() == theirs.exists(), f"{name} is missing")
            if ours.exists():
                expect(ours.read_bytes() == theirs.read_bytes(), f"{name} isn't what one process makes")
        print("experiment: 2 tasks, 4 cells, one task killed, its cell taken over, the same tables")

    # -- analysis

    def rows(self, folder):
        with open(self.folder / folder / "report.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            del row["analysed_at"], row["seconds"]
        return sorted(rows, key=lambda row: (row["sop_instance_uid"], row["reason"]))

    def analysis(self):
        (self.folder / "archive" / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM")
        model = "one/model.safetensors"
        self.run("analyze", "archive", "--output", "read-one", "--model", model, status=1)
        job = self.submit(
            "--partition=spare", "--array=1-3", SCRIPTS / "analyze.sbatch", "archive", "--output", "read",
            "--model", model)
        join = self.submit(
            "--partition=spare", f"--dependency=afterany:{job}", "--wrap", f"{self.program} join read")
        expect(self.slurm.wait_for(job) == ["COMPLETED"] * 3, f"a shard failed: {self.said(job)}")
        expect(self.slurm.wait_for(join) == ["COMPLETED"], f"joining failed: {self.said(join)}")
        expect(self.rows("read") == self.rows("read-one"), "the joined report isn't what one process makes")
        # But for the lock of who writes there.
        names = [
            sorted(p.name for p in (self.folder / place).iterdir() if not p.name.startswith("."))
            for place in ["read", "read-one"]]
        expect(names[0] == names[1], f"other files than of one process: {set(names[0]) ^ set(names[1])}")
        print(f"analysis: 3 shards, {len(self.rows('read'))} rows, the same report")


def main():
    reasons = cluster.missing()
    if reasons:
        print(f"no Slurm here: missing {', '.join(reasons)}")
        return 77
    program = str(Path(sys.argv[1]).resolve())
    # Who is told to end ends the cluster, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = Path(tempfile.mkdtemp(prefix="mmdicom-slurm-"))
    os.chmod(folder, 0o755)
    try:
        with cluster.Cluster(folder / "slurm") as slurm:
            jobs = Jobs(program, folder, slurm)
            jobs.training()
            jobs.experiment()
            jobs.analysis()
    except (Failure, RuntimeError) as failure:
        print(f"failed: {failure}\nsee {folder}")
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
