"""What the second number of a row is, where no header says it: an end, or a duration."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from audioscan_host.annotations.annotation import Annotation
from audioscan_host.choices import Choice
from audioscan_host.errors import AnnotationError


class LabelsAs(Choice):
    """What the second number of a row without a header is."""

    AUTO = "auto"
    """An end; refused where it is likely a duration."""
    ENDS = "ends"
    """An end."""
    DURATIONS = "durations"
    """A duration, as Sonic Visualiser writes it."""


@dataclass(frozen=True)
class TimedRow:
    """A row as it is written.

    Attributes:
        place: to name in an error.
        file: the recording, or what stands for it.
        start: seconds.
        second: the second number, seconds.
        label: its text.
        low: Hz, where it says so.
        high: Hz, where it says so.
    """

    place: str
    file: str
    start: float
    second: float
    label: str
    low: float | None = None
    high: float | None = None


FEWEST = 3
"""Labels of one sound that say whether labels overlap throughout."""


def spans_of(rows: Sequence[TimedRow], labels_as: LabelsAs, path: Path) -> Iterator[Annotation]:
    """The annotations of the rows; a row without length is a point.

    Raises:
        AnnotationError: an end is before its start, or, where nobody says what it is, the labels of each sound
            overlap each other throughout.
    """
    if labels_as is LabelsAs.DURATIONS:
        ends = [round(row.start + row.second, 6) for row in rows]
    else:
        ends = [row.second for row in rows]
        for row in rows:
            if row.second < row.start:
                raise AnnotationError(
                    f"{row.place}: end ({row.second}) must be after start ({row.start}); where the second column is a "
                    "duration, as in Sonic Visualiser's files, say --labels-as durations"
                )
        if labels_as is LabelsAs.AUTO and _overlap_throughout(rows):
            raise AnnotationError(
                f"{path}: read as starts and ends its labels overlap each other throughout, so the second column is a "
                "duration, it seems: say --labels-as durations, or --labels-as ends where they do overlap"
            )
    for row, end in zip(rows, ends, strict=True):
        span = (row.start, end if end > row.start else None)
        yield Annotation(row.file, *span, row.label, low=row.low, high=row.high)


def _overlap_throughout(rows: Sequence[TimedRow]) -> bool:
    """Whether each label of a sound overlaps the next of it: no two sounds of one kind are told apart."""
    of_sounds: dict[tuple[str, str], list[TimedRow]] = defaultdict(list)
    for row in rows:
        if row.second > row.start:
            of_sounds[row.file, row.label].append(row)
    several = [sorted(each, key=lambda row: row.start) for each in of_sounds.values() if len(each) > 1]
    overlap = all(after.start < before.second for each in several for before, after in pairwise(each))
    return overlap and sum(map(len, several)) >= FEWEST
