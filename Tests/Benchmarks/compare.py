"""Runs `mmdicom bench --json` and its peers in alternation on the same cores; prints a table of ratios in Markdown.

    python Tests/Benchmarks/compare.py [--rounds 3] [--threads 2] [--json FILE]

Needs only the standard library; the peers run in --python, which needs torch (and openvino, onnxruntime, onnx and
onnxscript for theirs). Whatever is missing is reported as skipped. Each measurement is a process of its own, held to
the same first --threads cores; a figure is the median over the rounds of the medians that each process reports. Peak
memory is the process's largest resident set. The exit status is 1 only where nothing at all could be measured.
"""
import argparse
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
OURS = "mmdicom"
# Our figure in `bench --json`, seconds in one of its units, and the peers that do the same work.
ROWS = [
    ("inference with saliency, batch 1", "inference_ms", 1e-3, ["torch infer"]),
    ("encoder + decoder, batch 1", "forward_ms", 1e-3, ["torch forward", "openvino", "onnxruntime"]),
    ("training step, batch 10 x 5 streams", "train_step_s", 1.0, ["torch lean", "torch reference"]),
]


@dataclass
class Contestant:
    name: str
    command: list
    seconds: dict = field(default_factory=dict)  # figure -> one value a round
    peak_mib: list = field(default_factory=list)
    skipped: str = ""

    def add(self, figure, seconds):
        self.seconds.setdefault(figure, []).append(seconds)


@dataclass
class Outcome:
    status: int
    output: str
    errors: str
    peak_mib: float


