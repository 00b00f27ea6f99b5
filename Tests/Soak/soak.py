#!/usr/bin/env python3
"""Tries the daemon the hard way. What is to be shown is in each command's own text; --help lists them.

README.md beside this file says how long each takes. Needs pydicom (etc/requirements-test.txt) and a built program. Exit
status: 0 when all held, 1 otherwise.
"""
import argparse
import contextlib
import csv
import hashlib
import json
import os
import random
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pydicom

SENDERS_NAMES = ["a.dcm", "b.dcm", "deep/c.dcm", "deep/d.dcm"]


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def files(folder):
    return sorted(p for p in Path(folder).rglob("*") if p.is_file() and p.name != ".mmdicom.lock")


class Site:
    """The folders of one daemon."""

    def __init__(self, options, root):
        self.options, self.root = options, Path(root)
        self.environment = {}
        self.model = options.model
        self.log = self.root / "log"
        self.root.mkdir(parents=True, exist_ok=True)
        for name in ["inbox", "outbox", "done", "rejected", "ledger"]:
            (self.root / name).mkdir(exist_ok=True)
        (self.root / "mmdicom.yaml").write_text(
            f"inbox: {self.root}/inbox\noutbox: {self.root}/outbox\nsettle_seconds: 0.3\nscan_seconds: 0.3\n"
            "study_quiet_seconds: 0.1\nstudy_wait_seconds: 1\ndisk_stop_percent: 100\n"
        )

    def start(self, *arguments):
        command = [self.options.program, "serve", "--config", f"{self.root}/mmdicom.yaml", *arguments]
        environment = dict(os.environ, **self.environment)
        if self.model:
            environment["MMDICOM_MODEL"] = self.model
        log = open(self.log, "a")
        return subprocess.Popen(command, stderr=log, stdout=log, env=environment, start_new_session=True)

    def ask(self, *arguments):
        command = [self.options.program, arguments[0], "--config", f"{self.root}/mmdicom.yaml", *arguments[1:]]
        return subprocess.run(command, capture_output=True, text=True)

    def status(self):
        answer = self.ask("status", "--json")
        return json.loads(answer.stdout) if answer.returncode == 0 else {}

    def finish(self):
        """One undisturbed run to the end."""
        process = self.start("--once")
        process.wait(timeout=3600)
        return process.returncode

    def rows(self):
        with open(self.root / "outbox/report.csv", newline="", encoding="utf-8") as report:
            return list(csv.DictReader(report))

    def home(self, name):
        """Contents in a home, without the reasons."""
        return sorted(digest(p) for p in files(self.root / name) if not p.name.endswith(".reason.txt"))


def sender(site, studies):
    """Drops files one after the other under four names; each name again as soon as it is free. Yields before each."""
    waiting = list(studies)
    number = 0
    while waiting:
        yield len(waiting)
        name = site.root / "inbox" / SENDERS_NAMES[number % len(SENDERS_NAMES)]
        number += 1
        if name.exists():
            continue
        name.parent.mkdir(exist_ok=True)
        draft = site.root / "draft"
        shutil.copyfile(waiting[0], draft)
        os.rename(draft, name)
        waiting.pop(0)


def contents(site):
    """What lies in the outbox, by name: a digest of all but the moments at which it was made."""
    found = {}
    for path in files(site.root / "outbox"):
        name = str(path.relative_to(site.root / "outbox"))
        if name == "report.csv":
            continue
        if name.endswith(".dcm"):
            dataset = pydicom.dcmread(path)
            kept = [
                (str(e.tag), e.VR, repr(e.value) if e.VR != "OW" else hashlib.sha256(e.value).hexdigest())
                for e in dataset.iterall()
                if e.VR not in ("DA", "TM", "DT")
            ]
            found[name] = hashlib.sha256(repr(kept).encode()).hexdigest()
        else:
            found[name] = digest(path)
    return found


