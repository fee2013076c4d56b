"""The folder of an evaluation: tables, pictures, and a page that shows them."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from audioscan_host.atomic_write import atomic_write
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
        has_files = any(folder.iterdir())
    except OSError as error:
        raise OutputError(f"{folder}: cannot be a folder for the evaluation: {error.strerror}") from error
    if not os.access(folder, os.W_OK):
        raise OutputError(f"{folder}: no permission to write to it")
    # There may be a table.csv that somebody spent days on.
    if has_files and not (folder / PAGE).exists():
        raise OutputError(f"{folder} holds other files already: give the evaluation a folder of its own")


def save(
    folder: Path,
    labels: Sequence[LabelEvaluation],
    sentence: str,
    skipped: Mapping[str, str],
    windowing: Windowing,
) -> tuple[Path, ...]:
    """Write everything; the page last. Pictures of an earlier evaluation there go.

    Args:
        folder: made where it is missing.
        labels: what was judged.
        sentence: which system to use.
        skipped: label -> why it could not be judged.
        windowing: window and hop.

    Returns:
        The files, the page first.

    Raises:
        OutputError: a file cannot be written.
    """
    pictures = {each.label: {name: draw(each) for name, draw in PICTURES.items()} for each in labels}
    names = _file_names([each.label for each in labels])
    files = {name: text.encode() for name, text in csv_files(labels).items()}
    for label, drawn in pictures.items():
        files.update({f"{name}-{names[label]}.png": png for name, png in drawn.items()})
    files[PAGE] = page(labels, sentence, skipped, windowing, pictures).encode()
    try:
        for name in PICTURES:
            for old in folder.glob(f"{name}-*.png"):
                old.unlink()
        for name, content in files.items():
            with atomic_write(folder / name) as file:
                file.write(content)
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
