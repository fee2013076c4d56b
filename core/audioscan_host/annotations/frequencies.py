"""Annotations whose sound lies above what is read of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from audioscan_host.annotations.annotation import Annotation, Role


@dataclass(frozen=True)
class Above:
    """The positive annotations of a label that lie above a frequency: half or more of their octaves do.

    Attributes:
        label: the sound.
        number: of those that lie above.
        of: of all of the label.
        recordings: those that the first of them are in, in order.
        first: the first one.
        highest: Hz, the highest middle of any.
    """

    label: str
    number: int
    of: int
    recordings: tuple[Path, ...]
    first: Annotation
    highest: float

    @property
    def place(self) -> str:
        """Where the first is: 40 to 62 kHz in day.wav at 3 s."""
        low, high = self.first.low or 0.0, self.first.high
        band = kilohertz(low) if high is None else f"{low / 1000:.3g} to {kilohertz(high)}"
        return f"{band} in {self.recordings[0]} at {self.first.start:g} s"


def above(
    annotations: Mapping[Path, Sequence[Annotation]], label: str, limits: Mapping[Path, float]
) -> Above | None:
    """The annotations of a label that lie above a limit; None where none does.

    Args:
        annotations: of each recording.
        label: the sound.
        limits: recording -> Hz; those without one are not looked at.
    """
    own = [
        (path, each)
        for path, of_path in annotations.items()
        for each in of_path
        if path in limits and each.role is Role.POSITIVE and each.label == label
    ]
    high = [(path, each) for path, each in own if each.middle >= limits[path]]
    if not high:
        return None
    return Above(
        label,
        len(high),
        len(own),
        tuple(dict.fromkeys(path for path, _ in high)),
        high[0][1],
        max(each.middle for _, each in high),
    )


def kilohertz(frequency: float) -> str:
    """8 kHz, 22.1 kHz."""
    return f"{frequency / 1000:.3g} kHz"