def studies(options, root, count):
    phantoms = Path(root) / "phantoms"
    subprocess.run(
        [options.program, "archive", "phantom", "--output", phantoms, "--count", str(count), "--size", "256",
         "--seed", "7"],
        check=True, capture_output=True)
    images = [p for p in files(phantoms) if p.suffix == ".dcm" and not p.name.endswith(".seg.dcm")]
    bad = Path(root) / "bad"
    bad.mkdir()
    for number in range(3):
        (bad / f"text-{number}").write_text(f"not an image {number}")
    (bad / "cut").write_bytes(images[0].read_bytes()[:3000])
    # Three come twice.
    return images + files(bad) + images[:3]


class Checks:
    def __init__(self):
        self.failed = 0

    def __call__(self, what, holds, detail=""):
        print(("ok    " if holds else "FAILED ") + what + ("" if holds else f": {detail}"), flush=True)
        self.failed += not holds


def compare(check, site, plain, sent):
    images = {digest(p) for p in sent}
    rows, expected = site.rows(), plain.rows()
    homes = site.home("done") + site.home("rejected")
    # What is sent twice may lie there under both names.
    check("every file is in done or rejected, none more often than it was sent",
          set(homes) == images and not Counter(homes) - Counter(digest(p) for p in sent),
          f"{len(site.home('done'))} + {len(site.home('rejected'))} of {len(images)}")
    key = lambda r: (r["sop_instance_uid"], r["status"], r["reason"].split(":")[0], r["pneumonia_probability"],
                     r["outputs"])
    check("the report has the rows of an undisturbed run", sorted(map(key, rows)) == sorted(map(key, expected)),
          f"{len(rows)} rows, not {len(expected)}")
    check("the outbox has the files of an undisturbed run, byte for byte but for their dates",
          contents(site) == contents(plain))
    check("nothing is left in inbox and spool",
          not files(site.root / "inbox") and not files(site.root / "ledger/spool"))
    check("nothing half is left", not [p for f in ("outbox", "done", "rejected", "ledger/staging")
                                       for p in files(site.root / f) if p.name.startswith(".")])
    audit = site.ask("audit")
    check("the audit trail is whole", audit.returncode == 0, audit.stderr + audit.stdout)


def kill(options):
    """Kills the daemon at random moments while studies arrive under names that repeat. Afterwards all must be as in a
    run that nobody disturbed: nothing lost, nothing twice, nothing half."""
    check = Checks()
    with tempfile.TemporaryDirectory(prefix="mmdicom-soak-", dir=options.folder) as root:
        chance = random.Random(options.seed)
        sent = studies(options, root, options.count)
        plain = undisturbed(options, root, sent)
        site = Site(options, Path(root) / "killed")
        drops = sender(site, sent)
        kills = 0
        remaining = len(sent)
        while remaining or kills < options.kills:
            process = site.start()
            end = time.monotonic() + chance.uniform(0.02, options.longest)
            while time.monotonic() < end:
                if chance.random() < 0.03:
                    remaining = next(drops, 0)
                time.sleep(0.005)
            # The workers die with the pipe; a new daemon may meet the old ones.
            process.kill()
            process.wait()
            kills += 1
            if kills % 20 == 0:
                print(f"{kills} kills, {remaining} to send, {site.status()}", flush=True)
        # What was in hand at several kills waits; it needn't.
        site.ask("retry", "--all")
        code = site.finish()
        print(f"{kills} kills over {len(sent)} files; the last run ended with {code}")
        compare(check, site, plain, sent)
        if check.failed and options.keep:
            shutil.copytree(root, options.keep, dirs_exist_ok=True)
    return check.failed


