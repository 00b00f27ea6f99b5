#!/usr/bin/env python3
"""Gives the daemon much, and slowly. What is to be shown is in each command's own text; --help lists them.

Needs pydicom (etc/requirements-test.txt) and a built program; figures are only worth something of a release build.
Exit status: 0 when all held, 1 otherwise.
"""
import contextlib
import os
import signal
import sqlite3
import subprocess
import tempfile
import time
from pathlib import Path

from soak import Checks, Site, command_line, preloaded, run
from synthetic import Images

TICK = os.sysconf("SC_CLK_TCK")


class Process:
    """What the kernel tells of a process."""

    def __init__(self, pid):
        self.pid = pid

    def seconds(self):
        """Processor seconds, all threads."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def memory(self):
        """Resident megabytes."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def command(self):
        return Path(f"/proc/{self.pid}/cmdline").read_bytes().split(b"\0")


class Daemon:
    """A running daemon and its workers."""

    def __init__(self, site, **settings):
        self.site = site
        # As often as a daemon scans that nobody told otherwise: what scans cost is part of what is measured.
        settings = {"scan_seconds": 10} | settings
        configuration = site.root / "mmdicom.yaml"
        lines = [line for line in configuration.read_text().splitlines() if line.split(":")[0] not in settings]
        configuration.write_text("\n".join(lines + [f"{key}: {value}" for key, value in settings.items()]) + "\n")
        self.process = site.start()
        self.own = Process(self.process.pid)
        # Both workers are ready once nothing is left of the start.
        if self.wait(lambda: len(self.workers()) == 2, 120) is None:
            raise RuntimeError(f"the daemon doesn't start: {self.log()[-2000:]}")
        time.sleep(2)

    def workers(self):
        pids = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True).stdout.split()
        return [Process(int(pid)) for pid in pids]

    def worker(self, identifies):
        """The worker that identifies, or the one that reads."""
        for worker in self.workers():
            try:
                if (b"--identify" in worker.command()) == identifies:
                    return worker
            except OSError:
                pass
        return None

    def seconds(self):
        """Processor seconds of the daemon, of the worker that identifies, and of the one that reads."""
        identifier, reader = self.worker(True), self.worker(False)
        return (self.own.seconds(), identifier.seconds() if identifier else 0, reader.seconds() if reader else 0)

    def count(self, condition="1"):
        file = f"file:{self.site.root}/ledger/ledger.sqlite?mode=ro"
        for attempt in range(50):
            # A daemon that has just started hasn't made its shared memory yet.
            with contextlib.suppress(sqlite3.OperationalError):
                with contextlib.closing(sqlite3.connect(file, uri=True, timeout=30)) as ledger:
                    return ledger.execute(f"SELECT count(*) FROM instance WHERE {condition}").fetchone()[0]
            time.sleep(0.2)
        raise RuntimeError("the ledger can't be read")

    def finished(self, names=None):
        done = "state IN ('finished', 'filed')"
        if names is None:
            return self.count(done)
        return self.count(f"{done} AND sop IN ({','.join(repr(n) for n in names)})")

    def wait(self, holds, patience, pause=0.2):
        """Seconds until it holds; None when it doesn't in time."""
        begun = time.monotonic()
        while time.monotonic() - begun < patience:
            if holds():
                return time.monotonic() - begun
            if self.process.poll() is not None:
                return None
            time.sleep(pause)
        return None

    @contextlib.contextmanager
    def alone(self, wanted):
        """Gives the daemon and its workers the processor before all others (needs root), so that a loaded machine gives
        the figures of an idle one; for a moment only, for nobody else gets far meanwhile."""
        processes = [self.process.pid, *(worker.pid for worker in self.workers())] if wanted else []

        def schedule(policy, priority):
            for pid in processes:
                subprocess.run(["chrt", "-a", policy, "-p", priority, str(pid)], capture_output=True)

        schedule("--rr", "1")
        try:
            yield
        finally:
            schedule("--other", "0")

    def log(self):
        return (self.site.root / "log").read_text()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=120)


def place(options):
    return tempfile.TemporaryDirectory(prefix="mmdicom-scale-", dir=options.folder)


def fresh(site, daemon, images, patience):
    """Drops a study of one folder; seconds until all of it is read."""
    names = images.fill(site.root / "fresh", images.per_study)
    os.rename(site.root / "fresh", site.root / f"inbox/fresh-{images.number}")
    return daemon.wait(lambda: daemon.finished(names) == len(names), patience)


