"""Reader of CSV and TSV label files with a header."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from audioscan_host.annotations import cells
from audioscan_host.annotations.annotation import Annotation, Role
from audioscan_host.errors import AnnotationError

COLUMNS = ("file", "start", "end", "label")
"""The columns that a CSV or TSV label file must have; `role`, `source`, `low_freq`, `high_freq` and `score` may join
them, others are ignored."""


FILE_COLUMNS = ("file", "filename", "file_name", "filepath", "path", "recording", "audio_file")
"""What the column of the recordings may be called; the first that is there is it."""


def read_csv(path: Path, text: str) -> Iterator[Annotation]:
    """Read a header with `file,start,end,label` in any order, perhaps `role`, `source` and `score`, and a row an annotation.

    `low_freq` and `high_freq` are its frequencies in Hz, where they hold numbers. Other columns are ignored, and so is a score
    that is no number. An empty `end` makes a point. A table with no column of recordings
    is named like its recording.
    """
    return _read(path, text, ",", "commas")


def read_tsv(path: Path, text: str) -> Iterator[Annotation]:
    """Read the columns of `read_csv`, separated by tabs."""
    return _read(path, text, "\t", "tabs")


def _read(path: Path, text: str, delimiter: str, delimiter_name: str) -> Iterator[Annotation]:
    rows = cells.rows(path, text, delimiter)
    header = _with_file(cells.column_names(next(rows, ("", []))[1]))
    _check(header, path, delimiter, delimiter_name)
    hint = ": put a cell that holds a comma in double quotes" if delimiter == "," else ": end the row there"
    for place, cells_of in rows:
        row = cells.by_name(header, cells_of, place, hint=hint)
        if "file" not in header:
            cells.refuse_other_recordings(row, place)
        yield _annotation({"file": path.stem, **row}, place)


def _with_file(header: list[str]) -> list[str]:
    name = next((name for name in FILE_COLUMNS if name in header), "file")
    return ["file" if each == name else each for each in header]


def _check(header: Sequence[str], path: Path, delimiter: str, delimiter_name: str) -> None:
    missing = [name for name in COLUMNS if name not in header]
    if missing not in ([], ["file"]):
        others = any(set(name) & set(",;\t") - {delimiter} for name in header)
        hint = f" (separate the columns by {delimiter_name})" if others else ""
        raise AnnotationError(
            f"{path}: the header lacks {', '.join(missing)}; expected {','.join(COLUMNS)}, "
            f"found {cells.shown(header)}{hint}"
        )
    cells.refuse_repeated(header, (*COLUMNS, "role", "source", "low_freq", "high_freq"), path)


def _annotation(row: Mapping[str, str], place: str) -> Annotation:
    role = row.get("role", "").casefold() or Role.POSITIVE
    if role not in list(Role):
        raise AnnotationError(f"{place}: role must be one of {', '.join(Role)}, not {row['role']!r}")
    if not row["file"]:
        raise AnnotationError(f"{place}: file is empty: fill it in, or remove the row")
    start = cells.seconds(row["start"], "start", place)
    end = cells.seconds(row["end"], "end", place) if row["end"] else None
    if end is not None and end <= start:
        hint = ": leave end empty for a point" if end == start else ""
        raise AnnotationError(f"{place}: end ({end}) must be after start ({start}){hint}")
    low, high = (cells.hertz(row.get(name, "")) for name in ("low_freq", "high_freq"))
    source, score = row.get("source", ""), cells.score(row)
    return Annotation(row["file"], start, end, row["label"], Role(role), source, low, high, score)