def fill(path, block):
    """Writes to a file until nothing more fits."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with contextlib.suppress(OSError):
        while True:
            os.write(file, b"x" * block)
    os.close(file)


@contextlib.contextmanager
def small_disk(folder, size):
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def full(options):
    """Fills a small disk (a tmpfs: needs root) under the running daemon. It must live, reject nothing, say so in status,
    and go on by itself once there is room."""
    check = Checks()
    with tempfile.TemporaryDirectory(prefix="mmdicom-soak-", dir=options.folder) as root:
        sent = studies(options, root, options.count)[: options.count]
        disk = Path(root) / "disk"
        disk.mkdir()
        # Larger than what a daemon leaves free for itself (32 MB), or it would never take anything in.
        with small_disk(disk, "128m"):
            site = Site(options, disk)
            # What it says must be seen, and takes no room.
            site.log = Path(root) / "log"
            process = site.start()
            end = time.monotonic() + options.patience
            while "worker ready" not in site.log.read_text() and time.monotonic() < end:
                time.sleep(0.2)
            ballast = disk / "ballast"
            fill(ballast, 65536)
            # Room to drop, none to write results.
            os.truncate(ballast, ballast.stat().st_size - sum(p.stat().st_size for p in sent) - 65536)
            for number, path in enumerate(sent):
                shutil.copyfile(path, site.root / "inbox" / f"{number}.dcm.part")
                os.rename(site.root / "inbox" / f"{number}.dcm.part", site.root / "inbox" / f"{number}.dcm")
            for _ in range(15):
                fill(ballast, 4096)
                time.sleep(1)
            check("it lives", process.poll() is None, site.log.read_text()[-2000:])
            check("nothing is rejected", not site.home("rejected"))
            log, paused = site.log.read_text(), site.status().get("paused")
            says = ("pauses and tries again by itself", "nothing is taken in")
            check("it says that it pauses", bool(paused) and any(text in log for text in says), f"{paused} {log[-2000:]}")
            check("it isn't done", len(site.home("done")) < len(sent))
            ballast.unlink()
            end = time.monotonic() + options.patience
            while len(site.home("done")) < len(sent) and time.monotonic() < end:
                time.sleep(1)
            check("it goes on by itself", len(site.home("done")) == len(sent), f"{site.status()}")
            check("one row each", len(site.rows()) == len(sent), f"{len(site.rows())}")
            check("nothing pauses any more", site.status().get("paused") == {}, f"{site.status()}")
            process.send_signal(signal.SIGTERM)
            check("it stops in order", process.wait(timeout=120) == 0)
    return check.failed


def drops(options):
    """Drops studies as senders make them, from ordinary folders (755) and as another user than the daemon (needs root):
    cp -r with umask 002, mv of a folder, rsync -a where there is one. Each image must be read once, also over a
    restart, and where the daemon can't move a file it must say once what to do."""
    check = Checks()
    daemon, sender_, group = "61001", "61002", "61000"
    with tempfile.TemporaryDirectory(prefix="mmdicom-soak-", dir=options.folder) as root:
        os.chmod(root, 0o755)
        sent = studies(options, root, 6)[:6]
        site = Site(options, Path(root) / "site")
        for path in [site.root, *site.root.iterdir()]:
            os.chown(path, int(daemon), int(group))
        os.chmod(site.root, 0o755)
        os.chmod(site.root / "inbox", 0o2770)
        if options.model:
            options.model = shutil.copy(options.model, root)
            os.chmod(options.model, 0o644)
        program = options.program
        options.program = str(Path(root) / "as-daemon")
        Path(options.program).write_text(
            f'#!/bin/sh\nexec setpriv --reuid={daemon} --regid={group} --clear-groups {program} "$@"\n')
        os.chmod(options.program, 0o755)
        (site.root / "log").touch()

        outgoing = Path(root) / "outgoing"
        for number, path in enumerate(sent):
            study = outgoing / f"study-{number}"
            study.mkdir(parents=True)
            shutil.copyfile(path, study / "image.dcm")
        for path in [outgoing, *outgoing.rglob("*")]:
            os.chmod(path, 0o755 if path.is_dir() else 0o644)
            os.chown(path, int(sender_), int(group))

        def send(command):
            subprocess.run(
                ["setpriv", f"--reuid={sender_}", f"--regid={group}", "--clear-groups", "sh", "-ec", command],
                check=True, cwd=outgoing)

        process = site.start()
        time.sleep(2)
        inbox = site.root / "inbox"
        send(f"umask 002; cp -r study-0 study-1 {inbox}")
        send(f"mv study-2 study-3 {inbox}")
        if shutil.which("rsync"):
            send(f"rsync -a study-4 study-5 {inbox}")
        else:
            print("no rsync here: its own two studies are copied by cp -a")
            send(f"cp -a study-4 study-5 {inbox}")

        def settled():
            return (site.root / "outbox/report.csv").exists() and len(site.rows()) == 6

        end = time.monotonic() + options.patience
        while not settled() and time.monotonic() < end:
            time.sleep(0.5)
        check("each image has its row", settled(), f"{site.status()}")
        check("each is analysed", {r["status"] for r in site.rows()} == {"analysed"})
        time.sleep(3)
        process.send_signal(signal.SIGTERM)
        check("it stops in order", process.wait(timeout=120) == 0)
        check("a restart reads nothing again", site.finish() == 0 and len(site.rows()) == 6)
        check("done has each once", site.home("done") == sorted(digest(p) for p in sent))
        log = (site.root / "log").read_text()
        copied = site.status().get("copied", 0)
        check("what can't be moved is told of once", log.count("they are copied") == (2 if copied else 0) or
              log.count("they are copied") == 1, log)
        print(f"{copied} files were copied; they lie in {site.status().get('copied_from')}")
    return check.failed


