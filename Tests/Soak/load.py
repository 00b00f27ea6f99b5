#!/usr/bin/env python3
"""Asks for page and metrics by the thousand while studies are read, and tells what that costs the reading.

    load.py --program MMDICOM [--model FILE] [--rate 2000] [--seconds 60] [--size 512]

Reading goes on all the time; short turns follow each other, now in one order and now in the other, so that a machine that
slows down or does something else counts on all sides: without any load; with it; and with the same requests to the least that
answers (answer.c), as many bytes for each. What is to be shown on a quiet machine: the reading loses under 3 %, and an answer
comes within 200 ms at the 99th percentile, counted from when its request was due. The one who asks runs on the same machine
and takes processor time too, which is printed, and so does the kernel for what it sends and receives: what the reading loses
is what all of them take from it, and what it loses with the least that answers is what no server could save.
--apart CORE has the one who asks run on a core of its own, and the daemon on the others.

Needs pydicom (etc/requirements-test.txt), gcc and a built program; figures are only worth something of a release build.
Exit status: 0 when all held, 1 otherwise.
"""
import contextlib
import json
import os
import re
import statistics
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from scale import TICK, Daemon
from soak import Checks, Site, command_line, run
from synthetic import Images

RESULTS = re.compile(r'^mmdicom_results_total\{status="analysed".*\} (\d+)', re.M)


def threads(pid):
    """Processor seconds of each thread."""
    seconds = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            fields = (task / "stat").read_text().rsplit(")", 1)[1].split()
            seconds[int(task.name)] = ((int(fields[11]) + int(fields[12])) / TICK, int(fields[16]))
    return seconds


def answering(pid):
    """Processor seconds of the thread that answers: the one of the lowest priority."""
    return max(threads(pid).values(), key=lambda item: item[1])[0]


def unused():
    """Seconds, over all cores, that nobody used, and that a host of virtual machines took for others."""
    with open("/proc/stat") as file:
        fields = [int(field) / TICK for field in file.readline().split()[1:]]
    return fields[3] + fields[4], fields[7]


