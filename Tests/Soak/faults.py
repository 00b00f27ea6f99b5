#!/usr/bin/env python3
"""Strikes at every system call of the running daemon that changes a file, one after the other: kills it there, or lets
the call fail. Afterwards all must be as in a run that nobody disturbed: nothing lost, nothing twice, nothing half.

Needs Linux on x86-64, a C compiler, pydicom (etc/requirements-test.txt) and a built program. README.md beside this
file says what each command shows. Exit status: 0 when all held, 1 otherwise.
"""
import csv
import hashlib
import io
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pydicom

from soak import built, command_line, other_model, preloaded, run

HOMES = ["inbox", "outbox", "done", "rejected", "ledger"]
# Who runs the daemon where it may not change a sender's folder.
USER = 61001
# What may lie there for good.
LASTING = {".mmdicom.lock"}


def digest(content):
    return hashlib.sha256(content).hexdigest()


# --- The files that are sent


def phantoms(options, root):
    subprocess.run(
        [options.program, "archive", "phantom", "--output", root / "phantoms", "--count", "12", "--size", "256",
         "--seed", "7"], check=True, capture_output=True)
    images = sorted(p for p in (root / "phantoms").rglob("*.dcm") if not p.name.endswith(".seg.dcm"))
    # Those whose pixels can be written over.
    syntax = lambda path: pydicom.dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID
    return [path for path in images if not syntax(path).is_compressed][:3]


def changed(path, to, change):
    dataset = pydicom.dcmread(path)
    change(dataset)
    dataset.save_as(to)
    return to


def as_sibling(dataset):
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"{dataset.SOPInstanceUID[:60]}.1"
    other_pixels(dataset)


