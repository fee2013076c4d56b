"""What was found in one recording, as columns of numbers: the rows that a dataset gets of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from audioscan_host.regions import Region

UNKNOWN = "unknown"
"""The month of recordings of which nobody knows when they began."""


class Scanned(Protocol):
    """What rows are made of; see `ScannedRecording`."""

    @property
    def path(self) -> Path: ...
    @property
    def digest(self) -> str: ...
    @property
    def duration(self) -> float: ...
    @property
    def recorded_at(self) -> datetime | None: ...
    @property
    def channel(self) -> int | None: ...
    @property
    def times(self) -> npt.NDArray[np.float64]: ...
    @property
    def window(self) -> float: ...
    @property
    def probabilities(self) -> Mapping[str, npt.NDArray[np.float64]]: ...
    @property
    def regions(self) -> Sequence[Region]: ...


@dataclass(frozen=True)
class Rows:
    """The rows of one recording, or of one of its channels.

    Attributes:
        file: the recording, as the results name it.
        digest: of its content.
        duration: seconds.
        recorded_at: when it began, with the zone where that is known; None where it cannot be told.
        channel: its number where each channel is scanned by itself, else None.
        starts: (rows,) seconds from the beginning.
        ends: (rows,) seconds.
        labels: (rows,) int32, each a place in the labels that were looked for.
        values: (rows,) scores or probabilities.
    """

    file: str
    digest: str
    duration: float
    recorded_at: datetime | None
    channel: int | None
    starts: npt.NDArray[np.float64]
    ends: npt.NDArray[np.float64]
    labels: npt.NDArray[np.int32]
    values: npt.NDArray[np.float64]

    @property
    def month(self) -> str:
        """`2024-05`, in which it began by the clock of its zone."""
        return UNKNOWN if self.recorded_at is None else f"{self.recorded_at:%Y-%m}"


def region_rows(scanned: Scanned, labels: Sequence[str]) -> Rows:
    """A row for each region."""
    found = scanned.regions
    return _rows(
        scanned,
        np.array([each.start for each in found], float),
        np.array([each.end for each in found], float),
        np.array([labels.index(each.label) for each in found], np.int32),
        np.array([each.score for each in found], float),
    )


def score_rows(scanned: Scanned, labels: Sequence[str]) -> Rows:
    """A row for each window and label, in order of time: the probabilities."""
    ends = np.minimum(scanned.times + scanned.window, scanned.duration)
    codes = np.array([labels.index(each) for each in scanned.probabilities], np.int32)
    return _rows(
        scanned,
        np.repeat(scanned.times, len(codes)),
        np.repeat(ends, len(codes)),
        np.tile(codes, len(ends)),
        np.stack(list(scanned.probabilities.values()), axis=1).ravel(),
    )


def _rows(scanned: Scanned, *columns: npt.NDArray[Any]) -> Rows:
    return Rows(
        str(scanned.path), scanned.digest, scanned.duration, scanned.recorded_at, scanned.channel, *columns
    )


@dataclass(frozen=True)
class Kind:
    """What a dataset holds.

    Attributes:
        format: its name in the files.
        value: the column of numbers.
        rows: what it takes of a recording.
    """

    format: str
    value: str
    rows: Callable[[Scanned, Sequence[str]], Rows]


REGIONS = Kind("audioscan-host regions", "score", region_rows)
SCORES = Kind("audioscan-host scores", "probability", score_rows)
