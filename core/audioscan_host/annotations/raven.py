"""Reader of the selection tables of Raven (Cornell Lab of Ornithology)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from audioscan_host.annotations import cells
from audioscan_host.annotations.annotation import Annotation
from audioscan_host.annotations.label_format import LabelHead
from audioscan_host.annotations.named_columns import first_filled
from audioscan_host.annotations.naming import named_like
from audioscan_host.errors import AnnotationError

LABEL_COLUMNS = ("annotation", "species", "label", "common name", "class", "call type")
"""Where a label may be; the first column that has any text counts. The first is what our own writer
uses, "Common Name" is BirdNET's; Raven itself leaves the name to its user."""

_BEGIN, _END, _OFFSET = "begin time (s)", "end time (s)", "file offset (s)"
_LOW, _HIGH = "low freq (hz)", "high freq (hz)"
_BEGIN_FILES, _END_FILES = ("begin path", "begin file"), ("end path", "end file")


def is_selection_table(head: LabelHead) -> bool:
    """Whether the first row is a selection table's header."""
    names = set(cells.column_names(head.cells))
    return _BEGIN in names or {"selection", "view", "channel"} <= names


def read_raven(path: Path, text: str) -> Iterator[Annotation]:
    """Read a tab-separated selection table; Raven knows no quotes.

    The recording is `Begin Path` or `Begin File`; without them the one that the table is named
    like, as Raven names it: `day.Table.1.selections.txt`, `day.selections.txt`, `day.txt`. `Begin
    Time (s)` counts from the first file that was opened, `File Offset (s)` from the recording's own
    beginning, and goes first. A selection has a row for each view and channel, and counts once, by the row that
    is named where one is not. `Low Freq (Hz)` and `High Freq (Hz)` are its frequencies, where a row has them.
    Equal times make a point.
    """
    numbered = ((number, line) for number, line in enumerate(cells.lines(text), start=1) if line.strip())
    header = cells.column_names(next(numbered)[1].split("\t"))
    _check(header, path)
    rows = []
    for number, line in numbered:
        place = f"{path}, line {number}"
        row = [cell.strip() for cell in line.split("\t")]
        rows.append((place, cells.by_name(header, row, place, hint=": remove the tab that is too much")))
    label_column = _label_column(header, [row for _, row in rows], path)
    _refuse_several_recordings_without_offset(rows)
    return iter(
        _once([(row.get("selection", ""), _selection(row, label_column, path, place)) for place, row in rows])
    )


def _once(rows: Sequence[tuple[str, Annotation]]) -> Sequence[Annotation]:
    """Each selection once: of its views those that are named, if any is."""
    named = {(number, a.file, a.start, a.end) for number, a in rows if a.label}
    kept = ((number, a) for number, a in rows if a.label or (number, a.file, a.start, a.end) not in named)
    # Selections of one place and name are one too, but unnamed ones are counted.
    found: dict[tuple[str, Annotation], Annotation] = {}
    for number, a in kept:
        key = ("" if a.label else number, a)
        if key not in found or found[key].high is None:  # the row of a waveform may have no frequencies
            found[key] = a
    return list(found.values())


def _check(header: Sequence[str], path: Path) -> None:
    missing = [name for name in (_BEGIN, _END) if name not in header]
    if missing:
        raise AnnotationError(
            f"{path}: the header of the selection table lacks {', '.join(missing)} "
            f"(found {cells.shown(header)}): show the column in Raven, and save the table again"
        )
    read = (_BEGIN, _END, _OFFSET, *_BEGIN_FILES, *_END_FILES, *LABEL_COLUMNS)
    cells.refuse_repeated(header, read, path)


def _label_column(header: Sequence[str], rows: Sequence[Mapping[str, str]], path: Path) -> str:
    there = [name for name in LABEL_COLUMNS if name in header]
    if not there:
        raise AnnotationError(
            f"{path}: the selection table has no column of labels (found {cells.shown(header)}): "
            "add one named Annotation in Raven, and fill it in"
        )
    return first_filled(LABEL_COLUMNS, header, rows)


def _refuse_several_recordings_without_offset(rows: Sequence[tuple[str, Mapping[str, str]]]) -> None:
    first = next((_name(row, _BEGIN_FILES) for _, row in rows), "")
    for place, row in rows:
        if _name(row, _BEGIN_FILES) != first and not row.get(_OFFSET):
            raise AnnotationError(
                f"{place}: a table of several recordings needs the column File Offset (s), since Begin Time (s) "
                "may count from the first of them: show it in Raven, or save a table for each recording"
            )


def _selection(row: Mapping[str, str], label_column: str, path: Path, place: str) -> Annotation:
    begin, end = (cells.seconds(row[name], name, place) for name in (_BEGIN, _END))
    if end < begin:
        raise AnnotationError(f"{place}: {_END} ({end}) must be after {_BEGIN} ({begin})")
    file = _name(row, _BEGIN_FILES)
    last = _name(row, _END_FILES)
    if last and _base(last) != _base(file):
        raise AnnotationError(
            f"{place}: the selection runs from {file!r} into {last!r}: make it two, one in each recording"
        )
    offset = cells.seconds(row[_OFFSET], _OFFSET, place) if row.get(_OFFSET) else begin
    if not file and abs(offset - begin) > 0.01:  # Raven writes an offset with fewer decimals
        raise AnnotationError(
            f"{place}: {_OFFSET} ({offset}) is not {_BEGIN} ({begin}), so there are several recordings: "
            "show the column Begin File in Raven, and save the table again"
        )
    # Microseconds: of two sums that should be one number, the views may have different last digits.
    start, stop = round(offset, 6), round(offset + (end - begin), 6)
    low, high = (cells.hertz(row.get(name, "")) for name in (_LOW, _HIGH))
    span, label = (start, stop if stop > start else None), row[label_column]
    return Annotation(file or named_like(path), *span, label, low=low, high=high, score=cells.score(row))


def _name(row: Mapping[str, str], columns: Sequence[str]) -> str:
    return next((row[name] for name in columns if row.get(name)), "")


def _base(file: str) -> str:
    return re.split(r"[/\\]", file)[-1]
