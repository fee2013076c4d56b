"""Reader of Audacity label tracks, and of the event lists that look the same."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from audioscan_host.annotations import cells
from audioscan_host.annotations.annotation import Annotation
from audioscan_host.annotations.label_format import LabelHead
from audioscan_host.annotations.labels_as import LabelsAs, TimedRow, spans_of
from audioscan_host.errors import AnnotationError


def is_audacity(head: LabelHead) -> bool:
    """Whether the first line begins with a time, or is one of frequency limits."""
    return len(head.cells) > 1 and (head.cells[0] == "\\" or cells.is_time(head.cells[0]))


def read_audacity(path: Path, text: str, labels_as: LabelsAs = LabelsAs.AUTO) -> Iterator[Annotation]:
    """Read `start`, `end` and `label` between tabs, without a header; the file is named like its recording.

    Equal times make a point. A line that begins with a backslash has the frequencies of the label before it.
    The event lists of sed_eval for one recording (onset, offset, label) are the same; those of Sonic Visualiser
    have a duration in place of the end.
    https://manual.audacityteam.org/man/importing_and_exporting_labels.html
    """
    return spans_of(list(_rows(path, text)), labels_as, path)


def _rows(path: Path, text: str) -> Iterator[TimedRow]:
    before: TimedRow | None = None  # what follows it may be its frequencies
    for number, line in enumerate(cells.lines(text), start=1):
        place = f"{path}, line {number}"
        if line.startswith("\\"):
            before = before and _with_frequencies(before, line)
            continue
        if not line.strip():
            continue
        if before:
            yield before
        row = line.split("\t")
        if len(row) < 2:
            raise AnnotationError(f"{place}: expected start, end and label separated by tabs")
        _refuse_file_that_is_a_number(row, place)
        start, end = (
            cells.seconds(cell, name, place) for cell, name in zip(row, ("start", "end"), strict=False)
        )
        # What follows a third tab is ignored, as Audacity does: some programs write a score there.
        before = TimedRow(place, path.stem, start, end, row[2].strip() if len(row) > 2 else "")
    if before:
        yield before


def _with_frequencies(row: TimedRow, line: str) -> TimedRow:
    """The label with the two frequencies of its line, as far as they are numbers."""
    low, high = (cells.hertz(cell) for cell in (*line.split("\t"), "", "")[1:3])
    return replace(row, low=low, high=high)


def _refuse_file_that_is_a_number(row: list[str], place: str) -> None:
    """`17 0.5 2.0 dog` may be a label "2.0" with something after it, or a dog in the recording 17."""
    if len(row) > 3 and row[3].strip() and all(cells.is_time(cell) for cell in row[:3]):
        raise AnnotationError(
            f"{place}: {row[0].strip()!r} may be a start or a recording: for an event list write the header "
            "filename, onset, offset, event_label; for Audacity labels remove what follows the label"
        )
