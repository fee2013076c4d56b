"""Places that show what a sound is like, and the windows that stand for them."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audioscan_host.errors import SettingError

_LONGEST_WHOLE_FILE = 1.5  # windows; a longer file holds more than the sound
_TIME = r"[0-9]+(?::[0-5]?[0-9]){0,2}(?:\.[0-9]+)?"
_SPAN = re.compile(f"({_TIME})-({_TIME})")


@dataclass(frozen=True)
class Example:
    """A place where the sound is.

    Attributes:
        path: the recording.
        start: seconds from its beginning; None with `end` for the whole file.
        end: seconds, after `start`.

    Raises:
        SettingError: the end is not after the start, or only one of them is given.
    """

    path: Path
    start: float | None = None
    end: float | None = None

    def __post_init__(self) -> None:
        if (self.start is None) != (self.end is None):
            raise SettingError(f"{self.path}: an example has a start and an end, or neither")
        if self.start is not None and self.end is not None and not 0 <= self.start < self.end:
            raise SettingError(f"{self}: the end of an example must be after its start")

    def __str__(self) -> str:
        return str(self.path) if self.start is None else f"{self.path}@{self.start:.10g}-{self.end:.10g}"

    @classmethod
    def parse(cls, text: str) -> "Example":
        """Read `FILE`, or `FILE@START-END` in seconds, m:ss or h:mm:ss.

        Raises:
            SettingError: what follows the last @ is no span, and there is no such file either.
        """
        file, at, span = text.rpartition("@")
        if not at or Path(text).is_file():  # a file's name may hold an @
            return cls(Path(text))
        times = _SPAN.fullmatch(span)
        if not (times and file):
            raise SettingError(
                f"{text}: expected FILE@START-END in seconds, m:ss or h:mm:ss, such as day.wav@83.5-85 or "
                "day.wav@1:23.5-1:25"
            )
        return cls(Path(file), _seconds(times[1]), _seconds(times[2]))


def span_of(example: Example, duration: float, window: float) -> tuple[float, float]:
    """Begin and end of an example in its recording, seconds.

    Raises:
        SettingError: it is not within the recording, or is a long file without a span.
    """
    if example.start is None or example.end is None:
        if duration > _LONGEST_WHOLE_FILE * window:
            raise SettingError(
                f"{example} lasts {duration:g} s, a window {window:g} s: say where in it the sound is, "
                f"{example.path}@START-END"
            )
        return 0.0, duration
    if example.start >= duration or example.end > duration + 1:  # players round to whole seconds
        raise SettingError(f"{example}: the example ends after the recording, which lasts {duration:g} s")
    return example.start, min(example.end, duration)


def windows_of(
    times: npt.NDArray[np.float64], window: float, start: float, end: float
) -> npt.NDArray[np.intp]:
    """Indices of the windows in a span; where it holds none, of the one that holds most of it."""
    starts, length = microseconds(times), int(microseconds(window))
    first, last = int(microseconds(start)), int(microseconds(end))
    inside = np.flatnonzero((starts >= first) & (starts + length <= last))
    if len(inside):
        return inside
    overlap = np.minimum(starts + length, last) - np.maximum(starts, first)
    off_centre = np.abs(2 * starts + length - first - last)
    return np.lexsort((starts, off_centre, -overlap))[:1]


def microseconds(seconds: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Whole microseconds, which compare exactly, where 1.2 - 0.9 is not 0.3."""
    return np.rint(np.multiply(seconds, 1e6)).astype(np.int64)


def _seconds(text: str) -> float:
    """Seconds of `83.5`, `1:23.5` or `0:01:23.5`."""
    total = 0.0
    for part in text.split(":"):
        total = total * 60 + float(part)
    return total