def run(command, cores, timeout):
    """Runs one process to its end; its peak memory comes from wait4, so it's that child's alone."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
            env=os.environ | {"OMP_NUM_THREADS": str(len(cores))},
            preexec_fn=lambda: os.sched_setaffinity(0, cores))
        end = time.monotonic() + timeout
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > end:
                child.kill()
                _, status, usage = os.wait4(child.pid, 0)
                break
            time.sleep(0.02)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        return Outcome(child.returncode, out.read().decode(errors="replace"), err.read().decode(errors="replace"),
                       usage.ru_maxrss / 1024)


def measure(contestant, cores, timeout):
    """One process of one contestant; a failure takes it out of the remaining rounds."""
    try:
        outcome = run(contestant.command, cores, timeout)
    except OSError as error:
        contestant.skipped = f"{error.strerror}: {contestant.command[0]}"
        return
    if outcome.status != 0:
        lines = outcome.errors.strip().splitlines() or ["no message"]
        contestant.skipped = f"exit status {outcome.status}: {lines[-1][:160]}"
        return
    if contestant.name == OURS:
        try:
            figures = json.loads(outcome.output)
            for _, key, unit, _ in ROWS:
                if key in figures:
                    contestant.add(key, figures[key] * unit)
            for key in ("peak_gflops", "decode_ms", "images_per_s"):
                if key in figures:
                    contestant.add(key, figures[key])
        except (ValueError, TypeError) as error:
            contestant.skipped = f"`bench --json` printed no figures: {error}"
            return
    else:
        found = re.search(r"median ([0-9.]+) s", outcome.output)
        if not found:
            contestant.skipped = "printed no median"
            return
        contestant.add("seconds", float(found.group(1)))
    contestant.peak_mib.append(outcome.peak_mib)


def contestants(options):
    python, peer, threads = str(options.python), str(options.peer), str(options.threads)
    runs = {"infer": ("1", options.runs), "forward": ("1", options.runs),
            "lean": ("10", options.steps), "reference": ("10", options.steps)}
    made = [Contestant(OURS, [str(options.mmdicom), "bench", "--json"])]
    for mode, (batch, n) in runs.items():
        made.append(Contestant(f"torch {mode}", [python, peer, mode, batch, "256", str(n), threads]))
    for engine in ("openvino", "onnxruntime"):
        made.append(Contestant(engine, [python, str(HERE / "forward_elsewhere.py"), engine, peer, "1", "256",
                                        str(options.runs), threads]))
    for c in made:
        if c.name in options.without or c.name.removeprefix("torch ") in options.without:
            c.skipped = "left out (--without)"
        elif c.name != OURS and not options.peer.is_file():
            c.skipped = f"no peer at {peer}"
    return made


def shown(values):
    """Median, and the range over the rounds where there was more than one."""
    def one(s):
        return f"{s * 1000:.1f} ms" if s < 1 else f"{s:.2f} s"
    middle = one(statistics.median(values))
    return middle if len(values) < 2 else f"{middle} ({one(min(values))} to {one(max(values))})"


def memory(c):
    return f"{max(c.peak_mib):.0f} MiB" if c.peak_mib else "-"


def table(made):
    by_name = {c.name: c for c in made}
    ours = by_name[OURS]
    lines = ["| work | mmdicom | peer | its time | peer / mmdicom | peer's peak memory |", "|---|---|---|---|---|---|"]
    for title, key, _, peers in ROWS:
        mine = ours.seconds.get(key)
        for name in peers:
            peer = by_name[name]
            theirs = peer.seconds.get("seconds")
            ratio = f"{statistics.median(theirs) / statistics.median(mine):.2f}" if mine and theirs else "-"
            lines.append(f"| {title} | {shown(mine) if mine else 'skipped'} | {name} | "
                         f"{shown(theirs) if theirs else 'skipped'} | {ratio} | {memory(peer)} |")
    lines.append("")
    for key, label in (("peak_gflops", "machine's peak, GFLOPS"), ("decode_ms", "decode, ms"),
                       ("images_per_s", "images per second")):
        if key in ours.seconds:
            lines.append(f"- {label}: {statistics.median(ours.seconds[key]):.4g}")
    # One process does all of bench's work, so this is the training step's memory, not that of inference.
    lines.append(f"- peak memory of the whole `mmdicom bench` process: {memory(ours)}")
    lines += [f"- skipped: {c.name}: {c.skipped}" for c in made if c.skipped]
    return "\n".join(lines)


def machine(cores):
    model = platform.processor()
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text()
        model = re.search(r"model name\s*:\s*(.*)", text).group(1)
    except (OSError, AttributeError):
        pass
    return f"{model or platform.machine()}, {len(cores)} threads, {platform.platform()}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mmdicom", type=pathlib.Path, default=ROOT / ".build/release/mmdicom")
    parser.add_argument("--peer", type=pathlib.Path, default=ROOT.parent / "shared/peers/torch_multimix.py")
    parser.add_argument("--python", type=pathlib.Path, default=pathlib.Path(sys.executable),
                        help="the Python that runs the peers")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3, help="times that every contestant runs, in turn")
    parser.add_argument("--runs", type=int, default=15, help="repetitions of an inference in a process")
    parser.add_argument("--steps", type=int, default=1, help="repetitions of a training step in a process")
    parser.add_argument("--without", action="append", default=[], metavar="NAME",
                        help="mmdicom, infer, forward, lean, reference, openvino or onnxruntime; may be repeated")
    parser.add_argument("--timeout", type=float, default=1800, help="seconds for one process")
    parser.add_argument("--json", type=pathlib.Path, help="also write every figure of every round here")
    options = parser.parse_args()
    cores = set(sorted(os.sched_getaffinity(0))[:options.threads])
    if len(cores) < options.threads:
        parser.error(f"only {len(cores)} cores are available")

    made = contestants(options)
    for turn in range(options.rounds):
        for c in made:
            if not c.skipped:
                print(f"round {turn + 1} of {options.rounds}: {c.name}", file=sys.stderr, flush=True)
                measure(c, cores, options.timeout)
    print(f"{machine(cores)}; {options.rounds} rounds\n")
    print(table(made))
    if options.json:
        options.json.write_text(json.dumps({
            "machine": machine(cores), "rounds": options.rounds,
            "contestants": {c.name: {"seconds": c.seconds, "peak_mib": c.peak_mib, "skipped": c.skipped}
                            for c in made}}, indent=2) + "\n")
    return 0 if any(c.seconds for c in made) else 1


if __name__ == "__main__":
    sys.exit(main())
