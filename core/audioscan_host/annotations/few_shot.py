"""Reader of the annotations of the few-shot task of the DCASE challenges."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from audioscan_host.annotations import cells
from audioscan_host.annotations.annotation import Annotation, Role
from audioscan_host.annotations.label_format import LabelHead
from audioscan_host.errors import AnnotationError

_FILE, _START, _END = "audiofilename", "starttime", "endtime"

_ROLES: Mapping[str, Role] = {"POS": Role.POSITIVE, "NEG": Role.ABSENT, "UNK": Role.SOFT}
"""What a cell says of its class: it is there, it is not, or the annotator was not sure."""


def is_few_shot(head: LabelHead) -> bool:
    """Whether the first line is a header of the few-shot task."""
    return {_FILE, _START, _END} <= head.columns


def read_few_shot(path: Path, text: str) -> Iterator[Annotation]:
    """Read `Audiofilename`, `Starttime`, `Endtime`, and a column for each class: POS, NEG or UNK.

    The class is the name of its column, `Q` where there is one for what the recording is searched for. POS is
    positive, NEG absent, UNK soft.
    https://dcase.community/challenge2022/task-few-shot-bioacoustic-event-detection
    """
    rows = cells.rows(path, text, LabelHead(text).delimiter)
    first = next(rows)[1]
    header = cells.column_names(first)
    cells.refuse_repeated(header, header, path)
    classes = {
        name: written
        for name, written in zip(header, first, strict=True)
        if name not in (_FILE, _START, _END)
    }
    classes.pop("", None)
    if not classes:
        raise AnnotationError(f"{path}: the header has no class; expected Audiofilename,Starttime,Endtime,Q")
    for place, cells_of in rows:
        row = cells.by_name(header, cells_of, place)
        if not row[_FILE]:
            raise AnnotationError(f"{place}: Audiofilename is empty: fill it in, or remove the row")
        start, end = (cells.seconds(row[name], name, place) for name in (_START, _END))
        if end <= start:
            raise AnnotationError(f"{place}: endtime ({end}) must be after starttime ({start})")
        for name, written in classes.items():
            role = _ROLES.get(row[name].upper())
            if role is None:
                raise AnnotationError(
                    f"{place}: {written} must be one of {', '.join(_ROLES)}, not {row[name]!r}"
                )
            yield Annotation(row[_FILE], start, end, written, role)
