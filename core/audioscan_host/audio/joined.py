"""Whether a FLAC or an Ogg is several, written one after the other: their clocks begin anew, and mislead a search."""

import re
import struct
from pathlib import Path
from typing import BinaryIO

_PROBES = 32
"""Places that are looked at; a part that is shorter than the file by more than this may be missed."""

_LOOKED_AT = 2**17
"""Bytes at each; more than a frame of a FLAC or a page of an Ogg has."""

_PAGE = re.compile(rb"OggS\0", re.DOTALL)


def is_joined(path: Path, container: str) -> bool:
    """Whether the clock of a file steps back somewhere, or a track turns up that its beginning does not have.

    Args:
        path: the file.
        container: `flac` or `ogg`.
    """
    size = path.stat().st_size
    last: dict[int, int] = {}
    with path.open("rb") as file:
        begin = 0 if container == "ogg" else _first_frame(file)
        if begin is None:
            return True  # nothing is known of it
        file.seek(begin)
        kind = file.read(4)
        probes = min(_PROBES, -((size - begin) // -_LOOKED_AT))
        for probe in range(probes):
            at = begin + (size - begin) * probe // probes
            file.seek(at)
            data = file.read(min(_LOOKED_AT, begin + (size - begin) * (probe + 1) // probes - at))
            clocks = _pages(data) if container == "ogg" else _frames(data, kind)
            for track, clock in clocks:
                if (probe and track not in last) or clock < last.get(track, clock):
                    return True
                last[track] = clock
            if not clocks:
                return True
    return False


def _first_frame(file: BinaryIO) -> int | None:
    """Where the metadata of a FLAC ends; None where it is not as it should be."""
    if file.read(4) != b"fLaC":
        return None
    at, last = 4, False
    while not last:
        file.seek(at)
        header = file.read(4)
        if len(header) < 4:
            return None
        last = bool(header[0] & 0x80)
        at += 4 + int.from_bytes(header[1:], "big")
    return at


def _pages(data: bytes) -> list[tuple[int, int]]:
    """Serial number and granule position of the pages of an Ogg (RFC 3533); of one without a position, 0 at first."""
    found: list[tuple[int, int]] = []
    before: dict[int, int] = {}
    for match in _PAGE.finditer(data):
        if len(data) - match.start() >= 18:
            granule, serial = struct.unpack_from("<qI", data, match.start() + 6)
            before[serial] = granule if granule >= 0 else before.get(serial, -1)
            if before[serial] >= 0 or match.start() == 0:
                found.append((serial, max(before[serial], 0)))
    return found


def _frames(data: bytes, kind: bytes) -> list[tuple[int, int]]:
    """0 and the number of the frames of a FLAC (RFC 9639) that are of a kind: the first and the last.

    Args:
        data: some of the file.
        kind: the first bytes of another frame; sample rate, channels and sample size are in them.
    """
    found = []
    for match in re.finditer(re.escape(kind[:2]), data):
        header = data[match.start() : match.start() + 16]
        if len(header) == 16 and header[2] & 15 == kind[2] & 15 and header[3] == kind[3]:
            number = _frame_number(header)
            if number is not None:
                found.append((0, number))
    return [found[0], found[-1]] if found else []


def _frame_number(header: bytes) -> int | None:
    """Of a frame or of its first sample, whichever the file counts; None where the checksum of the header is another."""
    coded = header[4]
    length = 1 if coded < 0x80 else 8 - (coded ^ 0xFF).bit_length()
    if length == 0 or (coded >= 0x80 and length < 2):
        return None
    number = coded if length == 1 else coded & (0x7F >> length)
    for byte in header[5 : 4 + length]:
        if byte & 0xC0 != 0x80:
            return None
        number = number << 6 | byte & 0x3F
    block, rate = header[2] >> 4, header[2] & 15
    end = 4 + length + {6: 1, 7: 2}.get(block, 0) + {12: 1, 13: 2, 14: 2}.get(rate, 0)
    return number if end < len(header) and _checksum(header[:end]) == header[end] else None


def _checksum(data: bytes) -> int:
    """CRC-8 of the polynomial 0x07."""
    checksum = 0
    for byte in data:
        checksum ^= byte
        for _ in range(8):
            checksum = (checksum << 1 ^ 0x07 if checksum & 0x80 else checksum << 1) & 0xFF
    return checksum
