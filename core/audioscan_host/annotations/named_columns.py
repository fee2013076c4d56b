"""Reader of tables whose header has the columns of another program: BirdNET, crowsetta, Sonic Visualiser."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from audioscan_host.annotations import cells
from audioscan_host.annotations.annotation import Annotation
from audioscan_host.annotations.label_format import LabelFormat, LabelHead
from audioscan_host.errors import AnnotationError


@dataclass(frozen=True)
class Columns:
    """What the columns of a program's tables are called, in small letters.

    Attributes:
        start: seconds.
        end: seconds.
        labels: of those that are there the first that has any text in a table counts.
        file: the recording; a table without it is named like its recording.
        end_is_duration: whether `end` is counted from `start`.
    """

    start: str
    end: str
    labels: Sequence[str]
    file: str = "file"
    end_is_duration: bool = False

    def are_in(self, head: LabelHead) -> bool:
        """Whether a header has them all; of the labels one is enough, and the file is not needed."""
        return {self.start, self.end} <= head.columns and not head.columns.isdisjoint(self.labels)

    def name_files(self, head: LabelHead) -> bool:
        """Whether a header has them all, and the file."""
        return self.are_in(head) and self.file in head.columns

    def name_no_file(self, head: LabelHead) -> bool:
        """Whether a header has them all, but no file."""
        return self.are_in(head) and self.file not in head.columns


def formats_of(
    name: str, description: str, columns: Columns, *, alone: str | None = None
) -> Iterator[LabelFormat]:
    """The format with a column of files, and the one without, which has a file for each recording.

    Args:
        name: of the one with files.
        description: of both.
        columns: of both.
        alone: the name of the one without; the same unless given.
    """
    read = partial(_read, columns)
    yield LabelFormat(name, description, columns.name_files, read)
    yield LabelFormat(alone or name, description, columns.name_no_file, read, of_one_recording=True)


def _read(columns: Columns, path: Path, text: str) -> Iterator[Annotation]:
    rows = cells.rows(path, text, LabelHead(text).delimiter)
    header = cells.column_names(next(rows)[1])
    cells.refuse_repeated(header, (columns.start, columns.end, *columns.labels, columns.file), path)
    named = [(place, cells.by_name(header, row, place)) for place, row in rows]
    label = first_filled(columns.labels, header, [row for _, row in named])
    for place, row in named:
        if columns.file not in header:
            cells.refuse_other_recordings(row, place)
        file = row.get(columns.file, path.stem)
        if not file:
            raise AnnotationError(f"{place}: {columns.file} is empty: fill it in, or remove the row")
        start = cells.seconds(row[columns.start], columns.start, place)
        end = cells.seconds(row[columns.end], columns.end, place) if row[columns.end] else start
        if columns.end_is_duration:
            end = round(start + end, 6) if row[columns.end] else start
        if end < start:
            raise AnnotationError(f"{place}: {columns.end} ({end}) must be after {columns.start} ({start})")
        yield Annotation(file, start, end if end > start else None, row[label])


def first_filled(names: Sequence[str], header: Sequence[str], rows: Sequence[Mapping[str, str]]) -> str:
    """The first of the columns that has text in any row; the first that is there where none has."""
    there = [name for name in names if name in header]
    return next((name for name in there if any(row[name] for row in rows)), there[0])


NAMED_COLUMNS: tuple[LabelFormat, ...] = (
    # https://birdnet-team.github.io/BirdNET-Analyzer/usage/cli.html
    *formats_of(
        "BirdNET CSV",
        "`Start (s)`, `End (s)`, `Scientific name`, `Common name`, `Confidence`, perhaps `File`",
        Columns("start (s)", "end (s)", ("common name", "scientific name")),
    ),
    *formats_of(
        "BirdNET table for R",
        "`filepath`, `start`, `end`, `scientific_name`, `common_name`, `confidence`",
        Columns("start", "end", ("common_name", "scientific_name"), "filepath"),
    ),
    # https://crowsetta.readthedocs.io/en/latest/formats/index.html
    *formats_of(
        "crowsetta generic sequences",
        "`label`, `onset_s`, `offset_s`, `notated_path` of any number of recordings",
        Columns("onset_s", "offset_s", ("label",), "notated_path"),
        alone="crowsetta simple sequence",
    ),
    *formats_of(
        "crowsetta simple sequence",
        "`start_seconds`, `stop_seconds`, `name`, as Cornell's and TweetyNet's data have them",
        Columns("start_seconds", "stop_seconds", ("name",)),
    ),
    # https://www.sonicvisualiser.org/doc/reference/5.0/en/
    *formats_of(
        "CSV with durations",
        "`time`, `duration`, `label`, as Sonic Visualiser names them",
        Columns("time", "duration", ("label",), end_is_duration=True),
    ),
)
"""Own tables, with a column of files, are known before these."""
