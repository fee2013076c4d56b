"""A recording as a WAV that is nowhere on disk: mono, 16 bits, any range of its bytes made when asked for."""

import re
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

HEADER = 44

_BYTES = 2
"""Of a sample."""

_CHUNK = 0.5
"""Seconds that are decoded at a time."""

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True)
class ByteRange:
    """Bytes `first` up to `after` of so many."""

    first: int
    after: int


class UnsatisfiableRangeError(Exception):
    """A range that begins behind the end."""


@dataclass(frozen=True)
class VirtualWav:
    """The WAV of a recording.

    Attributes:
        samples: number of them.
        rate: Hz.
        read: gives samples from the first up to the second argument, float32.
    """

    samples: int
    rate: int
    read: Callable[[int, int], Awaitable[npt.NDArray[np.float32]]]

    @property
    def size(self) -> int:
        """Bytes."""
        return HEADER + _BYTES * self.samples

    def header(self) -> bytes:
        """The first bytes."""
        form = struct.pack("<IHHIIHH", 16, 1, 1, self.rate, _BYTES * self.rate, _BYTES, 8 * _BYTES)
        return (
            b"RIFF"
            + struct.pack("<I", self.size - 8)
            + b"WAVEfmt "
            + form
            + b"data"
            + struct.pack("<I", self.size - HEADER)
        )

    async def bytes_of(self, part: ByteRange) -> AsyncIterator[bytes]:
        """The bytes of a range, half a second at a time, as they are asked for."""
        at = part.first
        if at < HEADER:
            yield self.header()[at : part.after]
            at = min(HEADER, part.after)
        step = round(_CHUNK * self.rate)
        while at < part.after:
            first = (at - HEADER) // _BYTES
            after = min(first + step, -((part.after - HEADER) // -_BYTES))
            chunk = sixteen_bits(await self.read(first, after))
            begin = HEADER + _BYTES * first
            yield chunk[at - begin : part.after - begin]
            at = min(HEADER + _BYTES * after, part.after)


def sixteen_bits(samples: npt.NDArray[np.float32]) -> bytes:
    """Little-endian; what was written with 16 bits comes out as it was."""
    return np.clip(np.rint(samples * 32768), -32768, 32767).astype("<i2").tobytes()


def range_of(header: str | None, size: int) -> ByteRange | None:
    """What a `Range` header asks for; None for all, also where it asks for several ranges or is malformed (RFC 9110).

    Raises:
        UnsatisfiableRangeError: it begins behind the end.
    """
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None or not (match[1] or match[2]) or max(len(match[1]), len(match[2])) > 20:
        return None
    if not match[1]:
        last = min(int(match[2]), size)
        if not last:
            raise UnsatisfiableRangeError
        return ByteRange(size - last, size)
    first = int(match[1])
    if first >= size:
        raise UnsatisfiableRangeError
    after = min(int(match[2]) + 1, size) if match[2] else size
    return None if after <= first else ByteRange(first, after)
