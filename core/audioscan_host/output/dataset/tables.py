"""Rows as the bytes of a Parquet file, which pyarrow writes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from audioscan_host.errors import OutputError, SettingError
from audioscan_host.output.dataset.rows import Rows

if TYPE_CHECKING:
    import pyarrow as pa

_EPOCH = datetime(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)
_UNKNOWN = np.iinfo(np.int64).min
_NEAR_A_TIE = 1e-3


def require_pyarrow() -> None:
    """See that pyarrow is there, before anything is computed.

    Raises:
        SettingError: it is not.
    """
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise SettingError(
            f"Parquet is written by pyarrow, which cannot be imported ({error}): pip install 'audioscan-host[parquet]'"
        ) from error


def parquet(
    rows: Sequence[Rows],
    *,
    labels: Sequence[str],
    value: str,
    of_channels: bool,
    metadata: Mapping[str, str],
) -> bytes:
    """The file that holds the rows of recordings.

    Numbers are those of the CSV: times to three decimals, scores to six.

    Args:
        rows: of each recording; a recording may have none.
        labels: all that were looked for.
        value: name of the column of scores or probabilities.
        of_channels: whether there is a column for the channel.
        metadata: texts that the file keeps beside its columns.
    """
    import pyarrow as pa

    counts = [len(each.starts) for each in rows]
    files = pa.array([_utf8(each.file) for each in rows], pa.string())
    of_file = np.repeat(np.arange(len(rows), dtype=np.int32), counts)
    starts = _joined([each.starts for each in rows], np.float64)
    began, offset = (np.repeat(each, counts) for each in _beginnings(rows))
    local = _milliseconds(began, starts)
    instant = _milliseconds(np.where(offset == _UNKNOWN, _UNKNOWN, began - offset), starts)
    columns = {
        "file": pa.DictionaryArray.from_arrays(of_file, files),
        "start": _decimals(starts, 3),
        "end": _decimals(_joined([each.ends for each in rows], np.float64), 3),
        "label": pa.DictionaryArray.from_arrays(
            _joined([each.labels for each in rows], np.int32),
            pa.array([_utf8(each) for each in labels], pa.string()),
        ),
        value: _decimals(_joined([each.values for each in rows], np.float64), 6),
        "recorded_at": pa.array(instant, pa.timestamp("ms", "UTC"), mask=instant == _UNKNOWN),
        "recorded_local": pa.array(local, pa.timestamp("ms"), mask=local == _UNKNOWN),
    }
    if of_channels:
        channels = np.array([each.channel or 0 for each in rows], np.int16)
        columns["channel"] = np.repeat(channels, counts)
    return _file(pa.table(columns), metadata)


def without(content: bytes, files: Collection[str]) -> bytes:
    """The same Parquet file without the rows of some recordings.

    Raises:
        OutputError: it is damaged.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    table, metadata = _read(content)
    kept = pc.invert(
        pc.is_in(table["file"], value_set=pa.array([_utf8(each) for each in files], pa.string()))
    )
    return _file(table.filter(kept), metadata)


def joined(contents: Sequence[bytes]) -> bytes:
    """One Parquet file with the rows of several, which have the same columns; it says what the last of them does.

    Raises:
        OutputError: one of them is damaged.
    """
    import pyarrow as pa

    tables, metadata = zip(*(_read(content, repeated=("file", "label")) for content in contents), strict=True)
    return _file(pa.concat_tables(tables).unify_dictionaries(), metadata[-1])


def _read(content: bytes, repeated: Sequence[str] = ()) -> tuple[pa.Table, dict[str, str]]:
    """The rows, and what the file says of itself; the texts of `repeated` columns are held once each.

    Raises:
        OutputError: it is damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(
            pa.BufferReader(content), page_checksum_verification=True, read_dictionary=list(repeated)
        )
        table = file.read()
    except (pa.ArrowException, OSError, ValueError) as error:  # ValueError: a name that is no UTF-8
        raise OutputError(f"is no whole Parquet file: {error}") from error
    stored = file.metadata.metadata or {}
    metadata = {key.decode(): text.decode() for key, text in stored.items() if key != b"ARROW:schema"}
    return table.replace_schema_metadata(None), metadata


def _file(table: pa.Table, metadata: Mapping[str, str]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    stream = pa.BufferOutputStream()
    # Without Arrow's own schema in it texts are read as texts, and not as the dictionaries that they are written from.
    with pq.ParquetWriter(
        stream, table.schema, compression="zstd", store_schema=False, write_page_checksum=True
    ) as file:
        file.write_table(table)
        file.add_key_value_metadata(dict(metadata))
    return bytes(stream.getvalue())


def _beginnings(rows: Sequence[Rows]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Of each recording: microseconds of its clock from 1970 to its beginning, and those that the clock is ahead of UTC."""
    began, offsets = [], []
    for each in rows:
        at = each.recorded_at
        ahead = None if at is None else at.utcoffset()
        began.append(_UNKNOWN if at is None else (at.replace(tzinfo=None) - _EPOCH) // _MICROSECOND)
        offsets.append(_UNKNOWN if ahead is None else ahead // _MICROSECOND)
    return np.array(began, np.int64), np.array(offsets, np.int64)


def _milliseconds(began: npt.NDArray[np.int64], starts: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Those from 1970 to each start, rounded as `cells.recorded_at` does it."""
    known = began != _UNKNOWN
    microseconds = np.where(known, began, 0) + np.rint(starts * 1e6).astype(np.int64)
    return np.where(known, (microseconds + 500) // 1000, _UNKNOWN)


def _decimals(values: npt.NDArray[np.float64], count: int) -> npt.NDArray[np.float64]:
    """The numbers that the CSV has as text."""
    scaled = values * 10.0**count
    rounded: npt.NDArray[np.float64] = np.rint(scaled) / 10.0**count
    # Which way a tie goes depends on bits that the product has lost.
    near = np.abs(scaled - np.floor(scaled) - 0.5) < _NEAR_A_TIE
    rounded[near] = [float(f"{value:.{count}f}") for value in values[near].tolist()]
    return rounded


def _joined(parts: Sequence[npt.NDArray[Any]], kind: type[np.generic]) -> npt.NDArray[Any]:
    return np.concatenate([np.empty(0, kind), *parts]).astype(kind, copy=False)


def _utf8(text: str) -> str:
    r"""The text; bytes of a file's name that are no UTF-8 as `\udc80` to `\udcff`, since Parquet holds UTF-8 alone."""
    return text.encode(errors="backslashreplace").decode()
