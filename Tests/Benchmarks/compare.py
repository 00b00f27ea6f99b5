"""Runs `mmdicom bench --json` and its peers in alternation on the same cores; prints a table of ratios in Markdown.

    python Tests/Benchmarks/compare.py [--rounds 3] [--threads 2] [--instructions avx2] [--json FILE]
    python Tests/Benchmarks/compare.py --show FILE

Every figure of every round goes into a JSON document beside the processor, the date and the commit it comes from; the
tables of README.md are printed from such a document by `--show`.

Needs only the standard library; the peers run in --python, which needs torch (and openvino, onnxruntime, onnx and
onnxscript for theirs; pydicom, pylibjpeg-openjpeg, highdicom and pillow for the pipeline). Whatever is missing is
reported as skipped. Each measurement is a process of its own that does one work, held to the same first --threads
cores; a figure is the median over the rounds of the medians that each process reports. Peak memory is the process's
largest resident set. The exit status is 1 only where nothing at all could be measured.
"""
import argparse
import datetime
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
from collections.abc import Callable
from dataclasses import dataclass, field

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
OURS = "mmdicom"


@dataclass
class Work:
    """One row's work: `bench --only`, its figure in the JSON, and how that becomes seconds."""
    title: str
    part: str
    figure: str
    seconds: Callable
    peers: list
    # What the peak memory must stay below, MB; 0 where nothing is asked.
    memory_bar: int = 0


def milliseconds(value):
    return value / 1000


WORKS = [
    Work("inference with saliency, batch 1", "inference", "inference_ms", milliseconds, ["torch infer"], 170),
    Work("encoder + decoder, batch 1", "forward", "forward_ms", milliseconds,
         ["torch forward", "openvino", "onnxruntime"]),
    Work("training step, batch 10 x 5 streams", "train", "train_step_s", float, ["torch lean", "torch reference"],
         700),
    Work("512-pixel JPEG 2000 to Secondary Capture and row", "pipeline", "images_per_s", lambda rate: 1 / rate,
         ["torch pipeline"]),
]
NEEDS_FILE = ("decode", "pipeline")
# How every contestant is told to run as on a processor with less than this one. ONNX Runtime can't be told.
INSTRUCTIONS = {
    "avx2": {"MMDICOM_KERNELS": "avx2", "OPENBLAS_CORETYPE": "Haswell", "ONEDNN_MAX_CPU_ISA": "AVX2",
             "DNNL_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"},
    "portable": {"MMDICOM_KERNELS": "portable"},
}
# What is shown without a peer.
PARTS_ALONE = {"peak": ("peak_gflops", "machine's peak, GFLOPS"), "decode": ("decode_ms", "decode, ms")}


@dataclass
class Contestant:
    name: str
    command: list
    # Of `bench --json`; none for a peer, which prints a line with its median.
    figure: str = ""
    values: list = field(default_factory=list)  # one a round
    peak_mb: list = field(default_factory=list)
    skipped: str = ""


@dataclass
class Outcome:
    status: int
    output: str
    errors: str
    peak_mb: float


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
                       usage.ru_maxrss * 1024 / 1e6)


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
    if contestant.figure:
        try:
            contestant.values.append(json.loads(outcome.output)[contestant.figure])
        except (ValueError, TypeError, KeyError) as error:
            contestant.skipped = f"`bench --json` printed no {contestant.figure}: {error}"
            return
    else:
        found = re.search(r"median ([0-9.]+) s", outcome.output)
        if not found:
            contestant.skipped = "printed no median"
            return
        contestant.values.append(float(found.group(1)))
    contestant.peak_mb.append(outcome.peak_mb)


