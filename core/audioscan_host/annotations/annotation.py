"""An annotation: a labelled place in a recording."""

import math
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from audioscan_host.errors import AnnotationError

END_OF_ALL = 1e9
"""Seconds; later than any recording ends."""


class Role(StrEnum):
    """What an annotation says of its place: the sound is here, may be here, is not, or nobody has looked."""

    POSITIVE = "positive"
    SOFT = "soft"
    ABSENT = "absent"
    """The sound of this label is not here; of others nothing is said."""
    NEGATIVE = "negative"
    """Nothing that is learned is here, whatever the label."""
    UNLABELLED = "unlabelled"
    """Only the other annotations in this place count: what lies between them is not known, of any sound."""


@dataclass(frozen=True)
class Annotation:
    """A labelled span or point of a recording.

    Attributes:
        file: the recording as the label file writes it; where it names none, what the label file
            itself is named like, without the suffix.
        start: seconds from the recording's beginning.
        end: seconds, after `start`; None for a point.
        label: the name of the sound; may be empty where the role is `unlabelled`.
        role: what the annotation says of its place.
        source: the session, site or individual that the recording is of; recordings that share one are
            never judged by each other. Empty where none is named.
        low: Hz, the lowest frequency of the sound; None where the file does not say.
        high: Hz, the highest one; None where the file does not say. Annotations that differ in frequencies
            alone are equal: a selection of Raven is one, whatever its views say.
        score: what a program gave the place, finite; None where there is none. It says nothing of what is
            there, so annotations that differ in it alone are equal.
    """

    file: str
    start: float
    end: float | None
    label: str
    role: Role = Role.POSITIVE
    source: str = ""
    low: float | None = field(default=None, compare=False)
    high: float | None = field(default=None, compare=False)
    score: float | None = field(default=None, compare=False)

    @property
    def middle(self) -> float:
        """Hz, as many octaves above the lowest frequency as below the highest; 0 where that is not known.

        A box over the whole height of a spectrogram begins at 0 Hz, and says nothing of the sound's frequency.
        """
        low, high = self.low or 0.0, self.high
        return math.sqrt(low * (low if high is None else max(low, high)))


END_OF_ALL = 1e9
"""Seconds; later than any recording ends."""

NO_CALL = "nocall"
"""What BirdNET's and other collections write for a place where somebody listened and nothing is."""


def nothing_in(file: str) -> Annotation:
    """That somebody listened to all of a recording, and nothing that is learned is in it."""
    return Annotation(file, 0.0, END_OF_ALL, NO_CALL, Role.NEGATIVE)


def is_no_call(label: str) -> bool:
    """Whether a label says that nothing is there: `nocall`, `No call`, `no_call`."""
    return re.sub(r"[\s_-]", "", label).casefold() == NO_CALL


_NEEDS_NO_LABEL = (Role.NEGATIVE, Role.UNLABELLED)
"""Roles that say the same of every sound."""


def is_unnamed(annotation: Annotation) -> bool:
    """Whether an annotation lacks the name of a sound that it says something of."""
    return not annotation.label and annotation.role not in _NEEDS_NO_LABEL


_MARKED = re.compile(rf"(.*?)\s*\(({'|'.join(Role)})\)", re.DOTALL)


def marked(label: str, role: Role) -> str:
    """A label with its role, for formats that have no column for it: "cry (negative)"."""
    return label if role is Role.POSITIVE else f"{label} ({role})".strip()


def with_marked_role(annotation: Annotation) -> Annotation:
    """The annotation with the role that its label ends with, where `marked` or a person put one there."""
    found = _MARKED.fullmatch(annotation.label)
    if annotation.role is not Role.POSITIVE or not found or not (found[1] or found[2] in _NEEDS_NO_LABEL):
        return annotation
    return replace(annotation, label=found[1], role=Role(found[2]))


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
