"""The probability of every window, as a CSV table."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, TextIO

from audioscan_host.output import cells
from audioscan_host.recorded_at.moments import later

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

COLUMNS = ("file", "start", "end", "label", "probability", "recorded_at")


class ScoreTable:
    """A table that grows by one recording at a time: `file,start,end,label,probability,recorded_at`.

    The header is written at once, so that a scan that finds no recording leaves a valid file. Where each channel is
    scanned by itself a column `channel` follows.
    """

    def __init__(self, stream: TextIO, *, of_channels: bool = False) -> None:
        self._of_channels = of_channels
        self._table = csv.writer(stream, lineterminator="\n")
        self._table.writerow((*COLUMNS, *["channel"] * of_channels))

    def add(
        self,
        file: str,
        times: npt.NDArray[np.float64],
        window: float,
        duration: float,
        probabilities: Mapping[str, npt.NDArray[np.floating]],
        *,
        recorded_at: datetime | None = None,
        channel: int | None = None,
    ) -> None:
        """Write the windows of a recording in order of time, and for each its labels.

        Args:
            file: the recording, as the results name it.
            times: (windows,) starts in seconds.
            window: seconds; the last window ends at `duration` at the latest.
            duration: of the recording, seconds.
            probabilities: label -> (windows,) between 0 and 1.
            recorded_at: when the recording began; None where that is not known.
            channel: its number, where the table has a column for it.

        Raises:
            ValueError: a label has more or fewer probabilities than there are windows.
        """
        columns = [values.tolist() for values in probabilities.values()]
        for start, *row in zip(times.tolist(), *columns, strict=True):
            span = cells.seconds(start), cells.seconds(min(start + window, duration))
            when = cells.recorded_at(later(recorded_at, start))
            for label, probability in zip(probabilities, row, strict=True):
                row_of_label = [file, *span, label, cells.score(probability), when]
                self._table.writerow(row_of_label + [channel] * self._of_channels)
