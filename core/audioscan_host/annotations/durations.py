"""Annotations that do not go with how long their recordings are."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from audioscan_host.annotations.annotation import Annotation, Role
from audioscan_host.notes import About, Note, Tell, log

SLACK = 1.0
"""Seconds that a span may end after its recording: containers round, and estimate."""

NEARLY_WHOLE = 0.95
"""Share of a recording from which on one span is nearly all of it."""

CLIP = 10.0
"""Seconds up to which a recording is a clip, which one sound may well fill."""


def tell_beyond_the_end(
    durations: Mapping[Path, float], annotations: Mapping[Path, Sequence[Annotation]], tell: Tell = log
) -> None:
    """Tell of annotations that reach past the end of their recording: of another one, or not in seconds.

    Args:
        durations: recording -> seconds.
        annotations: of each recording.
        tell: is told, in one line for a recording.
    """
    for recording, duration in durations.items():
        own = annotations.get(recording, ())
        beyond = [each for each in own if each.start >= duration]
        if beyond:
            message = (
                f"{recording}: lasts {duration:g} s, but {len(beyond)} of its annotations "
                f"begin{'s' * (len(beyond) == 1)} later, the first at {min(each.start for each in beyond):g} s: they count for "
                "nothing; times are seconds from its beginning"
            )
            tell(Note(About.LABELS, message, recording))
            continue
        ends = [each.end for each in own if _says_sound(each) and each.end and each.end > duration + SLACK]
        if ends:
            message = (
                f"{recording}: lasts {duration:g} s, but {len(ends)} of its annotations end{'s' * (len(ends) == 1)} later, the "
                f"last at {max(ends):g} s: are they of this recording, and in seconds from its beginning?"
            )
            tell(Note(About.LABELS, message, recording))


def tell_nearly_whole(
    durations: Mapping[Path, float], annotations: Mapping[Path, Sequence[Annotation]], tell: Tell = log
) -> None:
    """Tell, in one line a label, of spans that are nearly all of a recording that is no clip.

    Args:
        durations: recording -> seconds.
        annotations: of each recording.
        tell: is told.
    """
    found: dict[str, list[tuple[Path, Annotation]]] = {}
    for recording, annotation in _whole(durations, annotations):
        found.setdefault(annotation.label, []).append((recording, annotation))
    for label, places in sorted(found.items()):
        recording, span = places[0]
        more = f" and {len(places) - 1} more" * (len(places) > 1)
        message = (
            f"{label}: one span is nearly all of {recording}{more} ({span.start:g} to {span.end:g} of "
            f"{durations[recording]:g} s), so all windows there count as holding the sound; where it says only that the sound "
            "is somewhere in the recording, label the places"
        )
        tell(Note(About.LABELS, message, recording, label))


def _whole(
    durations: Mapping[Path, float], annotations: Mapping[Path, Sequence[Annotation]]
) -> Iterator[tuple[Path, Annotation]]:
    for recording, duration in durations.items():
        for each in annotations.get(recording, ()):
            long = each.end is not None and min(each.end, duration) - each.start >= NEARLY_WHOLE * duration
            if each.role is Role.POSITIVE and long and duration > CLIP:
                yield recording, each


def _says_sound(annotation: Annotation) -> bool:
    """Whether it says that a sound is there or may be; what a review denies may reach past the end."""
    return annotation.role in {Role.POSITIVE, Role.SOFT}
