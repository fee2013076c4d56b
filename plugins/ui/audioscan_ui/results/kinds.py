"""The kinds of results, and what each writes into the session's folder."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from audioscan_host import Annotation
from audioscan_ui.results.found_corrected import found_corrected
from audioscan_ui.results.own_files import OwnFiles
from audioscan_ui.results.precision_table import precision_csv
from audioscan_ui.results.review_file import csv_text, judged_of, refuse_empty, windows_of
from audioscan_ui.results.review_labels import review_labels
from audioscan_ui.session.review_session import ReviewSession

FOLDER = "results"
"""In the session's folder."""


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes:
        files: where they are, seen from the session's folder, with `/`.
        sentence: what they are, and what to do with them.
    """

    files: tuple[str, ...]
    sentence: str


def write_results(session: ReviewSession, kind: str) -> Written:
    """Write results of a kind; a file that somebody has changed is kept.

    Args:
        session: whose verdicts they are of.
        kind: one of `KINDS`.

    Raises:
        OutputError: nothing was judged yet, or a file cannot be written.
    """
    texts, sentence = KINDS[kind](session)
    files = OwnFiles(session.folder / FOLDER).write(texts)
    return Written(tuple(file.relative_to(session.folder).as_posix() for file in files), sentence)


def _annotations(session: ReviewSession) -> Mapping[Path, list[Annotation]]:
    recordings = judged_of(session)
    refuse_empty(recordings)
    return review_labels(recordings, windows_of(session))


_Texts = tuple[Mapping[str, str], str]  # name -> content, and the sentence


def _labels(session: ReviewSession) -> _Texts:
    sentence = (
        "A label file of what was judged, and of nothing else. Train from it with --labels beside your other label files, or open it "
        "as a table: the column role says positive, absent (rejected) or soft (unsure)."
    )
    return {"labels.csv": csv_text(_annotations(session))}, sentence


def _audacity(session: ReviewSession) -> _Texts:
    sentence = (
        "A label track for each recording: in Audacity choose File, Import, Labels. What was rejected ends with (absent), what "
        "nobody can tell with (soft), and (unlabelled) says that the rest was not judged."
    )
    return _of_each(session, "audacity"), sentence


def _raven(session: ReviewSession) -> _Texts:
    sentence = (
        "A selection table for each recording: open it in Raven beside the sound. What was rejected ends with (absent), what nobody "
        "can tell with (soft), and (unlabelled) says that the rest was not judged. Frequencies are not known: each selection has 0 "
        "to 8000 Hz."
    )
    return _of_each(session, "raven"), sentence


def _of_each(session: ReviewSession, name: str) -> dict[str, str]:
    """A file for each recording, which lie as the recordings do."""
    from audioscan_host.output.label_files import FORMATS
    from audioscan_host.output.saving import places

    annotations, form = _annotations(session), FORMATS[name]
    texts = {}
    for recording, place in places(list(annotations), form.suffix).items():
        stream = io.StringIO(newline="")
        form.write(stream, {str(recording): annotations[recording]})
        texts[f"{name}/{place.as_posix()}"] = stream.getvalue()
    return texts


def _found_corrected(session: ReviewSession) -> _Texts:
    recordings = judged_of(session)
    refuse_empty(recordings)
    found, corrected = found_corrected(recordings)
    sentence = (
        "What was found and judged, and its corrected copy: train --from-regions found.csv corrected.csv learns from both. "
        "Regions that nobody judged are in neither."
    )
    return {"found.csv": csv_text(found), "corrected.csv": csv_text(corrected)}, sentence


def _precision(session: ReviewSession) -> _Texts:
    refuse_empty(judged_of(session))
    sentence = (
        "How many of the regions that were judged are right, by detector, label and score, with an interval of 95 % (Wilson). A line of "
        'some scores speaks for all regions of these scores where you judged in the order "Mixed"; the line of all '
        "scores only where you judged all regions."
    )
    return {"precision.csv": precision_csv(session)}, sentence


KINDS: Mapping[str, Callable[[ReviewSession], _Texts]] = {
    "labels": _labels,
    "audacity": _audacity,
    "raven": _raven,
    "found_corrected": _found_corrected,
    "precision": _precision,
}
"""Every kind by its name."""