def undisturbed(options, root, sent):
    """A daemon that nobody disturbs, when all is done."""
    plain = Site(options, Path(root) / "plain")
    process = plain.start()
    for _ in sender(plain, sent):
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=600)
    plain.finish()
    return plain


def is_done(site, plain):
    # Under how many names the same bytes lie depends on which were free when they came.
    homes = lambda s: set(s.home("done") + s.home("rejected"))
    waiting = files(site.root / "inbox") + [p for p in files(site.root / "ledger/spool") if p.name != "names"]
    return homes(site) >= homes(plain) and not waiting


def built(root, name, source, *arguments):
    program = Path(root) / name
    subprocess.run(["cc", "-O1", "-o", program, Path(__file__).with_name(source), *arguments], check=True)
    return program


def preloaded(root, name, source):
    return built(root, name, source, "-shared", "-fPIC", "-ldl")


def clock(options):
    """Sets the clock of the day back and forth under the running daemon, by seconds, hours and days, and kills it now and
    then, while studies arrive under names that repeat. It must go on by itself, and all must be as in a run with a
    clock that nobody touched. The clock is a preloaded library (clock.c, built here with cc)."""
    check = Checks()
    with tempfile.TemporaryDirectory(prefix="mmdicom-soak-", dir=options.folder) as root:
        chance = random.Random(options.seed)
        sent = studies(options, root, options.count)
        plain = undisturbed(options, root, sent)
        library, ahead = preloaded(root, "clock.so", "clock.c"), Path(root) / "ahead"
        site = Site(options, Path(root) / "stepped")
        site.environment = {"LD_PRELOAD": str(library), "FAULTS_CLOCK_STEP": str(ahead)}
        seconds = 0.0
        ahead.write_bytes(struct.pack("d", seconds))
        place = os.open(ahead, os.O_WRONLY)
        process = site.start()
        steps, kills = Counter(), 0

        def step():
            nonlocal seconds
            by = chance.choice([-86400, -3600, -3600, -600, -30, -2, 2, 30, 3600, 86400])
            steps["back" if by < 0 else "forth"] += 1
            seconds += by
            os.pwrite(place, struct.pack("d", seconds), 0)

        for _ in sender(site, sent):
            time.sleep(0.02)
            if chance.random() < 0.1:
                step()
            if chance.random() < 0.01:
                process.kill()
                process.wait()
                kills += 1
                process = site.start()
        end = time.monotonic() + options.patience
        done = lambda: is_done(site, plain)
        while not done() and time.monotonic() < end:
            step()
            time.sleep(1)
        check("it goes on by itself", done(), f"{site.status()}")
        check("it lives", process.poll() is None, (site.root / "log").read_text()[-2000:])
        process.send_signal(signal.SIGTERM)
        check("it stops in order", process.wait(timeout=120) == 0)
        os.close(place)
        site.environment = {}
        code = site.finish()
        print(f"{steps['back']} steps back, {steps['forth']} forth, {kills} kills over {len(sent)} files; the last run "
              f"ended with {code}")
        with contextlib.closing(sqlite3.connect(f"file:{site.root}/ledger/ledger.sqlite?mode=ro", uri=True)) as ledger:
            times = [at for at, in ledger.execute("SELECT at FROM audit ORDER BY number")]
        check("the ledger saw the clock step back", any(a > b + 1_000_000 for a, b in zip(times, times[1:])))
        compare(check, site, plain, sent)
        if check.failed and options.keep:
            shutil.copytree(root, options.keep, dirs_exist_ok=True)
    return check.failed


