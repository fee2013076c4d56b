"""A format that is somebody else's code: whatever goes wrong in it is one line about the label file."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from audioscan_host.annotations.annotation import Annotation, Role
from audioscan_host.annotations.label_format import LabelFormat, LabelHead
from audioscan_host.errors import AnnotationError


def recognises(form: LabelFormat, head: LabelHead, path: Path) -> bool:
    """Whether the format recognises a file.

    Raises:
        AnnotationError: in place of whatever it raises.
    """
    with _named(form, path):
        return bool(form.recognises(head))


def read(form: LabelFormat, path: Path, text: str) -> list[Annotation]:
    """What the format reads of a file.

    Raises:
        AnnotationError: as it is, in place of whatever else is raised, and where an annotation is impossible.
    """
    with _named(form, path):
        found = list(form.read(path, text))
        for each in found:
            _check(each)
    return found


def _check(annotation: Annotation) -> None:
    if not isinstance(annotation, Annotation):
        raise TypeError(f"{type(annotation).__name__} is no Annotation")
    start, end = annotation.start, annotation.end
    if not (math.isfinite(start) and start >= 0):
        raise ValueError(f"start must be 0 s or later, not {start}")
    if end is not None and not (math.isfinite(end) and end > start):
        raise ValueError(f"end ({end}) must be after start ({start}), or None for a point")
    if not (isinstance(annotation.file, str) and annotation.file):
        raise ValueError("file is empty")
    if not isinstance(annotation.label, str) or annotation.role not in tuple(Role):
        raise TypeError("label must be text, and role a Role")


@contextmanager
def _named(form: LabelFormat, path: Path) -> Iterator[None]:
    try:
        yield
    except AnnotationError:
        raise
    except Exception as error:
        what = " ".join(f"{type(error).__name__}: {error}".split())
        raise AnnotationError(f"{path}: the format {form.name!r} of a plugin fails: {what}") from error
