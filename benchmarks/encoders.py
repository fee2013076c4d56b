"""Windows per second of each encoder, against a plain loop and against the machine's matrix products.

Both sides of a comparison use the same random weights, laid where the real loaders look, and take
turns; each figure is the median of the rounds. The plain loop is what a user would write: batches of
16 windows, each prepared by itself with the library's own function, in float32, in a process of its
own that nothing of the host is imported into but to lay out the windows. The limit is the
rate of the matrix product that the encoder does most, (batch * tokens, width) x (width, 4 * width),
measured between the rounds; the share is floating-point operations of the transformer's blocks, over
the time from the first block's beginning to the last one's end, over that rate.
"""

import argparse
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import encoder_weights
import machine
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

if multiprocessing.parent_process() is None:
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the command line does

from audioscan_host import Model, Runtime, Windowing, load_registry
from audioscan_host.embedding.encoders import Encoders
from audioscan_host.plugins.registry import Registry
from audioscan_host.windows import Block, cut_blocks

PLAIN_BATCH = 16
PRECISION = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass
class Blocks:
    """The transformer's blocks of an encoder, and the time that passes in them."""

    blocks: Sequence[nn.Module]
    device: torch.device
    seconds: float = 0.0
    _begun: float = 0.0

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Count the time in the blocks; synchronises a GPU, so the whole is timed in another run."""
        self.seconds = 0.0
        first = self.blocks[0].register_forward_pre_hook(self._begin)
        last = self.blocks[-1].register_forward_hook(self._end)
        try:
            yield
        finally:
            first.remove()
            last.remove()

    def _begin(self, *_: object) -> None:
        synchronise(self.device)
        self._begun = time.perf_counter()

    def _end(self, *_: object) -> None:
        synchronise(self.device)
        self.seconds += time.perf_counter() - self._begun


def synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def block_of(model: Model, windows: int) -> Block:
    """Noise with so many windows of 8 s, one a second."""
    rate = model.checkpoint.sample_rate
    samples = np.random.default_rng(0).standard_normal((windows + 7) * rate).astype(np.float32) * 0.1
    (block,) = cut_blocks([samples], rate, Windowing(), block_seconds=windows)
    return block


Clock = Callable[[], float]


def timed(run: Callable[[], object], device: torch.device, clock: Clock = time.perf_counter) -> float:
    synchronise(device)
    begun = clock()
    run()
    synchronise(device)
    return clock() - begun


def matrix_rate(rows: int, width: int, device: torch.device, precision: torch.dtype) -> float:
    """Floating-point operations per second of (rows, width) x (width, 4 width): the best of five."""
    left = torch.randn(rows, width, device=device, dtype=precision)
    right = torch.randn(4 * width, width, device=device, dtype=precision)
    repeat = 10 if device.type == "cuda" else 1  # a GPU is done with one before the clock is read
    best = min(
        timed(lambda: [functional.linear(left, right) for _ in range(repeat)], device) for _ in range(5)
    )
    return 8 * rows * width * width * repeat / best


def operations(tokens: int, width: int, blocks: int) -> float:
    """Floating-point operations of transformer blocks for one window.

    A block: four projections of width x width and two of width x 4 width, each two operations a weight and
    token; and two products of tokens x tokens x width for the attention.
    """
    return blocks * (2 * tokens * width * width * 12 + 4 * tokens * tokens * width)


def plain_process(  # noqa: PLR0917 - as `Process` hands them over
    connection: Connection, model: str, checkpoint: Path, device: str, windows: int, clock: Clock
) -> None:
    """Time the plain loop over the same windows each time that the other side asks; sends seconds."""
    family = encoder_weights.family_of(model)
    block = block_of(load_registry().model(model), windows)
    waveforms = [block.waveform[s : s + block.windows.length] for s in block.windows.starts]
    plain = family.plain(torch.device(device), checkpoint)

    def loop() -> Tensor:
        with torch.inference_mode():
            batches = [waveforms[i : i + PLAIN_BATCH] for i in range(0, len(waveforms), PLAIN_BATCH)]
            return torch.cat([plain(batch) for batch in batches]).cpu()

    with torch.inference_mode():
        plain(waveforms[:2])  # the first call allocates
    while connection.recv():
        connection.send(timed(loop, torch.device(device), clock))


@contextmanager
def plain_loop(
    model: Model, device: torch.device, windows: int, clock: Clock = time.perf_counter
) -> Iterator[Callable[[], float]]:
    """A function that runs the plain loop in its process and gives the seconds."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    path = model.checkpoint.path
    process = spawn.Process(
        target=plain_process, args=(theirs, model.name, path, str(device), windows, clock)
    )
    waiting = os.environ.pop("OMP_WAIT_POLICY")  # a user's script has none
    process.start()
    os.environ["OMP_WAIT_POLICY"] = waiting

    def run() -> float:
        ours.send(True)
        seconds: float = ours.recv()
        return seconds

    try:
        yield run
    finally:
        ours.send(False)
        process.join()


