"""Window scores -> regions: the spans in which a sound was found."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from audioscan_host.errors import SettingError

Method = Literal["mean", "union"]

_Microseconds = npt.NDArray[np.int64]

_SHORTEST_STEP = 10_000
"""Microseconds; a rest shorter than the grid of window starts is no step of its own."""


@dataclass(frozen=True)
class Region:
    """A span in which a sound was found.

    Attributes:
        start: seconds from the recording's beginning.
        end: seconds, after `start`.
        label: the name of the sound.
        score: the highest score in it, 0 to 1.
    """

    start: float
    end: float
    label: str
    score: float


@dataclass(frozen=True)
class RegionSettings:
    """How regions are made of scores.

    Attributes:
        threshold: the score that makes a region.
        low: the score down to which a region grows from there; None: the threshold.
        merge_gap: seconds; regions with a shorter gap between them become one.
        min_duration: seconds; a region that is shorter is dropped, after gaps are closed.
        method: "mean" scores each step by the mean of the windows over it; "union" joins the
            windows that reach the threshold.

    Raises:
        SettingError: a value is out of its range, or `low` is given for "union".
    """

    threshold: float = 0.5
    low: float | None = None
    merge_gap: float = 0.0
    min_duration: float = 0.0
    method: Method = "mean"

    def __post_init__(self) -> None:
        if not 0 <= self.threshold <= 1:
            raise SettingError(f"threshold must be between 0 and 1, not {self.threshold:g}")
        if not 0 <= self.lower <= self.threshold:
            raise SettingError(
                f"low must be between 0 and the threshold ({self.threshold:g}), not {self.lower:g}"
            )
        for name, value in (("merge_gap", self.merge_gap), ("min_duration", self.min_duration)):
            if not (math.isfinite(value) and value >= 0):
                raise SettingError(f"{name} must be 0 s or more, not {value:g} s")
        if self.method not in get_args(Method):
            raise SettingError(f"method must be one of {', '.join(get_args(Method))}, not {self.method!r}")
        if self.method == "union" and self.low is not None:
            raise SettingError("low goes with the method mean only: leave it out for union")

    @property
    def lower(self) -> float:
        """The score down to which a region grows."""
        return self.threshold if self.low is None else self.low


def step_edges(hop: float, duration: float) -> npt.NDArray[np.float64]:
    """Where the steps of a recording begin and end: (steps + 1,) seconds.

    Each step is a hop long; the last one ends at `duration`, and takes in a rest of less than
    10 ms. A recording without audio has no steps: (1,).
    """
    return np.minimum(_step_edges(hop, duration) / 1e6, duration)


def step_scores(
    times: npt.NDArray[np.float64],
    scores: npt.NDArray[np.floating],
    *,
    window: float,
    hop: float,
    duration: float,
) -> npt.NDArray[np.float64]:
    """Score each step of a recording by the mean of the windows that contain its centre.

    Args:
        times: (windows,) starts in seconds, ascending.
        scores: (windows,) finite.
        window: seconds; of a recording that is shorter than the window, its own length.
        hop: seconds.
        duration: of the recording, seconds.

    Returns:
        (steps,) scores, to nine decimals; the steps lie between the `step_edges`. A step that no
        window covers, such as the last milliseconds, has the score of the nearest window; without
        windows every step has 0.

    Raises:
        ValueError: times and scores do not fit each other, or a score is not finite.
    """
    starts, values = _checked(times, scores)
    edges = _step_edges(hop, duration)
    centres = (edges[:-1] + edges[1:]) // 2
    if not len(starts):
        return np.zeros(len(centres))
    length = int(_microseconds(window))
    first = np.searchsorted(starts, centres - length, side="right")
    after = np.searchsorted(starts, centres, side="right")
    sums = np.zeros(len(values) + 1)
    np.cumsum(values, out=sums[1:])
    covering = after - first
    means = (sums[after] - sums[first]) / np.maximum(covering, 1)

    earlier = np.maximum(after - 1, 0)
    later = np.minimum(after, len(starts) - 1)
    is_later_nearer = starts[later] - centres < centres - starts[earlier] - length
    nearest = values[np.where(is_later_nearer, later, earlier)]
    # Running sums leave errors of about 1e-11; rounded, windows that all score 0.7 give 0.7, and
    # reach a threshold of 0.7.
    result: npt.NDArray[np.float64] = np.where(covering > 0, means, nearest).round(9)
    return result


def find_regions(
    times: npt.NDArray[np.float64],
    scores: npt.NDArray[np.floating],
    label: str,
    *,
    window: float,
    hop: float,
    duration: float,
    settings: RegionSettings,
) -> list[Region]:
    """Find the spans of a recording in which the scores reach the threshold, in order.

    With the method "mean" the steps of `step_scores` that reach `low` and hang together are a
    region where one of them reaches the threshold. With "union" the windows that reach the
    threshold are, whole; those that overlap or touch are one. Then gaps shorter than `merge_gap`
    are closed, and regions shorter than `min_duration` dropped. No region passes `duration`.

    Args:
        times: (windows,) starts in seconds, ascending.
        scores: (windows,) finite.
        label: of the regions.
        window: seconds; of a recording that is shorter than the window, its own length.
        hop: seconds.
        duration: of the recording, seconds.
        settings: see RegionSettings.

    Raises:
        ValueError: times and scores do not fit each other, or a score is not finite.
    """
    if settings.method == "union":
        starts, values = _checked(times, scores)
        found = values >= settings.threshold
        begin, peaks = starts[found], values[found]
        end = np.minimum(begin + _microseconds(window), _microseconds(duration))
    else:
        steps = step_scores(times, scores, window=window, hop=hop, duration=duration)
        begin, end, peaks = _runs(steps, _step_edges(hop, duration), settings)
    if not len(begin):
        return []
    begin, end, peaks = _joined(begin, end, peaks, int(_microseconds(settings.merge_gap)))
    long = end - begin >= _microseconds(settings.min_duration)
    return [
        Region(a / 1e6, min(b / 1e6, duration), label, score)
        for a, b, score in zip(begin[long].tolist(), end[long].tolist(), peaks[long].tolist(), strict=True)
    ]


_Spans = tuple[_Microseconds, _Microseconds, npt.NDArray[np.float64]]  # begin, end, highest score


def _runs(steps: npt.NDArray[np.float64], edges: _Microseconds, settings: RegionSettings) -> _Spans:
    """The runs of steps that reach `low`, of those that reach the threshold somewhere."""
    grown = np.concatenate([[False], steps >= settings.lower, [False]])
    first, after = np.flatnonzero(np.diff(grown)).reshape(-1, 2).T
    if not len(first):
        return edges[first], edges[after], steps[first]
    # Each piece lasts until the next run; what lies between is lower than the run itself.
    peaks = np.maximum.reduceat(steps, first)
    high = peaks >= settings.threshold
    return edges[first[high]], edges[after[high]], peaks[high]


def _joined(
    begin: _Microseconds, end: _Microseconds, peaks: npt.NDArray[np.float64], merge_gap: int
) -> _Spans:
    """Join what overlaps, touches or has a gap of less than `merge_gap`; both ends ascend."""
    gaps = begin[1:] - end[:-1]
    first = np.flatnonzero(np.concatenate([[True], (gaps > 0) & (gaps >= merge_gap)]))
    last = np.append(first[1:], len(begin)) - 1
    return begin[first], end[last], np.maximum.reduceat(peaks, first)


def _step_edges(hop: float, duration: float) -> _Microseconds:
    length, whole = int(_microseconds(duration)), int(_microseconds(hop))
    steps, rest = divmod(length, whole)
    if rest >= _SHORTEST_STEP or (steps == 0 and rest):
        steps += 1
    edges = np.arange(steps + 1, dtype=np.int64) * whole
    edges[-1] = length
    return edges


def _checked(
    times: npt.NDArray[np.float64], scores: npt.NDArray[np.floating]
) -> tuple[_Microseconds, npt.NDArray[np.float64]]:
    if np.shape(times) != np.shape(scores) or not np.all(np.isfinite(scores)):
        raise ValueError(
            f"expected one finite score a window, got {np.shape(scores)} for {np.shape(times)} windows"
        )
    return _microseconds(times), np.asarray(scores, dtype=np.float64)


def _microseconds(seconds: npt.ArrayLike) -> _Microseconds:
    # Whole microseconds compare exactly, where 1.2 - 0.9 is not 0.3.
    return np.rint(np.multiply(seconds, 1e6)).astype(np.int64)
