"""The verdicts of a session, as annotations and as the label file that training takes after all others."""

import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from audioscan_host import Annotation, AnnotationError, OutputError
from audioscan_ui.results.review_labels import Judged, judged, review_labels
from audioscan_ui.session.review_session import ReviewSession


def judged_of(session: ReviewSession, only: Collection[int] | None = None) -> list[Judged]:
    """The recordings of the session that have a verdict, of some numbers alone where these are given."""
    places = {
        each.number: (each.path, each.duration)
        for each in session.recordings
        if only is None or each.number in only
    }
    return judged(session.verdicts.values(), places)


def windows_of(session: ReviewSession) -> dict[str, float]:
    """SHA-256 of each detector -> the length of its windows, seconds."""
    return {each.sha256: each.window for each in session.detectors}


def write_review_file(
    session: ReviewSession,
    place: Path,
    label_files: Iterable[Path | str] = (),
    only: Collection[int] | None = None,
) -> bool:
    """Write what was judged for a training that takes these label files before it; what they say beside it stays.

    Args:
        session: whose verdicts are written.
        place: of the file.
        label_files: that the training takes.
        only: numbers of the recordings that it takes; all of them unless given.

    Returns:
        Whether there was anything to write.

    Raises:
        OutputError: it cannot be written.
    """
    from audioscan_host.output.saving import save_text

    recordings = judged_of(session, only)
    if not recordings:
        return False
    known = _known([each.path for each in session.recordings], [Path(each) for each in label_files])
    save_text(csv_text(review_labels(recordings, windows_of(session), known)), place)
    return True


def csv_text(annotations: Mapping[Path, Sequence[Annotation]]) -> str:
    """A label file with all that annotations say."""
    from audioscan_host.output.label_files import FORMATS

    stream = io.StringIO(newline="")
    FORMATS["csv"].write(stream, {str(path): rows for path, rows in annotations.items()})
    return stream.getvalue()


def _known(recordings: Sequence[Path], label_files: Iterable[Path]) -> Mapping[Path, Sequence[Annotation]]:
    """What label files say of each recording, later ones before earlier ones; training says what is wrong with a file."""
    from audioscan_host.annotations.corrections import corrected
    from audioscan_host.annotations.matching import annotations_of

    known: dict[Path, list[Annotation]] = {}
    for file in label_files:
        with suppress(AnnotationError):
            found = annotations_of(recordings, [file], may_fit_none=True, tell=lambda _note: None)
            for path, rows in found.items():
                known[path] = corrected(known.get(path, []), rows)
    return known


def refuse_empty(recordings: Sequence[Judged]) -> None:
    """Refuse to write results of nothing.

    Raises:
        OutputError: nothing was judged.
    """
    if not recordings:
        raise OutputError("nothing is judged yet: accept or reject some regions first")
