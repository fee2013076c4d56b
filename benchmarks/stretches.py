"""Seconds of audio per second by stretches, by windows, and by a plain loop over windows, in one run.

All three use the same random weights and take turns; each figure is the median of the rounds. The plain loop is that of
`encoders.py`: batches of 16 windows of 8 s, in a process of its own. What is timed is the middle of a recording: a window
stands for a hop of audio, a stretch for what lies between its margins. Decoding and the cache are left out; making windows
of the grains is not. On a CPU the seconds are those of the processor, which a machine's other work does not lengthen; on a
GPU they are those of the clock.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import encoder_weights
import encoders
import machine
import numpy as np
import numpy.typing as npt

from audioscan_host import Model, Runtime, Windowing, load_registry
from audioscan_host.cache import Embeddings
from audioscan_host.embedding.encoders import Encoders
from audioscan_host.embedding.grains import windows_of
from audioscan_host.embedding.stretch_pass import StretchPass
from audioscan_host.embedding.stretches import stretching
from audioscan_host.embedding.tasks import Task
from audioscan_host.plugins.registry import Registry
from audioscan_host.reading import Reading
from audioscan_host.recordings import Recording

HOPS = (1.0, 0.25)


def noise(seconds: float, rate: int) -> npt.NDArray[np.float32]:
    return np.random.default_rng(0).standard_normal(round(seconds * rate)).astype(np.float32) * 0.1


def by_stretches(held: Encoders, model: Model, hop: float, count: int) -> Callable[[], Embeddings]:
    """A function that embeds so many stretches of noise, and makes windows of 8 s of them."""
    checkpoint, windowing = model.checkpoint, Windowing(hop=hop)
    cut = stretching(checkpoint)
    seconds = cut.window + (count - 1) * cut.hop
    nowhere = Recording(Path("noise"), 0, 0, "")
    read = StretchPass(Task(nowhere, "", (model,), (model,), "", (), windowing, seconds, Reading.STRETCHES))
    samples = noise(seconds, checkpoint.sample_rate)

    def run() -> Embeddings:
        rows = read.rows(model.dim)
        for block in read.blocks([samples]):
            (grains,) = read.embed(held, block, [model], lambda _: None)
            rows.add(grains)
        return windows_of(rows.embeddings({"duration": seconds}), windowing, checkpoint.sample_rate)

    return run


def measure(registry: Registry, name: str, runtime: Runtime, seconds: int, rounds: int) -> None:
    """Print the figures of one model."""
    model = registry.model(name)
    # Each its own, since a stretch takes more memory than a window, and batches are as large as fit.
    by_windows, of_stretches = (Encoders(registry, runtime) for _ in range(2))
    device = by_windows.loaded(model).encoder.device
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    block = encoders.block_of(model, seconds)
    advance = stretching(model.checkpoint).hop
    count = max(1, round(seconds / advance))

    def timed(run: Callable[[], object]) -> float:
        return encoders.timed(run, device, clock)

    with encoders.plain_loop(model, device, seconds, clock) as plain:
        runs = {"plain": plain}
        runs["windows"] = lambda: timed(lambda: by_windows.embed_block(block, [model], lambda _: None))
        for hop in HOPS:
            stretched = by_stretches(of_stretches, model, hop, count)
            runs[f"stretches {hop:g}"] = lambda stretched=stretched: timed(stretched)
        # The first call of each allocates; the plain loop makes its own.
        by_windows.embed_block(encoders.block_of(model, 4), [model], lambda _: None)
        by_stretches(of_stretches, model, HOPS[0], 1)()
        found: dict[str, list[float]] = {side: [] for side in runs}
        for _ in range(rounds):
            for side, run in runs.items():
                stood_for = count * advance if side.startswith("stretches") else seconds
                found[side].append(run() / stood_for)
    report(model, str(device), found, f"{seconds} windows of 8 s every 1 s, {count} stretches")


def report(model: Model, device: str, found: dict[str, list[float]], what: str) -> None:
    """Print seconds of audio per second of each side, and their ratios within a round."""

    def ratio(slow: str, fast: str) -> str:
        return f"{statistics.median(s / f for s, f in zip(found[slow], found[fast], strict=True)):.2f} x"

    rows = [(f"{name}: audio, s/s", f"{1 / statistics.median(each):.2f}") for name, each in found.items()]
    rows += [
        ("stretches against windows", ratio("windows", "stretches 1")),
        ("stretches against the plain loop", ratio("plain", "stretches 1")),
        ("cost at hop 0.25 against hop 1", ratio("stretches 0.25", "stretches 1")),
    ]
    machine.report(f"{model.name} on {device}: {what} of {model.checkpoint.stretch:g} s", rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--seconds", type=int, default=32, help="of audio that each side stands for")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", action="append", help="HUBERT_BASE, AST, EAT or BEATS; all unless given")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(TORCH_HOME=f"{folder}/torch", HF_HOME=f"{folder}/hf", HF_HUB_OFFLINE="1")
        runtime = Runtime(arguments.device, arguments.precision)
        for family in encoder_weights.FAMILIES:
            if arguments.model and family.model not in arguments.model:
                continue
            registry = load_registry(checkpoints=family.lay_weights(Path(folder)))
            measure(registry, family.model, runtime, arguments.seconds, arguments.rounds)


if __name__ == "__main__":
    main()