def other_model(model, to):
    """The model with some of its last weights changed."""
    content = bytearray(Path(model).read_bytes())
    for place in range(len(content) - 4 * 64, len(content), 4):
        content[place] ^= 0x7F
    to.write_bytes(content)
    return to


def reload(options):
    """Gives the daemon another model by SIGHUP while it reads, again and again, and one that is none in between. Each result
    must name one of the models by its digest and be what that model alone makes of the image, byte for byte but for dates;
    nothing may be lost or read twice for it, and what is no model must be refused while the one before goes on."""
    check = Checks()
    with tempfile.TemporaryDirectory(prefix="mmdicom-soak-", dir=options.folder) as root:
        sent = studies(options, root, options.count)
        models = [Path(options.model), other_model(options.model, Path(root) / "other.safetensors")]
        broken = Path(root) / "broken.safetensors"
        broken.write_bytes(models[0].read_bytes()[:100_000])
        alone = {}
        for number, model in enumerate(models):
            site = Site(options, Path(root) / f"alone-{number}")
            site.model = str(model)
            for place, path in enumerate(sent):
                shutil.copyfile(path, site.root / f"inbox/{place}.dcm")
            site.finish()
            # What is no image has a row, too.
            count = len(site.rows())
            alone[digest(model)] = {r["sop_instance_uid"]: r for r in site.rows()}, contents(site)
        site = Site(options, Path(root) / "reloaded")
        site.model = None
        configuration = (site.root / "mmdicom.yaml").read_text()

        def choose(model):
            (site.root / "mmdicom.yaml").write_text(f"{configuration}model: {model}\n")

        choose(models[0])
        process = site.start()
        answered = lambda: [log.count(word) for log in [site.log.read_text()] for word in ("reloaded", "reload was refused")]
        wait = lambda holds: next((True for _ in range(int(options.patience * 10)) if holds() or time.sleep(0.1)), False)
        check("it starts", wait(lambda: "worker ready" in site.log.read_text()), site.log.read_text()[-2000:])
        asked, drops, turn = [0, 0], list(enumerate(sent)), 0
        while drops:
            for place, path in drops[:3]:
                shutil.copyfile(path, site.root / "draft")
                os.rename(site.root / "draft", site.root / f"inbox/{place}.dcm")
            drops = drops[3:]
            # In the middle of what was just dropped; the next only when this one was answered, for signals aren't counted.
            time.sleep(0.7)
            turn += 1
            model = [models[1], broken, models[0], broken][turn % 4]
            asked[model == broken] += 1
            choose(model)
            process.send_signal(signal.SIGHUP)
            if not wait(lambda: answered() == asked):
                check("a reload is answered", False, f"{answered()}, not {asked}: {site.log.read_text()[-2000:]}")
                break
        check("all is read", wait(lambda: (site.root / "outbox/report.csv").exists() and len(site.rows()) == count),
              f"{site.status()}")
        process.send_signal(signal.SIGTERM)
        check("it stops in order", process.wait(timeout=120) == 0)
        found, made = Counter(), contents(site)
        for row in site.rows():
            expected = alone.get(row["model_sha256"])
            name = f"{row['sop_instance_uid'] or row['reason']}"
            if not expected:
                check(f"{name} names one of the models", False, row["model_sha256"])
                continue
            found[row["model_sha256"]] += 1
            like = expected[0][row["sop_instance_uid"]]
            columns = [c for c in row if c not in ("analysed_at", "seconds", "reason")]
            differ = [c for c in columns if row["sop_instance_uid"] and row[c] != like[c]]
            check(f"the row of {name} is that of its model", not differ, f"{differ}")
            results = [n for n in row["outputs"].split(";") if n]
            differ = [n for n in results if made.get(n) != expected[1].get(n)]
            check(f"the results of {name} are those of its model", not differ, f"{differ}")
        print(f"{asked[0]} reloads and {asked[1]} refusals over {len(sent)} files; by model: {dict(found)}")
        check("both models have read", len(found) == 2, f"{found}")
        homes = site.home("done") + site.home("rejected")
        check("every file is in done or rejected", set(homes) == {digest(p) for p in sent}, f"{len(homes)}")
        check("the audit trail is whole", site.ask("audit").returncode == 0)
        if check.failed and options.keep:
            shutil.copytree(root, options.keep, dirs_exist_ok=True)
    return check.failed