def load(options):
    """While 500 studies are read, 2,000 requests a second for a minute."""
    check = Checks()
    with tempfile.TemporaryDirectory(prefix="mmdicom-load-", dir=options.folder) as folder:
        folder = Path(folder)
        asker = folder / "load"
        least = folder / "answer"
        for program in [asker, least]:
            subprocess.run(["gcc", "-O2", "-o", program, Path(__file__).with_name(f"{program.name}.c")], check=True)
        site = Site(options, folder / "site")
        with open("/proc/sys/net/ipv4/ip_local_port_range") as range_file:
            port = int(range_file.read().split()[0]) - 1 - os.getpid() % 1000
        cores = sorted(os.sched_getaffinity(0))
        if options.apart is not None:
            os.sched_setaffinity(0, set(cores) - {options.apart})
        daemon = Daemon(site, http=f"127.0.0.1:{port}", disk_stop_percent=100)
        pid = daemon.process.pid

        def ask(path):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
                return answer.read().decode()

        check("it is served", daemon.wait(lambda: "ok" in ask("/healthz"), 60) is not None, daemon.log()[-2000:])
        sizes = {path: len(ask(path).encode()) for path in ["/metrics", "/"]}
        print(f"page {sizes['/']} bytes, metrics {sizes['/metrics']} bytes")
        images = Images(per_study=2, size=options.size)
        number = 0

        def feed():
            """Fills up what waits: as much in front of each turn as the last one read."""
            nonlocal number
            for _ in range(options.ahead - (number - daemon.finished())):
                draft = folder / "draft"
                images.write(draft)
                os.rename(draft, site.root / "inbox" / f"{number:07d}.dcm")
                number += 1

        feed()
        read = daemon.finished
        check("reading begins", daemon.wait(lambda: read() >= 20, 300) is not None, daemon.log()[-2000:])

        def turn(kind):
            seconds = options.seconds / options.rounds
            feed()
            answer, process, other = None, None, None
            begun, count, cpu, (idle, stolen) = time.monotonic(), read(), answering(pid), unused()
            pin = None if options.apart is None else lambda: os.sched_setaffinity(0, {options.apart})
            if kind == "least":
                words = [word for path, size in sizes.items() for word in [path, str(size)]]
                other = subprocess.Popen([least, str(port + 1), *words], preexec_fn=lambda: os.nice(5))
                time.sleep(0.2)
            if kind != "none":
                target = port + 1 if other else port
                command = [asker, str(target), str(options.rate), str(seconds), str(options.connections), *sizes]
                process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=pin)
            while time.monotonic() - begun < seconds:
                time.sleep(0.1)
            rate = (read() - count) / (time.monotonic() - begun)
            whole = (time.monotonic() - begun) * os.cpu_count() / 100
            idle, stolen = ((now - then) / whole for now, then in zip(unused(), (idle, stolen)))
            if process:
                answer = json.loads(process.communicate(timeout=60)[0])
            answer_cpu = answering(pid) - cpu
            if other:
                own = threads(other.pid)[other.pid][0]
                other.kill()
                other.wait()
            print(f"load: {kind}: {rate:.2f} images a second, {idle:.1f} % idle, {stolen:.1f} % taken by others; answering took {answer_cpu:.2f} s of processor"
                  + (f", the least that answers {own:.2f} s" if other else "")
                  + (f"; {json.dumps(answer)}" if answer else ""), flush=True)
            return rate, answer

        order = ["none", "ours", "least"]
        rounds = []
        for index in range(options.rounds):
            rounds.append({kind: turn(kind) for kind in (order if index % 2 == 0 else order[::-1])})

        def loss_with(kind):
            """Percent that the reading loses, and its standard error, from what each round says."""
            quiet = statistics.mean(turns["none"][0] for turns in rounds)
            losses = [100 * (turns["none"][0] - turns[kind][0]) / quiet for turns in rounds]
            return statistics.mean(losses), statistics.stdev(losses) / len(losses) ** 0.5 if len(losses) > 1 else 0

        answers = [turns["ours"][1] for turns in rounds]
        (loss, error), (least_loss, least_error) = loss_with("ours"), loss_with("least")
        worst = max(answer["p99_ms"] for answer in answers)
        quiet, loaded = (statistics.mean(turns[kind][0] for turns in rounds) for kind in ["none", "ours"])
        print(f"reading: {quiet:.2f} images a second without, {loaded:.2f} with: loses {loss:.1f} % (standard error {error:.1f}); "
              f"with the least that answers {least_loss:.1f} % ({least_error:.1f}); p99 {worst:.1f} ms; "
              f"whoever asks took {sum(a['own_processor_s'] for a in answers):.1f} s of processor")
        check("reading loses under 3 %", loss < 3, f"{loss:.1f} %")
        check("p99 under 200 ms", worst < 200, f"{worst:.1f} ms")
        check("every request was answered, and by 200", all(
            answer["errors"] == answer["unanswered"] == answer["refused"] == 0 for answer in answers), f"{answers}")
        check("as many as were due", all(answer["per_second"] > 0.97 * options.rate for answer in answers))
        check("reading goes on", daemon.process.poll() is None)
        check("it stops in order", daemon.stop() == 0)
    return check.failed


def main():
    parser = command_line(__doc__)
    parser.add_argument("--rate", type=float, default=2000, help="requests a second")
    parser.add_argument("--seconds", type=float, default=60, help="of load, in all rounds")
    parser.add_argument("--rounds", type=int, default=6, help="of a turn of each kind")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--size", type=int, default=512, help="rows and columns of each image")
    parser.add_argument("--ahead", type=int, default=500, help="images that wait")
    parser.add_argument("--apart", type=int, help="the core on which the one who asks runs, and nothing else")
    parser.set_defaults(function=load)
    run(parser)


if __name__ == "__main__":
    main()
