"""Reader of CSV without a header, whose columns are plain: `start,end,label`, with or without a file before them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from audioscan_host.annotations import cells
from audioscan_host.annotations.annotation import Annotation
from audioscan_host.annotations.label_format import LabelHead
from audioscan_host.annotations.labels_as import LabelsAs, TimedRow, spans_of
from audioscan_host.errors import AnnotationError


def is_plain_csv(head: LabelHead) -> bool:
    """Whether the first line is a row: two times and a text, or a text, two times and anything."""
    return head.delimiter == "," and _first_time(head.comma_cells) is not None


def read_plain_csv(path: Path, text: str, labels_as: LabelsAs = LabelsAs.AUTO) -> Iterator[Annotation]:
    """Read `start,end,label`, named like its recording, or `file,start,end,label`; equal times make a point."""
    return spans_of(list(_rows(path, text)), labels_as, path)


def _rows(path: Path, text: str) -> Iterator[TimedRow]:
    width: int | None = None
    for place, row in cells.rows(path, text, ","):
        width = width or len(row)
        if len(row) != width:
            raise AnnotationError(
                f"{place}: {len(row)} cells, but the first row has {width}: put a cell that holds a comma in double quotes"
            )
        file = row[0] if width == 4 else path.stem
        if not file:
            raise AnnotationError(f"{place}: file is empty: fill it in, or remove the row")
        first, second, label = row[-3:]
        start, end = cells.seconds(first, "start", place), cells.seconds(second, "end", place)
        yield TimedRow(place, file, start, end, label)


def _first_time(row: Sequence[str]) -> int | None:
    """The column of the start: 0 of three, 1 of four. A third number may be a label, a first one no file."""
    times = [cells.is_time(cell) for cell in row]
    if len(row) == 3 and all(times[:2]):
        return 0
    return 1 if len(row) == 4 and times[:3] == [False, True, True] else None
