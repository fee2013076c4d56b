"""A label file of any format to annotations."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from audioscan_host.annotations import cells
from audioscan_host.annotations.annotation import Annotation, Role, with_marked_role
from audioscan_host.annotations.audacity import read_audacity
from audioscan_host.annotations.dcase import has_header, read_dcase, starts_with_event
from audioscan_host.annotations.eight_cut import MAGIC, read_eight_cut
from audioscan_host.annotations.header_table import COLUMNS, read_csv, read_tsv
from audioscan_host.annotations.raven import is_selection_table, read_raven
from audioscan_host.atomic_write import TEMPORARY
from audioscan_host.errors import AnnotationError

FORMATS = (
    f"CSV or TSV with the header {','.join(COLUMNS)}, Audacity labels, a Raven selection table, "
    "a DCASE event list or an 8-cut database"
)

_NO_TEXT = re.compile("[\udc80-\udcff]")
"""Bytes that are no UTF-8, as Python has them in the names of files."""


def files_of(path: Path) -> list[Path]:
    """The label file itself, or the files in a folder of them and below, in order of their paths."""
    if not path.is_dir():
        return [path]
    return sorted(
        p for p in path.rglob("*") if p.is_file() and not p.name.startswith(".") and p.suffix != TEMPORARY
    )


@dataclass(frozen=True)
class LabelFile:
    """A label file that was read.

    Attributes:
        annotations: in its order.
        has_scores: whether it has a column of scores, as what a search or a scan found has.
    """

    annotations: Sequence[Annotation]
    has_scores: bool

    @property
    def claims_the_rest(self) -> bool:
        """Whether a program chose its places, and nothing in it says that the rest is not known."""
        roles = {annotation.role for annotation in self.annotations}
        return self.has_scores and Role.POSITIVE in roles and Role.UNLABELLED not in roles


def read_annotations(path: Path, *, may_be_empty: bool = False) -> list[Annotation]:
    """The annotations of a label file; see `read_label_file`."""
    return list(read_label_file(path, may_be_empty=may_be_empty).annotations)


def read_label_file(path: Path, *, may_be_empty: bool = False) -> LabelFile:
    """Read a label file; what it is shows in its content, not in its suffix.

    - CSV or TSV: a header with `file,start,end,label` in any order, perhaps `role` (positive, soft,
      absent, negative or unlabelled) and `source`; other columns are ignored; an empty `end` makes a point.
    - Audacity labels: `start`, `end` and `label` separated by tabs, no header; equal times make a point.
    - Raven selection tables: a header with `Begin Time (s)`, `End Time (s)` and a column of labels.
    - DCASE event lists: `filename`, `onset`, `offset` and `event_label` separated by tabs, with that
      header or without one.
    - 8-cut's database `~/.8cut.db`: exported clips, and hard negatives.

    A label may end with its role, "cry (negative)", in every format: only CSV and TSV have a column for it.
    Content that could be of two formats and would mean different things is refused.

    Args:
        path: the file.
        may_be_empty: whether a file without annotations is as good as another.

    Raises:
        AnnotationError: the file cannot be read, or says something impossible; with the line.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise AnnotationError(f"cannot read {path}: {error.strerror}") from error
    has_scores = False
    if content.startswith(MAGIC):
        annotations = list(read_eight_cut(path))
    else:
        text = _decode(content, path)
        if may_be_empty and not text.strip():
            return LabelFile([], has_scores)
        annotations = list(map(with_marked_role, _reader(text, path)(path, text)))
        _require_text(annotations, text, path)
        has_scores = _has_scores(text)
    if not (annotations or may_be_empty):
        raise AnnotationError(f"{path} holds no annotations: label something, or leave the file out")
    return LabelFile(annotations, has_scores)


def _decode(content: bytes, path: Path) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise AnnotationError(f"{path} is UTF-16 text: save it as UTF-8")
    if b"\0" in content:
        raise AnnotationError(f"{path} is not a text file: expected {FORMATS}")
    # A recording's name need not be UTF-8, and then is here as the file system has it: see `_require_text`.
    return content.decode("utf-8-sig", errors="surrogateescape")


def _require_text(annotations: Sequence[Annotation], text: str, path: Path) -> None:
    """Refuse what is not UTF-8, but for the names of recordings."""
    in_files = any(map(_NO_TEXT.search, (each.file for each in annotations)))
    in_labels = any(map(_NO_TEXT.search, (each.label for each in annotations)))
    first = _NO_TEXT.search(text)
    if first and (in_labels or not in_files):
        line = text.count("\n", 0, first.start()) + 1
        raise AnnotationError(f"{path}, line {line}: not UTF-8 text: save the file as UTF-8")


def _reader(text: str, path: Path) -> Callable[[Path, str], Iterator[Annotation]]:
    first_line = _first_line(text)
    if not first_line:
        raise AnnotationError(f"{path} is empty: expected {FORMATS}")
    row = [cell.strip().strip('"') for cell in first_line.split("\t")]
    for recognises, read in _READERS:
        if recognises(row):
            return read
    raise AnnotationError(f"{path} is none of the label files: expected {FORMATS}, found {first_line[:60]!r}")


def _has_scores(text: str) -> bool:
    first = re.split("[\t,]", _first_line(text).replace('"', ""))
    return "score" in cells.column_names(first) and not any(map(cells.is_time, first))  # else it is a label


def _first_line(text: str) -> str:
    return next((line for line in cells.lines(text) if line.strip()), "")


def _is_whole_header(row: Sequence[str]) -> bool:
    return set(COLUMNS) <= set(cells.column_names(row))


def _is_labels(row: Sequence[str]) -> bool:
    return len(row) > 1 and (row[0] == "\\" or cells.is_time(row[0]))


def _is_part_of_header(row: Sequence[str]) -> bool:
    return len(row) > 1 and bool(set(COLUMNS) & set(cells.column_names(row)))


def _has_commas(row: Sequence[str]) -> bool:
    return any("," in cell or ";" in cell for cell in row) or row[0].casefold() in COLUMNS


_READERS: tuple[tuple[Callable[[Sequence[str]], bool], Callable[[Path, str], Iterator[Annotation]]], ...] = (
    # First those that begin with a row of numbers: a label in it may be the name of a column.
    (_is_labels, read_audacity),
    (starts_with_event, read_dcase),
    (_is_whole_header, read_tsv),
    (is_selection_table, read_raven),
    (has_header, read_dcase),
    # What follows is likely meant for one of these, whose reader says what is wrong with it.
    (_is_part_of_header, read_tsv),
    (_has_commas, read_csv),
)
"""What recognises a format by the cells between the tabs of its first line, and what reads it; first come,
first served."""
