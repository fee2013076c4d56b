"""Reader of the annotations of AviaNZ, a file of JSON beside each recording."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from audioscan_host.annotations.annotation import Annotation, Role
from audioscan_host.annotations.json_content import as_written_by, parsed, seconds
from audioscan_host.annotations.label_format import LabelHead
from audioscan_host.errors import AnnotationError

_BEGINNING = re.compile(r'\s*\[\s*(\{[^{}]*"(Operator|Reviewer|Duration)"|\[\s*-1)')
"""Who worked on it and how long the recording is: a dictionary, and in the first versions a list that begins with -1."""

_UNKNOWN = "don't know"
_SURE = 100


def is_avianz(head: LabelHead) -> bool:
    """Whether it is a list that begins with who worked on the recording."""
    return _BEGINNING.match(head.text[:4000]) is not None


def read_avianz(path: Path, text: str) -> Iterable[Annotation]:
    """Read the segments of `day.wav.data`, which is about `day.wav`.

    What is less than certain is soft; what is marked as not known has no name. A segment of several species
    is a label for each.
    https://github.com/smarsland/AviaNZ
    """
    with as_written_by("AviaNZ", path):
        return [a for segment in parsed(path, text)[1:] for a in _labels(segment, path)]


def _labels(segment: Sequence[Any], path: Path) -> Iterator[Annotation]:
    start, end = seconds(segment[0], "start", path), seconds(segment[1], "end", path)
    if end < start:
        raise AnnotationError(f"{path}: end ({end}) must be after start ({start})")
    for name, role in _species(segment[4]):
        yield Annotation(path.stem, start, end if end > start else None, name, role)


def _species(written: Any) -> list[tuple[str, Role]]:
    """Name and role of each species; one without a name where there is none."""
    each = [written] if isinstance(written, str) else written
    found = [_named(one) if isinstance(one, str) else _of_version_2(one) for one in each]
    return [("" if name.casefold() == _UNKNOWN else name, role) for name, role in found] or [
        ("", Role.POSITIVE)
    ]


def _of_version_2(species: Any) -> tuple[str, Role]:
    certain = species.get("certainty", _SURE) >= _SURE
    return str(species["species"]).strip(), Role.POSITIVE if certain else Role.SOFT


def _named(species: str) -> tuple[str, Role]:
    """`Kiwi?` is a kiwi perhaps."""
    name = species.strip()
    return name.rstrip("?").strip(), Role.SOFT if name.endswith("?") else Role.POSITIVE
