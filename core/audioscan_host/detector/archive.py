"""A zip whose bytes depend on nothing but its content, and that is not believed before it is checked.

Members are stored as they are, so none can be larger than the file. A sealed archive ends in its
SHA-256, as the zip's comment.
"""

import hashlib
import io
import math
import struct
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from audioscan_host.errors import DetectorError

MOST_MEMBERS = 10_000

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say
_SEAL = 64  # hexadecimal digits of a SHA-256
_END = 22  # bytes of a zip's end record
_MOST_DIRECTORY = MOST_MEMBERS * 256  # bytes
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def write(members: Mapping[str, bytes], *, sealed: bool = False) -> bytes:
    """Lay members out as a zip, sorted by name."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 3  # else the system that writes shows
            archive.writestr(entry, members[name])
        if sealed:
            archive.comment = bytes(_SEAL)
    data = stream.getvalue()
    return data[:-_SEAL] + _digest(data[:-_SEAL]) if sealed else data


def read(data: bytes, *, sealed: bool = False) -> dict[str, bytes]:
    """The members of what `write` gave.

    Raises:
        DetectorError: one byte is another, or it is no such zip.
    """
    if sealed and (not data.startswith(b"PK\3\4") or len(data) < _END + _SEAL):
        raise DetectorError("is not a detector file; `audioscan-host train` makes one")
    if sealed and data[-_SEAL:] != _digest(data[:-_SEAL]):
        raise DetectorError(
            "is damaged (its checksum does not fit its content), or not a detector file: "
            "copy it again from where it came from, or train it again"
        )
    _check_end(data, len(data) - _END - (_SEAL if sealed else 0))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        stored = all(
            entry.compress_type == zipfile.ZIP_STORED and entry.file_size == entry.compress_size
            for entry in entries
        )
        if not stored or sum(entry.file_size for entry in entries) > len(data):
            raise DetectorError("declares more content than it holds: it is not safe to use")
        if len({entry.filename for entry in entries}) != len(entries) or len(entries) > MOST_MEMBERS:
            raise DetectorError("holds a member twice, or too many: it is not safe to use")
        return {entry.filename: archive.read(entry) for entry in entries}


def write_array(array: npt.NDArray[Any]) -> bytes:
    """An array as the bytes of an .npy file."""
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


def read_array(data: bytes) -> npt.NDArray[Any]:
    """The array in the bytes of an .npy file, of no Python objects.

    Raises:
        DetectorError: it holds more or less than it declares, or objects.
    """
    stream = io.BytesIO(data)
    try:
        header = _HEADERS[np.lib.format.read_magic(stream)]
        shape, _, dtype = header(stream)
    except (ValueError, KeyError) as error:
        raise DetectorError("holds an array that cannot be read") from error
    if dtype.hasobject or min(shape, default=0) < 0:
        raise DetectorError("holds an array of objects: it is not safe to use")
    # Sizes first: memory for what is declared would be taken before the data is missed.
    if math.prod(shape) * dtype.itemsize != len(data) - stream.tell():
        raise DetectorError("holds an array of another size than it declares")
    array: npt.NDArray[Any] = np.load(io.BytesIO(data), allow_pickle=False)
    return array


def _check_end(data: bytes, at: int) -> None:
    """Bound the directory before `zipfile` reads it whole; refuse a second, 64-bit end record."""
    directory = struct.unpack_from("<L", data, at + 12)[0] if at >= 0 else _MOST_DIRECTORY + 1
    if (
        data[max(at, 0) : at + 4] != b"PK\5\6"
        or directory > _MOST_DIRECTORY
        or data[max(at - 20, 0) :].startswith(b"PK\6\7")
    ):
        raise DetectorError("has no directory that fits a detector file: it is not safe to use")


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).hexdigest().encode("ascii")
