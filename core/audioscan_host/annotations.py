"""Readers of label files."""

import csv
import io
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from audioscan_host.errors import AnnotationError

COLUMNS = ("file", "start", "end", "label")
"""The columns that a CSV label file must have; `role` may join them, others are ignored."""


class Role(StrEnum):
    """What an annotation says of its place: the sound is here, may be here, or is not."""

    POSITIVE = "positive"
    SOFT = "soft"
    NEGATIVE = "negative"


@dataclass(frozen=True)
class Annotation:
    """A labelled span or point of a recording.

    Attributes:
        file: the recording as the label file writes it; of an Audacity file its own name
            without the suffix, since it is named like its recording.
        start: seconds from the recording's beginning.
        end: seconds, after `start`; None for a point.
        label: the name of the sound.
        role: what the annotation says of its place.
    """

    file: str
    start: float
    end: float | None
    label: str
    role: Role = Role.POSITIVE


def read_annotations(path: Path) -> list[Annotation]:
    """Read a label file; what it is shows in its content, not in its suffix.

    - CSV: a header with `file,start,end,label` in any order, perhaps `role` (positive, soft or
      negative); other columns are ignored; an empty `end` makes a point.
    - Audacity labels: `start`, `end` and `label` separated by tabs, no header; the lines of
      frequency limits, which begin with a backslash, are skipped; equal times make a point.
      https://manual.audacityteam.org/man/importing_and_exporting_labels.html

    Raises:
        AnnotationError: the file cannot be read, or says something impossible; with the line.
    """
    text = _read_text(path)
    first_line = next((line for line in text.splitlines() if line.strip()), "")
    if not first_line:
        raise AnnotationError(f"{path} is empty: expected a CSV table or Audacity labels")
    for recognises, read in _READERS:
        if recognises(first_line):
            annotations = list(read(path, text))
            if not annotations:
                raise AnnotationError(f"{path} holds no annotations")
            return annotations
    raise AnnotationError(
        f"{path} is neither a CSV table with the header {','.join(COLUMNS)} "
        "nor an Audacity label file (start, end and label separated by tabs)"
    )


def positive_labels(annotations: Iterable[Annotation], only: Collection[str] = ()) -> list[str]:
    """The labels that have a positive annotation, in order of the alphabet.

    Args:
        annotations: of any recordings.
        only: the labels that are wanted; all of them where empty.

    Raises:
        AnnotationError: a wanted label has none, or there is none at all.
    """
    known = sorted({annotation.label for annotation in annotations if annotation.role is Role.POSITIVE})
    unknown = sorted(set(only) - set(known))
    if unknown:
        raise AnnotationError(
            f"no annotation has the label {unknown[0]!r}; there are: {', '.join(known) or 'none'}"
        )
    if not known:
        raise AnnotationError("no annotation is positive: label some places where the sound is")
    return [label for label in known if not only or label in only]


def _read_text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise AnnotationError(f"cannot read {path}: {error.strerror}") from error
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise AnnotationError(f"{path} is UTF-16 text: save it as UTF-8")
    if b"\0" in content:
        raise AnnotationError(f"{path} is not a text file: expected a CSV table or Audacity labels")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise AnnotationError(f"{path}, line {line}: not UTF-8 text: save the file as UTF-8") from error


def _looks_like_audacity(first_line: str) -> bool:
    cells = first_line.split("\t")
    return len(cells) > 1 and (cells[0] == "\\" or _number(cells[0].replace(",", ".")) is not None)


def _read_audacity(path: Path, text: str) -> Iterator[Annotation]:
    for number, line in enumerate(io.StringIO(text, newline=None), start=1):
        place = f"{path}, line {number}"
        if not line.strip() or line.startswith("\\"):
            continue
        cells = line.rstrip("\n").split("\t")
        if len(cells) < 2:
            raise AnnotationError(f"{place}: expected start, end and label separated by tabs")
        start, end = (
            _seconds(cell, name, place) for cell, name in zip(cells, ("start", "end"), strict=False)
        )
        # What follows a third tab is ignored, as Audacity does: some programs write a score there.
        label = cells[2].strip() if len(cells) > 2 else ""
        if not label:
            raise AnnotationError(f"{place}: the label has no text: name the sound, or remove the line")
        if end < start:
            raise AnnotationError(f"{place}: end ({end}) must be after start ({start})")
        yield Annotation(path.stem, start, end if end > start else None, label)


def _looks_like_csv(first_line: str) -> bool:
    return "," in first_line or first_line.strip().strip('"').casefold() in COLUMNS or ";" in first_line


def _read_csv(path: Path, text: str) -> Iterator[Annotation]:
    # skipinitialspace: what is written `a.wav, "3,5"` by hand is quoted too.
    rows = csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True)
    try:
        header = [name.strip().casefold() for name in next(row for row in rows if any(row))]
        _check_header(header, path)
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            place = f"{path}, line {rows.line_num}"
            if any(cell.strip() for cell in row[len(header) :]):
                raise AnnotationError(
                    f"{place}: {len(row)} cells, but the header has {len(header)}: "
                    "put a cell that holds a comma in double quotes"
                )
            cells = dict.fromkeys((*COLUMNS, "role"), "")
            cells.update((name, cell.strip()) for name, cell in zip(header, row, strict=False))
            yield _csv_annotation(cells, place)
    except csv.Error as error:
        raise AnnotationError(f"{path}, line {rows.line_num}: {error}") from error


def _check_header(header: Sequence[str], path: Path) -> None:
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        hint = " (separate the columns by commas)" if any(set(name) & set(";\t") for name in header) else ""
        raise AnnotationError(
            f"{path}: the header lacks {', '.join(missing)}; expected {','.join(COLUMNS)}, "
            f"found {','.join(header)[:80]}{hint}"
        )
    twice = [name for name in (*COLUMNS, "role") if header.count(name) > 1]
    if twice:
        raise AnnotationError(f"{path}: the header has {', '.join(twice)} more than once")


def _csv_annotation(cells: Mapping[str, str], place: str) -> Annotation:
    for name in ("file", "label"):
        if not cells[name]:
            raise AnnotationError(f"{place}: {name} is empty")
    start = _seconds(cells["start"], "start", place)
    end = _seconds(cells["end"], "end", place) if cells["end"] else None
    if end is not None and end <= start:
        hint = ": leave end empty for a point" if end == start else ""
        raise AnnotationError(f"{place}: end ({end}) must be after start ({start}){hint}")
    role = cells["role"].casefold() or Role.POSITIVE
    if role not in list(Role):
        raise AnnotationError(f"{place}: role must be one of {', '.join(Role)}, not {cells['role']!r}")
    return Annotation(cells["file"], start, end, cells["label"], Role(role))


def _seconds(cell: str, name: str, place: str) -> float:
    value = _number(cell)
    if value is None:
        pointed = cell.strip().replace(",", ".")
        hint = f": write decimals with a point, {pointed}" if _number(pointed) is not None else ""
        raise AnnotationError(f"{place}: {name} must be a number of seconds, not {cell.strip()!r}{hint}")
    if not math.isfinite(value) or value < 0:
        raise AnnotationError(f"{place}: {name} must be 0 s or later, not {cell.strip()}")
    return value


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


_READERS: tuple[tuple[Callable[[str], bool], Callable[[Path, str], Iterator[Annotation]]], ...] = (
    (_looks_like_audacity, _read_audacity),
    (_looks_like_csv, _read_csv),
)
"""What recognises a format by its first line that is not blank, and what reads it; first come, first served."""
