"""Keeps LiteRT's word of greeting from the terminal."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile

STDERR = 2  # the file descriptor, past Python: LiteRT's is C++


@contextmanager
def without_information() -> Iterator[None]:
    """Leave out lines that begin with `INFO:`, for which LiteRT has no switch; other ones come when this ends."""
    try:
        kept = os.dup(STDERR)
    except OSError:  # closed: there is nobody to be kept from
        yield
        return
    with TemporaryFile() as file:
        os.dup2(file.fileno(), STDERR)
        try:
            yield
        finally:
            os.dup2(kept, STDERR)
            os.close(kept)
            file.seek(0)
            os.write(STDERR, b"".join(line for line in file if not line.startswith(b"INFO:")))
