"""A clip that was cut."""

from dataclasses import dataclass
from pathlib import Path

from audioscan_host.annotations import Annotation


@dataclass(frozen=True)
class Clip:
    """A clip that was cut.

    Attributes:
        file: where it lies.
        recording: what it was cut from.
        place: what was found there: start, end, label, role and score.
        start: seconds in the recording, where the clip begins.
        end: seconds, where it ends.
    """

    file: Path
    recording: Path
    place: Annotation
    start: float
    end: float
