"""Reader of the database of 8-cut, an editor whose users mark sounds by exporting clips."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path, PureWindowsPath

from audioscan_host.annotations import cells
from audioscan_host.annotations.annotation import Annotation, Role
from audioscan_host.errors import AnnotationError

MAGIC = b"SQLite format 3\0"
"""What every SQLite database begins with. https://www.sqlite.org/fileformat.html"""

CLIP = 8.0
"""Seconds of an 8-cut clip and of the windows that it scans, of which a hard negative is one."""

_COLUMNS: Mapping[str, Sequence[str]] = {
    "processed": ("filename", "source_path", "start_time", "output_path", "label", "scan_export"),
    "hard_negatives": ("filename", "source_path", "start_time", "profile"),
}
"""The tables and columns that are read; the others are not. https://github.com/ethanfel/8-cut, README and
docs/plans."""

_Row = tuple[object, ...]


def read_eight_cut(path: Path) -> Iterator[Annotation]:
    """Read `~/.8cut.db`: the exported clips, and the hard negatives. The database is opened read-only.

    A clip is a positive point at its start, since 8-cut marks only some of the places where a
    sound is and learns from what is near the mark; clips that were exported from a scan are left
    out, as 8-cut does by default: nobody placed them. The label of a clip is its sound label;
    where no clip has one, the export folder, which is 8-cut's class: `out/rain/clip_001/clip_001_0.mp4`
    is "rain". A hard negative is a negative span of 8 s, labelled with its profile, since 8-cut
    does not note which sound it was taken for.

    Raises:
        AnnotationError: the database cannot be read, or is not as 8-cut lays it out.
    """
    try:
        with closing(sqlite3.connect(_read_only(path.resolve()), uri=True)) as database:
            for table, columns in _COLUMNS.items():
                _check(database, table, columns, path)
            clips, negatives = (_rows(database, table) for table in _COLUMNS)
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())  # it quotes what is damaged
        raise AnnotationError(
            f"cannot read the database {path}: {reason}: close 8-cut and try again, or give a copy that is whole"
        ) from error
    yield from _clips([clip for clip in clips if not clip[-1]], path)
    for number, filename, source, start, profile in negatives:
        place = f"{path}, hard_negatives, row {number}"
        begin = _seconds(start, place)
        file, label = _recording(filename, source, place), str(profile or "").strip() or "negative"
        yield Annotation(file, begin, round(begin + CLIP, 6), label, Role.NEGATIVE)


def _read_only(path: Path) -> str:
    """The address of the database, such that reading leaves no file beside it.

    In WAL mode (2 in the bytes 18 and 19 of its header) even a reader makes files beside a database,
    and leaves them there. While nothing else has it open, which a `-wal` file would show, it may
    be read as one that cannot change. https://www.sqlite.org/wal.html#read_only_databases
    """
    with path.open("rb") as file:
        wal_mode = file.read(20)[18:] == b"\2\2"
    unchanging = wal_mode and not path.with_name(f"{path.name}-wal").exists()
    return f"{path.as_uri()}?mode=ro{'&immutable=1' if unchanging else ''}"


def _check(database: sqlite3.Connection, table: str, columns: Sequence[str], path: Path) -> None:
    there = {str(row[1]).casefold() for row in database.execute(f"PRAGMA table_info({table})")}
    if not there:
        raise AnnotationError(
            f"{path} is a database without the table {table}, not one of a recent 8-cut: "
            "start the newest 8-cut once, which adds what is missing, or give another label file"
        )
    missing = [name for name in columns if name not in there]
    if missing:
        raise AnnotationError(
            f"{path}: the table {table} lacks the column {', '.join(missing)} "
            f"(found {cells.shown(sorted(there))}): start the newest 8-cut once, which adds what is missing"
        )


def _rows(database: sqlite3.Connection, table: str) -> list[_Row]:
    names = ", ".join(_COLUMNS[table])
    return database.execute(f"SELECT rowid, {names} FROM {table} ORDER BY rowid").fetchall()  # noqa: S608 - constants


def _clips(clips: Sequence[_Row], path: Path) -> Iterator[Annotation]:
    labels = [str(label or "").strip() for *_, label, _ in clips]
    if any(labels) and not all(labels):
        number = clips[labels.index("")][0]
        raise AnnotationError(
            f"{path}, processed, row {number}: {labels.count('')} of {len(labels)} clips have no label: "
            "label them in 8-cut too, or write those that you want as CSV (file,start,end,label)"
        )
    for (number, filename, source, start, output, _, _), label in zip(clips, labels, strict=True):
        place = f"{path}, processed, row {number}"
        file, begin = _recording(filename, source, place), _seconds(start, place)
        yield Annotation(file, begin, None, label or _export_folder(output, place))


def _recording(filename: object, source: object, place: str) -> str:
    file = str(source or filename or "").strip()
    if not file:
        raise AnnotationError(f"{place}: filename and source_path are empty: delete the marker in 8-cut")
    return file


def _seconds(value: object, place: str) -> float:
    if not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise AnnotationError(
            f"{place}: start_time must be a number of seconds from 0 on, not {value!r}: delete the marker in 8-cut"
        )
    return float(value)


def _export_folder(output: object, place: str) -> str:
    """The folder of the folder that an export makes for its clips."""
    label = PureWindowsPath(str(output or "")).parent.parent.name  # reads both kinds of slash
    if not label:
        raise AnnotationError(
            f"{place}: neither label nor output_path ({output!r}) names the sound: label the clip in 8-cut"
        )
    return label
