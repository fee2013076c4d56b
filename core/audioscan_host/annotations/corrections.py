"""Later label files correct earlier ones."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, product

from audioscan_host.annotations.annotation import Annotation, Role

SAME_POINT = 0.05
"""Seconds between two points that are one: less than anybody places a mark by hand."""


def corrected(earlier: Sequence[Annotation], later: Sequence[Annotation]) -> list[Annotation]:
    """The annotations of one recording from two label files, where the later file wins.

    An earlier annotation is dropped where a later one of the same label, whatever their roles,
    overlaps it: two spans share some time, an earlier point lies within a later span, or two
    points lie within 0.05 s of each other. A later point leaves an earlier span alone, since it
    says nothing of the rest of it. An earlier negative, by which nothing at all is in its place, stays where
    a later annotation says that its label is absent: the two agree. Unlabelled is what both leave unlabelled: where one file labels
    a recording throughout, another that labels some places of it changes nothing of the rest.

    An annotation without a source is of the one that the other file names first: corrections do not take
    a recording from its session, and a file may be there for the sources alone.

    Args:
        earlier: of one recording.
        later: of the same recording, from the file that wins.

    Returns:
        What is left of the earlier ones, then all the later ones, then what is unlabelled.
    """
    if not (earlier and later):
        return [*earlier, *later]
    earlier, later = _with_source_of(later, earlier), _with_source_of(earlier, later)
    corrections = _by_label(_labelled(later))
    of_negatives = _by_label(a for a in _labelled(later) if a.role is not Role.ABSENT)
    kept = [
        a
        for a in _labelled(earlier)
        if not (of_negatives if a.role is Role.NEGATIVE else corrections)[a.label].overlap(a)
    ]
    return [*kept, *_labelled(later), *_unlabelled_in_both(earlier, later)]


def _with_source_of(named: Sequence[Annotation], annotations: Sequence[Annotation]) -> list[Annotation]:
    source = next((a.source for a in named if a.source), "")
    return [a if a.source else replace(a, source=source) for a in annotations]


def _by_label(annotations: Iterable[Annotation]) -> "Mapping[str, _Places]":
    """The places of each label; of a label that has none there are none."""
    by_label: dict[str, list[Annotation]] = defaultdict(list)
    for annotation in annotations:
        by_label[annotation.label].append(annotation)
    places = {label: _Places(of_label) for label, of_label in by_label.items()}
    return defaultdict(lambda: _Places([]), places)


def _labelled(annotations: Sequence[Annotation]) -> list[Annotation]:
    return [a for a in annotations if a.role is not Role.UNLABELLED]


def _unlabelled_in_both(earlier: Sequence[Annotation], later: Sequence[Annotation]) -> Iterator[Annotation]:
    """The shared times of each pair of unlabelled spans."""
    of_both = [
        [a for a in each if a.role is Role.UNLABELLED and a.end is not None] for each in (earlier, later)
    ]
    for one, other in product(*of_both):
        start, end = max(one.start, other.start), min(one.end or 0.0, other.end or 0.0)
        if start < end:
            yield replace(other, start=start, end=end)


class _Places:
    """Where annotations lie, asked whether any of them overlaps another one."""

    def __init__(self, annotations: Sequence[Annotation]) -> None:
        spans = [(a.start, a.end) for a in annotations if a.end is not None]
        points = [(a.start - SAME_POINT, a.start + SAME_POINT) for a in annotations if a.end is None]
        self._spans = _Intervals(spans)
        self._spans_and_points = _Intervals(spans + points)

    def overlap(self, annotation: Annotation) -> bool:
        if annotation.end is None:
            return self._spans_and_points.hold(annotation.start)
        return self._spans.meet(annotation.start, annotation.end)


class _Intervals:
    """Intervals in order of their starts, and the farthest end of those up to each.

    Times are rounded to microseconds, so that 0.05 s is exact.
    """

    def __init__(self, intervals: Iterable[tuple[float, float]]) -> None:
        ordered = sorted((round(start, 6), round(end, 6)) for start, end in intervals)
        self._starts = [start for start, _ in ordered]
        self._farthest = list(accumulate((end for _, end in ordered), max))

    def meet(self, start: float, end: float) -> bool:
        """Whether one shares some time with the span, more than an end."""
        before = bisect_left(self._starts, round(end, 6))
        return before > 0 and self._farthest[before - 1] > round(start, 6)

    def hold(self, time: float) -> bool:
        """Whether one holds the time, its ends included."""
        before = bisect_right(self._starts, round(time, 6))
        return before > 0 and self._farthest[before - 1] >= round(time, 6)
