"""What the label files say of a recording, to be shown under the verdicts."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from audioscan_host import Annotation, AnnotationError

POINT = 0.2
"""Seconds; as long a point is shown."""


@dataclass(frozen=True)
class LabelledSpan:
    """A place where a label file has a sound.

    Attributes:
        start: seconds.
        end: seconds.
        label: the sound.
        role: "positive" or "soft".
    """

    start: float
    end: float
    label: str
    role: str


def labelled_spans(
    recordings: Sequence[Path], label_files: Sequence[Path], recording: Path
) -> list[LabelledSpan]:
    """The sounds that label files have in a recording, by their start; later files win, as in training.

    A label file that cannot be read is left out: the session tells what is wrong with it.

    Args:
        recordings: all of the session, since a label file's names are matched with all of them.
        label_files: of the session.
        recording: one of the recordings.
    """
    from audioscan_host.annotations.corrections import corrected
    from audioscan_host.annotations.matching import annotations_of

    known: list[Annotation] = []
    for file in label_files:
        with suppress(AnnotationError):
            found = annotations_of(recordings, [file], may_fit_none=True, tell=lambda _note: None)
            known = corrected(known, found.get(recording, []))
    spans = [
        LabelledSpan(
            each.start, each.start + POINT if each.end is None else each.end, each.label, str(each.role)
        )
        for each in known
        if each.label and str(each.role) in {"positive", "soft"}
    ]
    return sorted(spans, key=lambda span: (span.start, span.end, span.label))
