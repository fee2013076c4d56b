"""Where the samples of a WAV, RF64, W64 or CAF lie, as its header says, and where they lie in truth.

FFmpeg believes these headers: it stops where a size that overflowed at 4 GiB says so, and takes a file that was cut
short for a whole one.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from audioscan_host.audio.stated_samples import Samples
from audioscan_host.errors import RecordingError

MOST_CHUNKS = 4096
"""Of one file; more are no header, and FFmpeg would go through gigabytes of them without a word."""

_MOST_BYTES = 2**62

LEAST_REST = 1.0
"""Seconds of samples behind the declared end that are read on; what is shorter is padding."""

_PLACEHOLDERS = (
    range(1),
    range(0x7FFFEF00, 0x7FFFF001),
    range(0x7FFFFF00, 0x80000000),
    range(0xFFFFF000, 2**32),
)
"""Sizes that writers leave in a WAV that they cannot go back in, such as sox and arecord in a pipe."""

_KNOWN = frozenset(
    b"LIST,id3 ,ID3 ,bext,iXML,axml,_PMX,cue ,smpl,inst,fact,PAD ,JUNK,junk,FLLR,plst,DISP,afsp,data,fmt ,acid,strc,"
    b"wavl,slnt,guan,minf,elm1,umid,cart,LGWV,levl,PEAK,chna,RIFF,RF64,ds64".split(b",")
)
_TAGS = (b"ID3", b"APETAGEX", b"TAG")
_W64_FAMILIES = (bytes.fromhex("00C04F8EDB8A"), bytes.fromhex("28DB04C10000"))
"""How the identifiers of W64's chunks end."""


@dataclass(frozen=True)
class _Layout:
    """How the chunks of a kind of file are written: where the first one is, and its header as `struct` names it."""

    first: int
    header: str
    added: int
    padding: int

    @property
    def header_bytes(self) -> int:
        return struct.calcsize(self.header)

    @property
    def size_format(self) -> str:
        return self.header[0] + self.header[-1]


_RIFF = _Layout(first=12, header="<4sI", added=0, padding=2)
_W64 = _Layout(first=40, header="<16sQ", added=24, padding=8)
_CAF = _Layout(first=8, header=">4sQ", added=0, padding=1)


@dataclass(frozen=True)
class _Chunk:
    kind: bytes
    begin: int
    size: int


@dataclass(frozen=True)
class _File:
    path: Path
    stream: IO[bytes]
    length: int
    layout: _Layout


def read_header(path: Path) -> Samples | None:
    """As `header_of`; None too where the file cannot be read.

    Raises:
        RecordingError: there are more chunks than any header has.
    """
    try:
        with path.open("rb") as stream:
            return header_of(path, stream)
    except OSError:
        return None  # FFmpeg opens it next, and what is wrong is said there


def header_of(path: Path, stream: IO[bytes]) -> Samples | None:
    """Look for the samples; None where the file is of another kind, or holds none that are found.

    Args:
        path: the file.
        stream: the same, open.

    Raises:
        RecordingError: there are more chunks than any header has.
        OSError: it cannot be read.
    """
    length = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    head = stream.read(40)
    if head[:4] in {b"RIFF", b"RF64", b"BW64"} and head[8:12] == b"WAVE":
        return _riff(_File(path, stream, length, _RIFF))
    if head[:4] == b"riff" and head[24:28] == b"wave":
        return _w64(_File(path, stream, length, _W64))
    if head[:4] == b"caff":
        return _caf(_File(path, stream, length, _CAF))
    return None


def _riff(file: _File) -> Samples | None:
    rate, plain, long_size, long_size_at = 0.0, False, None, 0
    for chunk in _chunks(file):
        content = _content(file, chunk, 28)
        if chunk.kind == b"ds64" and len(content) >= 16:
            (long_size,) = struct.unpack_from("<Q", content, 8)
            long_size_at = chunk.begin + 8
        elif chunk.kind == b"fmt " and len(content) >= 16:
            rate, plain = _rate_of_format(content), _is_plain(content)
        elif chunk.kind == b"data" and long_size is not None and chunk.size == 0xFFFFFFFF:
            found = _found(file, chunk, long_size, rate)
            return replace(found, size_at=long_size_at, size_format="<Q", plain=plain)
        elif chunk.kind == b"data":
            unknown = any(chunk.size in sizes for sizes in _PLACEHOLDERS)
            return replace(_found(file, chunk, None if unknown else chunk.size, rate), plain=plain)
    return None


