"""The JSON of a label file; whatever is not as its program writes it is one line."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from audioscan_host.annotations import cells
from audioscan_host.errors import AnnotationError


def parsed(path: Path, text: str) -> Any:
    """The value of a JSON text.

    Raises:
        AnnotationError: it is none, with the line.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise AnnotationError(
            f"{path}, line {error.lineno}: not JSON: {error.msg}: save the file again"
        ) from error
    except (RecursionError, ValueError) as error:
        raise AnnotationError(f"{path}: not JSON that can be read: {error}") from error


@contextmanager
def as_written_by(program: str, path: Path) -> Iterator[None]:
    """What is missing or of another kind in the values read here is told as a fault of the file.

    Raises:
        AnnotationError: in place of what Python raises where a key, a place in a list or a method is missing.
    """
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        what = " ".join(f"{type(error).__name__} {error}".split())[:80]
        raise AnnotationError(f"{path}: not as {program} writes it ({what}): export it again") from error


def seconds(value: object, name: str, path: Path) -> float:
    """A time that is a number, by the rules of those in text.

    Raises:
        AnnotationError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise AnnotationError(f"{path}: {name} must be a number of seconds, not {str(value)[:40]!r}")
    return cells.seconds(repr(value), name, str(path))
