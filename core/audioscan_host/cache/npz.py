"""Arrays in an `.npz` of the cache: what is read was checked before it is believed."""

import io
import json
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from audioscan_host.cache.store import Store
from audioscan_host.errors import CacheError
from audioscan_host.notes import About, Note, Tell

DAMAGED = ".damaged"
"""Ending of a file that was set aside."""

_HIGHEST_RATIO = 50
"""8-cut may compress; embeddings hardly shrink, so what claims to grow more than this is refused."""

_PIECE = 1 << 18
"""Bytes that are read at one go: they are still in a core's own cache when their checksum is taken."""

_DAMAGE = (
    OSError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    ValueError,
    LookupError,
    EOFError,
    RuntimeError,  # "encrypted", by a bit that says so; a method that there is not; JSON that never ends
)
"""What reading a damaged archive may raise."""

_HEADER_READERS = {
    (1, 0): (np.lib.format.read_array_header_1_0, 2),
    (2, 0): (np.lib.format.read_array_header_2_0, 4),
}
"""By version of an array's header, what reads it, and the bytes of its length, which it begins with."""


@contextmanager
def opened(store: Store, name: str) -> Iterator["Archive"]:
    """The archive, to be read; whatever is wrong with it becomes a CacheError.

    Raises:
        CacheError: it is damaged.
        StoreError: it cannot be had, and may be sound.
        FileNotFoundError: it is not there.
    """
    with _opened(store, name, store.reading(name)) as archive:
        yield archive


@contextmanager
def looked_into(store: Store, name: str, size: int) -> Iterator["Archive"]:
    """As `opened`, for what an archive is of, and the shapes of its arrays; `size` is what the store listed it with.

    One that was written anew since may seem damaged.
    """
    with _opened(store, name, store.looking_into(name, size)) as archive:
        yield archive


@contextmanager
def _opened(store: Store, name: str, reading: AbstractContextManager[IO[bytes]]) -> Iterator["Archive"]:
    try:
        with reading as file:
            size = file.seek(0, io.SEEK_END)
            with zipfile.ZipFile(file) as archive:
                yield Archive(archive, size)
    except FileNotFoundError:
        raise
    except _DAMAGE as error:
        raise CacheError(f"{store.location(name)}: damaged: {' '.join(str(error).split())}") from error


@contextmanager
def created(store: Store, name: str) -> Iterator[zipfile.ZipFile]:
    """A new archive that is there as a whole or not at all.

    Raises:
        CacheError: it cannot be written.
    """
    try:
        with store.writing(name) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            yield archive
    except OSError as error:
        raise CacheError(f"{store.location(name)}: cannot be written: {error.strerror or error}") from error


def set_aside(store: Store, name: str) -> str:
    """Rename a damaged file, so that what it held is computed again; its name now, without the folder.

    Raises:
        OSError: it cannot be renamed.
    """
    store.rename(name, name + DAMAGED)
    return f"{name}{DAMAGED}".rpartition("/")[2]


def tell_damaged(
    damage: CacheError, store: Store, name: str, recording: Path, tell: Tell, *, mended: str
) -> None:
    """Set a damaged file aside where that can be done, and tell of it, and how what it held is `mended`."""
    try:
        kept = f"kept as {set_aside(store, name)}"
    except OSError:
        kept = "left as it is"
    tell(Note(About.CACHE, f"{damage}; {kept} and {mended}", recording))


@contextmanager
def array_writer(
    archive: zipfile.ZipFile, name: str, dtype: np.dtype[Any], shape: tuple[int, ...]
) -> Iterator[IO[bytes]]:
    """Takes the bytes of an array piece by piece."""
    with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
        header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(member, header)
        yield member


def write_array(archive: zipfile.ZipFile, name: str, array: npt.NDArray[Any]) -> None:
    """Write an array that is in memory."""
    with array_writer(archive, name, array.dtype, array.shape) as member:
        member.write(array.tobytes())


def write_meta(archive: zipfile.ZipFile, meta: Mapping[str, Any]) -> None:
    """Write what the arrays are of, as JSON."""
    write_array(archive, "meta", np.array(json.dumps(meta, sort_keys=True)))


