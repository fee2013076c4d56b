"""Annotations as label files, which read back as the same annotations as far as the format can hold them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import TextIO

from audioscan_host.annotations import Annotation, Role, marked
from audioscan_host.errors import OutputError
from audioscan_host.notes import About, Note, Tell, log
from audioscan_host.output import Format, by_name, cells
from audioscan_host.output.dcase import COLUMNS as DCASE_COLUMNS
from audioscan_host.output.raven import COLUMNS as RAVEN_COLUMNS
from audioscan_host.output.raven import HIGH_FREQUENCY, LOW_FREQUENCY
from audioscan_host.output.saving import save_regions

Annotations = Mapping[str, Sequence[Annotation]]
"""The annotations of each recording, by its name."""


def write_csv(stream: TextIO, annotations: Annotations) -> None:
    """Write `file,start,end,label,role,source,low_freq,high_freq`, a row for each annotation: all that there is of it."""
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(["file", "start", "end", "label", "role", "source", "low_freq", "high_freq"])
    for file, own in annotations.items():
        for a in own:
            end = "" if a.end is None else _seconds(a.end)
            frequencies = ("" if each is None else str(each) for each in (a.low, a.high))
            table.writerow([file, _seconds(a.start), end, a.label, a.role, a.source, *frequencies])


def write_audacity(stream: TextIO, annotations: Annotations) -> None:
    """Write a label track, with a line of frequencies after each label that has both; a point has equal times.

    Raises:
        ValueError: more than one recording.
    """
    for a in cells.of_one_recording(annotations, "an Audacity label file")[1]:
        stream.write(f"{_seconds(a.start)}\t{_seconds(_end(a))}\t{_marked(a)}\n")
        if a.low is not None or a.high is not None:
            # -1 is how Audacity writes a frequency that is not set.
            low, high = (-1.0 if each is None else each for each in (a.low, a.high))
            stream.write(f"\\\t{low:.6f}\t{high:.6f}\n")


def write_raven(stream: TextIO, annotations: Annotations) -> None:
    """Write a selection table, a row for each annotation of one recording; a point has equal times.

    A selection must have frequencies: where an annotation has none they are 0 to 8000 Hz, as of regions.

    Raises:
        ValueError: more than one recording.
    """
    file, own = cells.of_one_recording(annotations, "a Raven selection table")
    columns = [column for column in RAVEN_COLUMNS if column != "Score"]
    stream.write("\t".join(columns) + "\n")
    name = cells.single_line(PurePath(file).name)
    for number, a in enumerate(own, start=1):
        low = LOW_FREQUENCY if a.low is None else a.low
        high = max(HIGH_FREQUENCY, low) if a.high is None else a.high
        times = _seconds(a.start), _seconds(_end(a))
        row = (str(number), "Spectrogram 1", "1", *times, f"{low:.6f}", f"{high:.6f}", name, _marked(a))
        stream.write("\t".join(row) + "\n")


def write_dcase(stream: TextIO, annotations: Annotations) -> None:
    """Write an event list, a row for each span; points, which it cannot hold, are left out."""
    table = csv.writer(stream, dialect="excel-tab", lineterminator="\n")
    table.writerow(DCASE_COLUMNS)
    for file, own in annotations.items():
        for a in own:
            if a.end is not None:
                table.writerow([cells.single_line(file), _seconds(a.start), _seconds(a.end), _marked(a)])


FORMATS: Mapping[str, Format[Annotation]] = by_name(
    [
        Format("csv", ".csv", one_file=True, writer=("label_files", "write_csv")),
        Format("audacity", ".txt", one_file=False, writer=("label_files", "write_audacity")),
        Format("raven", ".Table.1.selections.txt", one_file=False, writer=("label_files", "write_raven")),
        Format("tsv", ".tsv", one_file=True, writer=("label_files", "write_dcase")),
    ]
)
"""Every format that labels are written in, by its name: those of results that are label files."""

_Lost = Callable[[Annotation], bool]

_POINT: Mapping[str, _Lost] = {"points, which are left out": lambda a: a.end is None}
_SOURCE: Mapping[str, _Lost] = {"sources": lambda a: bool(a.source)}
_FREQUENCIES: Mapping[str, _Lost] = {"frequencies": lambda a: a.low is not None or a.high is not None}
_BREAKS: Mapping[str, _Lost] = {
    "line breaks in labels, which become blanks": lambda a: cells.single_line(a.label) != a.label
}
_NO_FREQUENCIES: Mapping[str, _Lost] = {
    "annotations without frequencies, which get 0 to 8000 Hz": lambda a: a.low is None or a.high is None
}

_CANNOT_HOLD: Mapping[str, Mapping[str, _Lost]] = {
    "csv": {},
    "audacity": {**_SOURCE, **_BREAKS},
    "raven": {**_SOURCE, **_BREAKS, **_NO_FREQUENCIES},
    "tsv": {**_POINT, **_SOURCE, **_FREQUENCIES, **_BREAKS},
}
"""Format -> what it cannot hold, and which annotations have that."""


def save_labels(
    annotations: Mapping[Path, Sequence[Annotation]], format_name: str, out: Path | None, tell: Tell = log
) -> int:
    """Write the annotations of recordings, those without any left out, and tell what the format cannot hold.

    Args:
        annotations: of each recording, which they are written under.
        format_name: one of `FORMATS`.
        out: a file; a folder where the format is one file a recording and there are several; None for stdout.
        tell: is told, in one line.

    Returns:
        How many were written.

    Raises:
        OutputError: there is nothing to write, several recordings need a folder, or a file cannot be written.
    """
    kept = {str(path): own for path, own in annotations.items() if own}
    if not kept:
        raise OutputError("there is nothing to write: none of the recordings has an annotation")
    lost = ", ".join(_lost(format_name, [a for own in kept.values() for a in own]))
    if lost:
        tell(Note(About.LABELS, f"{format_name} cannot hold all that is annotated: {lost}"))
    save_regions(kept, FORMATS[format_name], out)
    return sum(len(own) - _left_out(format_name, own) for own in kept.values())


def _lost(format_name: str, annotations: Collection[Annotation]) -> Iterator[str]:
    counts = Counter(what for a in annotations for what, has in _CANNOT_HOLD[format_name].items() if has(a))
    return (f"{number} {what}" for what, number in counts.items())


def _left_out(format_name: str, annotations: Sequence[Annotation]) -> int:
    return sum(
        has(a) for a in annotations for what, has in _POINT.items() if what in _CANNOT_HOLD[format_name]
    )


def _seconds(time: float) -> str:
    """Six decimals, as Audacity writes them: what a person placed is not rounded."""
    return f"{time:.6f}"


def _end(annotation: Annotation) -> float:
    return annotation.start if annotation.end is None else annotation.end


def _marked(annotation: Annotation) -> str:
    return cells.single_line(marked(annotation.label, Role(annotation.role)))
