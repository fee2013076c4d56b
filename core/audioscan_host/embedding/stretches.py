"""A recording in stretches: where they lie, which of their time steps count, and which grain each of these lies in."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter

import numpy as np
import numpy.typing as npt

from audioscan_host.embedding.sections import sections
from audioscan_host.models.model import Checkpoint
from audioscan_host.windows import BLOCK_SECONDS, GRID, Block, Windowing, cut_blocks

MARGIN = 0.1
"""Share of a stretch at either end whose time steps are dropped where a step depends on all of the stretch: what a network
sees there on one side only."""

BLOCKS_JOINED = 4
"""A block of stretches spans as many times `BLOCK_SECONDS`: a stretch is encoded once, and a batch should be full."""

_ROUNDING = 1e-6

_NEGLIGIBLE = 1e-6
"""Share of a time step; less than that in a grain is rounding."""


def stretching(checkpoint: Checkpoint) -> Windowing:
    """Length of a checkpoint's stretches and how far each begins after the one before, in seconds.

    They overlap by a margin at either end, as wide as a step's context where that is finite. A stretch begins a whole number
    of time steps after the one before where there is such a number on the grid of window starts.
    """
    length, step = _declared(checkpoint), checkpoint.step
    steps = int((length - 2 * margin(checkpoint)) / step + 1e-9)
    while steps > 0 and not _whole(steps * step * GRID):
        steps -= 1
    advance = steps * step or length - 2 * margin(checkpoint)
    return Windowing(length, max(1, int(advance * GRID + 1e-6)) / GRID)


def margin(checkpoint: Checkpoint) -> float:
    """Seconds at either end of a stretch whose time steps are dropped, but at the ends of a recording."""
    if math.isinf(checkpoint.context):
        return MARGIN * _declared(checkpoint)
    return checkpoint.context


def steps_expected(checkpoint: Checkpoint, seconds: float) -> tuple[float, float]:
    """The fewest and the most time steps that a stretch may have.

    One more or less than fit is how a network begins and ends. A step that has no room for the shortest input at the end may
    be missing too.

    Args:
        checkpoint: declares its step.
        seconds: of the stretch; of a recording that is shorter, its own.
    """
    heard, step = max(seconds, checkpoint.shortest_window), checkpoint.step
    return max((heard - checkpoint.shortest_window) / step - 1, 1) - _ROUNDING, heard / step + 1 + _ROUNDING


def _declared(checkpoint: Checkpoint) -> float:
    if checkpoint.stretch is None:
        raise ValueError(f"{checkpoint.name} reads no stretches")
    return checkpoint.stretch


def _whole(number: float) -> bool:
    return math.isclose(number, round(number), abs_tol=1e-6)


@dataclass(frozen=True)
class StretchedBlock:
    """Consecutive stretches of a recording, embedded at one go.

    Attributes:
        block: waveform, and where the stretches lie in it.
        begins: (stretches,) seconds, from where the time steps of each count.
        ends: (stretches,) seconds, up to where they do.
    """

    block: Block
    begins: npt.NDArray[np.float64]
    ends: npt.NDArray[np.float64]

    def shares(self, part: slice, steps: int, step: float, grain: float) -> "Shares":
        """What share of each time step lies in which grain, of some of the stretches.

        Args:
            part: of the stretches.
            steps: that the network gave for each.
            step: seconds.
            grain: seconds.
        """
        edges = self.block.times[part, None] + np.arange(steps + 1) * step
        kept = np.clip(edges, self.begins[part, None], self.ends[part, None]).round(9)
        first = np.floor(kept[:, 0] / grain + 1e-9).astype(np.int64)
        # A stretch may end before its margin begins, where a network gives fewer steps than fit.
        count = int(np.max(np.ceil(kept[:, -1] / grain - 1e-9).astype(np.int64) - first, initial=1))
        bounds = ((first[:, None] + np.arange(count + 1)) * grain).round(9)
        lower = np.maximum(kept[:, None, :-1], bounds[:, :-1, None])
        upper = np.minimum(kept[:, None, 1:], bounds[:, 1:, None])
        weights = np.maximum(upper - lower, 0.0) / step
        weights[weights < _NEGLIGIBLE] = 0.0
        return Shares(first, weights.astype(np.float32))


@dataclass(frozen=True)
class Shares:
    """How much of each time step lies in which grain.

    Attributes:
        first: (stretches,) the first grain of each stretch, counted from the recording's beginning.
        weights: (stretches, grains, steps) float32, 0 to 1.
    """

    first: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float32]


def stretched_blocks(
    chunks: Iterable[npt.NDArray[np.float32]], checkpoint: Checkpoint, block_seconds: float = BLOCK_SECONDS
) -> Iterator[StretchedBlock]:
    """Cut a stream of samples into blocks of stretches; no more than a block is held while the next one is asked for.

    Args:
        chunks: consecutive (samples,) float32 pieces of one recording, at the checkpoint's rate.
        checkpoint: declares its stretches.
        block_seconds: a block of windows would span.
    """
    rate = checkpoint.sample_rate
    parts = sections(chunks, rate, stretching(checkpoint).window)
    for begin, part in groupby(parts, key=itemgetter(0)):
        yield from _of_section(begin / rate, map(itemgetter(1), part), checkpoint, block_seconds)


def _of_section(
    begin: float, chunks: Iterable[npt.NDArray[np.float32]], checkpoint: Checkpoint, block_seconds: float
) -> Iterator[StretchedBlock]:
    """Blocks of what begins at a second of the recording, and is read as if it were all of it."""
    windowing, rate = stretching(checkpoint), checkpoint.sample_rate
    # On the grid of time steps the last stretch has the same steps as one long stretch would.
    last_on = next((n for n in range(1, GRID) if _whole(n / GRID / checkpoint.step)), 1)
    counted = _Counted(chunks)
    blocks = cut_blocks(
        counted, rate, windowing, checkpoint.shortest_window, BLOCKS_JOINED * block_seconds, last_on=last_on
    )
    counts_from, reach = begin, windowing.window - margin(checkpoint)
    for block in blocks:
        times = block.times + begin
        ends = times + reach
        begins = np.concatenate([[counts_from], ends[:-1]])
        counts_from = float(ends[-1])
        if block.is_last:
            ends[-1] = begin + counted.samples / rate
        yield StretchedBlock(replace(block, times=times), begins, ends)
        del block  # while the next one is filled


class _Counted:
    """Chunks, and how many samples there were."""

    def __init__(self, chunks: Iterable[npt.NDArray[np.float32]]) -> None:
        self._chunks = chunks
        self.samples = 0

    def __iter__(self) -> Iterator[npt.NDArray[np.float32]]:
        for chunk in self._chunks:
            self.samples += len(chunk)
            yield chunk