def contestants(options, file):
    """In the order of their turns: ours, then the peers that do the same work."""
    python, peer, threads = str(options.python), str(options.peer), str(options.threads)
    runs, steps = str(options.runs), str(options.steps)
    peers = {name: [python, peer, name, batch, "256", n, threads] for name, batch, n in (
        ("infer", "1", runs), ("forward", "1", runs), ("lean", "10", steps), ("reference", "10", steps))}
    peers["pipeline"] = [python, str(HERE / "pipeline_elsewhere.py"), peer, str(options.model), str(file), runs,
                         threads]
    for engine in ("openvino", "onnxruntime"):
        peers[engine] = [python, str(HERE / "forward_elsewhere.py"), engine, peer, "1", "256", runs, threads]

    def ours(part, figure):
        # A training step takes a third of --runs.
        n = str(3 * options.steps) if part == "train" else runs
        command = [str(options.mmdicom), "bench", "--json", "--only", part, "--runs", n, "--threads", threads]
        if part in NEEDS_FILE:
            command += ["--file", str(file), "--model", str(options.model)]
        return Contestant(f"{OURS} {part}", command, figure)

    made = [ours(part, figure) for part, (figure, _) in PARTS_ALONE.items()]
    for work in WORKS:
        made.append(ours(work.part, work.figure))
        made += [Contestant(name, peers[name.removeprefix("torch ")]) for name in work.peers]
    for c in made:
        is_ours = c.name.startswith(OURS)
        if {c.name, c.name.removeprefix("torch "), OURS if is_ours else c.name} & set(options.without):
            c.skipped = "left out (--without)"
        elif not is_ours and not options.peer.is_file():
            c.skipped = f"no peer at {peer}"
        elif file is None and c.name.split()[-1] in NEEDS_FILE:
            c.skipped = "no radiograph"
    return made


def radiograph(options, folder):
    """The file for decode and pipeline: a phantom of our own unless one is named; None where there is neither."""
    if options.file:
        return options.file.absolute()
    command = [str(options.mmdicom), "archive", "phantom", "--count", "1", "--size", "512", "--seed", "1",
               "--output", folder]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
        return next(pathlib.Path(folder).rglob("dx.dcm"))
    except (OSError, subprocess.CalledProcessError, StopIteration) as error:
        print(f"no radiograph: {getattr(error, 'stderr', None) or error or 'none drawn'}", file=sys.stderr)
        return None


def shown(values):
    """Median, and the range over the rounds where there was more than one."""
    def one(s):
        return f"{s * 1000:.1f} ms" if s < 1 else f"{s:.2f} s"
    middle = one(statistics.median(values))
    return middle if len(values) < 2 else f"{middle} ({one(min(values))} to {one(max(values))})"


def memory(c, bar=0):
    if not c.peak_mb:
        return "-"
    peak = max(c.peak_mb)
    return f"{peak:.0f} MB" + (f" (bar {bar}{', missed' if peak >= bar else ''})" if bar else "")


def table(made):
    by_name = {c.name: c for c in made}
    lines = ["| work | mmdicom | its peak memory | peer | its time | peer / mmdicom | its peak memory |",
             "|---|---|---|---|---|---|---|"]
    for work in WORKS:
        ours = by_name[f"{OURS} {work.part}"]
        mine = [work.seconds(value) for value in ours.values]
        for name in work.peers:
            peer = by_name[name]
            ratio = "-"
            if mine and peer.values:
                ratio = f"{statistics.median(peer.values) / statistics.median(mine):.2f}"
            lines.append(f"| {work.title} | {shown(mine) if mine else 'skipped'} | {memory(ours, work.memory_bar)} | "
                         f"{name} | {shown(peer.values) if peer.values else 'skipped'} | {ratio} | {memory(peer)} |")
    lines.append("")
    for part, (_, label) in PARTS_ALONE.items():
        values = by_name[f"{OURS} {part}"].values
        if values:
            lines.append(f"- {label}: {statistics.median(values):.4g}")
    lines += [f"- skipped: {c.name}: {c.skipped}" for c in made if c.skipped]
    return "\n".join(lines)


def machine():
    """The processor by its name, and by family, model and stepping where it has them: names such as "AMD EPYC" don't
    tell one from the other."""
    model, numbers = platform.processor(), ""
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text()
        model = re.search(r"model name\s*:\s*(.*)", text).group(1)
        numbers = " family {}, model {}, stepping {}".format(
            *(re.search(rf"^{key}\s*:\s*(\d+)", text, re.MULTILINE).group(1)
              for key in ("cpu family", "model", "stepping")))
    except (OSError, AttributeError):
        pass
    return f"{model or platform.machine()}{numbers}"


