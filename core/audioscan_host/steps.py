"""The steps of a recording, each a hop long: where they lie, and how the windows over them score them."""

import numpy as np
import numpy.typing as npt

from audioscan_host.silence import FREE, HALF, Spans, audible, no_silence, silent_share
from audioscan_host.windows import Microseconds, microseconds

_SHORTEST_STEP = 10_000
"""Microseconds; a rest shorter than the grid of window starts is no step of its own."""


def step_edges(hop: float, duration: float) -> npt.NDArray[np.float64]:
    """Where the steps of a recording begin and end: (steps + 1,) seconds.

    Each step is a hop long; the last one ends at `duration`, and takes in a rest of less than
    10 ms. A recording without audio has no steps: (1,).
    """
    return np.minimum(exact_step_edges(hop, duration) / 1e6, duration)


def exact_step_edges(hop: float, duration: float) -> Microseconds:
    """As `step_edges`, in whole microseconds."""
    length, whole = int(microseconds(duration)), int(microseconds(hop))
    steps, rest = divmod(length, whole)
    if rest >= _SHORTEST_STEP or (steps == 0 and rest):
        steps += 1
    edges = np.arange(steps + 1, dtype=np.int64) * whole
    edges[-1] = length
    return edges


def step_scores(
    times: npt.NDArray[np.float64],
    scores: npt.NDArray[np.floating],
    *,
    window: float,
    hop: float,
    duration: float,
    silence: Spans | None = None,
) -> npt.NDArray[np.float64]:
    """Score each step of a recording by the mean of the windows that contain its centre.

    Of these windows only those count that are free of silence; where there is none, those that are
    less than half silence; where there is none either, the step has 0. So has a step of which half or
    more is silence.

    Args:
        times: (windows,) starts in seconds, ascending.
        scores: (windows,) finite.
        window: seconds; of a recording that is shorter than the window, its own length.
        hop: seconds.
        duration: of the recording, seconds.
        silence: (spans, 2) seconds, ascending; none unless given.

    Returns:
        (steps,) scores, to nine decimals; the steps lie between the `step_edges`. A step that no
        window covers, such as the last milliseconds, has the score of the nearest window; without
        windows every step has 0.

    Raises:
        ValueError: times and scores do not fit each other, or a score is not finite.
    """
    starts, values = checked_scores(times, scores)
    edges = exact_step_edges(hop, duration)
    if not len(starts):
        return np.zeros(len(edges) - 1)
    silence = no_silence() if silence is None else silence
    share = silent_share(times, window, silence)
    evidence = share < HALF
    centres, length = (edges[:-1] + edges[1:]) // 2, int(microseconds(window))
    first, after = _windows_over(centres, starts, length)

    earlier = np.maximum(after - 1, 0)
    later = np.minimum(after, len(starts) - 1)
    is_later_nearer = starts[later] - centres < centres - starts[earlier] - length
    nearest = np.where(evidence, values, 0.0)[np.where(is_later_nearer, later, earlier)]
    result = np.where(after > first, 0.0, nearest)
    for counting in (evidence, share < FREE):  # the better ones come last, and stay
        covering = _sum_over(counting, first, after)
        means = _sum_over(np.where(counting, values, 0.0), first, after) / np.maximum(covering, 1)
        result = np.where(covering > 0, means, result)
    result[silent_steps(hop, duration, silence)] = 0.0
    # Running sums leave errors of about 1e-11; rounded, windows that all score 0.7 give 0.7, and
    # reach a threshold of 0.7.
    return result.round(9)


def silent_steps(hop: float, duration: float, silence: Spans) -> npt.NDArray[np.bool_]:
    """(steps,): the steps of which half or more is silence."""
    edges = exact_step_edges(hop, duration)
    return ~audible(edges[:-1] / 1e6, np.diff(edges) / 1e6, silence)


def covered_steps(
    times: npt.NDArray[np.float64], window: float, hop: float, duration: float
) -> npt.NDArray[np.bool_]:
    """(steps,): the steps whose centre is in one of these windows."""
    edges = exact_step_edges(hop, duration)
    centres = (edges[:-1] + edges[1:]) // 2
    first, after = _windows_over(centres, microseconds(times), int(microseconds(window)))
    return after > first


def checked_scores(
    times: npt.NDArray[np.float64], scores: npt.NDArray[np.floating]
) -> tuple[Microseconds, npt.NDArray[np.float64]]:
    """Starts of windows in microseconds, and their scores.

    Raises:
        ValueError: times and scores do not fit each other, or a score is not finite.
    """
    if np.shape(times) != np.shape(scores) or not np.all(np.isfinite(scores)):
        raise ValueError(
            f"expected one finite score a window, got {np.shape(scores)} for {np.shape(times)} windows"
        )
    return microseconds(times), np.asarray(scores, dtype=np.float64)


_Places = npt.NDArray[np.intp]


def _windows_over(centres: Microseconds, starts: Microseconds, length: int) -> tuple[_Places, _Places]:
    """The windows over each step: from the first to before the second place."""
    first = np.searchsorted(starts, centres - length, side="right")
    return first, np.searchsorted(starts, centres, side="right")


def _sum_over(
    values: npt.NDArray[np.float64] | npt.NDArray[np.bool_], first: _Places, after: _Places
) -> npt.NDArray[np.float64]:
    """(steps,) sums of the values of the windows over each step."""
    sums = np.zeros(len(values) + 1)
    np.cumsum(values, out=sums[1:])
    difference: npt.NDArray[np.float64] = sums[after] - sums[first]
    return difference
