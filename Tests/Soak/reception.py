"""How fast radiographs of 2 MB get through the storage SCP to done, and their results to a node.

    python3 Tests/Soak/reception.py --program .build/release/mmdicom --model samples/multimix.safetensors [--count 1000]

Needs pydicom, and storescp of package dcmtk as the node that gets the results. First `analyze` reads some of the files: what the
network does when nothing is received. Then a daemon gets all of them by C-STORE, over several associations at a time. Prints one
JSON document: seconds and rates until the last was answered by 0000, until the last was read, and until the last result was
sent. Receiving isn't what limits the rest where `received_per_s` is well above `analyze_per_s`, and sending keeps pace where
`sent_s` is hardly above `done_s`."""
import argparse
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from synthetic import Images

# 2.1 MB of 8 bits.
SIDE = 1448


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def listens(port):
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def wait_for(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"{what}: not within {seconds} s")
        time.sleep(0.2)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--associations", type=int, default=4)
    parser.add_argument("--folder", type=pathlib.Path, help="where 2 MB an image and more are free")
    options = parser.parse_args()
    program, model = os.path.abspath(options.program), os.path.abspath(options.model)
    root = pathlib.Path(tempfile.mkdtemp(prefix="mmdicom-reception-", dir=options.folder))
    started = []
    try:
        print(json.dumps(measure(options, program, model, root, started), indent=1))
    finally:
        for process in started:
            process.send_signal(signal.SIGTERM)
        for process in started:
            process.wait()
        shutil.rmtree(root, ignore_errors=True)


def measure(options, program, model, root, started):
    images = Images(size=SIDE)
    parts = []
    for number in range(options.associations):
        count = len(range(number, options.count, options.associations))
        images.fill(root / f"part-{number}", count, "flat")
        parts.append(root / f"part-{number}")
    megabytes = sum(file.stat().st_size for part in parts for file in part.iterdir()) / 1e6

    some = sorted(parts[0].iterdir())[:50]
    begun = time.monotonic()
    subprocess.run([program, "analyze", *map(str, some), "--model", model, "--output", str(root / "alone")],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    alone = len(some) / (time.monotonic() - begun)

    port, node = free_port(), free_port()
    (root / "node").mkdir()
    started.append(subprocess.Popen(["storescp", "--aetitle", "NODE", "--ignore", "--fork", str(node)],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    environment = os.environ | {
        "MMDICOM_INBOX": str(root / "inbox"), "MMDICOM_OUTBOX": str(root / "outbox"), "MMDICOM_DONE": str(root / "done"),
        "MMDICOM_REJECTED": str(root / "rejected"), "MMDICOM_MODEL": model, "MMDICOM_STUDY_QUIET_SECONDS": "1",
        "MMDICOM_RECEIVE": f"dicom://MMDICOM@127.0.0.1:{port}", "MMDICOM_DESTINATIONS": f"node=dicom://NODE@127.0.0.1:{node}",
    }
    for name in ("inbox", "outbox", "done", "rejected"):
        (root / name).mkdir()
    log = open(root / "log", "w")
    started.append(subprocess.Popen([program, "serve"], env=environment, stdout=log, stderr=log))
    wait_for(lambda: listens(port) and listens(node), 60, "the daemon listens")

    def status():
        run = subprocess.run([program, "status", "--json"], env=environment, capture_output=True, text=True)
        return json.loads(run.stdout) if run.stdout else {}

    begun = time.monotonic()
    senders = [
        subprocess.Popen([program, "send", str(part), "--to", f"dicom://MMDICOM@127.0.0.1:{port}"],
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for part in parts
    ]
    failed = [sender.communicate()[1].decode()[-300:] for sender in senders if sender.wait() != 0]
    received = time.monotonic() - begun
    if failed:
        raise SystemExit(f"not all were taken: {failed}\n{(root / 'log').read_text()[-3000:]}")
    patience = options.count / alone * 4 + 120
    wait_for(lambda: status().get("analysed") == options.count, patience, "all read")
    done = time.monotonic() - begun
    wait_for(lambda: status()["deliveries"]["waiting"] == 0, patience, "all sent")
    sent = time.monotonic() - begun
    deliveries = status()["deliveries"]
    return {
        "images": options.count, "megabytes": round(megabytes), "associations": options.associations,
        "analyze_per_s": round(alone, 2),
        "received_s": round(received, 1), "received_per_s": round(options.count / received, 2),
        "received_mb_per_s": round(megabytes / received, 1),
        "done_s": round(done, 1), "done_per_s": round(options.count / done, 2),
        "sent_s": round(sent, 1), "results_sent": deliveries["sent"], "results_failed": deliveries["failed"],
        "load": os.getloadavg()[0],
    }


main()
