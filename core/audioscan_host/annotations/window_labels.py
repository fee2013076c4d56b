"""What the annotations of a recording say of its windows: positive, negative, or nothing."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from audioscan_host.annotations import Annotation, Role
from audioscan_host.annotations.points import Points
from audioscan_host.errors import SettingError
from audioscan_host.windows import Microseconds, microseconds

POSITIVE = 1
NEGATIVE = 0
LEFT_OUT = -1

POINT_MARGIN = 30.0
"""Seconds around a positive where points say nothing: they mark only some of what is there."""

_SLACK = 50_000  # microseconds; less than anybody places a mark by hand, more than a file's decimals round


def window_labels(
    annotations: Sequence[Annotation],
    label: str,
    times: npt.NDArray[np.float64],
    window: float,
    *,
    tolerance: float = 12.0,
    neg_margin: float | None = None,
    points: Points | str = Points.MARK,
) -> npt.NDArray[np.int8]:
    """Label the windows of one recording for one sound.

    A window is *on* a span where the overlap is at least half of the shorter of the two, and on
    a point that it contains; it *touches* what it overlaps or contains at all. The first rule
    that holds decides:

    1. on a soft span of this label: left out;
    2. on a positive span of this label, or starting within `tolerance` of a positive point: positive;
    3. touching a positive of this label: left out;
    4. touching a soft place of this label: left out;
    5. on an annotation with the role negative, on a place where this label is absent, or on a positive of
       another label: negative;
    6. `neg_margin` or more from every positive and every soft point of this label: negative;
    7. otherwise left out.

    A recording without a positive of this label is therefore negative but for its soft places; where
    all that is said of it is that other labels are absent, it is left out, as one without annotations. A
    window that touches an unlabelled place, of whatever label, knows less, and only what annotations say of all
    of it counts: rule 2 asks that it holds the whole span or the span holds all of it, rule 5 that the
    span holds all of it, and rule 6 does not apply. All of it is all but 50 ms, or a tenth.

    Points of this label that are `unsure` make nothing positive: rule 2 does not know them, and by rule 3
    the windows that contain one are left out.

    Args:
        annotations: all of the recording's, of every label.
        label: the sound.
        times: (windows,) starts in seconds.
        window: seconds; of a recording that is shorter than the window, its own length.
        tolerance: seconds.
        neg_margin: seconds between a window's nearer end and a positive; None: 0 s where the
            positives of this label in this recording are spans, 30 s where any is a point. Points that
            are unsure count for that only where there is no span beside them. From soft points it is 30 s.
        points: what the points of this label are; see `annotations.points.points_of`.

    Returns:
        (windows,) int8: 1 positive, 0 negative, -1 left out.

    Raises:
        SettingError: a length that is negative or not finite.
    """
    for name, value in (("window", window), ("tolerance", tolerance), ("neg_margin", neg_margin or 0.0)):
        if not (math.isfinite(value) and value >= 0):
            raise SettingError(f"{name} must be 0 s or more, not {value:g} s")
    own = [a for a in annotations if a.role is Role.POSITIVE and a.label == label]
    own_spans = [a for a in own if a.end is not None]
    marks = [a for a in own if a.end is None and points == Points.MARK]
    soft = [a for a in annotations if a.role is Role.SOFT and a.label == label]
    soft_points = [a for a in soft if a.end is None]
    soft_margin = POINT_MARGIN if neg_margin is None else neg_margin
    if neg_margin is None:
        neg_margin = POINT_MARGIN if marks or (own and not own_spans) else 0.0
    if annotations and not any(concerns(each, label) for each in annotations):
        return np.full(len(times), LEFT_OUT, dtype=np.int8)
    windows = _Windows(times, window)
    partly = windows.touch([a for a in annotations if a.role is Role.UNLABELLED])
    spans = np.where(partly, windows.wholly_on(own_spans), windows.on(own_spans))
    other = [a for a in annotations if _denies(a, label)]

    labels = np.full(len(times), LEFT_OUT, dtype=np.int8)
    # The rules from the last to the first, each painted over what is weaker.
    near = windows.nearer_than(neg_margin, own) | windows.nearer_than(soft_margin, soft_points)
    labels[~near] = NEGATIVE
    labels[windows.on(other)] = NEGATIVE
    labels[partly] = LEFT_OUT
    labels[partly & windows.within(other)] = NEGATIVE
    labels[windows.touch(soft) | windows.touch(own)] = LEFT_OUT
    labels[spans | windows.start_within(tolerance, marks)] = POSITIVE
    labels[windows.on([a for a in soft if a.end is not None])] = LEFT_OUT
    return labels


def concerns(annotation: Annotation, label: str) -> bool:
    """Whether an annotation says anything of the label: not where it says that another one is absent."""
    return annotation.role is not Role.ABSENT or annotation.label == label


def _denies(annotation: Annotation, label: str) -> bool:
    """Whether it says that the sound is not in its place."""
    if annotation.role is Role.ABSENT:
        return annotation.label == label
    return annotation.role is Role.NEGATIVE or (
        annotation.role is Role.POSITIVE and annotation.label != label
    )


def touched(
    places: Sequence[Annotation], times: npt.NDArray[np.float64], window: float
) -> npt.NDArray[np.bool_]:
    """(windows,) which of them overlap a span or contain a point, whatever its role."""
    return _Windows(times, window).touch(places)


class _Windows:
    """The windows of a recording, asked which of them lie where.

    Times are whole microseconds, finer than any label file writes them, so that "exactly half"
    is exact. The starts of the windows that an annotation concerns are one interval; a window is
    concerned by any annotation where more intervals have begun than ended: no table of windows
    by annotations is needed.
    """

    def __init__(self, times: npt.NDArray[np.float64], window: float) -> None:
        self._starts = microseconds(times)
        self._length = int(microseconds(window))

    def on(self, places: Sequence[Annotation]) -> npt.NDArray[np.bool_]:
        begin, end = _bounds(places)
        enough = (np.minimum(end - begin, self._length) + 1) // 2
        return self._start_in(begin + enough - self._length, end - enough)

    def wholly_on(self, places: Sequence[Annotation]) -> npt.NDArray[np.bool_]:
        """Where the window holds the whole place, or lies within it."""
        begin, end = _bounds(places)
        enough = self._all_of(np.minimum(end - begin, self._length))
        return self._start_in(begin + enough - self._length, end - enough)

    def within(self, places: Sequence[Annotation]) -> npt.NDArray[np.bool_]:
        begin, end = _bounds(places)
        enough = self._all_of(np.full_like(begin, self._length))
        long = end - begin >= enough
        return self._start_in((begin + enough - self._length)[long], (end - enough)[long])

    def _all_of(self, lengths: Microseconds) -> Microseconds:
        return lengths - np.minimum(_SLACK, lengths // 10)

    def touch(self, places: Sequence[Annotation]) -> npt.NDArray[np.bool_]:
        begin, end = _bounds(places)
        return self._start_in(begin + 1 - self._length, end - 1)

    def nearer_than(self, margin: float, places: Sequence[Annotation]) -> npt.NDArray[np.bool_]:
        begin, end = _bounds(places, shortest=0)
        reach = int(microseconds(margin)) - 1
        return self._start_in(begin - reach - self._length, end + reach)

    def start_within(self, tolerance: float, points: Sequence[Annotation]) -> npt.NDArray[np.bool_]:
        begin, end = _bounds(points, shortest=0)
        reach = int(microseconds(tolerance))
        return self._start_in(begin - reach, end + reach)

    def _start_in(self, first: Microseconds, last: Microseconds) -> npt.NDArray[np.bool_]:
        """Where a window starts in any of the closed intervals `first` to `last`."""
        begun = np.searchsorted(np.sort(first), self._starts, side="right")
        ended = np.searchsorted(np.sort(last), self._starts, side="left")
        return begun > ended


def _bounds(places: Sequence[Annotation], shortest: int = 1) -> tuple[Microseconds, Microseconds]:
    """Begin and end of each; a point is a span of the shortest length, which gives it the same rules."""
    begin = microseconds([a.start for a in places])
    end = microseconds([a.start if a.end is None else a.end for a in places])
    return begin, np.maximum(end, begin + shortest)