def other_pixels(dataset):
    pixels = bytearray(dataset.PixelData)
    pixels[: len(pixels) // 2] = bytes(len(pixels) // 2)
    dataset.PixelData = bytes(pixels)


def other_name(dataset):
    dataset.PatientName = "Corrected^Name"


def lateral(dataset):
    dataset.ViewPosition = "LL"


class Case:
    """One kind of file, and what the daemon knew before it came."""

    def __init__(self, name, *files, known=(), prepare=None, is_first=False, crosses=False, is_copied=False,
                 next_model=None):
        """`files` come as a.dcm, b.dcm ...; `known` are files and the names that they came under before; `prepare` does
        something else to the folders before the daemon starts; `next_model` is what the start after a crash finds."""
        self.name, self.files, self.known, self.prepare = name, files, known, prepare
        self.is_first, self.crosses, self.is_copied, self.next_model = is_first, crosses, is_copied, next_model


def cases(options, root):
    images = phantoms(options, root)
    made = root / "made"
    made.mkdir()
    one = images[0]
    cut = made / "cut.dcm"
    cut.write_bytes(one.read_bytes()[:3000])
    sibling = changed(one, made / "sibling.dcm", as_sibling)
    known = ((one, "a.dcm"),)

    def mend(site):
        shutil.copyfile(one, next(p for p in site.files(site.folders["rejected"]) if p.suffix == ".dcm"))
        time.sleep(0.2)

    def retry(site):
        answer = site.ask("retry", str(pydicom.dcmread(one, stop_before_pixels=True).SOPInstanceUID))
        assert answer.returncode == 0 and site.name.exists(), answer

    def dismiss(site):
        answer = site.ask("retry", "--dismiss", str(pydicom.dcmread(one, stop_before_pixels=True).SOPInstanceUID))
        assert answer.returncode == 0, answer

    conflict = changed(one, made / "conflict.dcm", other_pixels)
    found = [
        Case("analysed", one),
        Case("not-analysed", changed(one, made / "lateral.dcm", lateral)),
        Case("rejected", cut),
        # Other pixels under the same UID.
        Case("conflicting", conflict, known=known),
        # One that somebody has refused for good.
        Case("dismissed", known=(*known, (conflict, "a.dcm")), prepare=dismiss),
        # The same pixels under the same UID, another header.
        Case("amended", changed(one, made / "amended.dcm", other_name), known=known),
        # The same bytes again; under another name, which others have; those of a file that was rejected.
        Case("again", one, known=known),
        Case("twin", one, known=((one, "k.dcm"),)),
        Case("rejected-again", cut, known=((cut, "a.dcm"),)),
        Case("study", one, sibling),
        # A rejected file that somebody mended where it lies.
        Case("mended", known=((cut, "a.dcm"),), prepare=mend),
        Case("retried", known=known, prepare=retry),
        # The first start, which makes the ledger.
        Case("first", one, is_first=True),
        # Inbox and homes on another file system than the spool.
        Case("across", one, crosses=True),
        # The model is another after the crash.
        Case("updated", one, next_model=other_model(options.model, made / "other.safetensors")),
    ]
    if os.geteuid() == 0:
        # In a folder that the daemon, who is another user, may not change.
        found.append(Case("copied", one, is_copied=True))
    return {case.name: case for case in found}, images[1], images[2]


# --- A daemon's folders


class Site:
    def __init__(self, options, root, case, base=None):
        self.options, self.root, self.case = options, Path(root), case
        self.elsewhere = None
        self.clock, self.model = {}, options.model
        if case.crosses:
            self.elsewhere = Path(tempfile.mkdtemp(prefix="mmdicom-faults-", dir=options.elsewhere))
        self.folders = {
            name: (self.elsewhere if self.elsewhere and name != "ledger" else self.root) / name for name in HOMES}
        if base:
            shutil.copytree(base.root, self.root)
            if self.elsewhere:
                shutil.copytree(base.elsewhere, self.elsewhere, dirs_exist_ok=True)
        else:
            self.root.mkdir(parents=True)
            for folder in self.folders.values():
                folder.mkdir()
        lines = [f"{name}: {folder}" for name, folder in self.folders.items() if name != "ledger"]
        lines += [f"ledger: {self.folders['ledger']}", "settle_seconds: 0.1", "scan_seconds: 0.1",
                  "study_quiet_seconds: 0.1", "study_wait_seconds: 1", "threads: 1",
                  "disk_stop_percent: 100"]
        (self.root / "mmdicom.yaml").write_text("\n".join(lines) + "\n")
        self.log = self.root / "log"
        self.draft = self.root / "draft"
        # Where the files come, and the name that is used again.
        self.sender = "sent/" if case.is_copied else ""
        self.name = self.folders["inbox"] / self.sender / "a.dcm"

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)
        if self.elsewhere:
            shutil.rmtree(self.elsewhere, ignore_errors=True)

    def send(self, file, name):
        place, draft = self.folders["inbox"] / name, self.folders["inbox"] / ".draft"
        place.parent.mkdir(exist_ok=True)
        shutil.copyfile(file, draft)
        os.rename(draft, place)

    def hand_over(self):
        """To a user of its own, who may not change the sender's folder."""
        for path in [self.root, *self.root.rglob("*")]:
            if not path.is_relative_to(self.folders["inbox"] / "sent"):
                os.chown(path, USER, USER)

    def command(self, *arguments):
        if self.case.is_copied:
            user = ["/usr/bin/setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
            return user + self.command_of_program(*arguments)
        return self.command_of_program(*arguments)

    def command_of_program(self, *arguments):
        return [self.options.program, arguments[0], "--config", str(self.root / "mmdicom.yaml"), *arguments[1:]]

    @property
    def environment(self):
        environment = dict(os.environ, SWIFT_BACKTRACE="enable=no", **self.clock)
        environment["MMDICOM_MODEL"] = str(self.model)
        return environment

    def ask(self, *arguments):
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, env=self.environment)

    def serve(self, *arguments, once=True, sends_again=False):
        """Starts the daemon under the tracer."""
        homes = list(self.folders.values()) + [self.folders["ledger"] / n for n in ("spool", "staging")]
        words = [self.options.tracer, "--output", self.log]
        for home in homes:
            words += ["--home", home]
        if sends_again:
            words += ["--draft", self.draft, "--again", self.name]
        words += [*arguments, "--", *self.command("serve", *(["--once"] if once else []))]
        return Traced([str(word) for word in words], self.environment)

    def shown(self, path):
        """A path without what is another in each run."""
        for name, folder in self.folders.items():
            if path == str(folder) or path.startswith(f"{folder}/"):
                path = name + path[len(str(folder)):]
        path = re.sub(r"spool/[0-9a-f]{16}", "spool/BATCH", path)
        path = re.sub(r"staging/\d+-\d+", "staging/ROW", path)
        path = re.sub(r"\b2\.25\.\d+", "UID", path)
        path = re.sub(r"\.[0-9a-f]{5,8}\.part", ".MARK.part", path)
        path = re.sub(r"reason-[0-9a-f]+", "reason-MARK", path)
        path = re.sub(r"[0-9a-f]{64}", "DIGEST", path)
        return path

    def finish(self, sends_again):
        """Undisturbed runs until nothing is left to take; the exit statuses."""
        statuses = []
        self.model = self.case.next_model or self.model
        while True:
            process = self.serve(sends_again=sends_again)
            statuses.append(process.ended()["status"])
            process.close()
            if statuses[-1] not in (0, 1) or len(statuses) == 4:
                return statuses
            if (not self.name.exists() or self.case.is_copied) and not self.draft.exists():
                break
        if self.case.name == "mended":
            # What changed in rejected just now is taken back only when it is some time old.
            time.sleep(0.2)
            process = self.serve(sends_again=sends_again)
            statuses.append(process.ended()["status"])
            process.close()
        return statuses

    # What is there, without the moments at which it was made.

    def state(self):
        found = {}
        for name in ("done", "rejected", "inbox"):
            for path in self.files(self.folders[name]):
                key = f"{name}/{path.relative_to(self.folders[name])}"
                found[key] = reason(path) if path.name.endswith(".reason.txt") else digest(path.read_bytes())
        # Which of two that came under one name got the number is a matter of their order.
        sources = {k: v for k, v in found.items() if not k.endswith(".reason.txt")}
        state = {"sources": sorted(sources.values()), "names": sorted(map(self.order_free, sources)),
                 "reasons": sorted(v for k, v in found.items() if k.endswith(".reason.txt"))}
        for path in self.files(self.folders["outbox"]):
            key = f"outbox/{path.relative_to(self.folders['outbox'])}"
            if path.name == "report.csv":
                state[key] = rows(path)
            elif path.name.endswith(".dcm"):
                state[key] = undated(path)
            else:
                state[key] = digest(path.read_bytes())
        ledger = self.folders["ledger"]
        state["spool"] = sorted(digest(p.read_bytes()) for p in self.files(ledger / "spool") if p.name != "names")
        state["folders"] = sorted(
            self.shown(str(p)) for p in ledger.rglob("*") if p.is_dir() and (p.name != "spool"))
        state["ledger"] = sorted(
            self.shown(str(p)) for p in self.files(ledger)
            if "/spool/" not in str(p) and not p.name.endswith(("-wal", "-shm")))
        state["rows"] = ledger_rows(ledger / "ledger.sqlite")
        state["strangers"] = strangers(ledger / "ledger.sqlite", self.folders["outbox"])
        if self.case.next_model:
            # Whichever model it was.
            state = {k: [] if k.startswith("outbox/") else v for k, v in state.items()}
        state["trail"] = trail(ledger / "ledger.sqlite")
        if self.options.quick:
            return state
        audit = self.ask("audit")
        state["audit"] = audit.returncode if audit.returncode == 0 else audit.stderr
        status = json.loads(self.ask("status", "--json").stdout or "{}")
        state["status"] = {k: v for k, v in status.items() if k not in ("oldest_seconds", "next_retry", "copied_from")}
        return state

    def order_free(self, name):
        """A name in a home. A mended file goes back into the inbox under its name, or, where the sender has used that again by
        then, under the next: it is the fourth of its name in the end, or the second of that one's. Which of them is first
        depends on when a crash comes."""
        return name.replace("a-2-2.dcm", "a-3.dcm") if self.case.name == "mended" else name

    @staticmethod
    def files(folder):
        return sorted(p for p in folder.rglob("*") if p.is_file() and p.name not in LASTING)


