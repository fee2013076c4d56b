"""The content of a label file: a regular file of a bounded size, as text."""

import codecs
import re
import stat
from collections.abc import Sequence
from pathlib import Path

from audioscan_host.annotations.annotation import Annotation
from audioscan_host.errors import AnnotationError

LARGEST = 256 * 2**20
"""Bytes of a label file: some millions of rows."""


_NO_TEXT = re.compile("[\udc80-\udcff]")
"""Bytes that are no UTF-8, as Python has them in the names of files."""


def content_of(path: Path, beginning: bytes) -> bytes:
    """The bytes of a regular file; of one that begins with these, those alone.

    Raises:
        AnnotationError: it is not there, a device or a pipe, or too large.
    """
    try:
        status = path.stat()
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
            raise AnnotationError(f"cannot read {path}: it is a device or a pipe; give a file")
        with path.open("rb") as file:
            if file.read(len(beginning)) == beginning:
                return beginning
            file.seek(0)
            # Not more than there is: Python makes room for all that is asked for.
            content = file.read(min(status.st_size, LARGEST) + 1)
    except OSError as error:
        raise AnnotationError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:  # a NUL in the path
        raise AnnotationError(f"cannot read {str(path)!r}: {error}") from error
    if len(content) > LARGEST:
        raise AnnotationError(
            f"{path} is larger than {LARGEST // 2**20} MiB: it is no label file; give less of it"
        )
    return content


def is_utf16(content: bytes) -> bool:
    """Whether it begins as UTF-16 text does, with a byte order mark."""
    return content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


def text_of(content: bytes, path: Path, expected: str) -> str:
    """The text, without its byte order mark.

    Raises:
        AnnotationError: it is none, with the line.
    """
    if is_utf16(content):
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError as error:
            raise AnnotationError(f"{path} is UTF-16 text, and damaged: {error.reason}") from error
    if b"\0" in content:
        raise AnnotationError(f"{path} is not a text file: expected {expected}")
    # A recording's name need not be UTF-8, and then is here as the file system has it: see `require_text`.
    return content.decode("utf-8-sig", errors="surrogateescape")


def require_text(annotations: Sequence[Annotation], text: str, path: Path) -> None:
    """Refuse what is not UTF-8, but for the names of recordings.

    Raises:
        AnnotationError: a label is not, or a place that was not read; with the line.
    """
    first = _NO_TEXT.search(text)
    if first is None:
        return
    in_files = any(map(_NO_TEXT.search, (each.file for each in annotations)))
    in_labels = any(map(_NO_TEXT.search, (each.label for each in annotations)))
    if in_labels or not in_files:
        line = text.count("\n", 0, first.start()) + 1
        raise AnnotationError(f"{path}, line {line}: not UTF-8 text: save the file as UTF-8")