def two(options):
    """A second daemon on the folders of the first, or on one of them, refuses with 73 and says which, also for a single run;
    the first goes on, and once it is dead the next may start."""
    check = Checks()
    with tempfile.TemporaryDirectory(prefix="mmdicom-soak-", dir=options.folder) as root:
        sent = studies(options, root, 6)[:6]
        site = Site(options, Path(root) / "first")
        process = site.start()
        time.sleep(2)
        for name in ["", "inbox", "outbox", "done", "rejected", "ledger"]:
            other = Site(options, Path(root) / f"second-{name}")
            text = "".join(f"{n}: {(site if n == name or not name else other).root}/{n}\n"
                           for n in ["inbox", "outbox", "done", "rejected", "ledger"])
            (other.root / "mmdicom.yaml").write_text(text)
            for arguments in [(), ("--once",)]:
                code = other.start(*arguments).wait(timeout=60)
                log = (other.root / "log").read_text()
                check(f"a second one with the same {name or 'folders'} refuses {' '.join(arguments)}",
                      code == 73 and "in use by another mmdicom" in log, f"{code}: {log}")
                (other.root / "log").unlink()

        def reads(sent, what):
            for path in sent:
                shutil.copyfile(path, site.root / "draft")
                os.rename(site.root / "draft", site.root / "inbox" / f"{digest(path)}.dcm")
            end, count = time.monotonic() + options.patience, len(site.home("done")) + len(sent)
            while len(site.home("done")) < count and time.monotonic() < end:
                time.sleep(0.5)
            check(what, len(site.home("done")) == count == len(site.rows()), f"{site.status()}")

        reads(sent[:3], "the first goes on")
        process.kill()
        process.wait()
        process = site.start()
        reads(sent[3:], "when it is dead the next may start")
        process.send_signal(signal.SIGTERM)
        check("it stops in order", process.wait(timeout=120) == 0)
        check("the audit trail is whole", site.ask("audit").returncode == 0)
    return check.failed


def command_line(text, program=".build/release/mmdicom", model=""):
    """What all of these scripts take."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=program)
    parser.add_argument("--model", default=model, help="by default " + (model or "the installed one"))
    parser.add_argument("--folder", default=None, help="where to work; by default the temporary folder")
    return parser


def run(parser):
    """Runs what the command line asks for, and ends with 1 where something failed."""
    options = parser.parse_args()
    options.program = str(Path(options.program).resolve())
    options.model = options.model and str(Path(options.model).resolve())
    failed = options.function(options)
    print("all held" if not failed else f"{failed} failed")
    sys.exit(1 if failed else 0)


def main():
    parser = command_line(__doc__)
    parser.add_argument("--keep", default=None, help="where to leave the folders of a run that failed")
    commands = parser.add_subparsers(required=True)
    for function in (kill, full, drops, clock, reload, two):
        command = commands.add_parser(function.__name__, description=function.__doc__)
        command.set_defaults(function=function)
        command.add_argument("--count", type=int, default=60 if function in (kill, clock) else 30 if function is reload else 12, help="phantoms")
        command.add_argument("--kills", type=int, default=60)
        command.add_argument("--longest", type=float, default=3.0, help="seconds between kills at most")
        command.add_argument("--seed", type=int, default=1)
        command.add_argument("--patience", type=float, default=240.0)
    run(parser)


if __name__ == "__main__":
    main()
