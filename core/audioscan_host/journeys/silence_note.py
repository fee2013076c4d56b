"""What a user is told of the digital silence of a recording."""

import numpy as np
import numpy.typing as npt

from audioscan_host.silence import Spans, audible
from audioscan_host.windows import microseconds

WORTH_TELLING = 1.0
"""Seconds of silence in a recording, above which a user is told."""

MANY = 3
"""Stretches between silences that no window tells of, from which on a user is told."""


def silence_note(times: npt.NDArray[np.float64], window: float, duration: float, spans: Spans) -> str | None:
    """What a user should know of a recording's silence; `None` where it is a second or less.

    Args:
        times: (windows,) starts in seconds, ascending.
        window: seconds.
        duration: of the recording, seconds.
        spans: (spans, 2) seconds, ascending.
    """
    silent = float(np.sum(spans[:, 1] - spans[:, 0]))
    if silent <= WORTH_TELLING:
        return None
    note = (
        f"{silent:.1f} s of {duration:.1f} s is digital silence (zeros): it is no evidence, "
        "and nothing is found in it"
    )
    if (
        silent < duration / 3
        or _out_of_reach(times[audible(times, window, spans)], window, duration, spans) < MANY
    ):
        return note
    return (
        f"{note}; sounds shorter than half a window ({window / 2:g} s) between silences cannot be found, "
        "and a detector of a shorter --window would find them"
    )


def _out_of_reach(evidence: npt.NDArray[np.float64], window: float, duration: float, spans: Spans) -> int:
    """Number of stretches between silences that no window which is evidence reaches into."""
    begin, end = microseconds(np.append(0.0, spans[:, 1])), microseconds(np.append(spans[:, 0], duration))
    starts, ends = microseconds(evidence), microseconds(evidence + window)
    reaching = np.searchsorted(starts, end) - np.searchsorted(ends, begin, side="right")
    return int(np.sum((reaching <= 0) & (end > begin)))
