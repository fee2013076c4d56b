"""Digital silence: stretches without any signal, such as appended zeros, closed gates, and holes in a file.

Nothing was recorded there, so they are no evidence: neither that a sound occurs nor that it does not.
"""

from array import array
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audioscan_host.windows import GRID, microseconds

REVISION = 1
"""Raised when the arithmetic of `SilenceMeter` changes: what was kept is then found anew."""

CONSTANT = 2e-6
"""Full scale is 1. What varies by no more is constant: -114 dBFS, below the noise of any microphone and
below any dither."""

SHORTEST = 0.1
"""Seconds; a shorter constant stretch, such as a clipped peak, is no silence."""

FREE = 0.001
"""A window with a smaller share of silence is free of it."""

HALF = 0.5
"""A window of which this share or more is silence is no evidence."""

Spans = npt.NDArray[np.float64]
"""(spans, 2) seconds from the recording's beginning: start and end, ascending; no two touch."""

Waveform = npt.NDArray[np.float32]


def no_silence() -> Spans:
    """(0, 2), of a recording that has none."""
    return np.zeros((0, 2))


@dataclass(frozen=True)
class _Run:
    """Constant blocks that hang together up to the last finished one: since when, and at what level."""

    begin: float
    level: float


class SilenceMeter:
    """Finds the digital silence of a recording from its samples, piece by piece.

    Blocks of the 10 ms grid are looked at. One is constant where its samples vary by no more than
    `CONSTANT`; consecutive constant blocks of one level that last `SHORTEST` or longer are silence,
    an offset included. How the recording was cut into pieces changes nothing.
    """

    def __init__(self) -> None:
        self._rate = 1
        self._rate_began = 0.0  # seconds
        self._samples = 0  # since then
        self._blocks = 0  # that were finished since then
        # Samples of blocks that were not yet looked at: many at once cost little.
        self._held = np.empty(1 << 18, np.float32)
        self._holds = 0
        self._run: _Run | None = None
        self._found = array("d")  # start, end, start, end, ...
        self._adopted: Spans | None = None

    @property
    def _position(self) -> float:
        return self._rate_began + self._samples / self._rate

    def feed(self, sample_rate: int, samples: Waveform) -> None:
        """Take the next piece of the recording.

        Args:
            sample_rate: Hz, 1000 or more; it may change, and time goes on.
            samples: (samples,) float32, mono, full scale 1.
        """
        if sample_rate != self._rate:
            self._change_rate(sample_rate)
        while len(samples):
            taken = samples[: len(self._held) - self._holds]
            self._held[self._holds : self._holds + len(taken)] = taken
            self._holds += len(taken)
            self._samples += len(taken)
            samples = samples[len(taken) :]
            if self._holds == len(self._held):
                self._look()

    def adopt(self, spans: Spans) -> None:
        """Take what another meter found of the whole recording, in place of its pieces."""
        self._adopted = spans

    def spans(self) -> Spans:
        """(spans, 2) float64: start and end of each silence so far in seconds, ascending; no two touch.

        A silence that goes on to the end of what was fed ends just there, within a block or not.
        """
        if self._adopted is not None:
            return self._adopted
        self._look()
        found = self._found[:]
        if self._run is not None:
            rest = self._held[: self._holds]
            goes_on = bool(np.all(np.abs(rest - np.float32(self._run.level)) <= CONSTANT))
            end = self._position if goes_on else self._rate_began + self._blocks / GRID
            if _is_long(self._run.begin, end):
                found.extend((self._run.begin, end))
        spans = np.array(found).reshape(-1, 2)
        # Two levels that follow each other are two runs, and one silence.
        touching = spans[1:, 0] <= spans[:-1, 1]
        starts = np.delete(spans[:, 0], np.flatnonzero(touching) + 1)
        ends = np.delete(spans[:, 1], np.flatnonzero(touching))
        return np.stack([starts, ends], axis=1)

    def _change_rate(self, sample_rate: int) -> None:
        """Begin another grid of blocks here; the unfinished block ends here, as if it were whole."""
        self._look()
        if self._holds:
            rest = self._held[: self._holds]
            edges = np.array([self._rate_began + self._blocks / GRID, self._position])
            self._take(edges, rest.min(keepdims=True), rest.max(keepdims=True))
            self._holds = 0
        self._rate_began, self._rate = self._position, sample_rate
        self._samples = self._blocks = 0

    def _look(self) -> None:
        """Look at the finished blocks among the samples that are held."""
        finished = self._samples * GRID // self._rate
        if finished == self._blocks:
            return
        blocks = np.arange(self._blocks, finished + 1)
        # The sample at time t is in the block that t is in: a block begins at the first one not before it.
        begins = -(-blocks * self._rate // GRID)
        begins -= begins[0]
        low, high = _lowest_and_highest(self._held[: begins[-1]], begins[:-1], self._rate // GRID)
        self._take(self._rate_began + blocks / GRID, low, high)
        self._blocks = finished
        rest = self._held[begins[-1] : self._holds].copy()
        self._holds = len(rest)
        self._held[: self._holds] = rest

    def _take(self, edges: npt.NDArray[np.float64], low: Waveform, high: Waveform) -> None:
        """Take consecutive blocks: (blocks + 1,) seconds, and (blocks,) lowest and highest sample."""
        run = self._run
        levels = np.append(np.float32(0.0 if run is None else run.level), low)
        constant = np.append(run is not None, high - low <= CONSTANT)
        goes_on = constant[1:] & constant[:-1] & (np.abs(np.diff(levels)) <= CONSTANT)
        begins = edges[:-1][constant[1:] & ~goes_on].tolist()
        ends = edges[:-1][constant[:-1] & ~goes_on].tolist()
        if run is not None:
            begins.insert(0, run.begin)
        for begin, end in zip(begins, ends, strict=False):  # the last one may go on
            if _is_long(begin, end):
                self._found.extend((begin, end))
        self._run = _Run(begins[-1], float(levels[-1])) if constant[-1] else None


def _lowest_and_highest(
    samples: Waveform, begins: npt.NDArray[np.int64], length: int
) -> tuple[Waveform, Waveform]:
    """Of each block, (blocks,): where five of its samples vary, of these alone, for it is not constant."""
    spread = samples[begins + np.linspace(0, length - 1, 5).astype(np.int64)[:, np.newaxis]]
    low, high = spread.min(axis=0), spread.max(axis=0)
    alike = np.flatnonzero(high - low <= CONSTANT)
    if len(alike):
        some = slice(alike[0], alike[-1] + 1)
        stop = begins[some.stop] if some.stop < len(begins) else len(samples)
        low[some] = np.minimum.reduceat(samples[:stop], begins[some])
        high[some] = np.maximum.reduceat(samples[:stop], begins[some])
    return low, high


def _is_long(begin: float, end: float) -> bool:
    return bool(microseconds(end - begin) >= microseconds(SHORTEST))


def within(spans: Spans, duration: float) -> Spans:
    """The spans as far as they lie in the first `duration` seconds.

    One that ends less than a grid step before `duration` ends there: resampled, a recording is
    up to a sample shorter or longer than at its own rate.
    """
    inside = np.minimum(spans[spans[:, 0] < duration], duration)
    if len(inside) and duration - inside[-1, 1] < 1 / GRID:
        inside[-1, 1] = duration
    return inside


def silent_share(
    times: npt.NDArray[np.float64], window: float | npt.NDArray[np.float64], spans: Spans
) -> npt.NDArray[np.float64]:
    """(windows,) from 0 to 1: the share of each window that is silence.

    Args:
        times: (windows,) starts in seconds, in any order.
        window: seconds; or (windows,), of each its own.
        spans: (spans, 2) seconds, ascending.
    """
    begin = microseconds(times)
    length = np.maximum(microseconds(np.add(times, window)) - begin, 1)
    share: npt.NDArray[np.float64] = (
        _silence_before(begin + length, spans) - _silence_before(begin, spans)
    ) / length
    return share


def _silence_before(times: npt.NDArray[np.int64], spans: Spans) -> npt.NDArray[np.int64]:
    """(times,) microseconds of silence before each time, in microseconds."""
    starts, ends = microseconds(spans).T
    total = np.append(0, np.cumsum(ends - starts))
    begun = np.searchsorted(starts, times, side="right")
    # Of the last one that has begun, what is yet to come is taken off again.
    to_come = np.maximum(np.append(0, ends)[begun] - times, 0)
    before: npt.NDArray[np.int64] = total[begun] - to_come
    return before


def audible(
    times: npt.NDArray[np.float64], window: float | npt.NDArray[np.float64], spans: Spans
) -> npt.NDArray[np.bool_]:
    """(windows,): the windows that are evidence, less than half of each is silence; as `silent_share`."""
    mask: npt.NDArray[np.bool_] = silent_share(times, window, spans) < HALF
    return mask
