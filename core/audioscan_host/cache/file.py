"""One `.npz` of embeddings: written whole or not at all, believed only after it was checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from audioscan_host.cache.npz import (
    array_writer,
    created,
    opened,
    read_array,
    read_meta,
    write_array,
    write_meta,
)
from audioscan_host.errors import CacheError


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
    with created(path) as archive:
        write_array(archive, "timestamps", np.concatenate(times))
        with array_writer(archive, "embeddings", np.dtype(np.float32), (windows, dim)) as member:
            for part in parts:
                member.write(np.ascontiguousarray(_loaded(part).vectors, np.float32).tobytes())
        write_meta(archive, meta)


def read(path: Path, dim: int | None = None) -> Embeddings:
    """Read and check a file.

    Args:
        path: the file.
        dim: length that each vector must have; any length where `None`.

    Raises:
        CacheError: it is damaged, or not a file of embeddings of that dimension.
        FileNotFoundError: it is not there.
    """
    with opened(path) as archive:
        size = path.stat().st_size
        times = read_array(archive, "timestamps", size)
        vectors = read_array(archive, "embeddings", size)
        meta = read_meta(archive, size)
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
    with opened(path) as archive:
        size = path.stat().st_size
        return len(read_array(archive, "timestamps", size)), read_meta(archive, size)


def _loaded(part: Path | Embeddings) -> Embeddings:
    return part if isinstance(part, Embeddings) else read(part)
