"""Reader of subtitles, SubRip (.srt) and WebVTT, which Audacity and transcribers write."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from audioscan_host.annotations import cells
from audioscan_host.annotations.annotation import Annotation
from audioscan_host.annotations.label_format import LabelHead
from audioscan_host.errors import AnnotationError

_TIMES = re.compile(r"\s*([-\d:.,]+)\s*-->\s*([-\d:.,]+)(\s.*)?")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|\{\\[^{}]*\}")
"""Marks of style in a text: `<i>`, `<v Anna>`, `{\\an8}`."""


def is_subtitles(head: LabelHead) -> bool:
    """Whether it begins as WebVTT does, or with the number and the times of a subtitle."""
    if head.begins_with("WEBVTT"):
        return True
    first = [line for line in cells.lines(head.text[:400]) if line.strip()][:2]
    return any(_TIMES.fullmatch(line) for line in first) and "\t" not in head.first_line


def read_subtitles(path: Path, text: str) -> Iterator[Annotation]:
    """Read the times and the text of each subtitle; the file is named like its recording.

    Blocks without times, such as WebVTT's notes and styles, are skipped; several lines of text are one label.
    https://www.w3.org/TR/webvtt1/
    """
    for number, block in _blocks(text):
        for offset, line in enumerate(block):
            times = _TIMES.fullmatch(line)
            if times:
                label = " ".join(_TAG.sub("", " ".join(block[offset + 1 :])).split())
                yield _subtitle(times, label, path, f"{path}, line {number + offset}")
                break
        else:
            if any("-->" in line for line in block):
                raise AnnotationError(
                    f"{path}, line {number}: expected times as 00:00:01,500 --> 00:00:04,000"
                )


def _blocks(text: str) -> Iterator[tuple[int, Sequence[str]]]:
    """The lines between blank ones, with the number of the first."""
    block: list[str] = []
    for number, line in enumerate([*cells.lines(text), ""], start=1):
        if line.strip():
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def _subtitle(times: re.Match[str], label: str, path: Path, place: str) -> Annotation:
    start, end = (
        cells.seconds(times[group].replace(",", "."), name, place)
        for group, name in ((1, "start"), (2, "end"))
    )
    if end < start:
        raise AnnotationError(f"{place}: end ({end}) must be after start ({start})")
    return Annotation(path.stem, start, end if end > start else None, label)
