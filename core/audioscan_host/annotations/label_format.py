"""What a format of label files is: how one is recognised, and what reads it."""

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from audioscan_host.annotations import cells
from audioscan_host.annotations.annotation import Annotation
from audioscan_host.annotations.labels_as import LabelsAs

HEAD = 65_536
"""Characters of a label file by which its format is recognised."""


@dataclass(frozen=True)
class LabelHead:
    """The beginning of a label file.

    Attributes:
        text: up to 65,536 characters, without a byte order mark.
    """

    text: str

    @cached_property
    def first_line(self) -> str:
        """The first line that is not blank; empty where there is none."""
        return next((line for line in cells.lines(self.text) if line.strip()), "")

    @cached_property
    def cells(self) -> Sequence[str]:
        """The cells between the tabs of the first line, without the quotes around them."""
        return [cell.strip().strip('"') for cell in self.first_line.split("\t")]

    @cached_property
    def comma_cells(self) -> Sequence[str]:
        """The cells between the commas of the first line; none where its quotes do not fit together."""
        try:
            row = next(csv.reader([self.first_line], strict=True, skipinitialspace=True), [])
        except csv.Error:
            return []
        return [cell.strip() for cell in row]

    @cached_property
    def delimiter(self) -> str:
        """A tab where the first line has one, else a comma."""
        return "\t" if len(self.cells) > 1 else ","

    @cached_property
    def columns(self) -> frozenset[str]:
        """What a header's columns are called, in small letters; of a first line that is none, just its cells."""
        return frozenset(cells.column_names(self.cells if self.delimiter == "\t" else self.comma_cells))

    def begins_with(self, *beginnings: str) -> bool:
        """Whether the text begins so, after blanks."""
        return self.text.lstrip().startswith(beginnings)


@dataclass(frozen=True)
class LabelFormat:
    """A format of label files.

    Attributes:
        name: as its users call it: `Raven selection table`.
        description: what is in it, half a sentence.
        recognises: whether a file that begins so is of this format; quick, and by content, not by name.
        read: path and text -> annotations. An empty label is a row that names no sound: it is skipped, and
            counted. What is wrong with a file is raised as `AnnotationError`, a line that names the file.
        of_one_recording: whether a file without annotations says that nothing is in the recording that it is
            named like, since the format has a file for each recording.
        in_utf16: whether it may be UTF-16 text, with a byte order mark.
        read_as: in place of `read`, where the second number of a row may be an end or a duration.
    """

    name: str
    description: str
    recognises: Callable[[LabelHead], bool]
    read: Callable[[Path, str], Iterable[Annotation]]
    of_one_recording: bool = False
    in_utf16: bool = False
    read_as: Callable[[Path, str, LabelsAs], Iterable[Annotation]] | None = None
