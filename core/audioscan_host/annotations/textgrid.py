"""Reader of the TextGrids of Praat, long and short."""

import re
from collections.abc import Iterator
from pathlib import Path

from audioscan_host.annotations import cells
from audioscan_host.annotations.annotation import Annotation
from audioscan_host.annotations.label_format import LabelHead
from audioscan_host.errors import AnnotationError

_TOKEN = re.compile(
    r'"((?:[^"]|"")*)"'  # a text, in which a quote is doubled
    r'|\[[^\[\]\n"]*\]'  # the number of an item
    r"|![^\n]*"  # a comment
    r"|<(\w+)>"
    r"|(?<![^\s\]:=])([-+]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][-+]?\d++)?)%?(?!\S)"
)
"""What counts in either form: texts, flags and numbers that stand alone. All else is there for people's eyes.
https://www.fon.hum.uva.nl/praat/manual/TextGrid_file_formats.html"""


def is_textgrid(head: LabelHead) -> bool:
    """Whether it is a text file of Praat's, of a TextGrid."""
    return "ooTextFile" in head.first_line and "TextGrid" in head.text[:400]


def read_textgrid(path: Path, text: str) -> Iterator[Annotation]:
    """Read the intervals and points of every tier; an interval without text is no label.

    The file is named like its recording. What a tier is called does not count: its labels are its texts.
    """
    tokens = _Tokens(path, text)
    for _ in range(2):
        tokens.text("the file's type and class")
    tokens.seconds("the beginning")
    tokens.seconds("the end")
    if tokens.flag() != "exists":
        return
    for _ in range(tokens.count("tiers")):
        kind = tokens.text("a tier's class")
        if kind not in ("IntervalTier", "TextTier"):
            raise AnnotationError(
                f"{tokens.place}: expected an IntervalTier or a TextTier, found {kind[:40]!r}"
            )
        tokens.text("a tier's name")
        tokens.seconds("a tier's beginning")
        tokens.seconds("a tier's end")
        for _ in range(tokens.count("labels")):
            yield from _labels(tokens, path.stem, is_point=kind == "TextTier")


def _labels(tokens: "_Tokens", file: str, *, is_point: bool) -> Iterator[Annotation]:
    start = tokens.seconds("a label's beginning")
    end = start if is_point else tokens.seconds("a label's end")
    if end < start:
        raise AnnotationError(f"{tokens.place}: end ({end}) must be after start ({start})")
    label = " ".join(tokens.text("a label").split())
    if label:
        yield Annotation(file, start, end if end > start else None, label)


class _Tokens:
    """What counts of a TextGrid, one by one."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text = "\n".join(cells.lines(text))
        self._found = (match for match in _TOKEN.finditer(text) if match.lastindex)
        self._at = 0
        self._line = 1

    @property
    def place(self) -> str:
        """Where the last one was, for an error."""
        return f"{self._path}, line {self._line}"

    def text(self, name: str) -> str:
        """The next one, a text."""
        return self._next(1, f"{name} in double quotes").replace('""', '"')

    def flag(self) -> str:
        """The next one, a word in angle brackets."""
        return self._next(2, "<exists> or <absent>")

    def seconds(self, name: str) -> float:
        """The next one, a time."""
        number = self._next(3, f"{name}, a number")
        return cells.seconds(number, name, self.place)

    def count(self, name: str) -> int:
        """The next one, a whole number."""
        number = self._next(3, f"the number of {name}")
        if not (number.isdigit() and len(number) < 10):
            raise AnnotationError(f"{self.place}: the number of {name} must be a whole number, not {number}")
        return int(number)

    def _next(self, kind: int, name: str) -> str:
        found = next(self._found, None)
        if found is None:
            raise AnnotationError(f"{self.place}: the TextGrid ends before {name}: save it again in Praat")
        self._line += self._text.count("\n", self._at, found.end())
        self._at = found.end()
        value: str | None = found[kind]
        if value is None:
            raise AnnotationError(f"{self.place}: expected {name}, found {' '.join(found[0].split())[:40]!r}")
        return value
