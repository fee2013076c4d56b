"""Files that are written whole or not at all."""

import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

TEMPORARY = ".tmp"
"""Ending of a file that is being written, or that a killed process left behind."""

_SHOWN = 20
"""Characters of a file's name that its temporary name begins with: a name that is as long as the file system
allows leaves no room for a longer one."""


@contextmanager
def atomic_write(path: Path, *, lasting: bool = True) -> Iterator[IO[bytes]]:
    """A binary file that takes its name only when it is complete and on the disk.

    One that need not be `lasting` takes it when it is complete: after a power failure it may hold anything.

    The folder is made where it is missing. Whoever kills the process leaves at most a file that says what it is,
    `found.csv.unfinished-1f0c9ab27d44.tmp`.

    Raises:
        OSError: the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name[:_SHOWN]}.unfinished-{uuid.uuid4().hex[:12]}{TEMPORARY}")
    try:
        with temporary.open("xb") as file:
            yield file
            if lasting:
                _keep(file)
        temporary.replace(path)
    finally:
        with suppress(OSError):  # what went wrong first is told
            temporary.unlink(missing_ok=True)
    if lasting:
        _sync_folder(path.parent)


def write_together(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files that belong together: all of them are on the disk before one of them takes its name, the last one last.

    Raises:
        OSError: one of them cannot be written; then all is as it was.
    """
    with ExitStack() as names:
        for name in reversed(list(files)):
            file = names.enter_context(atomic_write(folder / name))
            file.write(files[name])
            _keep(file)


def is_unfinished(path: Path, name: str) -> bool:
    """Whether it is what a killed process left of a file of that name."""
    return path.suffix == TEMPORARY and path.name.startswith(f"{name[:_SHOWN]}.unfinished-")


def _keep(file: IO[bytes]) -> None:
    """See that what was written is on the disk."""
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return  # only POSIX opens folders; elsewhere the rename is as durable as it gets
    with suppress(FileNotFoundError):  # somebody has removed it since
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