def commit():
    """What was measured: the commit, and whether anything differs from it."""
    def git(*arguments):
        return subprocess.run(["git", "-C", str(ROOT), *arguments], check=True, capture_output=True, text=True).stdout
    try:
        return git("rev-parse", "HEAD").strip() + (" with changes" if git("status", "--porcelain").strip() else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def kernels(options):
    """The instruction set that our network runs on, as `bench` says it."""
    try:
        text = subprocess.run([str(options.mmdicom), "bench", "--only", "peak", "--threads", "1"], check=True,
                              capture_output=True, text=True).stdout
        return re.search(r"kernels (\w+)", text).group(1)
    except (OSError, subprocess.CalledProcessError, AttributeError):
        return "unknown"


def provenance(options):
    """Where the figures come from."""
    return {
        "processor": machine(), "threads": options.threads, "system": platform.platform(),
        # Processes that wanted a processor in the last minute, before the first measurement: 0 on an idle machine.
        "load": os.getloadavg()[0],
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "commit": commit(), "kernels": kernels(options), "rounds": options.rounds,
        # They change what is measured.
        "environment": {name: value for name, value in sorted(os.environ.items())
                        if name.startswith(("OPENBLAS_", "OMP_", "MKL_", "ONEDNN_", "DNNL_", "ATEN_",
                                            "MMDICOM_KERNELS"))},
    }


def heading(origin):
    lines = [f"{origin['processor']}, {origin['threads']} threads, kernels {origin['kernels']}, {origin['date'][:10]}, "
             f"commit {origin['commit'][:12]}{' with changes' if 'with' in origin['commit'] else ''}, "
             f"{origin['rounds']} rounds, load at the start {origin['load']:.1f}"]
    if origin["environment"]:
        lines.append("with " + " ".join(f"{name}={value}" for name, value in origin["environment"].items()))
    return "\n".join(lines)


def show(path):
    """The tables of a document that an earlier run wrote."""
    document = json.loads(path.read_text())
    made = [Contestant(name, [], values=c["values"], peak_mb=c["peak_mb"], skipped=c["skipped"])
            for name, c in document["contestants"].items()]
    print(f"{heading(document['origin'])}\n")
    print(table(made))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mmdicom", type=pathlib.Path, default=ROOT / ".build/release/mmdicom")
    parser.add_argument("--peer", type=pathlib.Path, default=ROOT.parent / "shared/peers/torch_multimix.py")
    parser.add_argument("--python", type=pathlib.Path, default=pathlib.Path(sys.executable),
                        help="the Python that runs the peers")
    parser.add_argument("--model", type=pathlib.Path, default=ROOT / "samples/multimix.safetensors",
                        help="the weights of the pipeline")
    parser.add_argument("--file", type=pathlib.Path, help="the radiograph of the pipeline, instead of a phantom")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--instructions", choices=sorted(INSTRUCTIONS),
                        help="hold ours, and the peers that can be told, to what another processor has")
    parser.add_argument("--rounds", type=int, default=3, help="times that every contestant runs, in turn")
    parser.add_argument("--runs", type=int, default=15, help="repetitions of an inference in a process")
    parser.add_argument("--steps", type=int, default=1, help="repetitions of a training step in a process")
    parser.add_argument("--without", action="append", default=[], metavar="NAME",
                        help="mmdicom, infer, forward, lean, reference, pipeline, openvino or onnxruntime; repeatable")
    parser.add_argument("--timeout", type=float, default=1800, help="seconds for one process")
    parser.add_argument("--json", type=pathlib.Path, help="also write every figure of every round here")
    parser.add_argument("--show", type=pathlib.Path, help="print the tables of such a document, and measure nothing")
    options = parser.parse_args()
    if options.show:
        show(options.show)
        return 0
    os.environ.update(INSTRUCTIONS.get(options.instructions, {}))
    options.mmdicom, options.model = options.mmdicom.absolute(), options.model.absolute()
    cores = set(sorted(os.sched_getaffinity(0))[:options.threads])
    if len(cores) < options.threads:
        parser.error(f"only {len(cores)} cores are available")

    origin = provenance(options)
    with tempfile.TemporaryDirectory() as folder:
        made = contestants(options, radiograph(options, folder))
        for turn in range(options.rounds):
            for c in made:
                if not c.skipped:
                    print(f"round {turn + 1} of {options.rounds}: {c.name}", file=sys.stderr, flush=True)
                    measure(c, cores, options.timeout)
    print(f"{heading(origin)}\n")
    print(table(made))
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps({
            "origin": origin,
            "contestants": {c.name: {"figure": c.figure or "seconds", "values": c.values, "peak_mb": c.peak_mb,
                                     "skipped": c.skipped} for c in made}}, indent=2) + "\n")
    return 0 if any(c.values for c in made) else 1


if __name__ == "__main__":
    sys.exit(main())
