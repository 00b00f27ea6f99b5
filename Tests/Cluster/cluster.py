#!/usr/bin/env python3
"""Several daemons on one PostgreSQL, and what happens to hosts, networks and databases.

Each daemon is a host: a network namespace with a cable (a veth pair) to the bridge at which the database listens; the folders
are shared. Studies are dropped into the one inbox while hosts are killed, stopped (SIGSTOP, also for longer than a lease lasts),
cut off (ip link down) and brought back, and while the database is restarted, killed and its disk (a small tmpfs) filled. In the
end nothing may be lost, nothing be there twice, and the results must be those of one daemon on SQLite that nobody disturbed.

Needs root, iproute2, PostgreSQL of Debian's package, pydicom and a built program. README.md beside this file says how long it
takes. Exit status: 0 when all held, 1 otherwise.
"""
import argparse
import contextlib
import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import pydicom
from pydicom.uid import generate_uid

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Soak"))
from soak import Checks, contents, digest, files  # noqa: E402

LEASE = 60


def run(*command, check=True):
    return subprocess.run([str(c) for c in command], check=check, capture_output=True, text=True)


class Database:
    """PostgreSQL at the bridge, on a tmpfs that can be filled."""

    def __init__(self, root, address, megabytes):
        versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[4]))
        if not versions:
            sys.exit("PostgreSQL isn't installed: apt-get install postgresql")
        self.programs, self.root, self.address = versions[-1].parent, Path(root), address
        self.root.mkdir()
        run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", self.root)
        shutil.chown(self.root, "postgres", "postgres")
        self.asks("initdb", "-D", self.root / "data", "-A", "trust", "-U", "mmdicom", "-E", "UTF8", "--locale=C")
        with open(self.root / "data/pg_hba.conf", "a") as rights:
            rights.write(f"host all all {address}/24 trust\n")
        self.start()

    @property
    def url(self):
        return f"postgresql://mmdicom@{self.address}/postgres"

    def asks(self, program, *arguments, check=True):
        return run("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", self.programs / program,
                   *arguments, check=check)

    def start(self):
        options = (f"-c listen_addresses={self.address} -k {self.root} -c max_wal_size=64MB -c min_wal_size=32MB "
                   "-c shared_buffers=32MB -c max_connections=100")
        self.asks("pg_ctl", "-D", self.root / "data", "-l", self.root / "log", "-o", options, "-w", "-t", "120", "start")

    def stop(self, mode):
        self.asks("pg_ctl", "-D", self.root / "data", "-m", mode, "-w", "-t", "120", "stop", check=False)

    def freeze(self, seconds):
        """Answers nobody; what it was asked before it does later, whoever waits for it still."""
        processes = descendants(int((self.root / "data/postmaster.pid").read_text().split()[0]))
        for number, pause in [(signal.SIGSTOP, seconds), (signal.SIGCONT, 0)]:
            for pid in processes:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            time.sleep(pause)

    def say(self, sql):
        answer = self.asks("psql", "-X", "-q", "-A", "-t", "-h", self.root, "-U", "mmdicom", "-d", "postgres", "-c", sql)
        return answer.stdout.strip()

    def fill(self):
        with open(self.root / "ballast", "wb") as ballast, contextlib.suppress(OSError):
            while True:
                ballast.write(b"\0" * 65536)
                ballast.flush()

    def clear(self):
        (self.root / "ballast").unlink(missing_ok=True)

    def end(self):
        self.stop("immediate")
        run("umount", "-l", self.root, check=False)


