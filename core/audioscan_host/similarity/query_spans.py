"""Places that show what a sound is like."""

import re
from dataclasses import dataclass
from pathlib import Path

from audioscan_host.errors import SettingError
from audioscan_host.remote_path import RemotePath, is_url, path_of

_LONGEST_WHOLE_FILE = 1.5  # windows; a longer file holds more than the sound
_TIME = r"[0-9]+(?::[0-5]?[0-9]){0,2}(?:\.[0-9]+)?"
_SPAN = re.compile(f"({_TIME})-({_TIME})")


@dataclass(frozen=True)
class QuerySpan:
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
    def parse(cls, text: str | Path) -> "QuerySpan":
        """Read `FILE`, or `FILE@START-END` in seconds, m:ss or h:mm:ss.

        Raises:
            SettingError: what follows the last @ is no span, and there is no such file either.
        """
        text = text.url if isinstance(text, RemotePath) else str(text)
        file, at, span = text.rpartition("@")
        times = _SPAN.fullmatch(span)
        if not at or (is_url(text) and not times) or _is_file(text):  # a file's name may hold an @
            return cls(path_of(text))
        if not (times and file):
            raise SettingError(
                f"{text}: expected FILE@START-END in seconds, m:ss or h:mm:ss, such as day.wav@83.5-85 or "
                "day.wav@1:23.5-1:25"
            )
        return cls(path_of(file), _seconds(times[1]), _seconds(times[2]))


@dataclass(frozen=True)
class Place:
    """Where an example is.

    Attributes:
        path: the recording.
        start: seconds from its beginning.
        end: seconds, within the recording.
    """

    path: Path
    start: float
    end: float

    @classmethod
    def of(cls, example: QuerySpan, duration: float, window: float) -> "Place":
        """The place of an example in its recording.

        Raises:
            SettingError: it is not within the recording, or is a long file without a span.
        """
        if example.start is None or example.end is None:
            if duration > _LONGEST_WHOLE_FILE * window:
                raise SettingError(
                    f"{example} lasts {duration:g} s, a window {window:g} s: say where in it the sound is, "
                    f"{example.path}@START-END"
                )
            return cls(example.path, 0.0, duration)
        if example.start >= duration or example.end > duration + 1:  # players round to whole seconds
            raise SettingError(f"{example}: the example ends after the recording, which lasts {duration:g} s")
        return cls(example.path, example.start, min(example.end, duration))

    def __str__(self) -> str:
        return f"{self.path}: {self.start:.10g} to {self.end:.10g} s"


def _is_file(text: str) -> bool:
    """Whether there is such a file; of what is behind a URL only its name is looked at."""
    return not is_url(text) and Path(text).is_file()


def _seconds(text: str) -> float:
    """Seconds of `83.5`, `1:23.5` or `0:01:23.5`."""
    total = 0.0
    for part in text.split(":"):
        total = total * 60 + float(part)
    return total
