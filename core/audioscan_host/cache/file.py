"""One `.npz` of embeddings: written whole or not at all, believed only after it was checked."""

import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from audioscan_host.atomic_write import atomic_write
from audioscan_host.errors import CacheError

_HIGHEST_RATIO = 50
"""8-cut may compress; embeddings hardly shrink, so what claims to grow more than this is refused."""

_PIECE = 1 << 20  # bytes

_HEADER_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


@dataclass(frozen=True)
class Embeddings:
    """The embeddings of one recording by one model.

    Attributes:
        times: (windows,) float64, starts of the windows in seconds.
        vectors: (windows, dim) float32.
        meta: what they are of; empty for files of 8-cut.
    """

    times: npt.NDArray[np.float64]
    vectors: npt.NDArray[np.float32]
    meta: Mapping[str, Any] = field(default_factory=dict)


def write(path: Path, parts: Sequence[Path | Embeddings], meta: Mapping[str, Any]) -> None:
    """Write consecutive parts as one file; no more than one of them is in memory at a time.

    Raises:
        CacheError: the folder cannot be written to, or a part is damaged.
    """
    windows, dim = 0, 0
    times = []
    for part in parts:
        piece = _loaded(part)
        windows, dim = windows + len(piece.times), piece.vectors.shape[1]
        times.append(piece.times)
    try:
        with atomic_write(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            _write_array(archive, "timestamps", np.concatenate(times))
            with _member(archive, "embeddings", np.dtype(np.float32), (windows, dim)) as member:
                for part in parts:
                    member.write(np.ascontiguousarray(_loaded(part).vectors, np.float32).tobytes())
            _write_array(archive, "meta", np.array(json.dumps(meta, sort_keys=True)))
    except OSError as error:
        raise CacheError(f"{path}: cannot be written: {error.strerror or error}") from error


def read(path: Path, dim: int | None = None) -> Embeddings:
    """Read and check a file.

    Args:
        path: the file.
        dim: length that each vector must have; any length where `None`.

    Raises:
        CacheError: it is damaged, or not a file of embeddings of that dimension.
        FileNotFoundError: it is not there.
    """
    with _sound(path) as archive:
        size = path.stat().st_size
        times = _read_array(archive, "timestamps", size)
        vectors = _read_array(archive, "embeddings", size)
        meta = _read_meta(archive, size)
    if times.dtype.kind != "f" or vectors.dtype.kind != "f" or times.ndim != 1 or vectors.ndim != 2:
        raise CacheError(f"{path}: damaged: {times.dtype} {times.shape} and {vectors.dtype} {vectors.shape}")
    if not len(times) or len(times) != len(vectors) or (dim is not None and vectors.shape[1] != dim):
        raise CacheError(
            f"{path}: {len(times)} windows with vectors of shape {vectors.shape}, expected (windows, {dim})"
        )
    return Embeddings(times.astype(np.float64, copy=False), vectors.astype(np.float32, copy=False), meta)


def describe(path: Path) -> tuple[int, Mapping[str, Any]]:
    """Number of windows and meta of a file, without reading its vectors.

    Raises:
        CacheError: it is damaged.
    """
    with _sound(path) as archive:
        size = path.stat().st_size
        return len(_read_array(archive, "timestamps", size)), _read_meta(archive, size)


def _loaded(part: Path | Embeddings) -> Embeddings:
    return part if isinstance(part, Embeddings) else read(part)


@contextmanager
def _member(
    archive: zipfile.ZipFile, name: str, dtype: np.dtype[Any], shape: tuple[int, ...]
) -> Iterator[IO[bytes]]:
    with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
        header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(member, header)
        yield member


def _write_array(archive: zipfile.ZipFile, name: str, array: npt.NDArray[Any]) -> None:
    with _member(archive, name, array.dtype, array.shape) as member:
        member.write(array.tobytes())


@contextmanager
def _sound(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive; whatever is wrong with it becomes a CacheError."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except FileNotFoundError:
        raise
    except (
        OSError,
        zipfile.BadZipFile,
        zlib.error,
        ValueError,
        KeyError,
        EOFError,
        NotImplementedError,
    ) as error:
        raise CacheError(f"{path}: damaged: {' '.join(str(error).split())}") from error


def _read_meta(archive: zipfile.ZipFile, file_size: int) -> Mapping[str, Any]:
    if "meta.npy" not in archive.namelist():
        return {}
    meta = json.loads(str(_read_array(archive, "meta", file_size)))
    if not isinstance(meta, dict):
        raise ValueError("meta is not an object")  # noqa: TRY004 - the content is wrong, not the call
    return meta


def _read_array(archive: zipfile.ZipFile, name: str, file_size: int) -> npt.NDArray[Any]:
    """An array whose declared size was compared with the file before memory is taken for it."""
    info = archive.getinfo(f"{name}.npy")
    if info.file_size > min(info.compress_size, file_size) * _HIGHEST_RATIO:
        raise ValueError(f"{name} claims {info.file_size} bytes in a file of {file_size}")
    with archive.open(info) as member:
        version = np.lib.format.read_magic(member)
        if version not in _HEADER_READERS:
            raise ValueError(f"{name} has the unknown npy version {version}")
        shape, fortran_order, dtype = _HEADER_READERS[version](member)
        count = int(np.prod(shape, dtype=object)) if shape else 1
        body = info.file_size - member.tell()
        if dtype.hasobject or dtype.kind not in "fU" or fortran_order or count * dtype.itemsize != body:
            raise ValueError(f"{name} declares {dtype} {shape} for {body} bytes")
        content = bytearray(body)
        _fill(memoryview(content), member)
    return np.frombuffer(content, dtype=dtype).reshape(shape)


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
