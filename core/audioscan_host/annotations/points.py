"""What the points of a label are: marks of a sound, or clicks among spans that were not dragged over it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import chain
from pathlib import Path

from audioscan_host.annotations.annotation import Annotation, Role
from audioscan_host.notes import About, Note, Tell, log


class Points(StrEnum):
    """What the points of a label are."""

    MARK = "mark"
    """The sound begins about there, and windows near it hold it."""
    UNSURE = "unsure"
    """The sound is there, and nobody knows how long."""


_SHOWN = 3  # recordings that a warning names


def points_of(label: str, annotations: Iterable[Annotation]) -> Points:
    """How a label's points are meant, from all the annotations that are learned from.

    What most of the positive annotations are decides, over all recordings: a label of more points than
    spans is labelled in points, and a few spans beside them, such as corrected suggestions beside the
    marks of 8-cut, change nothing of that. Otherwise its points are spans that nobody drew.
    """
    own = [a for a in annotations if a.role is Role.POSITIVE and a.label == label]
    points = sum(a.end is None for a in own)
    return Points.MARK if points > len(own) - points else Points.UNSURE


def tell_points_among_spans(
    labels: Collection[str], annotations: Mapping[Path, Sequence[Annotation]], tell: Tell = log
) -> None:
    """Tell, in one line a label, of points among its spans, and where they are."""
    by_label: dict[str, dict[Path, list[Annotation]]] = {label: {} for label in labels}
    for path, of_path in annotations.items():
        for each in of_path:
            if each.role is Role.POSITIVE and each.label in by_label:
                by_label[each.label].setdefault(path, []).append(each)
    for label, own in by_label.items():
        if points_of(label, chain.from_iterable(own.values())) is Points.MARK:
            continue
        points = {path: [a.start for a in each if a.end is None] for path, each in own.items()}
        where = [
            f"{path} ({len(times)}, at {min(times):g} s{' and later' * (len(times) > 1)})"
            for path, times in points.items()
            if times
        ]
        if where:
            message = (
                f"{label}: {sum(map(len, points.values()))} of its {sum(map(len, own.values()))} annotations have no length, "
                f"clicks without a drag perhaps, in {', '.join(where[:_SHOWN])}"
                f"{f' and {len(where) - _SHOWN} more recordings' * (len(where) > _SHOWN)}: nobody knows how long the sound "
                "is there, so the windows that hold them are left out; drag over the sound, or remove them"
            )
            tell(Note(About.LABELS, message, label=label))
