"""Annotations whose sound lies above what is read of it."""

from collections.abc import Iterable, Mapping, Sequence
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
    annotations: Mapping[Path, Sequence[Annotation]], labels: Iterable[str], limits: Mapping[Path, float]
) -> list[Above]:
    """Of each label that has any annotation above a limit what they are, in the order of the labels.

    Args:
        annotations: of each recording.
        labels: the sounds.
        limits: recording -> Hz; those without one are not looked at.
    """
    by_label: dict[str, list[tuple[Path, Annotation]]] = {label: [] for label in labels}
    for path in (path for path in annotations if path in limits):
        for each in annotations[path]:
            if each.role is Role.POSITIVE and each.label in by_label:
                by_label[each.label].append((path, each))
    return [found for label, own in by_label.items() if (found := _above(label, own, limits)) is not None]


def _above(label: str, own: Sequence[tuple[Path, Annotation]], limits: Mapping[Path, float]) -> Above | None:
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
