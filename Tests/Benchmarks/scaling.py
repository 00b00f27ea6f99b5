"""How a training step scales: measured here, and modelled for machines with more cores.

    python Tests/Benchmarks/scaling.py [--mmdicom FILE] [--threads 1,2] [--cores 16,64] [--rounds 3]

Measured: `mmdicom bench --only train` and `--only inference` at each number of threads in turn, medians over the rounds.

Modelled, from nothing but these and the step's own bookkeeping:
- A step's items are dealt to 16 lanes; a thread takes a lane at a time, the first first, and where there are more
  threads than lanes each lane has several (TrainingStep, LaneTree). An item's length is its products in the Winograd
  domain.
- Several threads in one image share its loops. How well is Amdahl's law, with the share that isn't shared fitted to the
  inference at one and at two threads.
- The memory's bandwidth isn't in the model, unless --gigabytes says what a step reads and writes beyond the caches (it
  wasn't measured: this machine counts no events) and --bandwidth what the other machine gives.
Prints a table in Markdown.
"""
import argparse
import heapq
import json
import pathlib
import statistics
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LANES = 16
# Winograd GFLOP of one pass at 256 pixels: encoder, decoder. A gradient is two such products, of input and of weights.
ENCODER, DECODER = 0.53, 1.21


def items(batch):
    """Lengths in the order in which `Batch.items` deals them."""
    # Without dropout and backward for the saliency, with dropout, the decoder, and all of it backward.
    image = 2 * ENCODER + (ENCODER + DECODER) * 3
    return [2 * image] * batch + [ENCODER + 3 * ENCODER] * batch + [3 * ENCODER] * batch


def lanes(batch):
    dealt = [0.0] * LANES
    for i, length in enumerate(items(batch)):
        dealt[i % LANES] += length
    return dealt


def speed(threads, serial):
    """Of an image whose loops so many threads share."""
    return 1 / (serial + (1 - serial) / threads)


def span(threads, serial, batch):
    """Products one after another until the last lane is done."""
    runners = min(threads, LANES)
    workers = [threads // runners + (i < threads % runners) for i in range(runners)]
    free = [(0.0, i) for i in range(runners)]
    for length in lanes(batch):
        at, runner = heapq.heappop(free)
        heapq.heappush(free, (at + length / speed(workers[runner], serial), runner))
    return max(at for at, _ in free)


def measure(mmdicom, part, figure, threads, runs):
    command = [str(mmdicom), "bench", "--json", "--only", part, "--threads", str(threads), "--runs", str(runs)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)[figure]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mmdicom", type=pathlib.Path, default=ROOT / ".build/release/mmdicom")
    parser.add_argument("--threads", default="1,2", help="measured")
    parser.add_argument("--cores", default="16,64", help="modelled")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=10, help="of the model; what is measured has ten")
    parser.add_argument("--gigabytes", type=float, default=0, help="that a step reads and writes beyond the caches")
    parser.add_argument("--bandwidth", type=float, default=150, help="GB/s of the machine that is modelled")
    options = parser.parse_args()
    counts = [int(n) for n in options.threads.split(",")]

    steps, reads = {n: [] for n in counts}, {n: [] for n in counts}
    for _ in range(options.rounds):
        for n in counts:
            steps[n].append(measure(options.mmdicom, "train", "train_step_s", n, 3))
            reads[n].append(measure(options.mmdicom, "inference", "inference_ms", n, 15))
    step = {n: statistics.median(values) for n, values in steps.items()}
    read = {n: statistics.median(values) for n, values in reads.items()}
    # t(n) / t(1) = serial + (1 - serial) / n, at the most threads that were measured.
    most, one = max(counts), min(counts)
    serial = 0.0
    if most > one:
        serial = min(max((read[most] / read[one] - one / most) / (1 - one / most), 0), 1)

    print("| threads | inference | training step | speed-up | what it comes from |\n|---|---|---|---|---|")
    for n in counts:
        print(f"| {n} | {read[n]:.1f} ms | {step[n]:.2f} s | {step[one] / step[n]:.2f} | measured |")
    base = step[one] / span(one, serial, options.batch)
    for n in (int(n) for n in options.cores.split(",")):
        compute, memory = base * span(n, serial, options.batch), options.gigabytes / options.bandwidth
        took = max(compute, memory)
        limit = "lanes" if compute >= memory else "memory"
        print(f"| {n} | {read[one] / speed(n, serial):.1f} ms | {took:.2f} s | {step[one] / took:.2f} | "
              f"model, limited by {limit} |")
    print(f"\nThe share of an inference that threads don't share: {serial:.2f}.")


if __name__ == "__main__":
    main()
