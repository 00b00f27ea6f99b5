"""Asks a daemon for /metrics and / so many times a second, and says how long it took to answer.

python3 Tests/Benchmarks/status_load.py 127.0.0.1:9142 [--rate 2000] [--seconds 60] [--connections 32]

Run it while studies are read, and once without it: the difference of the images a minute is what the asking costs. It takes
processor time of its own, so on a small machine run it from another, or hold it to the cores that reading doesn't use
(taskset). Prints one JSON document. A request counts from when it should have been sent, not from when it was.
"""
import argparse, asyncio, collections, json, time

parser = argparse.ArgumentParser()
parser.add_argument("address")
parser.add_argument("--rate", type=float, default=2000)
parser.add_argument("--seconds", type=float, default=60)
parser.add_argument("--connections", type=int, default=32)
arguments = parser.parse_args()
host, _, port = arguments.address.rpartition(":")
times, statuses = [], collections.Counter()
requests = [
    f"GET {path} HTTP/1.1\r\nHost: {arguments.address}\r\n\r\n".encode() for path in ("/metrics", "/")
]


async def ask(number, begun):
    reader, writer = await asyncio.open_connection(host, int(port), limit=1 << 20)
    step = arguments.connections / arguments.rate
    due, turn = begun + number / arguments.rate, number
    # One that falls behind for good ends all the same, and its times say so.
    while due < begun + arguments.seconds and time.perf_counter() < begun + 2 * arguments.seconds:
        now = time.perf_counter()
        if due > now:
            await asyncio.sleep(due - now)
        writer.write(requests[turn % 2])
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:"))
        await reader.readexactly(length)
        times.append(time.perf_counter() - due)
        statuses[int(head.split(b" ", 2)[1])] += 1
        due, turn = due + step, turn + 1
    writer.close()


async def main():
    begun = time.perf_counter() + 0.5
    await asyncio.gather(*(ask(number, begun) for number in range(arguments.connections)))
    return time.perf_counter() - begun


took = asyncio.run(main())
times.sort()
milliseconds = {
    name: round(1000 * times[min(len(times) - 1, int(len(times) * share))], 1)
    for name, share in (("median", 0.5), ("p95", 0.95), ("p99", 0.99), ("longest", 1))
}
print(
    json.dumps(
        {"requests": len(times), "per_second": round(len(times) / took, 1), "statuses": statuses, "ms": milliseconds}
    )
)
