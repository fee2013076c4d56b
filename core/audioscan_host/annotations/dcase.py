"""Reader of the event lists of the DCASE challenges and sed_eval."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from audioscan_host.annotations import cells
from audioscan_host.annotations.annotation import Annotation
from audioscan_host.annotations.label_format import LabelHead
from audioscan_host.errors import AnnotationError

HEADER = ("filename", "onset", "offset", "event_label")
"""The header of DCASE task 4."""

_ALIASES: Mapping[str, str] = {
    "file": "filename",
    "event_onset": "onset",
    "event_offset": "offset",
    "label": "event_label",
}
"""The names of dcase_util's fields, which some lists have for columns."""

_POSITIONS: Mapping[int, tuple[str, ...]] = {1: HEADER, 2: ("filename", "scene_label", *HEADER[1:])}
"""The columns of a list without a header, by the position of the onset."""


def has_header(head: LabelHead) -> bool:
    """Whether the first row names the columns of an event list."""
    return bool({"onset", "event_onset"} & head.columns) and (
        head.delimiter == "\t" or {"offset", "event_offset"} <= head.columns
    )


def starts_with_event(head: LabelHead) -> bool:
    """Whether the first row is an event with its file, with or without a scene label after it."""
    return _onset_column(head.cells) is not None


def read_dcase(path: Path, text: str) -> Iterator[Annotation]:
    """Read an event list: a file, its onset and offset in seconds, and a label, between tabs; with a header between commas too.

    With the header `filename`, `onset`, `offset`, `event_label` in any order (other columns are
    ignored; without `filename` the list is named like its recording), or without one: `filename`,
    perhaps a scene label, `onset`, `offset`, `event_label`. A row with a file alone says that the
    file has no event, and is skipped.
    https://tut-arg.github.io/sed_eval/generated/sed_eval.io.load_event_list.html
    """
    rows = cells.rows(path, text, LabelHead(text).delimiter)
    first_place, first = next(rows)
    onset_column = _onset_column(first)
    if onset_column is None:
        header: Sequence[str] = _header(first, path)
        for place, row in rows:
            yield from _event(cells.by_name(header, row, place, hint=": end the row there"), path, place)
    else:
        header = _POSITIONS[onset_column]
        for place, row in chain([(first_place, first)], rows):
            _refuse_scene_that_is_a_number(row, header, place)
            # After the label a list may have a source or an identifier.
            yield from _event(cells.by_name(header, row[: len(header)], place), path, place)


def _onset_column(row: Sequence[str]) -> int | None:
    """Where the first of two times is, behind one or two texts."""
    times = [cells.is_time(cell) for cell in row]
    for column in _POSITIONS:
        if len(row) >= column + 2 and not any(times[:column]) and all(times[column : column + 2]):
            return column
    return None


def _header(first: Sequence[str], path: Path) -> list[str]:
    header = [_ALIASES.get(name, name) for name in cells.column_names(first)]
    missing = [name for name in HEADER[1:] if name not in header]
    if missing:
        raise AnnotationError(
            f"{path}: the header lacks {', '.join(missing)}; expected {','.join(HEADER)}, found {cells.shown(first)}"
        )
    cells.refuse_repeated(header, HEADER, path)
    return header


def _refuse_scene_that_is_a_number(row: Sequence[str], header: Sequence[str], place: str) -> None:
    """`a.wav 0 0.5 2.0 dog` may be an event "2.0" with something after it, or a dog in the scene 0."""
    if any(row[4:]) and len(header) == 4 and cells.is_time(row[3]):
        raise AnnotationError(
            f"{place}: {row[3]!r} may be an offset or a label: write the header {', '.join(HEADER)}, "
            "and the name of each other column"
        )


def _event(row: Mapping[str, str], path: Path, place: str) -> Iterator[Annotation]:
    file = row.get("filename", path.stem)
    onset, offset, label = (row[name] for name in HEADER[1:])
    if not (onset or offset or label):
        return
    if not file:
        raise AnnotationError(f"{place}: filename is empty: fill it in, or remove the row")
    start, end = cells.seconds(onset, "onset", place), cells.seconds(offset, "offset", place)
    if end <= start:
        raise AnnotationError(f"{place}: offset ({end}) must be after onset ({start})")
    yield Annotation(file, start, end, label)
