"""The folder of an evaluation: tables, pictures, and a page that shows them."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from audioscan_host.atomic_write import is_unfinished, write_together
from audioscan_host.errors import OutputError
from audioscan_host.evaluation import canvas
from audioscan_host.evaluation.judgement import LabelEvaluation
from audioscan_host.evaluation.page import page
from audioscan_host.evaluation.pictures import PICTURES
from audioscan_host.evaluation.tables import csv_files
from audioscan_host.windows import Windowing

PAGE = "evaluation.html"


def check(folder: Path) -> None:
    """Refuse what `save` could not do, before the work that would be lost.

    Raises:
        OutputError: the folder cannot be written to, holds something else, or there is nothing to draw with.
    """
    if not canvas.is_available():
        raise OutputError(
            "the pictures of --out need matplotlib: pip install 'audioscan-host[plot]', or leave --out away"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = list(folder.iterdir())
    except OSError as error:
        raise OutputError(f"{folder}: cannot be a folder for the evaluation: {error.strerror}") from error
    if not os.access(folder, os.W_OK):
        raise OutputError(f"{folder}: no permission to write to it")
    # There may be a table.csv that somebody spent days on. Where an evaluation was killed, its page is unfinished.
    if files and not any(path.name == PAGE or is_unfinished(path, PAGE) for path in files):
        raise OutputError(f"{folder} holds other files already: give the evaluation a folder of its own")


def save(
    folder: Path,
    labels: Sequence[LabelEvaluation],
    sentence: str,
    skipped: Mapping[str, str],
    *windowings: Windowing,
) -> tuple[Path, ...]:
    """Write everything, or nothing; the page last. Pictures of an earlier evaluation there go.

    Args:
        folder: made where it is missing.
        labels: what was judged.
        sentence: which system to use.
        skipped: label -> why it could not be judged.
        windowings: window and hop, of each that is compared.

    Returns:
        The files, the page first.

    Raises:
        OutputError: a file cannot be written.
    """
    pictures = {each.label: {name: draw(each) for name, draw in PICTURES.items()} for each in labels}
    names = _file_names([each.label for each in labels])
    files = {name: text.encode(errors="surrogateescape") for name, text in csv_files(labels).items()}
    for label, drawn in pictures.items():
        files.update({f"{name}-{names[label]}.png": png for name, png in drawn.items()})
    files[PAGE] = page(labels, sentence, skipped, windowings, pictures).encode(errors="surrogateescape")
    try:
        write_together(folder, files)
        for old in (path for name in PICTURES for path in folder.glob(f"{name}-*.png")):
            if old.name not in files:
                old.unlink()
        for left in folder.iterdir():
            if any(is_unfinished(left, name) for name in files):
                left.unlink()
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written to: {error.strerror or error}") from error
    return tuple(folder / name for name in sorted(files, key=lambda name: (name != PAGE, name)))


def _file_names(labels: Sequence[str]) -> dict[str, str]:
    """A part of a file's name for each label, another for each on every file system."""
    names: dict[str, str] = {}
    for label in labels:
        plain = re.sub(r"[^\w-]+", "_", label)[:60] or "_"
        name, number = plain, 2
        while name.casefold() in (taken.casefold() for taken in names.values()):
            name, number = f"{plain}_{number}", number + 1
        names[label] = name
    return names