class Network:
    """A bridge, and a namespace with a cable to it for each host."""

    def __init__(self, count):
        self.mark = f"mm{os.getpid() % 10000}"
        self.prefix = f"10.{77 + os.getpid() % 100}.{os.getpid() // 100 % 200}"
        self.address = f"{self.prefix}.1"
        run("ip", "link", "add", f"{self.mark}b", "type", "bridge")
        run("ip", "addr", "add", f"{self.address}/24", "dev", f"{self.mark}b")
        run("ip", "link", "set", f"{self.mark}b", "up")
        self.spaces = [f"{self.mark}h{n}" for n in range(count)]
        for number, space in enumerate(self.spaces):
            run("ip", "netns", "add", space)
            run("ip", "link", "add", f"{space}o", "type", "veth", "peer", "name", "eth0", "netns", space)
            run("ip", "link", "set", f"{space}o", "master", f"{self.mark}b", "up")
            run("ip", "-n", space, "addr", "add", f"{self.prefix}.{10 + number}/24", "dev", "eth0")
            run("ip", "-n", space, "link", "set", "eth0", "up")
            run("ip", "-n", space, "link", "set", "lo", "up")

    def cut(self, number, isDown):
        run("ip", "link", "set", f"{self.spaces[number]}o", "down" if isDown else "up")

    def end(self):
        for space in self.spaces:
            run("ip", "netns", "del", space, check=False)
            run("ip", "link", "del", f"{space}o", check=False)
        run("ip", "link", "del", f"{self.mark}b", check=False)


def descendants(pid):
    """A process and all that it started."""
    found = [pid]
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                stat = Path(f"/proc/{entry}/stat").read_text()
                children.setdefault(int(stat.rsplit(")", 1)[1].split()[1]), []).append(int(entry))
    for parent in found:
        found += children.get(parent, [])
    return found


class Host:
    def __init__(self, site, number, network, mount=None):
        self.site, self.number, self.network, self.mount = site, number, network, mount
        self.name = f"host-{number}"
        self.process = None
        self.isBusy = threading.Lock()

    def start(self):
        options = self.site.options
        environment = dict(os.environ, MMDICOM_HOST=self.name, MMDICOM_MODEL=str(options.model))
        log = open(self.site.root / f"{self.name}.log", "a")
        # A namespace of the network has mounts of its own.
        mounting = [] if self.mount is None else [
            "sh", "-c", '"$1" "$2" "$3" & shift 3; until grep -q " fuse.cached_mount" /proc/self/mounts; do sleep 0.1; '
            'done; exec "$@"', "host", self.mount, self.site.root, str(options.cached)]
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", self.network.spaces[self.number], *mounting, options.program, "serve", "--config",
             self.site.root / "mmdicom.yaml"],
            stdout=log, stderr=log, env=environment, start_new_session=True)

    def fill(self, isFull):
        """Its disk is full, for it alone."""
        for pid in descendants(self.process.pid):
            with contextlib.suppress(OSError):
                if Path(f"/proc/{pid}/comm").read_text().strip() == "cached_mount":
                    os.kill(pid, signal.SIGUSR1 if isFull else signal.SIGUSR2)

    def signal(self, number):
        for pid in descendants(self.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self):
        self.signal(signal.SIGSTOP)
        self.signal(signal.SIGKILL)
        self.process.wait()

    def keep(self):
        """As systemd would: what ended is started again."""
        if self.process.poll() is not None:
            self.site.restarts[self.process.returncode] += 1
            self.start()


class Site:
    def __init__(self, options, root):
        self.options, self.root = options, Path(root)
        self.restarts = Counter()
        for name in ["inbox", "outbox", "done", "rejected", "ledger"]:
            (self.root / name).mkdir(parents=True)

    def configure(self, ledger):
        (self.root / "mmdicom.yaml").write_text(
            f"inbox: {self.root}/inbox\noutbox: {self.root}/outbox\n"
            f"settle_seconds: {0.5 + self.options.cached}\nscan_seconds: 0.5\n"
            f"study_quiet_seconds: 0.2\nstudy_wait_seconds: 1\nthreads: 1\n{ledger}")

    def ask(self, *arguments):
        return subprocess.run(
            [self.options.program, arguments[0], "--config", self.root / "mmdicom.yaml", *arguments[1:]],
            capture_output=True, text=True, env=dict(os.environ, MMDICOM_HOST="asker"))

    def rows(self):
        with open(self.root / "outbox/report.csv", newline="", encoding="utf-8") as report:
            rows = list(csv.DictReader(report))
        for row in rows:
            for key in ["analysed_at", "seconds"]:
                row.pop(key)
        return sorted(json.dumps(row, sort_keys=True) for row in rows)

    def home(self, name):
        return sorted(digest(p) for p in files(self.root / name) if not p.name.endswith(".reason.txt"))


