"""One `.npz` of embeddings: written whole or not at all, believed only after it was checked."""

import io
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from audioscan_host.cache.keys import is_own
from audioscan_host.cache.npz import (
    Archive,
    array_writer,
    created,
    looked_into,
    opened,
    write_array,
    write_meta,
)
from audioscan_host.cache.store import Store
from audioscan_host.errors import CacheError

_PIECE = 1 << 16
"""Numbers that are read at one go: 256 KB, which a core's own cache still holds when their checksum is taken."""


@dataclass(frozen=True)
class Embeddings:
    """The embeddings of one recording by one model.

    Attributes:
        times: (windows,) float64, starts of the windows in seconds.
        vectors: (windows, dim) float32.
        meta: what they are of; empty for files of 8-cut.
        weights: (windows,) float64, time steps that each was pooled from, where these are grains of a recording that was
            read in stretches; None of windows.
    """

    times: npt.NDArray[np.float64]
    vectors: npt.NDArray[np.float32]
    meta: Mapping[str, Any] = field(default_factory=dict)
    weights: npt.NDArray[np.float64] | None = None

    def rows(self) -> "Rows":
        """As they would be read from a file, row by row."""
        at = 0

        def read(count: int) -> npt.NDArray[np.float32]:
            nonlocal at
            at += count
            return self.vectors[at - count : at]

        return Rows(self.times, self.vectors.shape[1], self.meta, self.weights, read)


@dataclass(frozen=True)
class Rows:
    """Embeddings that are being read.

    Attributes:
        times: as of `Embeddings`.
        dim: length of a vector.
        meta: as of `Embeddings`.
        weights: as of `Embeddings`.
        read: gives the next so many vectors, (count, dim) float32, which are not written to.
    """

    times: npt.NDArray[np.float64]
    dim: int
    meta: Mapping[str, Any]
    weights: npt.NDArray[np.float64] | None
    read: Callable[[int], npt.NDArray[np.float32]]


Made = Callable[[Rows], Embeddings]
"""Makes embeddings of others in one pass over them."""


def write(store: Store, name: str, embeddings: Embeddings) -> None:
    """Write a file.

    Raises:
        CacheError: the store cannot be written to.
    """
    with created(store, name) as archive:
        _write(archive, embeddings)


def size(rows: int, dim: int, meta: Mapping[str, Any], *, weighted: bool) -> int:
    """Bytes of a file of so many windows, which is not made; up to 4 GB, from where an archive takes some more.

    Args:
        rows: windows, or grains, of which there is one or more.
        dim: length of a vector.
        meta: that it will have.
        weighted: whether it is of grains.
    """
    one = Embeddings(np.zeros(1), np.zeros((1, dim), np.float32), meta, np.ones(1) if weighted else None)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        _write(archive, one)
    return len(written.getbuffer()) + (rows - 1) * (8 + 4 * dim + 8 * weighted)


def _write(archive: zipfile.ZipFile, embeddings: Embeddings) -> None:
    vectors = np.ascontiguousarray(embeddings.vectors, np.float32)
    write_array(archive, "timestamps", embeddings.times)
    with array_writer(archive, "embeddings", vectors.dtype, vectors.shape) as member:
        member.write(vectors.data.cast("B"))  # not as bytes, which would be a copy
    if embeddings.weights is not None:
        write_array(archive, "weights", embeddings.weights)
    write_meta(archive, embeddings.meta)


def whole(rows: Rows) -> Embeddings:
    """All that a file holds."""
    vectors = np.empty((len(rows.times), rows.dim), np.float32)
    at_once = max(1, _PIECE // max(1, rows.dim))
    for begin in range(0, len(vectors), at_once):
        piece = vectors[begin : begin + at_once]
        piece[:] = rows.read(len(piece))
    return Embeddings(rows.times, vectors, rows.meta, rows.weights)


def read(store: Store, name: str, dim: int | None = None, made: Made = whole) -> Embeddings:
    """Read and check a file; one that seems damaged twice, since it may have been written anew while its ranges were fetched.

    Args:
        store: where it lies.
        name: of the file.
        dim: length that each vector must have; any length where `None`.
        made: makes what is wanted of what the file holds, before it is known whether that is whole.

    Raises:
        CacheError: it is damaged, or not a file of embeddings of that dimension.
        FileNotFoundError: it is not there.
    """
    try:
        return _read(store, name, dim, made)
    except CacheError:
        return _read(store, name, dim, made)


def _read(store: Store, name: str, dim: int | None, made: Made) -> Embeddings:
    where = store.location(name)
    with opened(store, name) as archive:
        times, meta = archive.array("timestamps"), archive.meta(required=is_own(name))
        weights = archive.array("weights") if "reading" in meta else None
        with archive.rows("embeddings") as (shape, dtype, rows):
            if times.dtype.kind != "f" or dtype.kind != "f" or times.ndim != 1 or len(shape) != 2:
                raise CacheError(f"{where}: damaged: {times.dtype} {times.shape} and {dtype} {shape}")
            if not len(times) or len(times) != shape[0] or (dim is not None and shape[1] != dim):
                raise CacheError(
                    f"{where}: {len(times)} windows with vectors of shape {shape}, expected (windows, {dim})"
                )
            if weights is not None:
                if weights.shape != times.shape or weights.dtype.kind != "f" or not (weights > 0).all():
                    raise CacheError(f"{where}: damaged: weights of {weights.dtype} {weights.shape}")
                weights = weights.astype(np.float64, copy=False)
            times = times.astype(np.float64, copy=False)
            return made(Rows(times, shape[1], meta, weights, lambda count: _float32(rows(count))))


def _float32(vectors: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    return vectors.astype(np.float32, copy=False)


def describe(store: Store, name: str, size: int | None = None) -> tuple[int, Mapping[str, Any]]:
    """Number of windows and meta of a file, without reading its vectors.

    Args:
        store: where it lies.
        name: of the file.
        size: that it was listed with, where that is known: then little else is fetched.

    Raises:
        CacheError: it is damaged.
        FileNotFoundError: it is not there.
    """
    if size is not None:
        with (
            suppress(CacheError),
            looked_into(store, name, size) as archive,
        ):  # it may have another size by now
            return _described(archive, name)
    with opened(store, name) as archive:
        return _described(archive, name)


def _described(archive: Archive, name: str) -> tuple[int, Mapping[str, Any]]:
    (windows,) = archive.shape("timestamps")
    return windows, archive.meta(required=is_own(name))
