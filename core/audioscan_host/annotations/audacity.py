"""Reader of Audacity label tracks, and of the event lists that look the same."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from audioscan_host.annotations import cells
from audioscan_host.annotations.annotation import Annotation
from audioscan_host.errors import AnnotationError


def read_audacity(path: Path, text: str) -> Iterator[Annotation]:
    """Read `start`, `end` and `label` between tabs, without a header; the file is named like its recording.

    Equal times make a point. A line that begins with a backslash has the frequencies of the label before it.
    The event lists of sed_eval for one recording (onset, offset, label) are the same.
    https://manual.audacityteam.org/man/importing_and_exporting_labels.html
    """
    label_before: Annotation | None = None  # what follows it may be its frequencies
    for number, line in enumerate(cells.lines(text), start=1):
        if line.startswith("\\"):
            label_before = label_before and _with_frequencies(label_before, line)
        elif line.strip():
            if label_before:
                yield label_before
            label_before = _label(line, path, f"{path}, line {number}")
    if label_before:
        yield label_before


def _label(line: str, path: Path, place: str) -> Annotation:
    row = line.split("\t")
    if len(row) < 2:
        raise AnnotationError(f"{place}: expected start, end and label separated by tabs")
    _refuse_file_that_is_a_number(row, place)
    start, end = (cells.seconds(cell, name, place) for cell, name in zip(row, ("start", "end"), strict=False))
    # What follows a third tab is ignored, as Audacity does: some programs write a score there.
    label = row[2].strip() if len(row) > 2 else ""
    if not label:
        raise AnnotationError(f"{place}: the label has no text: name the sound, or remove the line")
    if end < start:
        raise AnnotationError(f"{place}: end ({end}) must be after start ({start})")
    return Annotation(path.stem, start, end if end > start else None, label)


def _with_frequencies(annotation: Annotation, line: str) -> Annotation:
    """The label with the two frequencies of its line, as far as they are numbers."""
    low, high = (cells.hertz(cell) for cell in (*line.split("\t"), "", "")[1:3])
    return replace(annotation, low=low, high=high)


def _refuse_file_that_is_a_number(row: list[str], place: str) -> None:
    """`17 0.5 2.0 dog` may be a label "2.0" with something after it, or a dog in the recording 17."""
    if len(row) > 3 and row[3].strip() and all(cells.is_time(cell) for cell in row[:3]):
        raise AnnotationError(
            f"{place}: {row[0].strip()!r} may be a start or a recording: for an event list write the header "
            "filename, onset, offset, event_label; for Audacity labels remove what follows the label"
        )
