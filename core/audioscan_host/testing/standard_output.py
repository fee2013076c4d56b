"""What a piece of code writes to stdout, by Python or past it."""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from tempfile import TemporaryFile

STDOUT = 1  # the file descriptor


@contextmanager
def diverted_stdout() -> Iterator[list[str]]:
    """Keep what is written to `sys.stdout` and to its file descriptor away from both.

    Yields:
        a list, which afterwards has what was written as its one element.
    """
    written: list[str] = []
    with TemporaryFile("w+", encoding="utf-8", errors="replace", newline="") as file:
        _flush()
        kept = os.dup(STDOUT)
        os.dup2(file.fileno(), STDOUT)
        try:
            with redirect_stdout(file):
                yield written
        finally:
            try:
                _flush()
            finally:
                os.dup2(kept, STDOUT)
                os.close(kept)
            file.seek(0)
            written.append(file.read())


def _flush() -> None:
    """See that what was written before this goes where stdout led to before this."""
    sys.stdout.flush()
    if os.name == "posix":
        ctypes.CDLL(None).fflush(None)  # what a library has printed from C