def reason(path):
    lines = path.read_text().splitlines()
    return "\n".join(line for line in lines if not line.startswith(("when:", "modified:", "file:")))


def rows(path):
    with open(path, newline="", encoding="utf-8") as report:
        found = list(csv.DictReader(report))
    return sorted(json.dumps({k: v for k, v in row.items() if k not in ("analysed_at", "seconds")}) for row in found)


def undated(path):
    """A digest of a DICOM file with its dates and times blanked."""
    dataset = pydicom.dcmread(path)
    for element in dataset.iterall():
        if element.VR in ("DA", "TM", "DT"):
            element.value = ""
    written = io.BytesIO()
    dataset.save_as(written)
    return digest(written.getvalue())


def ledger_rows(path):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as ledger:
        instances = ledger.execute("SELECT content, state, verdict, reason, conflict FROM instance").fetchall()
        results = ledger.execute("SELECT path, content, superseded FROM result").fetchall()
        current = ledger.execute("SELECT image, verdict FROM report WHERE current = 1").fetchall()
    ledger.close()
    # How often a file was seen isn't compared: one that waits for its like is admitted anew after a crash.
    # Dates in the results make their digests another in each run.
    results = [(path, superseded) for path, _, superseded in results]
    return sorted(repr(row) for row in instances + results + current)


