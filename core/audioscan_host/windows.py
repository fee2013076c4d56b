"""Where the windows of a recording lie, and how a stream of samples is cut into blocks of them."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from mmap import mmap

import numpy as np
import numpy.typing as npt

from audioscan_host.errors import SettingError

GRID = 100
"""Window starts lie on a grid of this many steps a second, the hop of the usual spectrograms."""

BLOCK_SECONDS = 120.0
"""Window starts that one block spans: what is held in memory, and what a killed run can lose."""

HEARD_SECONDS = 9600.0
"""Seconds of all windows of a block, each counted whole: 0.6 GB at 16 kHz for a plugin that copies them out. Windows of
8 s reach it with a hop under 0.1 s, and their blocks then span less."""

LONGEST_WINDOW = 3600.0
"""Seconds; a longer one would hold a recording in memory that is meant to be a stream. A detector may be a stranger's."""

MOST_OVERLAP = 2000
"""Windows over one place; each second of audio costs as many to encode."""


@dataclass(frozen=True)
class Windowing:
    """How a recording is cut into windows.

    Attributes:
        window: seconds; the length of each.
        hop: seconds from one start to the next.

    Raises:
        SettingError: one is off the 10 ms grid, the window is over an hour, or not 1 to 2000 hops.
    """

    window: float = 8.0
    hop: float = 1.0

    def __post_init__(self) -> None:
        for name, value in (("window", self.window), ("hop", self.hop)):
            steps = value * GRID
            if not (
                math.isfinite(value) and round(steps) > 0 and math.isclose(steps, round(steps), abs_tol=1e-6)
            ):
                raise SettingError(f"{name} must be a multiple of 0.01 s above 0, not {value:g} s")
            object.__setattr__(self, name, float(value))  # 8 and 8.0 are one name in the cache
        if self.hop > self.window:
            raise SettingError(
                f"hop ({self.hop:g} s) must not exceed the window ({self.window:g} s): "
                "the audio between the windows would be in none"
            )
        if self.window > LONGEST_WINDOW:
            raise SettingError(f"window must be at most {LONGEST_WINDOW:g} s, not {self.window:g} s")
        if self.window > MOST_OVERLAP * self.hop:
            raise SettingError(
                f"windows of {self.window:g} s every {self.hop:g} s overlap {self.window / self.hop:.0f} times, and "
                f"{MOST_OVERLAP} times is the most: take a longer hop, or a shorter window"
            )

    @classmethod
    def of_window(cls, window: float) -> "Windowing":
        """Windows of that length; the hop is the longest up to a quarter that divides it, or a quarter where that is under an eighth.

        Raises:
            SettingError: the window is off the 10 ms grid.
        """
        return cls.of_windows([window])[0]

    @classmethod
    def of_windows(cls, windows: Sequence[float], hop: float | None = None) -> "tuple[Windowing, ...]":
        """Windows of each of these lengths, every hop; without one about every quarter, so that all are made of the same grains.

        The hop of the shortest then is the longest up to a quarter of it of which all windows are multiples, and the others'
        are multiples of that. Where it would be less than half of a quarter, each has the hop of `of_window`.

        Raises:
            SettingError: as for a single one.
        """
        if hop is not None:
            return tuple(cls(each, hop) for each in windows)
        steps = [cls(each, each).hop_steps for each in windows]
        shared, shortest = math.gcd(*steps), min(steps, default=0)
        grain = max((n for n in range(1, shortest // 4 + 1) if shared % n == 0), default=1)
        if 8 * grain < shortest and len(windows) == 1:
            return (cls(windows[0], shortest // 4 / GRID),)
        if 8 * grain < shortest:
            return tuple(map(cls.of_window, windows))
        hops = (max(n for n in range(grain, max(grain, s // 4) + 1, grain) if s % n == 0) for s in steps)
        return tuple(cls(each, n / GRID) for each, n in zip(windows, hops, strict=True))

    @property
    def hop_steps(self) -> int:
        """Grid steps from one window's start to the next one's."""
        return round(self.hop * GRID)


@dataclass(frozen=True)
class Windows:
    """The windows of one block of a recording, all of one length.

    Attributes:
        starts: (windows,) int64, samples from the first sample of the block's waveform.
        length: samples in a window.
        sample_rate: Hz.
    """

    starts: npt.NDArray[np.int64]
    length: int
    sample_rate: int

    def __len__(self) -> int:
        return len(self.starts)


@dataclass(frozen=True)
class Block:
    """A stretch of a recording that is embedded at one go.

    Attributes:
        waveform: (samples,) float32.
        windows: where its windows lie in the waveform.
        times: (windows,) float64, their starts in seconds from the recording's beginning.
        is_last: whether none follows.
    """

    waveform: npt.NDArray[np.float32]
    windows: Windows
    times: npt.NDArray[np.float64]
    is_last: bool = True


Microseconds = npt.NDArray[np.int64]


def microseconds(seconds: npt.ArrayLike) -> Microseconds:
    """Whole microseconds, which compare exactly, where 1.2 - 0.9 is not 0.3."""
    return np.rint(np.multiply(seconds, 1e6)).astype(np.int64)


def window_steps(samples: int, sample_rate: int, windowing: Windowing, last_on: int = 1) -> list[int]:
    """Starts of the windows of a recording of `samples`, in grid steps.

    0, hop, 2 hop, ... while the window fits; one more that ends at the recording's end (to a grid step) where more than a
    grid step of the tail would be left out. A recording that is shorter than the window has one window, at 0. The last one
    begins at a multiple of `last_on` grid steps, and ends as much earlier.
    """
    length = round(windowing.window * sample_rate)
    last = _whole_steps(samples - length, sample_rate)
    if last < 0:
        return [0] if samples else []
    steps = list(range(0, last + 1, windowing.hop_steps))
    uncovered = samples - (_sample(steps[-1], sample_rate) + length)
    last -= last % last_on
    if uncovered * GRID > sample_rate and last > steps[-1]:
        steps.append(last)
    return steps


def cut_blocks(
    chunks: Iterable[npt.NDArray[np.float32]],
    sample_rate: int,
    windowing: Windowing,
    shortest_window: float = 0.0,
    block_seconds: float = BLOCK_SECONDS,
    *,
    last_on: int = 1,
) -> Iterator[Block]:
    """Cut a stream of samples into blocks of whole windows.

    No more than a block and a window of audio is held at any time, and the windows of a block are no more than
    `HEARD_SECONDS` together, or one. Together the blocks have the windows of `window_steps`, in order, each once. A block is
    given as soon as it is known whether another one follows.

    Args:
        chunks: consecutive (samples,) float32 pieces of one recording.
        sample_rate: of the chunks, Hz.
        windowing: window and hop.
        shortest_window: seconds that a recording shorter than the window is zero-padded to.
        block_seconds: seconds of window starts in a block.
        last_on: as of `window_steps`.
    """
    length, hop = round(windowing.window * sample_rate), windowing.hop_steps
    in_block = max(1, min(int(block_seconds * GRID) // hop, int(HEARD_SECONDS / windowing.window)))

    def held_from(step: int) -> _Held:  # to the end of the window that the next block begins with
        begin = _sample(step, sample_rate)
        return _Held(begin, _sample(step + in_block * hop, sample_rate) + length - begin)

    first, held = 0, held_from(0)
    for chunk in chunks:
        rest = held.take(chunk)
        while held.end == held.stop:
            steps = range(first, first + in_block * hop, hop)
            full, first, held = held, steps.stop, held_from(steps.stop)
            held.take(full.samples(held.begin, full.end))
            rest = held.take(rest)
            yield _block(full, steps, length, sample_rate, is_last=False)
            del full  # while the next one is filled
    left = [step for step in window_steps(held.end, sample_rate, windowing, last_on) if step >= first]
    if held.end < length:
        length = max(held.end, round(shortest_window * sample_rate))
    for begin in range(0, len(left), in_block):
        last = begin + in_block >= len(left)
        yield _block(held, left[begin : begin + in_block], length, sample_rate, is_last=last)


def _block(held: "_Held", steps: Sequence[int], length: int, sample_rate: int, *, is_last: bool) -> Block:
    starts = np.array([_sample(step, sample_rate) for step in steps], dtype=np.int64)
    waveform = held.samples(int(starts[0]), int(starts[-1]) + length)
    windows = Windows(starts - starts[0], length, sample_rate)
    return Block(waveform, windows, np.array(steps, dtype=np.float64) / GRID, is_last)


def _sample(step: int, sample_rate: int) -> int:
    return step * sample_rate // GRID


def _whole_steps(samples: int, sample_rate: int) -> int:
    # `_sample` rounds down: the last step that begins no later than this sample.
    return ((samples + 1) * GRID - 1) // sample_rate


class _Held:
    """The samples `begin` to `end` of a recording, in memory that the system, and no allocator, has back when its block is gone."""

    def __init__(self, begin: int, room: int) -> None:
        self.begin, self.end, self.stop = begin, begin, begin + room
        self._samples = np.frombuffer(mmap(-1, 4 * room), np.float32)

    def take(self, chunk: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Copy as much as there is room for; gives the rest."""
        taken = chunk[: self.stop - self.end]
        self._samples[self.end - self.begin :][: len(taken)] = taken
        self.end += len(taken)
        return chunk[len(taken) :]

    def samples(self, begin: int, end: int) -> npt.NDArray[np.float32]:
        """Samples `begin` to `end`; silence after the last one."""
        piece = self._samples[begin - self.begin : min(end, self.end) - self.begin]
        if begin == self.begin and end <= self.end:
            return piece
        # A copy: what a plugin does to a block must not reach the next one.
        return np.concatenate([piece, np.zeros(end - begin - len(piece), np.float32)])
