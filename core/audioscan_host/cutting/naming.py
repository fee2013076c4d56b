"""What clips are called: a name that says what is in it, and that every file system takes."""

import re
import unicodedata

LONGEST_RECORDING = 64
"""Bytes of a recording's name; with `LONGEST_LABEL` a name stays under 143 bytes, so that what it is called while it
is written, with the name of the host and a number, is under the 255 that file systems take."""

LONGEST_LABEL = 32
"""Bytes."""


def base_name(recording: str, start: float, end: float | None, label: str, score: float | None) -> str:
    """`a_0012.340-0015.000_cry_0.87`, without a suffix.

    Its only points are those of the numbers, so that what comes before the first one is never the name of a
    device of Windows, and it begins with no point or dash.

    Args:
        recording: its file name without the suffix.
        start: seconds.
        end: seconds; None for a point.
        label: with its role, where that is not positive.
        score: left out where it is None.
    """
    times = f"{start:08.3f}" if end is None else f"{start:08.3f}-{end:08.3f}"
    words = [safe(recording, LONGEST_RECORDING, "recording"), times, safe(label, LONGEST_LABEL, "sound")]
    return "_".join([*words, *([] if score is None else [f"{score:.2f}"])])


def safe(text: str, longest: int, otherwise: str) -> str:
    """Letters and digits of any script, dashes and single underscores; at most `longest` bytes of UTF-8.

    Args:
        text: any.
        longest: bytes.
        otherwise: where nothing of the text is left.
    """
    composed = unicodedata.normalize("NFC", text)
    kept = "".join(each if _is_safe(each) else "_" for each in composed)
    cut = re.sub("_+", "_", kept).strip("-_").encode()[:longest].decode(errors="ignore")
    return cut.strip("-_") or otherwise


def _is_safe(character: str) -> bool:
    # Marks are parts of the letters of many scripts, and alone no letters or digits.
    return character.isalnum() or character in "-_" or unicodedata.category(character).startswith("M")


class Names:
    """Gives each clip a name of its own, also where file systems take capitals for small letters."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def unique(self, base: str, suffix: str) -> str:
        """The base with the suffix, or with a number before it where that is taken."""
        name, number = base + suffix, 1
        while (folded := unicodedata.normalize("NFC", name.casefold())) in self._taken:
            number += 1
            name = f"{base}_{number}{suffix}"
        self._taken.add(folded)
        return name