def trail(path):
    """Whether the hashes of the audit trail hold, by our own reading of them."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as ledger:
        lines = ledger.execute("SELECT number, at, event, instance, detail, hash FROM audit ORDER BY number").fetchall()
        written = ledger.execute("SELECT value FROM counter WHERE name = 'audit'").fetchone()[0]
    ledger.close()
    head = bytes(32)
    for place, (number, at, event, instance, detail, noted) in enumerate(lines, 1):
        numbers = (place, at, -1 if instance is None else instance)
        content = head + b"".join(value.to_bytes(8, "big", signed=True) for value in numbers)
        for text in (event, detail):
            content += len(text.encode()).to_bytes(8, "big") + text.encode()
        head = hashlib.sha256(content).digest()
        if number != place or head != noted:
            return f"broken at line {place}"
    return "whole" if written == len(lines) else f"{len(lines)} lines, and {written} were written"


def strangers(path, outbox):
    """Results that aren't what the ledger says, in either direction."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as ledger:
        results = dict(ledger.execute("SELECT path, content FROM result WHERE superseded = 0").fetchall())
    ledger.close()
    noted = {os.fsdecode(name): content.hex() for name, content in results.items()}
    there = {str(p.relative_to(outbox)): digest(p.read_bytes()) for p in Site.files(outbox) if p.name != "report.csv"}
    return sorted(noted.items() ^ there.items())


class Traced:
    """The tracer and what it tells."""

    def __init__(self, words, environment):
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment)
        self.calls, self.struck, self.end, self.pid = [], None, None, None
        self.changed = threading.Condition()
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            event = json.loads(line)
            with self.changed:
                match event["event"]:
                    case "started": self.pid = event["process"]
                    case "call": self.calls.append(event)
                    case "struck": self.struck = event
                    case "ended": self.end = event
                self.changed.notify_all()
        with self.changed:
            self.end = self.end or {"status": None}
            self.changed.notify_all()

    def ended(self, timeout=300):
        with self.changed:
            if not self.changed.wait_for(lambda: self.end, timeout):
                os.kill(self.pid, signal.SIGKILL)
                self.changed.wait_for(lambda: self.end, 30)
                return {"status": "hung"}
        return self.end

    def terminate(self):
        if not self.end:
            os.kill(self.pid, signal.SIGTERM)
        return self.ended(60)["status"]

    def close(self):
        """Waits for workers that outlive their daemon."""
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.reader.join()


# --- The runs


