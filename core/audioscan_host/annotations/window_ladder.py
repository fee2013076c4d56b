"""How long a labelled sound usually is, and which window fits it."""

import math
from collections.abc import Iterable
from statistics import median

from audioscan_host.annotations import Annotation, Role
from audioscan_host.annotations.points import Points, points_of
from audioscan_host.windows import GRID, Windowing

LADDER = (1.0, 2.0, 4.0, 8.0)
"""Seconds that a window is chosen from: octaves, so that a few more labels seldom change it, and the cache stays of use."""

SHARE = 0.5
"""Of the usual length of a sound, that a window is to last: windows within the sound find it better, and its ends
closer, than windows that hold all of it. See docs/detector.md for the figures."""

UNKNOWN_LENGTH = Windowing(8.0, 1.0)
"""Where nothing says how long a sound is; what 8-cut takes too."""


def usual_length(label: str, annotations: Iterable[Annotation]) -> float | None:
    """Median duration of a label's positive spans, seconds; None where it is labelled in points."""
    own = [a for a in annotations if a.role is Role.POSITIVE and a.label == label]
    durations = [a.end - a.start for a in own if a.end is not None]
    return median(durations) if durations and points_of(label, own) is not Points.MARK else None


def own_window(length: float | None, shortest: float = 0.0, longest: float = math.inf) -> float:
    """The step of the ladder that is nearest to half of a length by ratio, from `shortest` to `longest`; all in seconds.

    Where none lies between them it is the bound on that side, on the grid of 10 ms.
    """
    wanted = UNKNOWN_LENGTH.window if length is None else SHARE * length

    def octaves(window: float) -> float:
        return abs(math.log2(window / wanted))

    steps = [window for window in LADDER if shortest <= window <= longest]
    if steps:
        return min(steps, key=octaves)
    if min(LADDER, key=octaves) < shortest:
        return math.ceil(shortest * GRID - 1e-6) / GRID
    return max(math.floor(longest * GRID + 1e-6), 1) / GRID
