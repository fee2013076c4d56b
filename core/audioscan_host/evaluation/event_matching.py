"""Found regions against the events that people marked, counted as sed_eval counts them.

Mesaros, Heittola and Virtanen, "Metrics for polyphonic sound event detection" (Applied Sciences 6,
2016), sections 3.1 (segments) and 3.2 (events); https://tut-arg.github.io/sed_eval/.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from audioscan_host.windows import microseconds

SEGMENT = 1.0
"""Seconds; what the DCASE challenges take."""

Span = tuple[float, float]


@dataclass(frozen=True)
class Matches:
    """How many of what was found are right.

    Attributes:
        hits: found, and marked.
        found: in all.
        marked: in all.
    """

    hits: int
    found: int
    marked: int

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall; None where nothing is marked and nothing found."""
        total = self.found + self.marked
        return 2 * self.hits / total if total else None

    @classmethod
    def total(cls, parts: Iterable[Self]) -> Self:
        """The sum over recordings."""
        each = list(parts)
        return cls(sum(m.hits for m in each), sum(m.found for m in each), sum(m.marked for m in each))


def match_segments(marked: Sequence[Span], found: Sequence[Span], duration: float) -> Matches:
    """Count the segments of a recording that hold something of a span.

    Args:
        marked: start and end of each event, seconds.
        found: start and end of each region, seconds.
        duration: of the recording, seconds; what lies behind it does not count.
    """
    segments = math.ceil(duration / SEGMENT)
    in_marked, in_found = np.zeros((2, segments), np.bool_)
    for active, spans in ((in_marked, marked), (in_found, found)):
        for start, end in spans:
            active[math.floor(start / SEGMENT) : math.ceil(end / SEGMENT)] = True
    hits = np.count_nonzero(in_marked & in_found)
    return Matches(int(hits), int(in_found.sum()), int(in_marked.sum()))


def match_onsets(marked: Iterable[float], found: Iterable[float], collar: float) -> Matches:
    """Pair events with regions that begin up to a collar apart, each once, as many as possible.

    Both in order, the first pair that fits is always part of a largest matching, since the
    collar is the same for all.

    Times are compared in whole microseconds, so that 5.2 is within 0.2 s of 5.0, and 20.2 of 20.0.
    sed_eval compares the floating-point difference with the collar, by which 5.2 is out and 20.2 is
    in. Farther than a microsecond from the collar the two agree.

    Args:
        marked: onsets of events, seconds.
        found: onsets of regions, seconds.
        collar: seconds, included.
    """
    events, regions = (np.sort(microseconds(list(onsets))).tolist() for onsets in (marked, found))
    farthest = int(microseconds(collar))
    hits = event = region = 0
    while event < len(events) and region < len(regions):
        if abs(events[event] - regions[region]) <= farthest:
            hits, event, region = hits + 1, event + 1, region + 1
        elif events[event] < regions[region]:
            event += 1
        else:
            region += 1
    return Matches(hits, len(regions), len(events))
