"""How the cells of label files are read, the same in every format."""

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath

from audioscan_host.errors import AnnotationError
from audioscan_host.recordings import SUFFIXES

EARLY = 0.05
"""Seconds before a recording's beginning that are taken for it: a drag that began at the edge of the picture."""

_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,4}):(\d{1,2}(?:\.\d*)?)")


def lines(text: str) -> Iterator[str]:
    """The lines without their ends, which are those of text files and no others that Unicode knows."""
    return (line.rstrip("\n") for line in io.StringIO(text, newline=None))


def rows(path: Path, text: str, delimiter: str) -> Iterator[tuple[str, list[str]]]:
    """The rows that are not blank, each with the place to name in an error.

    Cells are stripped; a quoted cell may hold the delimiter and, between commas, a line break.
    Between tabs it may not: there a quote that never ends would swallow the rows that follow.

    Raises:
        AnnotationError: the quotes of a row do not fit together.
    """
    # skipinitialspace: what is written `a.wav, "3,5"` by hand is quoted too.
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True
    )
    try:
        for row in reader:
            place = f"{path}, line {reader.line_num}"
            if delimiter == "\t" and any("\n" in cell or "\r" in cell for cell in row):
                raise AnnotationError(
                    f"{place}: a quoted cell runs over several lines: double the quotes that are part of a text"
                )
            if any(cell.strip() for cell in row):
                yield place, [cell.strip() for cell in row]
    except csv.Error as error:
        raise AnnotationError(
            f"{path}, line {reader.line_num}: {error}: check the double quotes of the row"
        ) from error


def by_name(header: Sequence[str], row: Sequence[str], place: str, *, hint: str = "") -> Mapping[str, str]:
    """The cells of a row by the names of their columns; those that the row lacks are empty.

    Raises:
        AnnotationError: the row has more cells than the header has columns.
    """
    if any(cell.strip() for cell in row[len(header) :]):
        raise AnnotationError(f"{place}: {len(row)} cells, but the header has {len(header)}{hint}")
    return dict(zip(header, [*row, *[""] * len(header)], strict=False))


def column_names(cells: Sequence[str]) -> list[str]:
    """The cells of a header as they are compared: the case does not matter."""
    return [cell.strip().casefold() for cell in cells]


def refuse_repeated(header: Sequence[str], names: Sequence[str], path: Path) -> None:
    """Refuse a header that has one of the names more than once."""
    twice = [name for name in names if header.count(name) > 1]
    if twice:
        raise AnnotationError(f"{path}: the header has {', '.join(twice)} more than once: rename the others")


def refuse_other_recordings(row: Mapping[str, str], place: str) -> None:
    """Refuse a row of a table without a column of recordings in which another column seems to name one."""
    for name, cell in row.items():
        if PurePath(cell).suffix.lower() in SUFFIXES:
            raise AnnotationError(
                f"{place}: {name or 'a column without a name'} names a recording, it seems ({cell[:60]!r}): call it file"
            )


def shown(header: Sequence[str]) -> str:
    """The header for an error: on one line, and not all of a long one."""
    return " ".join(",".join(header).split())[:80]


def seconds(cell: str, name: str, place: str) -> float:
    """A time, which must be finite and not negative; `m:ss` and `h:mm:ss` are times too.

    Raises:
        AnnotationError: it is none.
    """
    value = time(cell)
    if value is None:
        pointed = cell.strip().replace(",", ".")
        hint = f": write decimals with a point, {pointed}" if number(pointed) is not None else ""
        raise AnnotationError(f"{place}: {name} must be a number of seconds, not {cell.strip()!r}{hint}")
    if not math.isfinite(value) or value < -EARLY:
        raise AnnotationError(f"{place}: {name} must be 0 s or later, not {cell.strip()}")
    return max(value, 0.0)


def time(cell: str) -> float | None:
    """The seconds in a cell, `75.5` or `1:15.5` or `0:01:15.5`; or None."""
    clock = _CLOCK.fullmatch(cell.strip())
    if clock is None:
        return number(cell)
    hours, minutes, rest = int(clock[1] or 0), int(clock[2]), float(clock[3])
    if rest >= 60 or (clock[1] is not None and minutes >= 60):
        return None
    return hours * 3600 + minutes * 60 + rest


def number(cell: str) -> float | None:
    """The number in a cell, or None."""
    if "_" in cell:  # Python takes 20240501_120000 for a number; it is a recording
        return None
    try:
        return float(cell)
    except ValueError:
        return None


def hertz(cell: str) -> float | None:
    """A frequency; None where there is none. Audacity writes one that is not set as -1."""
    value = number(cell)
    return value if value is not None and math.isfinite(value) and value >= 0 else None


def score(row: Mapping[str, str]) -> float | None:
    """What a program gave a place, in the column `score`, or BirdNET's `confidence`; None where it is no finite number."""
    value = number(row.get("score") or row.get("confidence", ""))
    return value if value is not None and math.isfinite(value) else None


def is_time(cell: str) -> bool:
    """Whether a cell is meant for a time, if with a comma; decides what a column is."""
    value = time(cell.replace(",", "."))
    return value is not None and math.isfinite(value)