def _w64(file: _File) -> Samples | None:
    rate = 0.0
    for chunk in _chunks(file):
        if chunk.kind[:4] == b"fmt " and len(content := _content(file, chunk, 16)) == 16:
            rate = _rate_of_format(content)
        elif chunk.kind[:4] == b"data":
            return _found(file, chunk, chunk.size if chunk.size < _MOST_BYTES else None, rate)
    return None


def _caf(file: _File) -> Samples | None:
    rate = 0.0
    for chunk in _chunks(file):
        if chunk.kind == b"desc" and len(content := _content(file, chunk, 32)) == 32:
            sample_rate, packet_bytes, packet_frames = struct.unpack(">d8xII8x", content)
            rate = sample_rate * packet_bytes / packet_frames if packet_frames and packet_bytes else 0.0
        elif chunk.kind == b"data":  # a size of -1: up to the end of the file
            return _found(file, chunk, chunk.size if chunk.size < _MOST_BYTES else None, rate)
    return None


def _rate_of_format(content: bytes) -> float:
    """Bytes a second, of the content of a `fmt ` chunk."""
    kind, _, sample_rate, stated, block, _ = struct.unpack_from("<HHIIHH", content)
    return float(sample_rate * block if kind in {1, 3, 0xFFFE} else stated)


def _is_plain(content: bytes) -> bool:
    kind, subformat = content[:2], content[24:26]  # of a kind that says "see further down"
    return (subformat if kind == b"\xfe\xff" else kind) in {b"\1\0", b"\3\0"}


def _found(file: _File, chunk: _Chunk, size: int | None, bytes_per_second: float) -> Samples:
    layout, rest = file.layout, 0
    if size is not None and bytes_per_second:
        end = chunk.begin + size
        left = file.length - end
        if left >= LEAST_REST * bytes_per_second and not _goes_on_with_chunks(file, end):
            rest = left
    size_at = chunk.begin - struct.calcsize(layout.size_format)
    return Samples(chunk.begin, size, bytes_per_second, rest, size_at, layout.size_format, layout.added)


def _goes_on_with_chunks(file: _File, end: int) -> bool:
    """Whether chunks, or tags that are no chunks, lie between the samples and the end of the file."""
    stream, layout = file.stream, file.layout
    aligned = end + -end % layout.padding
    for begin in (end, aligned):  # some writers leave the padding out
        stream.seek(begin)
        found = stream.read(16)
        if found.startswith(_TAGS) or (layout is _W64 and found.endswith(_W64_FAMILIES)):
            return True
    return layout is not _W64 and any(_is_chain(file, begin) for begin in (end, aligned))


def _is_chain(file: _File, at: int) -> bool:
    """Whether chunks follow each other from here to the end of the file; one of a known kind is one, whatever its size."""
    layout = file.layout
    for _ in range(MOST_CHUNKS):
        if file.length - at < layout.header_bytes:
            return True
        file.stream.seek(at)
        kind, size = struct.unpack(layout.header, file.stream.read(layout.header_bytes))
        if kind in _KNOWN:
            return True
        at += layout.header_bytes + size + -size % layout.padding
        if not all(32 <= byte < 127 for byte in kind) or at > file.length + 1:
            return False
    return False


def _chunks(file: _File) -> Iterator[_Chunk]:
    layout, at = file.layout, file.layout.first
    for _ in range(MOST_CHUNKS):
        file.stream.seek(at)
        found = file.stream.read(layout.header_bytes)
        if len(found) < layout.header_bytes:
            return
        kind, size = struct.unpack(layout.header, found)
        chunk = _Chunk(kind, at + layout.header_bytes, max(size - layout.added, 0))
        yield chunk
        end = chunk.begin + chunk.size
        at = end + -end % layout.padding
        if at >= file.length:
            return
    raise RecordingError(
        f"{file.path}: has {MOST_CHUNKS} chunks and no samples among them; copy or record it again"
    )


def _content(file: _File, chunk: _Chunk, most: int) -> bytes:
    file.stream.seek(chunk.begin)
    return file.stream.read(min(most, chunk.size))
