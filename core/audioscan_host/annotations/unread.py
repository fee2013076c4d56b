"""Files that are known for what they are, and are not read: each is refused by its own name."""

import re
from collections.abc import Mapping
from pathlib import Path

from audioscan_host.annotations import cells
from audioscan_host.annotations.label_format import LabelHead
from audioscan_host.errors import AnnotationError

_BINARY: Mapping[bytes, str] = {
    b"PK\x03\x04": "an Excel workbook or another zip: save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an Excel workbook of before 2007: save the sheet as CSV",
    b"\x89HDF": "an HDF5 or MATLAB 7.3 file: export its labels as CSV",
    b"MATLAB": "a MATLAB file: export its labels as CSV",
    b"ooBinaryFile": "a binary file of Praat's: save it as a text file",
    b"RIFF": "a recording: give it as RECORDING",
    b"OggS": "a recording: give it as RECORDING",
    b"fLaC": "a recording: give it as RECORDING",
    b"ID3": "a recording: give it as RECORDING",
}
"""What files begin with -> what they are, and what to do."""

_SAMPLES = re.compile(r"\d+ +\d+ +\S.*")
"""A row of TIMIT's transcriptions: two sample numbers and a phone."""


def refuse_binary(path: Path, content: bytes) -> None:
    """Refuse bytes that are known.

    Raises:
        AnnotationError: they are.
    """
    for beginning, is_what in _BINARY.items():
        if content.startswith(beginning):
            raise AnnotationError(f"{path} is not a text file but {is_what}")


def refuse_known(path: Path, head: LabelHead) -> None:
    """Refuse a text that is known for what it is, and not read.

    Raises:
        AnnotationError: it is.
    """
    is_what = _known(head)
    if is_what:
        raise AnnotationError(f"{path} is {is_what}")


def _known(head: LabelHead) -> str:
    """What a text is, and what to do; empty where that is not known."""
    if head.begins_with("{\\rtf"):
        return "formatted text (RTF): save it as plain text"
    if head.begins_with("{", "["):
        return f"JSON {_json(head.text)}"
    if head.begins_with("<"):
        return f"XML {_xml(head.text)}"
    return _table(head)


def _table(head: LabelHead) -> str:
    if "ooTextFile" in head.first_line:
        return "a file of Praat's that is no TextGrid: save the TextGrid"
    if _in_samples(head):
        return (
            "a transcription as TIMIT's, whose times are samples at a rate that it does not say: divide them by the rate, "
            "and write start, end and label between tabs"
        )
    if {"file", "start_time", "end_time"} <= head.columns:
        return (
            "a table of clips with a column for each class, as OpenSoundscape has it: write a row for each place, "
            "file,start,end,label"
        )
    if {"onset_sample", "offset_sample", "label"} <= head.columns:
        return "a table in samples at a rate that it does not say: add the columns onset_s and offset_s, in seconds"
    return ""


def _json(text: str) -> str:
    if "audioscan-host regions" in text:
        return "of audioscan-host, which is not read back: write the result with --format csv"
    if '"sound_event' in text:
        return "of whombat that does not say what it collects: export the annotation project as AOEF"
    if '"completions"' in text or ('"annotations"' in text and '"from_name"' in text):
        return "of Label Studio, which is not read: export as CSV, and name its columns file,start,end,label"
    return "of a kind that is not known: AviaNZ's and whombat's (AOEF) are read; else write CSV, file,start,end,label"


def _xml(text: str) -> str:
    if re.search(r"<!DOCTYPE sonic-visualiser|<sv[\s>]", text):
        return (
            "of Sonic Visualiser, which is not read: export the layer as text, and say --labels-as durations"
        )
    if "<Trans" in text:
        return "of Transcriber, which is not read: export as a TextGrid or as subtitles"
    return "of a kind that is not known: ELAN's (.eaf) is read; else write CSV, file,start,end,label"


def _in_samples(head: LabelHead) -> bool:
    lines = [line.strip() for line in cells.lines(head.text[:2000]) if line.strip()][:10]
    return bool(lines) and all(_SAMPLES.fullmatch(line) for line in lines[: max(1, len(lines) - 1)])