def measure(
    family: encoder_weights.BenchmarkedFamily, registry: Registry, runtime: Runtime, windows: int, rounds: int
) -> None:
    """Print the figures of one family."""
    model, four = registry.model(family.model), registry.model(f"{family.model}_ML")
    encoders = Encoders(registry, runtime)
    block = block_of(model, windows)
    encoder = encoders.loaded(model).encoder
    device, width = encoder.device, model.dim
    blocks = Blocks(family.blocks(encoder.network), device)
    precision = registry.family(model).precision(model.checkpoint, runtime)

    def ours(*models: Model) -> float:
        return timed(lambda: encoders.embed_block(block, models, lambda _: None), device)

    def rate() -> float:
        rows = (encoders.loaded(model).batch_size or 1) * family.tokens
        return matrix_rate(rows, width, device, PRECISION[precision])

    shares = []
    with plain_loop(model, device, windows) as plain:
        runs = {"plain": plain, "ours": lambda: ours(model), "ml": lambda: ours(four)}
        runs["joint"] = lambda: ours(model, four)
        for run in runs.values():  # the first call of each allocates
            run()
        seconds: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(rounds):
            for name, run in runs.items():
                seconds[name].append(run())
            before = rate()
            with blocks.timed():
                ours(model)
            done = operations(family.tokens, width, model.checkpoint.layers) * windows / blocks.seconds
            shares.append(done / statistics.mean([before, rate()]))
    ratio = statistics.median(p / o for p, o in zip(seconds["plain"], seconds["ours"], strict=True))
    cost = statistics.median(j / m for j, m in zip(seconds["joint"], seconds["ml"], strict=True))
    batch_size = encoders.loaded(model).batch_size
    machine.report(
        f"{family.model} on {device}, {precision}, batches of {batch_size}, {windows} windows of 8 s",
        [
            ("windows a second", f"{windows / statistics.median(seconds['ours']):.2f}"),
            ("of the plain loop", f"{windows / statistics.median(seconds['plain']):.2f}"),
            ("against the plain loop", f"{ratio:.2f} x"),
            ("blocks against matrix products", f"{statistics.median(shares):.0%}"),
            (f"{family.model} and {family.model}_ML against the latter", f"{cost:.2f} x"),
        ],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--windows", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--model", action="append", help="HUBERT_BASE, AST, EAT or BEATS; all unless given")
    parser.add_argument("--batch-size", type=int)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(TORCH_HOME=f"{folder}/torch", HF_HOME=f"{folder}/hf", HF_HUB_OFFLINE="1")
        runtime = Runtime(arguments.device, arguments.precision, arguments.batch_size)
        for family in encoder_weights.FAMILIES:
            if arguments.model and family.model not in arguments.model:
                continue
            checkpoints = family.lay_weights(Path(folder))
            measure(
                family, load_registry(checkpoints=checkpoints), runtime, arguments.windows, arguments.rounds
            )


if __name__ == "__main__":
    main()
