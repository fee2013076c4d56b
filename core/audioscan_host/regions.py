"""Window scores -> regions: the spans in which a sound was found."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from audioscan_host.region_settings import RegionMethod, RegionSettings
from audioscan_host.silence import FREE, HALF, Spans, no_silence, silent_share
from audioscan_host.steps import (
    checked_scores,
    covered_steps,
    exact_step_edges,
    silent_steps,
    step_scores,
)
from audioscan_host.windows import Microseconds, microseconds


@dataclass(frozen=True)
class Region:
    """A span in which a sound was found.

    Attributes:
        start: seconds from the recording's beginning.
        end: seconds, after `start`.
        label: the name of the sound.
        score: the highest score in it, 0 to 1.
        recorded_at: date and time of its start, with the zone where that is known; None where it cannot be told.
        channel: its number where each channel was scanned by itself, else None.
    """

    start: float
    end: float
    label: str
    score: float
    recorded_at: datetime | None = None
    channel: int | None = None


def find_regions(
    times: npt.NDArray[np.float64],
    scores: npt.NDArray[np.floating],
    label: str,
    *,
    window: float,
    hop: float,
    duration: float,
    settings: RegionSettings,
    silence: Spans | None = None,
) -> list[Region]:
    """Find the spans of a recording in which the scores reach the threshold, in order.

    With the method "mean" the steps of `step_scores` that reach `low` and hang together are a
    region where one of them reaches the threshold. With "union" the windows that reach the
    threshold are, whole; those that overlap or touch are one. Then gaps shorter than `merge_gap`
    are closed, and regions shorter than `min_duration` dropped. No region passes `duration`.

    Nothing is found in silence, and no gap is closed over it: regions are cut at the steps of which half or
    more is silence, whole steps at a time. With "union" a window that is half or more silence does not
    count, and one that is partly silence only on steps that no window free of silence covers.

    Args:
        times: (windows,) starts in seconds, ascending.
        scores: (windows,) finite.
        label: of the regions.
        window: seconds; of a recording that is shorter than the window, its own length.
        hop: seconds.
        duration: of the recording, seconds.
        settings: see RegionSettings.
        silence: (spans, 2) seconds, ascending; none unless given.

    Raises:
        ValueError: times and scores do not fit each other, or a score is not finite.
    """
    silence = no_silence() if silence is None else silence
    edges, silent = exact_step_edges(hop, duration), silent_steps(hop, duration, silence)
    if settings.method == RegionMethod.UNION:
        starts, values = checked_scores(times, scores)
        ends = np.minimum(starts + microseconds(window), microseconds(duration))
        share = silent_share(times, window, silence)
        free = share < FREE
        covered = covered_steps(times[free], window, hop, duration)
        found, partly = values >= settings.threshold, ~free & (share < HALF)
        begin, end, peaks = _sorted(
            _cut(starts, ends, values, chosen=found & free, to=_runs(~silent, edges)),
            _cut(starts, ends, values, chosen=found & partly, to=_runs(~silent & ~covered, edges)),
        )
    else:
        steps = step_scores(times, scores, window=window, hop=hop, duration=duration, silence=silence)
        begin, end, peaks = _grown(steps, silent, edges, settings)
    if not len(begin):
        return []
    stretch = np.searchsorted(edges[:-1][silent], begin)  # the same where no silence lies between
    begin, end, peaks = _joined(begin, end, peaks, stretch, int(microseconds(settings.merge_gap)))
    long = end - begin >= microseconds(settings.min_duration)
    return [
        Region(a / 1e6, min(b / 1e6, duration), label, score)
        for a, b, score in zip(begin[long].tolist(), end[long].tolist(), peaks[long].tolist(), strict=True)
    ]


_Found = tuple[Microseconds, Microseconds, npt.NDArray[np.float64]]  # begin, end, highest score


def _runs(steps: npt.NDArray[np.bool_], edges: Microseconds) -> tuple[Microseconds, Microseconds]:
    """Begin and end of the runs of steps that are true."""
    first, after = _ends_of_runs(steps)
    return edges[first], edges[after]


def _grown(
    steps: npt.NDArray[np.float64],
    silent: npt.NDArray[np.bool_],
    edges: Microseconds,
    settings: RegionSettings,
) -> _Found:
    """The runs of steps that reach `low`, of those that reach the threshold somewhere."""
    first, after = _ends_of_runs((steps >= settings.lower) & ~silent)
    if not len(first):
        return edges[first], edges[after], steps[first]
    # Each piece lasts until the next run; what lies between is lower than the run itself, or silence and 0.
    peaks = np.maximum.reduceat(steps, first)
    high = peaks >= settings.threshold
    return edges[first[high]], edges[after[high]], peaks[high]


def _ends_of_runs(steps: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """(2, runs): the first step of each run, and the one after it."""
    return np.flatnonzero(np.diff(np.concatenate([[False], steps, [False]]))).reshape(-1, 2).T


def _cut(
    begin: Microseconds,
    end: Microseconds,
    peaks: npt.NDArray[np.float64],
    *,
    chosen: npt.NDArray[np.bool_],
    to: tuple[Microseconds, Microseconds],
) -> _Found:
    """What of the chosen windows lies in the stretches `to`, piece by piece."""
    first = np.searchsorted(to[1], begin, side="right")
    pieces = np.where(chosen, np.maximum(np.searchsorted(to[0], end) - first, 0), 0)
    window = np.repeat(np.arange(len(begin)), pieces)
    stretch = first[window] + np.arange(len(window)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    return np.maximum(begin[window], to[0][stretch]), np.minimum(end[window], to[1][stretch]), peaks[window]


def _sorted(one: _Found, other: _Found) -> _Found:
    """Both together by their begin."""
    begin, end, peaks = (np.concatenate(pair) for pair in zip(one, other, strict=True))
    order = np.lexsort((end, begin))
    return begin[order], end[order], peaks[order]


def _joined(
    begin: Microseconds,
    end: Microseconds,
    peaks: npt.NDArray[np.float64],
    stretch: npt.NDArray[np.intp],
    merge_gap: int,
) -> _Found:
    """Join what overlaps, touches or has a gap of less than `merge_gap` in one stretch; begins ascend."""
    end = np.maximum.accumulate(end)
    gaps = begin[1:] - end[:-1]
    is_apart = (gaps > 0) & ((gaps >= merge_gap) | (np.diff(stretch) > 0))
    first = np.flatnonzero(np.concatenate([[True], is_apart]))
    last = np.append(first[1:], len(begin)) - 1
    return begin[first], end[last], np.maximum.reduceat(peaks, first)
