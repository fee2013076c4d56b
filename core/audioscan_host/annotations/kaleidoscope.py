"""Reader of the tables of Kaleidoscope (Wildlife Acoustics), and of BirdNET's in their likeness."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from audioscan_host.annotations import cells
from audioscan_host.annotations.annotation import Annotation
from audioscan_host.annotations.label_format import LabelHead
from audioscan_host.annotations.named_columns import first_filled
from audioscan_host.errors import AnnotationError

LABEL_COLUMNS = (
    "manual id",
    "auto id*",
    "auto id",
    "top1match*",
    "top1match",
    "common_name",
    "scientific_name",
)
"""Where a label may be; the first column that has any text counts, so that a person goes before a program."""

_NO_NAME = ("noid", "no id")
"""What the program writes where it names nothing."""


def is_kaleidoscope(head: LabelHead) -> bool:
    """Whether the first line is a header of Kaleidoscope's."""
    return {"in file", "offset", "duration"} <= head.columns


def read_kaleidoscope(path: Path, text: str) -> Iterator[Annotation]:
    """Read `INDIR`, `FOLDER`, `IN FILE`, `OFFSET`, `DURATION` and `MANUAL ID`, or `AUTO ID` where no row has that.

    A detection is `DURATION` seconds from `OFFSET` on; an empty offset is the recording's beginning.
    https://www.wildlifeacoustics.com/resources/user-guides
    """
    rows = cells.rows(path, text, LabelHead(text).delimiter)
    header = cells.column_names(next(rows)[1])
    cells.refuse_repeated(header, ("indir", "folder", "in file", "offset", "duration", *LABEL_COLUMNS), path)
    if not set(LABEL_COLUMNS) & set(header):
        raise AnnotationError(
            f"{path}: the Kaleidoscope table has no column MANUAL ID or AUTO ID (found {cells.shown(header)}): add one"
        )
    named = [(place, cells.by_name(header, row, place)) for place, row in rows]
    label = first_filled(LABEL_COLUMNS, header, [row for _, row in named])
    for place, row in named:
        start = cells.seconds(row["offset"], "OFFSET", place) if row["offset"] else 0.0
        length = cells.seconds(row["duration"], "DURATION", place)
        end = round(start + length, 6)
        name = "" if row[label].casefold() in _NO_NAME else row[label]
        yield Annotation(_file(row, place), start, end if end > start else None, name)


def _file(row: Mapping[str, str], place: str) -> str:
    if not row["in file"]:
        raise AnnotationError(f"{place}: IN FILE is empty: fill it in, or remove the row")
    folders = [row.get(name, "").replace("\\", "/").rstrip("/") for name in ("indir", "folder")]
    return "/".join([*filter(None, folders), row["in file"]])
