"""What users must know of label files, beside the recordings that they were read for."""

import logging
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from audioscan_host.annotations.annotation import Annotation
from audioscan_host.annotations.reading import LabelFile
from audioscan_host.notes import About, Note, Tell, log

logger = logging.getLogger(__name__)


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


def tell_claims(files: Sequence[tuple[Path, LabelFile]], tell: Tell = log) -> None:
    """Tell of what a search or a scan found and nobody has completed."""
    claiming = [path for path, file in files if file.claims_the_rest]
    if claiming:
        more = f" and {len(claiming) - 1} more files" * (len(claiming) > 1)
        message = (
            f"{claiming[0]}{more}: has scores, so a search or a scan chose its places, and nothing in it is unlabelled: all "
            "else in its recordings counts as without the sound; where nobody has listened to the rest, add a row with the "
            "role unlabelled for each recording (or give a scan and its corrected copy to --from-regions), where somebody "
            "has, remove the column"
        )
        tell(Note(About.LABELS, message))


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
