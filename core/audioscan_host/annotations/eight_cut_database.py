"""The rows of 8-cut's database: opened read-only, from tables alone, within bounds of time and size."""

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from audioscan_host.annotations import cells
from audioscan_host.errors import AnnotationError
from audioscan_host.remote_path import RemotePath

MAGIC = b"SQLite format 3\0"
"""What every SQLite database begins with. https://www.sqlite.org/fileformat.html"""

SECONDS = 30.0
"""That reading may take; 100,000 clips take one."""

CHARACTERS = 256_000_000
"""That the rows may hold in all: a default of a column stands in the file once, and in every row that is read."""

_CELL = 1_000_000
"""Bytes of a row, or of a statement of the schema."""

_STEPS = 10_000
"""Instructions of SQLite between two looks at the clock."""

Row = tuple[object, ...]


def read_rows(path: Path, tables: Mapping[str, Sequence[str]]) -> dict[str, list[Row]]:
    """The rows of tables, each with its number first, then the columns that are asked for.

    Args:
        path: the database.
        tables: name -> columns.

    Raises:
        AnnotationError: it cannot be read, lacks a table or a column, or asks for more than the bounds.
    """
    if isinstance(path, RemotePath):
        raise AnnotationError(f"cannot read the database {path} behind a URL: copy it to this machine")
    deadline = time.monotonic() + SECONDS
    try:
        with closing(sqlite3.connect(_read_only(path.resolve()), uri=True)) as database:
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _CELL)
            database.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
            database.execute("PRAGMA trusted_schema = OFF")
            for table, columns in tables.items():
                _check(database, table, columns, path)
            return {table: list(_rows(database, table, columns, path)) for table, columns in tables.items()}
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
        if time.monotonic() > deadline:
            raise AnnotationError(
                f"cannot read the database {path} within {SECONDS:g} s: it is not as 8-cut leaves it, or lies where reading "
                "is very slow: give a copy on a local disk"
            ) from error
        reason = " ".join(str(error).split())  # it quotes what is damaged
        raise AnnotationError(
            f"cannot read the database {path}: {reason}: close 8-cut and try again, or give a copy that is whole"
        ) from error


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
    """Refuse what is no table, whatever it would give: a view computes its rows, and may never end."""
    found = database.execute(
        "SELECT type, sql FROM sqlite_master WHERE lower(name) = ? AND type IN ('table', 'view')", (table,)
    ).fetchone()
    if found is None:
        raise AnnotationError(
            f"{path} is a database without the table {table}, not one of a recent 8-cut: "
            "start the newest 8-cut once, which adds what is missing, or give another label file"
        )
    kind, statement = found
    if kind != "table" or str(statement).split()[1:2] != ["TABLE"]:
        raise AnnotationError(
            f"{path}: {table} is no plain table, as 8-cut makes it: give a database of 8-cut"
        )
    there = {str(row[1]).casefold() for row in database.execute(f"PRAGMA table_info({table})")}
    missing = [name for name in columns if name not in there]
    if missing:
        raise AnnotationError(
            f"{path}: the table {table} lacks the column {', '.join(missing)} "
            f"(found {cells.shown(sorted(there))}): start the newest 8-cut once, which adds what is missing"
        )


def _rows(database: sqlite3.Connection, table: str, columns: Sequence[str], path: Path) -> Iterator[Row]:
    names = ", ".join(columns)
    characters = 0
    for row in database.execute(f"SELECT rowid, {names} FROM {table} ORDER BY rowid"):  # noqa: S608 - the reader's constants
        characters += sum(len(cell) for cell in row if isinstance(cell, str | bytes))
        if characters > CHARACTERS:
            raise AnnotationError(
                f"{path}: the rows of {table} hold more than {CHARACTERS:,} characters: give a database of 8-cut"
            )
        yield row
