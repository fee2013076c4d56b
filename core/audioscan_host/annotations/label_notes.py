"""What is told of label files: each kind once, however many files it concerns."""

import logging
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from audioscan_host.annotations.annotation import Annotation
from audioscan_host.annotations.reading import LabelFile
from audioscan_host.notes import About, Note, Tell, log

logger = logging.getLogger(__name__)

_CLAIMS = (
    "has scores, so a search or a scan chose its places, and nothing in it is unlabelled: all else in its recordings counts as "
    "without the sound; where nobody has listened to the rest, add a row with the role unlabelled for each recording (or give a "
    "scan and its corrected copy to --from-regions), where somebody has, remove the column"
)
"""Of what a search or a scan found and nobody has completed."""

_SILENT = (
    "holds no label, so somebody listened and heard nothing: all of its recording counts as without any of the sounds; where "
    "nobody has listened, leave the file out"
)
"""Of files without a row, which make a whole recording negative."""


def tell_of_files(files: Sequence[tuple[Path, LabelFile]], tell: Tell) -> None:
    """Tell of files that were read, and may not be meant as they are read."""
    _tell_named([path for path, file in files if file.claims_the_rest], _CLAIMS, tell)
    _tell_named([path for path, file in files if file.heard_nothing], _SILENT, tell)
    rows = sum(file.unnamed for _, file in files)
    are = "row names no sound and is" if rows == 1 else "rows name no sound and are"
    unnamed = f"{rows} {are} skipped; write what is there"
    _tell_named([path for path, file in files if file.unnamed], unnamed, tell)


def tell_of_stems(found: Sequence[tuple[Path, str, Path]], tell: Tell) -> None:
    """Tell of recordings that were found although they are not called as a label file says.

    Args:
        found: label file, what it names, and the recording that it means.
        tell: is told once of all.
    """
    if not found:
        return
    label_file, file, recording = found[0]
    others = len({recording for *_, recording in found}) - 1
    more = f", and {others} more recordings likewise" if others > 1 else ", and 1 more likewise" * others
    message = (
        f"{label_file}: {file!r} is taken for {recording}, the only recording that is called so but for suffix, case or what "
        f"a label file's name has behind it{more}"
    )
    tell(Note(About.LABELS, message))


def tell_unannotated(found: Mapping[Path, Sequence[Annotation]], tell: Tell = log) -> None:
    """Tell, in one line, of recordings without an annotation."""
    without = [path for path, annotations in found.items() if not annotations]
    if without:
        # Without a label nobody has said that the sound is not in it.
        message = (
            f"recordings without an annotation are left out: {len(without)}, such as {without[0]}; a row with the role absent "
            "says that its sound is not there, with the role negative that none is"
        )
        tell(Note(About.LEFT_OUT, message))


def tell_elsewhere(
    label_file: Path, others: Collection[str], tell: Tell = log, *, some_given: bool, part: Tell | None = None
) -> None:
    """Tell of a label file that names recordings which are not given.

    Args:
        label_file: the file.
        others: the recordings that it names and that are not given.
        tell: is told where none of its recordings is given.
        some_given: whether some of its recordings are.
        part: is told where some are; only logged unless given, since one file for more recordings is usual.
    """
    if others and not some_given:
        message = (
            f"{label_file}: names none of the recordings given, but others such as {min(others)}: it says nothing of what "
            "is labelled here"
        )
        tell(Note(About.LABELS, message))
    elif others:
        message = (
            f"{label_file}: {len(others)} of its recordings are not among those given, such as {min(others)}"
        )
        if part is None:
            logger.info("%s", message)
        else:
            part(Note(About.LEFT_OUT, message))


def _tell_named(files: Sequence[Path], what: str, tell: Tell) -> None:
    if files:
        tell(Note(About.LABELS, f"{_named(files)}: {what}"))


def _named(paths: Sequence[Path]) -> str:
    more = len(paths) - 1
    return f"{paths[0]}" + f" and {more} more file{'s' * (more > 1)}" * (more > 0)
