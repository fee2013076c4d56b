"""What the label files said before, kept where a verdict says nothing against it.

A later label file replaces every earlier annotation of the same label that it overlaps, however little. That is right for a
file that corrects another by hand. A verdict is on a region, whose edges lie where the windows lie: it must not cost a minute
that somebody has listened to, or edges that somebody has placed to the hundredth of a second.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from audioscan_host import Annotation, Role
from audioscan_ui.results.spans import Span, Spans, cut_off

_SOUNDS = (Role.POSITIVE, Role.SOFT)

_BESIDE_POINT = 0.01
"""Seconds; a span that ends at a point holds it."""


@dataclass(frozen=True)
class Row:
    """A row of what was judged.

    Attributes:
        start: seconds.
        end: seconds; None for a point of a label file that is repeated.
        label: the sound.
        role: what is said of it.
        as_found: the region was accepted as it was found, so its edges are the detector's.
        core: the span that was judged, where the row is wider than that; seconds.
    """

    start: float
    end: float | None
    label: str
    role: Role
    as_found: bool = False
    core: Span | None = None

    @property
    def judged(self) -> Span:
        """What a person looked at, seconds."""
        return self.core or (self.start, self.start if self.end is None else self.end)


def beside_known(rows: Sequence[Row], known: Iterable[Annotation]) -> list[Row]:
    """The rows, so that only what they are about is replaced.

    - A region that was accepted as found, and that a label file has already, is left to the label file.
    - What lies beside what was judged, and is touched only because windows are long, is no longer touched.
    - Of an earlier span of which less than half was judged, the rest is written again. Where a label file says that the sound is
      not there, the rest is written again however much of it was judged.

    Args:
        rows: of one recording.
        known: what label files say of it.
    """
    by_label: dict[str, list[Annotation]] = defaultdict(list)
    for annotation in known:
        if annotation.role is not Role.UNLABELLED:
            by_label[annotation.label].append(annotation)
    result: list[Row] = []
    for label in dict.fromkeys(row.label for row in rows):
        result += _of_label([row for row in rows if row.label == label], by_label[label])
    return result


def _of_label(rows: Sequence[Row], known: Sequence[Annotation]) -> list[Row]:
    positives = Spans([_span(each) for each in known if each.role is Role.POSITIVE])
    rows = [row for row in rows if not (row.as_found and positives.on(row.judged))]
    judged, written = Spans([row.judged for row in rows]), Spans([_span(row) for row in rows])
    others = {role: Spans([row.judged for row in rows if row.role is not _said(role)]) for role in Role}
    again: list[Row] = []
    beside: list[Span] = []
    for annotation in known:
        over = judged.over(_span(annotation))
        if over:
            again += _rest(annotation, over, others[annotation.role].over(_span(annotation)))
        elif annotation.role in _SOUNDS:
            beside.append(_span(annotation))
        elif written.over(_span(annotation)):
            again.append(Row(annotation.start, annotation.end, annotation.label, annotation.role))
    sounds = Spans(beside)
    return [*(_narrowed(row, sounds.over(_span(row))) for row in rows), *again]


def _rest(annotation: Annotation, judged: Iterable[Span], otherwise: Iterable[Span]) -> list[Row]:
    """What stays of an earlier span; nothing where it is a sound, half or more of which was judged.

    Args:
        annotation: the earlier span, or a point.
        judged: the spans over it that were judged.
        otherwise: those of them by which it is not as the label file says.
    """
    start, end, label, role = annotation.start, annotation.end, annotation.label, annotation.role
    if end is None:
        return []
    left = sum(last - first for first, last in cut_off(start, end, judged))
    if role in _SOUNDS and left * 2 <= end - start:
        return []
    return [Row(first, last, label, role) for first, last in cut_off(start, end, otherwise)]


def _said(role: Role) -> Role:
    """What a verdict says that agrees with an annotation of this role."""
    return Role.ABSENT if role is Role.NEGATIVE else role


def _narrowed(row: Row, beside: Iterable[Span]) -> Row:
    """The row, which ends where an earlier sound begins that was not judged."""
    if row.core is None or row.end is None:
        return row
    start, end = row.start, row.end
    for first, last in beside:
        margin = _BESIDE_POINT if first == last else 0.0
        if last <= row.core[0]:
            start = max(start, min(last + margin, row.core[0]))
        if first >= row.core[1]:
            end = min(end, max(first - margin, row.core[1]))
    return replace(row, start=start, end=end)


def _span(place: Annotation | Row) -> Span:
    return place.start, place.start if place.end is None else place.end