class Bench:
    """All that the runs of one case share."""

    def __init__(self, options, root, case, next_file, earlier):
        self.options, self.root, self.case, self.next_file = options, root, case, next_file
        self.number = 0
        self.lock = threading.Lock()
        self.base = None
        self.base = self.site()
        if not case.is_first:
            for known, name in ((earlier, "a.dcm"), *case.known):
                self.base.send(known, name)
                self.base.finish(False)
        self.plain = {}

    def site(self):
        with self.lock:
            self.number += 1
            number = self.number
        return Site(self.options, self.root / f"{self.case.name}-{number}", self.case, self.base)

    def prepared(self, sends_again):
        site = self.site()
        for letter, file in zip("abc", self.case.files):
            site.send(file, f"{site.sender}{letter}.dcm")
        if self.case.prepare:
            self.case.prepare(site)
        if self.case.is_copied:
            site.hand_over()
        if sends_again:
            # Beside the inbox, and on its file system.
            site.draft = site.folders["inbox"].parent / "draft"
            shutil.copyfile(self.next_file, site.draft)
        return site

    def undisturbed(self, sends_again):
        """The calls of a run that nobody disturbs, and what is there behind it."""
        if sends_again not in self.plain:
            site = self.prepared(sends_again)
            process = site.serve("--list", "1", sends_again=sends_again)
            process.ended()
            process.close()
            site.finish(sends_again)
            self.plain[sends_again] = process.calls, site.state()
            site.remove()
        return self.plain[sends_again]


    def served(self, sends_again):
        """The calls of a daemon that isn't told to end by itself."""
        plain = self.undisturbed(sends_again)[1]
        site = self.prepared(sends_again)
        process = site.serve("--list", "1", once=False, sends_again=sends_again)
        wait(lambda: is_settled(site, sends_again, plain), self.options.patience)
        status = process.terminate()
        process.close()
        assert status == 0 and difference(site.state(), plain) == [], (status, difference(site.state(), plain))
        site.remove()
        return process.calls


def difference(state, plain):
    wrong = []
    for key in sorted(state.keys() | plain.keys()):
        if state.get(key) == plain.get(key):
            continue
        there, expected = state.get(key), plain.get(key)
        if isinstance(there, list) and isinstance(expected, list):
            more, less = Counter(there) - Counter(expected), Counter(expected) - Counter(there)
            wrong.append(f"{key}: +{list(more)} -{list(less)}")
        else:
            wrong.append(f"{key}: {there}, not {expected}")
    return wrong


def kill_once(bench, strike, sends_again):
    """One kill, and the start after it."""
    site = bench.prepared(sends_again)
    process = site.serve("--worker", strike["worker"], "--at", strike["at"], "--kill", strike["deed"], "--all",
                         strike["all"], sends_again=sends_again)
    process.ended()
    struck = process.struck
    # A daemon that comes now may meet the workers of the one before.
    statuses = site.finish(sends_again)
    process.close()
    wrong = [] if statuses[-1] in (0, 1) else [f"exit statuses {statuses}"]
    try:
        wrong += difference(site.state(), bench.undisturbed(sends_again)[1])
    except Exception as error:
        wrong.append(f"{type(error).__name__}: {error}")
    return site, struck, wrong, {}


def count_of(site):
    """Files that have reached their end by the ledger and by the report, and whether none is under way."""
    try:
        with sqlite3.connect(f"file:{site.folders['ledger']}/ledger.sqlite?mode=ro", uri=True, timeout=1) as ledger:
            states = Counter(state for state, in ledger.execute("SELECT state FROM instance"))
            noted = ledger.execute("SELECT count(*) FROM report WHERE current = 1").fetchone()[0]
        ledger.close()
        report = len(rows(site.folders["outbox"] / "report.csv"))
    except (sqlite3.Error, OSError):
        return None
    return sum(states.values()), states["filed"] + states["parked"], noted, report


def is_settled(site, sends_again, plain):
    """Whether all is as it will stay."""
    if site.name.exists() and not site.case.is_copied or sends_again and site.draft.exists():
        return False
    spool = site.folders["ledger"] / "spool"
    if len([p for p in site.files(spool) if p.name != "names"]) != len(plain["spool"]):
        return False
    count = count_of(site)
    if not count or count[0] != count[1] or count[2] != count[3]:
        return False
    return count[0] == sum(row.startswith("(b") and row.count(",") > 3 for row in plain["rows"])