def shown(seconds):
    return "never" if seconds is None else f"{seconds:.1f} s"


def drop(options, sent, inbox):
    """A rename shows all at once; a copy goes file by file, each with its events."""
    if options.by == "mv":
        return os.rename(sent, inbox / "sent")
    subprocess.run(["cp", "-r", sent, inbox / "sent"], check=True)


def backlog(options):
    """Drops very many files at once. All must be taken in with rows within a minute, and a study dropped after them
    (while they are taken in, and when they are) must be read within ten seconds, in memory that doesn't grow."""
    check = Checks()
    with place(options) as root:
        site = Site(options, Path(root) / "site")
        Images().fill(site.root / "sent", options.count, options.layout)
        later = Images(first=10_000_000)
        os.sync()
        daemon = Daemon(site)
        check("a study is read", fresh(site, daemon, later, 60) is not None, daemon.log()[-2000:])
        before = daemon.finished()
        start, first = time.monotonic(), daemon.seconds()
        drop(options, site.root / "sent", site.root / "inbox")
        total, samples, during = options.count + before, [], None
        while daemon.count() < total and time.monotonic() - start < options.patience:
            time.sleep(0.5)
            samples.append((time.monotonic() - start, daemon.count(), daemon.own.memory(), daemon.own.descriptors()))
            if during is None and samples[-1][1] > total / 4:
                during = fresh(site, daemon, later, options.patience)
                total += later.per_study
        taken, last = time.monotonic() - start, daemon.seconds()
        for moment in range(0, len(samples), max(1, len(samples) // 12)):
            print("{:6.1f} s {:7d} rows {:6.0f} MB {:4d} descriptors".format(*samples[moment]), flush=True)
        own, identifying, reading = (last[k] - first[k] for k in range(3))
        intake = (own + identifying) / options.count
        print(f"{options.count} files taken in within {taken:.1f} s ({options.count / taken:.0f}/s); processor: "
              f"{own:.1f} s daemon and {identifying:.1f} s identification ({intake * 1000:.2f} ms a file), "
              f"{reading:.1f} s reading beside it; load {os.getloadavg()[0]:.1f}")
        check("all have rows", daemon.count() == total, f"{daemon.count()} of {total}")
        check("within a minute", taken <= 60, f"{taken:.1f} s")
        print(f"a study that was dropped meanwhile was read after {shown(during)}")
        check("a study dropped while they are taken in is read within 10 s", during is not None and during <= 10,
              shown(during))
        after = fresh(site, daemon, later, options.patience)
        print(f"a study that was dropped afterwards was read after {shown(after)}")
        check("a study dropped after them is read within 10 s", after is not None and after <= 10, shown(after))
        # What the drop costs when all have rows is a part of taking in, whatever is read meanwhile: studies become ready to
        # be read, and their folders, which are empty now, go after a minute.
        first, beside = daemon.seconds(), daemon.finished()
        over = lambda: daemon.count("state = 'gathering'") == 0 and not list((site.root / "inbox").glob("[!.]*"))
        settled = daemon.wait(over, options.patience, pause=1)
        check("no study gathers any more, and no empty folder is left", settled is not None)
        rest, beside = daemon.seconds()[0] - first[0], daemon.finished() - beside
        # Where it goes from here: what the daemon needs for each image beside the inference.
        with daemon.alone(options.alone):
            time.sleep(2)
            first, read, memory = daemon.seconds(), daemon.finished(), daemon.own.memory()
            time.sleep(options.seconds)
            last, read = daemon.seconds(), daemon.finished() - read
        each = [(last[k] - first[k]) / max(1, read) for k in (0, 2)]
        rest = max(0, rest - beside * each[0])
        intake += rest / options.count
        share = (intake + each[0]) / max(each[1], 1e-9)
        print(f"until no study gathers and no empty folder is left: {shown(settled)}, {rest:.1f} s of the daemon beside "
              f"{beside} images, with which taking in needs {intake * 1000:.2f} ms a file")
        print(f"then {read} images in {options.seconds:.0f} s: {each[0] * 1000:.2f} ms daemon, {each[1] * 1000:.0f} ms "
              f"worker each; with taking in, the daemon needs {share * 100:.1f} % of the inference; "
              f"{memory:.0f} -> {daemon.own.memory():.0f} MB")
        check("the daemon needs less than 5 % of the inference", share < 0.05, f"{share * 100:.1f} %")
        check("it stops in order", daemon.stop() == 0, daemon.log()[-2000:])
        left = len(list((site.root / "inbox").rglob("*.dcm")))
        check("nothing is left in the inbox", left == 0, f"{left}")
    return check.failed


def many(options):
    """Sends image after image through the whole daemon: memory, descriptors and time for each must not grow."""
    check = Checks()
    with place(options) as root:
        site = Site(options, Path(root) / "site")
        images, daemon = Images(per_study=1, size=options.size), Daemon(site)
        step = max(1, options.count // 10)
        rows, sent, last, since = [], 0, daemon.seconds(), time.monotonic()
        while len(rows) < 10:
            done = daemon.finished()
            while sent < min(options.count, done + 40):
                images.write(site.root / "draft")
                os.rename(site.root / "draft", site.root / f"inbox/{sent}.dcm")
                sent += 1
            if done >= step * (len(rows) + 1):
                now, reader = daemon.seconds(), daemon.worker(False)
                rows.append((daemon.own.memory(), reader.memory(), daemon.own.descriptors(), reader.descriptors(),
                             (now[0] + now[1] - last[0] - last[1]) / step * 1000, (now[2] - last[2]) / step * 1000,
                             (time.monotonic() - since) / step * 1000))
                last, since = now, time.monotonic()
                print("{:6d} images: daemon {:.0f} MB, worker {:.0f} MB; {} and {} descriptors; each {:.1f} ms daemon, "
                      "{:.0f} ms worker, {:.0f} ms by the clock".format(step * len(rows), *rows[-1]), flush=True)
            if daemon.process.poll() is not None:
                check("it lives", False, daemon.log()[-2000:])
                return check.failed
            time.sleep(0.2)
        # The first tenth warms up.
        early, late = rows[1], rows[-1]
        check("the daemon's memory doesn't grow", late[0] < early[0] * 1.15 + 4, f"{early[0]:.0f} -> {late[0]:.0f} MB")
        check("nor the worker's", late[1] < early[1] * 1.1 + 8, f"{early[1]:.0f} -> {late[1]:.0f} MB")
        check("nor descriptors", late[2] <= early[2] + 3 and late[3] <= early[3] + 3, f"{early[2:4]} -> {late[2:4]}")
        share = sum(row[4] for row in rows[1:]) / sum(row[5] for row in rows[1:])
        print(f"the daemon, with identification, needs {share * 100:.1f} % of what reading needs; load {os.getloadavg()[0]:.1f}")
        check("nor the daemon's processor time", late[4] < early[4] * 1.3, f"{early[4]:.1f} -> {late[4]:.1f} ms")
        check("nor the worker's", late[5] < early[5] * 1.3, f"{early[5]:.0f} -> {late[5]:.0f} ms")
        check("each has its row", len(site.rows()) == options.count, f"{len(site.rows())}")
        check("it stops in order", daemon.stop() == 0)
    return check.failed


def slow(options):
    """Puts the inbox on a mount that takes long for every call (a preloaded library delays what concerns it). While a
    backlog is taken from there, reading goes on, the intake isn't stuck on it, and a stop is answered."""
    check = Checks()
    with place(options) as root:
        library = preloaded(root, "slow.so", "slow_mount.c")
        site = Site(options, Path(root) / "site")
        site.environment = {"LD_PRELOAD": str(library), "SLOW_MOUNT": f"{site.root}/inbox",
                            "SLOW_MILLISECONDS": str(options.delay)}
        images = Images()
        images.fill(site.root / "sent", options.count)
        daemon = Daemon(site)
        os.rename(site.root / "sent", site.root / "inbox/sent")
        begun = time.monotonic()
        check("files are taken in", daemon.wait(lambda: daemon.count() > 0, options.patience) is not None,
              daemon.log()[-2000:])
        read = daemon.wait(lambda: daemon.finished() > 0, options.patience)
        left = len(list((site.root / "inbox").rglob("*.dcm")))
        print(f"the first was read after {time.monotonic() - begun:.1f} s, with {left} of {options.count} still in the inbox")
        # A batch takes half a second; of fewer files than come in several, all may be taken by then.
        check("and read before all are taken in", read is not None and left > 0, f"{left} left")
        latency = fresh(site, daemon, images, options.patience)
        print(f"with {options.delay} ms for every call on the inbox, a study that was dropped meanwhile was read after "
              f"{shown(latency)}; {daemon.count()} of {options.count} taken in {time.monotonic() - begun:.0f} s")
        check("a study dropped meanwhile is read", latency is not None)
        begun = time.monotonic()
        check("it stops in order", daemon.stop() == 0, daemon.log()[-2000:])
        print(f"stopped after {time.monotonic() - begun:.1f} s")
        check("the rest is read later, nothing is lost", site.finish() == 0
              and len(site.rows()) == options.count + images.per_study, f"{len(site.rows())}")
    return check.failed


def slow_arrival(options):
    """Sends one study over minutes: a file now and then; one that is written bit by bit by a program that keeps it open;
    and one that grows under a name that is left alone. Nothing may be read half, nothing twice, and what is whole must
    not wait for what isn't."""
    check = Checks()
    with place(options) as root:
        site = Site(options, Path(root) / "site")
        images = Images(per_study=1_000_000)
        # A gap between two pieces is longer than that: only the open descriptor and the name tell.
        daemon = Daemon(site, settle_seconds=2)
        inbox, (held, held_name), (grown, grown_name) = site.root / "inbox", images.next(), images.next()
        steps = max(4, int(options.minutes * 60 / 10))
        pause = options.minutes * 60 / steps
        pieces = lambda content, k: content[len(content) * k // steps : len(content) * (k + 1) // steps]
        waits = []
        with open(inbox / "held.dcm", "wb") as file:
            for step in range(steps):
                begun = time.monotonic()
                file.write(pieces(held, step))
                file.flush()
                # Under a name that is left alone until it is whole, as a careful sender does.
                with open(inbox / "grown.dcm.part", "ab") as other:
                    other.write(pieces(grown, step))
                name = images.write(site.root / "draft")
                os.rename(site.root / "draft", inbox / f"{step}.dcm")
                waits.append(daemon.wait(lambda: daemon.finished([name]) == 1, options.patience))
                check(f"file {step + 1} of {steps} is read", waits[-1] is not None, daemon.log()[-1000:])
                check("what is still written isn't", daemon.count(f"sop IN ('{held_name}', '{grown_name}')") == 0)
                time.sleep(max(0, pause - (time.monotonic() - begun)))
        os.rename(inbox / "grown.dcm.part", inbox / "grown.dcm")
        check("both are read once they are whole",
              daemon.wait(lambda: daemon.finished([held_name, grown_name]) == 2, options.patience) is not None)
        print(f"{steps} files in {options.minutes:g} minutes, each read within {max(w or 999 for w in waits):.1f} s")
        rows = site.rows()
        check("one row each, all analysed", len(rows) == steps + 2 and {r["status"] for r in rows} == {"analysed"},
              f"{len(rows)}")
        check("one study", len({r["study_instance_uid"] for r in rows}) == 1)
        check("it stops in order", daemon.stop() == 0)
    return check.failed


def main():
    parser = command_line(__doc__)
    commands = parser.add_subparsers(required=True)
    for function, count in {backlog: 50_000, many: 10_000, slow: 200, slow_arrival: 0}.items():
        command = commands.add_parser(function.__name__.replace("_", "-"), description=function.__doc__)
        command.set_defaults(function=function)
        command.add_argument("--count", type=int, default=count, help="images")
        command.add_argument("--patience", type=float, default=600.0)
        if function is backlog:
            command.add_argument("--layout", choices=["studies", "flat"], default="studies")
            command.add_argument("--by", choices=["mv", "cp"], default="mv", help="how they are dropped")
            command.add_argument("--seconds", type=float, default=30, help="of reading that are measured afterwards")
            command.add_argument("--alone", action="store_true", help="that the processor is ours while they are measured")
        if function is many:
            command.add_argument("--size", type=int, default=64, help="rows and columns of each image")
        if function is slow:
            command.add_argument("--delay", type=int, default=20, help="milliseconds for every call")
        if function is slow_arrival:
            command.add_argument("--minutes", type=float, default=10)
    run(parser)


if __name__ == "__main__":
    main()
