"""An annotation: a labelled place in a recording."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from audioscan_host.errors import AnnotationError


class Role(StrEnum):
    """What an annotation says of its place: the sound is here, may be here, or is not."""

    POSITIVE = "positive"
    SOFT = "soft"
    NEGATIVE = "negative"


@dataclass(frozen=True)
class Annotation:
    """A labelled span or point of a recording.

    Attributes:
        file: the recording as the label file writes it; where it names none, what the label file
            itself is named like, without the suffix.
        start: seconds from the recording's beginning.
        end: seconds, after `start`; None for a point.
        label: the name of the sound.
        role: what the annotation says of its place.
    """

    file: str
    start: float
    end: float | None
    label: str
    role: Role = Role.POSITIVE


def positive_labels(annotations: Iterable[Annotation], only: Collection[str] = ()) -> list[str]:
    """The labels that have a positive annotation, in order of the alphabet.

    Args:
        annotations: of any recordings.
        only: the labels that are wanted; all of them where empty.

    Raises:
        AnnotationError: a wanted label has none, or there is none at all.
    """
    known = sorted({annotation.label for annotation in annotations if annotation.role is Role.POSITIVE})
    unknown = sorted(set(only) - set(known))
    if unknown:
        raise AnnotationError(
            f"no annotation has the label {unknown[0]!r}; there are: {', '.join(known) or 'none'}"
        )
    if not known:
        raise AnnotationError("no annotation is positive: label some places where the sound is")
    return [label for label in known if not only or label in only]
