"""Standard output that is closed, or on a device that is full: one line, and no traceback as the program ends."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOBase, TextIOWrapper
from typing import TextIO, cast

import click

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class _Closed(TextIOBase):
    """Stands in for a standard output that was closed before the program began."""

    def write(self, _text: str, /) -> int:
        raise OSError(errno.EBADF, "it is closed")


@contextmanager
def watched_output() -> Iterator[None]:
    """Leave with exit code 1 where results do not reach standard output, which is told; silently where their reader has gone.

    The bytes of a file's name that are no UTF-8 are written there as the file system has them.
    """
    if sys.stdout is None:
        _occupy()
        sys.stdout = cast("TextIO", _Closed())
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="surrogateescape")
    stdout = sys.stdout
    try:
        try:
            yield
        finally:
            stdout.flush()
    except OSError as error:
        gone = error.errno == errno.EPIPE
        if not (gone or _is_of(stdout, error)):
            raise
        _silence()
        if not gone:
            click.echo(f"Error: standard output cannot be written to: {error.strerror}", err=True)
        sys.exit(1)


def _is_of(stdout: TextIO, error: OSError) -> bool:
    """Whether the error is of standard output, and not of another file: those are named, or are errors of the host's own."""
    if isinstance(stdout, _Closed) or (error.filename is None and error.errno in _FULL):
        return True
    try:  # what was written still cannot get out
        stdout.flush()
    except OSError:
        return True
    return False


def _silence() -> None:
    """Let what is left in the buffer go nowhere: Python would try it again as it ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _occupy() -> None:
    """Take the numbers of standard streams that are closed: what a library prints would go into the file that gets one."""
    while (taken := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(taken)
