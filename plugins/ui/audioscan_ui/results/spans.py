"""Spans of time, in seconds: what of one is left beside others, and which of them overlap."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

Span = tuple[float, float]


def cut_off(start: float, end: float, spans: Iterable[Span]) -> list[Span]:
    """The parts of a span that none of the others overlaps, in order."""
    parts = []
    for first, last in [*sorted(each for each in spans if each[0] < end and each[1] > start), (end, end)]:
        if first > start:
            parts.append((start, first))
        start = max(start, last)
    return parts


class Spans:
    """Spans that are asked which of them a place concerns.

    Args:
        spans: a point has equal times.
    """

    def __init__(self, spans: Sequence[Span]) -> None:
        self._spans = list(spans)
        self._starts, self._ends = np.array(self._spans, np.float64).reshape(-1, 2).T

    def over(self, span: Span) -> list[Span]:
        """Those that share some time with the span; a point is over a span that holds it, its ends included."""
        meet = (self._starts < span[1]) & (self._ends > span[0])
        point = (self._starts == self._ends) | (span[0] == span[1])
        return self._chosen(meet | (point & (self._starts <= span[1]) & (self._ends >= span[0])))

    def on(self, span: Span) -> list[Span]:
        """Those that share half of the shorter of the two with it; a point is on a span that holds it."""
        shared = np.minimum(self._ends, span[1]) - np.maximum(self._starts, span[0])
        shorter = np.minimum(self._ends - self._starts, span[1] - span[0])
        return self._chosen((shared >= 0) & (shared * 2 >= shorter))

    def _chosen(self, places: npt.NDArray[np.bool_]) -> list[Span]:
        return [self._spans[place] for place in np.flatnonzero(places)]