@dataclass(frozen=True)
class Archive:
    """An archive that is being read.

    Attributes:
        archive: the archive.
        size: bytes of its file.
    """

    archive: zipfile.ZipFile
    size: int

    def meta(self, *, required: bool = False) -> Mapping[str, Any]:
        """What the arrays are of; nothing where the file does not say.

        Where it is `required`, a file without it is damaged: checksums are over each member, and not over the list of them.
        """
        if not required and "meta.npy" not in self.archive.namelist():
            return {}
        meta = json.loads(str(self.array("meta")))
        if not isinstance(meta, dict):
            raise ValueError("meta is not an object")  # noqa: TRY004 - the content is wrong, not the call
        return meta

    def shape(self, name: str) -> tuple[int, ...]:
        """Of an array that is not read."""
        info = self.archive.getinfo(f"{name}.npy")
        with self.archive.open(info) as member:
            return self._declared(name, member, info)[0]

    def array(self, name: str) -> npt.NDArray[Any]:
        """An array whose declared size was compared with the file before memory is taken for it."""
        info = self.archive.getinfo(f"{name}.npy")
        with self.archive.open(info) as member:
            shape, dtype, body = self._declared(name, member, info)
            content = np.empty(body, np.uint8)
            _fill(content.data, member)
        return np.frombuffer(content, dtype=dtype).reshape(shape)

    @contextmanager
    def rows(
        self, name: str
    ) -> Iterator[tuple[tuple[int, ...], np.dtype[Any], Callable[[int], npt.NDArray[Any]]]]:
        """Shape and type of an array, and what gives its next so many rows, of which the whole need not be in memory.

        They are to be believed after the block, at whose end the rest is read and the checksum compared.
        """
        info = self.archive.getinfo(f"{name}.npy")
        with self.archive.open(info) as member:
            shape, dtype, body = self._declared(name, member, info)
            of_row = body // max(1, shape[0]) if shape else body

            def read(count: int) -> npt.NDArray[Any]:
                content = member.read(count * of_row)
                if len(content) != count * of_row:
                    raise ValueError(f"{len(content)} bytes instead of {count * of_row}")
                return np.frombuffer(content, dtype).reshape(count, *shape[1:])

            yield shape, dtype, read
            while member.read(_PIECE):
                pass

    def _declared(
        self, name: str, member: IO[bytes], info: zipfile.ZipInfo
    ) -> tuple[tuple[int, ...], np.dtype[Any], int]:
        """Shape, type and bytes of an array; `member` stands at its content then."""
        if info.file_size > min(info.compress_size, self.size) * _HIGHEST_RATIO:
            raise ValueError(f"{name} claims {info.file_size} bytes in a file of {self.size}")
        version = np.lib.format.read_magic(member)
        if version not in _HEADER_READERS:
            raise ValueError(f"{name} has the unknown npy version {version}")
        length = member.read(_HEADER_READERS[version][1])
        header = length + member.read(int.from_bytes(length, "little"))
        shape, fortran_order, dtype = _header(version, header)
        count = int(np.prod(shape, dtype=object)) if shape else 1
        body = info.file_size - member.tell()
        if dtype.hasobject or dtype.kind not in "fU" or fortran_order or count * dtype.itemsize != body:
            raise ValueError(f"{name} declares {dtype} {shape} for {body} bytes")
        return shape, dtype, body


@lru_cache(maxsize=256)
def _header(version: tuple[int, int], header: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, order and type that a header declares: it is a Python literal, which takes longer to read than a short array."""
    return _HEADER_READERS[version][0](io.BytesIO(header))


def _fill(content: memoryview, member: IO[bytes]) -> None:
    """Read a member to its end, where its checksum is compared.

    Piece by piece: `member.read()` would hold a day's vectors twice.
    """
    filled = 0
    while piece := member.read(_PIECE):
        content[filled : filled + len(piece)] = piece  # a ValueError where there is too much
        filled += len(piece)
    if filled != len(content):
        raise ValueError(f"{filled} bytes instead of {len(content)}")
