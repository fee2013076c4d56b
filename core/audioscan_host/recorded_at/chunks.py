"""The chunks of a WAV file that may tell when it began, read a bounded number of bytes at a time."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

WANTED = frozenset({b"LIST", b"bext", b"guan", b"wamd"})

MOST_BYTES = 1 << 16
"""Of one chunk; what tells a time stands near its beginning."""

MOST_CHUNKS = 256
"""Of one file; recorders write about ten."""

_IN_DS64 = 0xFFFFFFFF


def wanted_chunks(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """Name and first bytes of each chunk that may tell a time; none of a file that is no WAV.

    The sound itself is passed over, and what lies behind it is read too: RIFF, and RF64 or BW64 for files of
    more than 4 GB (https://tech.ebu.ch/docs/tech/tech3306v1_0.pdf).

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        begin = file.read(12)
        if begin[:4] in (b"RIFF", b"RF64", b"BW64") and begin[8:12] == b"WAVE":
            yield from _chunks(file)


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    place, size_of_sound = 12, None
    for _ in range(MOST_CHUNKS):
        file.seek(place)
        head = file.read(8)
        if len(head) < 8:
            return
        name, size = struct.unpack("<4sI", head)
        if name == b"ds64":
            size_of_sound = int.from_bytes(file.read(16)[8:], "little")
        elif name in WANTED:
            yield name, file.read(min(size, MOST_BYTES))
        if size == _IN_DS64:
            if size_of_sound is None:
                return
            size = size_of_sound
        place += 8 + size + size % 2


def parts_of_info(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of each part of a LIST chunk that holds information (`INFO`); none of another list."""
    place = 4 if content[:4] == b"INFO" else len(content)
    while place + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, place)
        yield name, content[place + 8 : place + 8 + size]
        place += 8 + size + size % 2


def fields_of_wamd(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and content of each field of Wildlife Acoustics' chunk, as guano-py's `wamd2guano` reads it.

    Source: https://github.com/riggsd/guano-py/blob/master/bin/wamd2guano.py
    """
    place = 0
    while place + 6 <= len(content):
        number, size = struct.unpack_from("<HI", content, place)
        yield number, content[place + 6 : place + 6 + size]
        place += 6 + size
