"""A part of a recording, from one second to another, cut from its decoded chunks to the sample."""

import math
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from audioscan_host.errors import SettingError


def require_part(start: float, end: float | None) -> None:
    """Refuse what is no part of any recording.

    Raises:
        SettingError: `start` is negative or no number, or `end` lies before it.
    """
    if not (math.isfinite(start) and start >= 0):
        raise SettingError(f"a part of a recording starts at 0 s or later, not at {start:g} s")
    if end is not None and not (math.isfinite(end) and end >= start):
        raise SettingError(
            f"a part of a recording ends at its start or later, not at {end:g} s ({start:g} s is its start)"
        )


def part_of(
    chunks: Iterable[npt.NDArray[np.float32]],
    sample_rate: int,
    start: float,
    end: float | None,
    position: int = 0,
) -> Iterator[npt.NDArray[np.float32]]:
    """The samples from `round(start * sample_rate)` up to `round(end * sample_rate)`; nothing behind them is asked for.

    Args:
        chunks: (samples,) each.
        sample_rate: theirs, Hz.
        start: seconds.
        end: seconds; None for the recording's end.
        position: of the first sample of `chunks` in the recording.
    """
    first = round(start * sample_rate)
    last = None if end is None else round(end * sample_rate)
    for chunk in chunks:
        wanted = chunk[max(first - position, 0) : None if last is None else max(last - position, 0)]
        position += len(chunk)
        if len(wanted):
            yield wanted
        if last is not None and position >= last:
            return