def wait(until, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if until():
            return True
        time.sleep(0.05)
    return False


def fail_once(bench, strike, sends_again):
    """One failure under the running daemon, and what it makes of it; where it ends, it is started again, as systemd
    does."""
    options = bench.options
    plain = bench.undisturbed(sends_again)[1]
    site = bench.prepared(sends_again)
    site.clock = {"LD_PRELOAD": str(options.clock), "FAULTS_CLOCK_RATE": str(options.rate),
                  "FAULTS_CLOCK_EPOCH": str(int(time.time()))}
    repaired = site.root / "repaired"
    lasts = ["--until", repaired] if strike["lasts"] else []
    error = strike["deed"].split()[0]
    wrong, ends, starts = [], [], 0
    process = site.serve("--worker", strike["worker"], "--at", strike["at"], "--fail", error, *lasts, once=False,
                         sends_again=sends_again)
    struck = None

    def settled():
        return is_settled(site, sends_again, plain)

    def ended(process):
        """Notes with what it ended by itself."""
        status = process.ended()["status"]
        process.close()
        ends.append(status)
        if status != 73:
            wrong.append(f"it ended with {status}: {site.log.read_text()[-600:]}")

    wait(lambda: process.end or process.struck or settled(), options.patience)
    struck = process.struck
    if lasts and struck:
        # It pauses, or ends and is started again, and again.
        says = lambda: "pauses and tries again by itself" in site.log.read_text()
        wait(lambda: process.end or says(), options.broken)
        for _ in range(2):
            if not process.end:
                break
            ended(process)
            process = site.serve("--failing", struck["home"], "--fail", error, *lasts, once=False,
                                 sends_again=sends_again)
            wait(lambda: process.end, options.broken)
    repaired.touch()
    begun = time.monotonic()
    while True:
        came = wait(lambda: process.end or settled(), options.patience)
        if not process.end:
            if not came:
                wrong.append(f"it didn't go on by itself: {count_of(site)} {site.log.read_text()[-600:]}")
            break
        ended(process)
        starts += 1
        if starts > 3:
            wrong.append("it doesn't start")
            break
        process = site.serve(once=False, sends_again=sends_again)
    took = time.monotonic() - begun
    if not process.end:
        status = process.terminate()
        # What fails while it stops may end it with 73; the next start mends it.
        struck = struck or process.struck
        if status not in ((0, 73) if struck and not came or process.struck else (0,)):
            wrong.append(f"it stopped with {status}: {site.log.read_text()[-600:]}")
        process.close()
    site.clock = {}
    statuses = site.finish(sends_again)
    if statuses[-1] not in (0, 1):
        wrong.append(f"exit statuses {statuses}")
    try:
        wrong += difference(site.state(), plain)
    except Exception as problem:
        wrong.append(f"{type(problem).__name__}: {problem}")
    return site, struck, wrong, {"ends": ends, "took": round(took, 1)}


# --- Which calls


def places(calls):
    """Of each role: the number of the call, the call, and whether it begins or ends a series on one file."""
    found = []
    for role in ("daemon", "worker"):
        own = [call for call in calls if call["role"] == role]
        for i, call in enumerate(own):
            like = lambda other: (other["call"], other["path"]) == (call["call"], call["path"])
            is_first = i == 0 or not like(own[i - 1])
            is_last = i + 1 == len(own) or not like(own[i + 1])
            found.append((role, call, is_first, is_last))
    return found


def concerns_file(call):
    if call["path"].endswith(".mmdicom.lock"):
        return False
    words = ("/spool/", "/a.dcm", "/.mmdicom.taken", "/rejected/", "/done/", "/copied")
    return any(word in call["path"] + call["to"] for word in words)


def strikes_to_kill(calls, skips_start, is_thin):
    """Before each call; behind each that isn't followed by its like, where it would be the same; in the midst of a
    write. With `is_thin` of a series of writes to one file only the first and the last."""
    begun = not skips_start
    for role, call, is_first, is_last in places(calls):
        begun = begun or role == "worker" or concerns_file(call)
        if not begun or (is_thin and not is_first and not is_last):
            continue
        # The picture that a worker rehearses with is the same for every kind of file.
        if skips_start and "/rehearsal-" in call["path"]:
            continue
        deeds = ["before"] + (["after"] if is_last else [])
        if call["call"] in ("write", "pwrite") and (is_first or is_last):
            deeds.append("half")
        for deed in deeds:
            for everything in ((0, 1) if role == "worker" else (0,)):
                yield {"worker": int(role == "worker"), "at": call["number"], "deed": deed, "all": everything,
                       "call": call}


ERRORS = ["ENOSPC", "EIO", "ESTALE", "EROFS"]


def strikes_to_fail(calls, errors, skips_start, is_thin):
    """Each error at each call: once, and then at all calls in the same folder until somebody mends it."""
    begun = not skips_start
    for role, call, is_first, is_last in places(calls):
        begun = begun or role == "worker" or concerns_file(call)
        if not begun or (is_thin and not is_first and not is_last):
            continue
        for error in errors:
            for lasts in (0, 1):
                yield {"worker": int(role == "worker"), "at": call["number"], "lasts": lasts,
                       "deed": error + (" until repaired" if lasts else " once"), "call": call}


class Record:
    """What was tried already; a run that is broken off goes on behind it."""

    def __init__(self, path):
        self.path = Path(path) if path else None
        self.entries = {}
        self.lock = threading.Lock()
        if self.path and self.path.exists():
            for line in self.path.read_text().splitlines():
                entry = json.loads(line)
                self.entries[entry["key"]] = entry

    def add(self, entry):
        with self.lock:
            self.entries[entry["key"]] = entry
            if self.path:
                with open(self.path, "a") as file:
                    file.write(json.dumps(entry) + "\n")


def summary(entries):
    """A table: call, where, kind of strike, outcome."""
    table = {}
    for entry in entries:
        key = (entry["case"], entry["call"], entry["deed"])
        held, not_reached, failed = table.get(key, (0, 0, 0))
        if entry["wrong"]:
            failed += 1
        elif not entry["struck"]:
            not_reached += 1
        else:
            held += 1
        table[key] = held, not_reached, failed
    print(f"{'file':16} {'call':16} {'strike':18} {'held':>6} {'not reached':>12} {'FAILED':>7}")
    for (case, call, deed), counts in sorted(table.items()):
        print(f"{case:16} {call:16} {deed:18} {counts[0]:6} {counts[1]:12} {counts[2]:7}")
    totals = [sum(counts[i] for counts in table.values()) for i in range(3)]
    print(f"{'':16} {'':16} {'altogether':18} {totals[0]:6} {totals[1]:12} {totals[2]:7}")
    return totals[2]


def matrix(options, kind, strikes, once):
    """Runs `once` for every strike that isn't recorded yet."""
    record = Record(options.record)
    mine = []
    with tempfile.TemporaryDirectory(prefix="mmdicom-faults-", dir=options.folder) as root:
        root = Path(root)
        os.chmod(root, 0o755)
        options.tracer = built(root, "tracer", "faults.c")
        options.clock = preloaded(root, "clock.so", "clock.c")
        known, next_file, earlier = cases(options, root)
        for name in options.cases or known:
            bench = Bench(options, root, known[name], next_file, earlier)
            for sends_again in options.again:
                if sends_again and known[name].is_copied:
                    continue  # The name never gets free.
                calls, plain = bench.undisturbed(sends_again)
                if kind == "fail":
                    calls = bench.served(sends_again)
                todo = [strike for strike in strikes(calls, name, sends_again)
                        if re.search(options.only, f"{strike['call']['call']} {strike['call']['path']}")]
                whole = len(todo)
                if options.sample and whole > options.sample:
                    todo = [todo[place * whole // options.sample] for place in range(options.sample)]
                print(f"{name}{', name used again' if sends_again else ''}: {len(calls)} calls, {len(todo)} of {whole} "
                      "strikes", flush=True)
                if options.verbose:
                    print(json.dumps(plain, indent=1))

                def one(strike):
                    key = f"{kind} {name} {int(sends_again)} " + " ".join(
                        f"{k}={v}" for k, v in strike.items() if k != "call")
                    if key in record.entries and (record.entries[key]["wrong"] == [] or not options.failed):
                        return record.entries[key]
                    begun = time.monotonic()
                    site, struck, wrong, more = once(bench, strike, sends_again)
                    call = struck or strike["call"]
                    where = site.shown(call["path"]) + (f" -> {site.shown(call['to'])}" if call["to"] else "")
                    entry = {"key": key, "case": name + ("+" if sends_again else ""), "call": call["call"],
                             "role": call["role"], "deed": strike["deed"], "where": where,
                             "struck": bool(struck), "wrong": wrong, "seconds": round(time.monotonic() - begun, 1),
                             **more}
                    record.add(entry)
                    if wrong:
                        print(f"FAILED {key}: {call['call']} {where}\n  " + "\n  ".join(wrong), flush=True)
                        if options.keep:
                            shutil.copytree(site.root, Path(options.keep) / re.sub(r"[^\w.-]+", "_", key),
                                            dirs_exist_ok=True)
                    site.remove()
                    return entry

                with ThreadPoolExecutor(options.jobs) as pool:
                    mine += pool.map(one, todo)
    return summary(mine)


def kill(options):
    """kill -9 before, behind and in the midst of each call, of the daemon and of its workers, for each kind of file,
    with and without a sender that uses the name again at once."""

    def strikes(calls, name, sends_again):
        skips_start = name not in ("analysed", "first") or sends_again
        yield from strikes_to_kill(calls, skips_start, options.thin or skips_start and not options.whole)

    return matrix(options, "kill", strikes, kill_once)


def fail(options):
    """ENOSPC, EIO, ESTALE and EROFS at each call of the daemon and of its workers: once, and, on the folder that the
    call was for, until somebody mends it. The daemon must live, or end with 73 and start again once the cause is
    gone; nothing may be rejected for it, and in the end all must be as in an undisturbed run."""

    def strikes(calls, name, sends_again):
        skips_start = name not in ("analysed", "first") or sends_again
        yield from strikes_to_fail(calls, options.errors, skips_start, not options.whole)

    return matrix(options, "fail", strikes, fail_once)


def main():
    parser = command_line(__doc__, model="samples/multimix.safetensors")
    parser.add_argument("--elsewhere", default="/dev/shm", help="a folder on another file system")
    parser.add_argument("--keep", default=None, help="where to leave the folders of runs that failed")
    parser.add_argument("--record", default=None, help="a file of what was tried; what stands there isn't tried again")
    parser.add_argument("--failed", action="store_true", help="try again what failed by the record")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time")
    parser.add_argument("--cases", type=lambda text: text.split(","), help="by default all; see cases() in this file")
    parser.add_argument("--again", type=lambda text: [word == "yes" for word in text.split(",")], default=[False, True],
                        help="whether the sender uses the name again at once: no, yes")
    parser.add_argument("--only", default="", help="a pattern: only calls whose name and path it is found in")
    parser.add_argument("--sample", type=int, default=0, help="so many strikes of each kind of file, evenly spread; 0 for all")
    parser.add_argument("--quick", action="store_true", help="without asking 'mmdicom audit' and 'status' each time")
    parser.add_argument("--verbose", action="store_true")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("kill", description=kill.__doc__)
    command.set_defaults(function=kill)
    command.add_argument("--thin", action="store_true", help="of a series of writes only the first and the last")
    command.add_argument("--whole", action="store_true", help="every write of a series also for other kinds of file")
    command = commands.add_parser("fail", description=fail.__doc__)
    command.set_defaults(function=fail)
    command.add_argument("--errors", type=lambda text: text.split(","), default=ERRORS)
    command.add_argument("--whole", action="store_true", help="every write of a series to one file")
    command.add_argument("--rate", type=float, default=10, help="how many times as fast the daemon's clocks run")
    command.add_argument("--patience", type=float, default=60, help="seconds, by our clock, until it must have gone on")
    command.add_argument("--broken", type=float, default=1, help="seconds, by our clock, until it is mended")
    run(parser)


if __name__ == "__main__":
    main()
