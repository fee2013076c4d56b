"""How clips are cut."""

import math
from dataclasses import dataclass

from audioscan_host.choices import Choice
from audioscan_host.errors import SettingError


class ClipFormat(Choice):
    """What a clip is written as."""

    WAV = "wav"
    """16 bits."""
    FLAC = "flac"
    """16 bits."""
    COPY = "copy"
    """As it is in the recording, video included: its packets, not decoded. Cuts are at the borders of packets."""


@dataclass(frozen=True)
class ClipSettings:
    """How clips are cut.

    Attributes:
        format: what they are written as.
        pad: seconds before and after the place.
        length: seconds of every clip, around the middle of its place; at the ends of the recording it is shifted
            inside. None for the place's own length.
        rate: Hz; None for the recording's own.
        mono: whether the channels are mixed, by their mean.

    Raises:
        SettingError: a number is out of its range, or two of them do not go with each other.
    """

    format: ClipFormat = ClipFormat.WAV
    pad: float = 0.0
    length: float | None = None
    rate: int | None = None
    mono: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "format", ClipFormat.of(self.format, "format"))
        if not (math.isfinite(self.pad) and self.pad >= 0):
            raise SettingError(f"pad must be 0 s or more, not {self.pad:g}")
        if self.length is not None and not (math.isfinite(self.length) and self.length > 0):
            raise SettingError(f"length must be more than 0 s, not {self.length:g}")
        if self.length is not None and self.pad:
            raise SettingError("length is that of the whole clip: leave pad out")
        if self.rate is not None and not 1000 <= self.rate <= 768_000:
            raise SettingError(f"rate must be 1000 to 768000 Hz, not {self.rate}")
        if self.format == ClipFormat.COPY and (self.rate or self.mono):
            raise SettingError(
                "a copy is what the recording has: leave rate and mono out, or write WAV or FLAC"
            )
