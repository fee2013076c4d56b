"""The journal of a session: one line an action, on the disk before anybody is told that it is kept."""

import json
import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from audioscan_host import OutputError

logger = logging.getLogger("audioscan_host.review")

Line = dict[str, Any]


class Journal:
    """Lines of JSON that are only ever added to.

    A last line that was cut off as a machine or a process died is dropped with a warning: nobody was told that it
    is kept. Damage anywhere else is an error, since whatever follows it could mean something else without it.

    Args:
        path: of the file, which is made where it is missing.

    Raises:
        OutputError: it cannot be written to, or is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            is_new = not path.exists()
            self._file = path.open("a+b", buffering=0)
            self._end = self._mend()
            self._is_torn = False
            if is_new:
                _keep_name(path.parent)
        except OSError as error:
            raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from error

    def lines(self) -> Iterator[tuple[int, Line]]:
        """Each line with the byte at which it begins.

        Raises:
            OutputError: a line is damaged.
        """
        at = 0
        with self._path.open("rb") as file:
            for number, content in enumerate(file, 1):
                yield at, self._parsed(content, f"line {number}")
                at += len(content)

    def line_at(self, at: int) -> Line:
        """The line that begins at a byte."""
        with self._path.open("rb") as file:
            file.seek(at)
            return self._parsed(file.readline(), f"byte {at}")

    def append(self, line: Mapping[str, Any]) -> int:
        """Add a line; it is on the disk when this returns. Gives the byte at which it begins.

        Raises:
            OutputError: it could not be kept; then the journal is as it was.
        """
        begin, content = self._end, json.dumps(line, separators=(",", ":")).encode() + b"\n"
        try:
            if self._is_torn:
                self._file.truncate(self._end)
                self._is_torn = False
            rest = memoryview(content)
            while rest:  # a disk that is nearly full takes a part, and the next call says so
                rest = rest[self._file.write(rest) or 0 :]
            os.fsync(self._file.fileno())
        except OSError as error:
            self._take_back()
            raise OutputError(
                f"the action could not be kept in {self._path}: {error.strerror or error}; make room, and try again"
            ) from error
        self._end += len(content)
        return begin

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _take_back(self) -> None:
        try:
            self._file.truncate(self._end)
        except OSError as error:
            self._is_torn = True  # the next action begins with this
            logger.warning("%s: half a line is left at its end: %s", self._path, error.strerror or error)

    def _mend(self) -> int:
        """Drop a torn last line; gives the length of what is sound."""
        content = self._path.read_bytes()
        sound = content.rfind(b"\n") + 1
        if sound < len(content):
            logger.warning(
                "%s: its last line was cut off, as when a machine loses power: dropped; nothing that was shown as saved is lost",
                self._path,
            )
            self._file.truncate(sound)
            os.fsync(self._file.fileno())
        return sound

    def _parsed(self, content: bytes, where: str) -> Line:
        try:
            line = json.loads(content)
        except ValueError as error:
            raise OutputError(
                f"{self._path}: {where} is damaged: bring the file back from a copy, or remove that line"
            ) from error
        if not isinstance(line, dict):
            raise OutputError(f"{self._path}: {where} is no action")
        return line


def _keep_name(folder: Path) -> None:
    """See that a new file's name is on the disk too, where folders can be opened."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