def studies(options, root):
    """Files of: images that are read, laterals that aren't, files that can't be used, and copies."""
    count = max(1, round(options.studies * options.analysed))
    run(options.program, "archive", "phantom", "--output", root / "phantoms", "--count", count, "--size", "256",
        "--seed", options.seed)
    images = [p for p in files(root / "phantoms") if p.suffix == ".dcm" and not p.name.endswith(".seg.dcm")][:count]
    made = root / "made"
    made.mkdir()
    rest = options.studies - len(images)
    for number in range(rest):
        place = made / f"{number:04}.dcm"
        if number % 10 == 9:
            place.write_text(f"not an image {number}")
            continue
        lateral = pydicom.dcmread(images[number % len(images)])
        lateral.ViewPosition = "LL"
        for key in ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"]:
            lateral[key].value = generate_uid(entropy_srcs=[key, str(number), str(options.seed)])
        lateral.file_meta.MediaStorageSOPInstanceUID = lateral.SOPInstanceUID
        lateral.save_as(place)
    # Some come twice, under another name.
    return images + files(made) + images[: max(1, len(images) // 10)]


def drop(site, path, number):
    name = site.root / f"inbox/sender-{number % 4}/{number:05}.dcm"
    name.parent.mkdir(exist_ok=True)
    draft = name.with_name("." + name.name)
    shutil.copyfile(path, draft)
    os.rename(draft, name)


class Faults:
    """One after the other at random times; each heals by itself after a while, so that several overlap."""

    def __init__(self, options, hosts, network, database, chance):
        self.hosts, self.network, self.database, self.chance = hosts, network, database, chance
        self.isDatabaseBusy = threading.Lock()
        self.counts, self.threads = Counter(), []
        self.kinds = [
            "kill", "stop", "stop long", "cut", "cut long", "restart", "crash", "fill", "freeze", "freeze long"]
        if options.cached:
            self.kinds.append("full")

    def strike(self, number):
        # Each kind comes up, and the rest by chance.
        kind = self.kinds[number] if number < len(self.kinds) else self.chance.choice(self.kinds)
        thread = threading.Thread(target=self.perform, args=(kind, self.chance.random(), self.chance.randrange(10**6)))
        self.counts[kind] += 1
        self.threads.append(thread)
        thread.start()

    def perform(self, kind, length, pick):
        if kind in ["restart", "crash", "fill", "freeze", "freeze long"]:
            with self.isDatabaseBusy:
                self.trouble(kind, length)
            return
        host = self.hosts[pick % len(self.hosts)]
        with host.isBusy:
            print(f"  {kind}: {host.name}", flush=True)
            if kind == "kill":
                host.kill()
                time.sleep(20 * length)
                host.start()
            elif kind == "full":
                host.fill(True)
                time.sleep(5 + 10 * length)
                host.fill(False)
            elif kind.startswith("stop"):
                host.signal(signal.SIGSTOP)
                time.sleep(LEASE + 5 + 10 * length if kind == "stop long" else 8 * length)
                host.signal(signal.SIGCONT)
            else:
                self.network.cut(host.number, True)
                time.sleep(LEASE + 5 + 10 * length if kind == "cut long" else 15 * length)
                self.network.cut(host.number, False)

    def trouble(self, kind, length):
        print(f"  {kind}: database", flush=True)
        if kind.startswith("freeze"):
            self.database.freeze(LEASE + 5 + 10 * length if kind == "freeze long" else 25 * length)
        elif kind == "fill":
            self.database.fill()
            time.sleep(5 + 10 * length)
            self.database.clear()
            # Where its log had no room either, it has ended.
            self.database.stop("immediate")
            self.database.start()
        else:
            self.database.stop("fast" if kind == "restart" else "immediate")
            time.sleep(10 * length)
            self.database.start()

    def heal(self):
        for thread in self.threads:
            thread.join()


def cached_mount(folder):
    """The program that shows a host the folders as NFS does."""
    program = folder / "cached_mount"
    flags = run("pkg-config", "--cflags", "--libs", "fuse3").stdout.split()
    run("cc", "-O2", "-o", program, Path(__file__).with_name("cached_mount.c"), *flags)
    return program


def undisturbed(options, root, sources):
    site = Site(options, root)
    site.configure("")
    for number, path in enumerate(sources):
        drop(site, path, number)
    process = subprocess.run(
        [options.program, "serve", "--once", "--config", site.root / "mmdicom.yaml"], capture_output=True, text=True,
        env=dict(os.environ, MMDICOM_MODEL=str(options.model)))
    if process.returncode not in (0, 1):
        sys.exit(process.stderr)
    return site


def disturbed(options, root, sources, checks):
    site = Site(options, root)
    chance = random.Random(options.seed)
    network = Network(options.hosts)
    database = None
    hosts = []
    try:
        database = Database(Path(root) / "database", network.address, options.megabytes)
        site.configure(f"ledger: {database.url}\n")
        mount = cached_mount(Path(root)) if options.cached else None
        hosts = [Host(site, number, network, mount) for number in range(options.hosts)]
        for host in hosts:
            host.start()
        faults = Faults(options, hosts, network, database, chance)
        begun = time.monotonic()
        strikes = sorted(chance.random() * options.seconds for _ in range(options.faults))
        # Half of them at any time, the others so that a fault meets hosts at work.
        settling = 0.7 + options.cached
        drops = sorted(
            max(0, chance.choice(strikes) - settling - 1.5 * chance.random()) if strikes and number % 2
            else chance.random() * options.seconds * 0.8 for number in range(len(sources)))
        dropped = struck = 0
        lastLook = 0
        deadline = begun + options.patience
        while time.monotonic() < deadline:
            passed = time.monotonic() - begun
            while dropped < len(sources) and drops[dropped] <= passed:
                drop(site, sources[dropped], dropped)
                dropped += 1
            while struck < len(strikes) and strikes[struck] <= passed:
                faults.strike(struck)
                struck += 1
            for host in hosts:
                if host.isBusy.acquire(blocking=False):
                    host.keep()
                    host.isBusy.release()
            time.sleep(0.2)
            if dropped < len(sources) or struck < len(strikes) or passed - lastLook < 5:
                continue
            lastLook = passed
            if any(thread.is_alive() for thread in faults.threads):
                continue
            status = site.ask("status", "--json")
            state = json.loads(status.stdout) if status.returncode == 0 else {}
            left = [p for p in files(site.root / "inbox") + files(site.root / "ledger/spool") if p.name != "names"]
            if state.get("queued") == 0 and state.get("working") == 0 and not left:
                break
        checks("everything was dealt with in time", time.monotonic() < deadline, site.ask("status").stdout)
        faults.heal()
        print(f"  {time.monotonic() - begun:.0f} s; faults {dict(faults.counts)}; restarts {dict(site.restarts)}")
        for host in hosts:
            host.process.terminate()
        for host in hosts:
            host.process.wait(timeout=120)
        verify(site, sources, database, checks)
        return site
    finally:
        for host in hosts:
            if host.process and host.process.poll() is None:
                host.kill()
        if database:
            database.end()
        network.end()


def verify(site, sources, database, checks):
    run(*[site.options.program, "report", "--config", site.root / "mmdicom.yaml"], check=False)
    expected = sorted({digest(p) for p in sources})
    there = site.home("done") + site.home("rejected")
    checks("every source is in done or rejected", sorted(set(there)) == expected)
    # What was sent twice may lie there under both names.
    more = Counter(there) - Counter(digest(p) for p in sources)
    checks("no source is there more often than it was sent", not more, more)
    checks("the inbox is empty", not files(site.root / "inbox"))
    rows = int(database.say("SELECT count(*) FROM mmdicom.instance"))
    checks("one row for each content", rows == len(expected), f"{rows} for {len(expected)}")
    open_ = database.say("SELECT state || ' ' || reason FROM mmdicom.instance WHERE state <> 'filed'")
    checks("every row has come to its end", open_ == "", open_)
    current = database.say("SELECT encode(path, 'escape') || ' ' || encode(content, 'hex') FROM mmdicom.result "
                           "WHERE superseded = 0")
    known = dict(line.rsplit(" ", 1) for line in current.splitlines())
    lying = {str(p.relative_to(site.root / "outbox")): digest(p) for p in files(site.root / "outbox")
             if not p.name.startswith("report") and not p.name.startswith(".")}
    checks("the outbox holds what the ledger says, byte for byte", known == lying,
           sorted(known.items() ^ lying.items())[:6])
    audit = site.ask("audit")
    checks("the audit trail holds", audit.returncode == 0, audit.stdout + audit.stderr)
    taken = database.say("SELECT count(*) FROM mmdicom.audit WHERE event = 'lease ran out'")
    again = database.say("SELECT count(*) FROM mmdicom.audit WHERE event = 'holder started anew'")
    print(f"  leases that ran out: {taken}; given back at a start: {again}")
    staged = [p for p in files(site.root / "ledger/hosts") if "staging" in p.parts]
    checks("nothing is left staged", not staged, staged[:5])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, type=os.path.abspath)
    parser.add_argument("--model", required=True, type=os.path.abspath)
    parser.add_argument("--hosts", type=int, default=3)
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--faults", type=int, default=60)
    parser.add_argument("--analysed", type=float, default=0.5, help="share of the studies that are read by the network")
    parser.add_argument("--seconds", type=float, default=900, help="over which studies and faults are spread")
    parser.add_argument("--patience", type=float, default=7200, help="seconds until it must be over")
    parser.add_argument("--megabytes", type=int, default=256, help="of the database's disk")
    parser.add_argument("--seed", type=int, default=14)
    parser.add_argument(
        "--cached", type=float, default=0, metavar="SECONDS",
        help="each host has a mount of its own, which believes for so long what it has seen (libfuse3-dev)")
    parser.add_argument("--keep", help="work in this folder, and leave it")
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("needs root: for namespaces and a tmpfs")
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="mmdicom-cluster-") as folder:
        root = Path(options.keep or folder)
        root.mkdir(exist_ok=True)
        root.chmod(0o755)  # the database's own user goes through it
        sources = studies(options, root)
        random.Random(options.seed).shuffle(sources)
        print(f"{len(sources)} files; one daemon, undisturbed", flush=True)
        alone = undisturbed(options, root / "alone", sources)
        print(f"{options.hosts} daemons, {options.faults} faults", flush=True)
        together = disturbed(options, root / "together", sources, checks)
        mine, theirs = contents(together), contents(alone)
        checks("the results are those of one daemon undisturbed", mine == theirs,
               sorted(set(mine.items()) ^ set(theirs.items()))[:6])
        rows, expected = together.rows(), alone.rows()
        checks("so are the report's rows", rows == expected, sorted(set(rows) ^ set(expected))[:4])
    sys.exit(1 if checks.failed else 0)


if __name__ == "__main__":
    main()
