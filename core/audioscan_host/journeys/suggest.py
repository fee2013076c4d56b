"""The journey from recordings and a detector to the windows whose labels would teach it most."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Unpack

import numpy as np

from audioscan_host.annotations import Annotation
from audioscan_host.annotations.matching import annotations_of
from audioscan_host.annotations.names import Same
from audioscan_host.detector import Detector
from audioscan_host.eight_cut_settings import EightCutSettings
from audioscan_host.embedding.embedded_recording import EmbeddedRecording
from audioscan_host.embedding.tasks import RecordingFailure
from audioscan_host.errors import SettingError
from audioscan_host.journeys.ready_detector import ready_detector
from audioscan_host.journeys.session import Session, SessionOptions
from audioscan_host.notes import Note
from audioscan_host.recorded_at.clock import Clock, UtcOffset
from audioscan_host.recorded_at.moments import later
from audioscan_host.recordings import find_recordings
from audioscan_host.remote_path import path_of
from audioscan_host.suggestion.candidates import Candidate, PredictedRecording, candidates, unlabelled
from audioscan_host.suggestion.choice import choose
from audioscan_host.suggestion.table import Suggestion


@dataclass(frozen=True)
class SuggestResult:
    """What to label next.

    Attributes:
        suggestions: by recording and time.
        durations: recording -> seconds; of all that were read, in the order given.
        recorded_at: recording -> when it began; those left out of which that cannot be told.
        failures: recordings that could not be read.
        notes: what users must know of recordings and labels.
    """

    suggestions: tuple[Suggestion, ...]
    durations: dict[Path, float]
    recorded_at: dict[Path, datetime]
    failures: tuple[RecordingFailure, ...]
    notes: tuple[Note, ...] = ()


def suggest(
    recordings: Iterable[Path | str],
    detector: Detector | Path | str,
    *,
    n: int = 10,
    labels: Iterable[Path | str] = (),
    labels_as: str = "auto",
    only: Collection[str] = (),
    same: Same | None = None,
    seed: int = 42,
    utc_offset: UtcOffset = None,
    eight_cut: EightCutSettings | None = None,
    **options: Unpack[SessionOptions],
) -> SuggestResult:
    """Choose the windows whose labels would teach a detector most.

    Of ten, five are those that it is least sure of, three score high but are far from all that
    was learned from, and two are random, so that what it does not know is asked for too; all of
    them far from each other, and spread over the recordings.

    Args:
        recordings: files and folders; best those that will be scanned.
        detector: a detector, or the file of one.
        n: how many windows, over all recordings.
        labels: what is labelled already, as for `train`: not suggested again. Files of other recordings are told.
        labels_as: what the second number of a row without a header is: `ends`, `durations`, or `auto`, an end that is
            refused where it is likely a duration.
        only: the labels to ask for; all of the detector's unless given.
        same: labels that are joined: name -> the others that stand for it, as {"chirp": ["Chirp", "chirps"]}.
        seed: of the random windows.
        utc_offset: zone of the recordings whose header and name tell a time without one: `+02:00`, or a `timezone`.
        eight_cut: how a database of 8-cut among the label files is read; see `EightCutSettings`.
        options: cache, device, models and progress; see `SessionOptions`.

    Raises:
        DetectorError: the detector cannot be read, or does not fit what is installed.
        AnnotationError: a label file cannot be read, or names a recording that may be one of several.
        SettingError: `n` is below 1, the zone is none that is in use, or all of the recordings is labelled or
            digital silence.
    """
    if n < 1:
        raise SettingError(f"n must be 1 window or more, not {n}")
    session = Session.of(**options)
    detector, model = ready_detector(detector, session.registry, only, session.channel, session.reading)
    clock = Clock.of(utc_offset, session.notes)
    paths = find_recordings(recordings, session.notes)
    annotations = annotations_of(
        paths,
        [path_of(path) for path in labels],
        same=same,
        may_fit_none=True,
        tell=session.notes,
        reader=session.label_reader(labels_as, eight_cut),
    )

    readings = {model: detector.reading}
    embedder = session.embedder([model], detector.windowing, detector.channel, detector.training, readings)
    offered: dict[Path, list[Candidate]] = {}
    durations: dict[Path, float] = {}
    failures = []
    for result in embedder.embed_each(paths):
        if isinstance(result, RecordingFailure):
            failures.append(result)
            continue
        # A generator for each place in the list: what was read first does not matter.
        random = np.random.default_rng([seed, paths.index(result.path)])
        known = annotations.get(result.path, ())
        offered[result.path] = _offered(result, detector, known, n, random)
        durations[result.path] = result.duration
    session.executor.close()
    everything = [candidate for path in paths for candidate in offered.get(path, ())]
    if offered and not everything:
        raise SettingError(
            "all of the recordings is labelled already, or digital silence: give others, or fewer label files"
        )
    with_some = sum(map(bool, offered.values()))
    chosen = choose(everything, n, list(detector.classifiers), with_some)
    order = {path: place for place, path in enumerate(paths)}
    chosen.sort(key=lambda each: (order[each.path], each.start))
    began = clock.of_each(path for path in paths if path in durations)
    return SuggestResult(
        tuple(_suggestion(each, later(began.get(each.path), each.start)) for each in chosen),
        {path: durations[path] for path in paths if path in durations},
        began,
        tuple(failures),
        session.notes.told(),
    )


def _suggestion(of: Candidate, recorded_at: datetime | None) -> Suggestion:
    return Suggestion(of.path, of.start, of.end, of.label, of.probability, of.kind.value, recorded_at)


def _offered(
    recording: EmbeddedRecording,
    detector: Detector,
    annotations: Sequence[Annotation],
    n: int,
    random: np.random.Generator,
) -> list[Candidate]:
    """What one recording has to offer."""
    (found,) = recording.embeddings.values()
    window = min(detector.window, recording.duration)
    evidence = recording.evidence(detector.model, detector.windowing)
    predicted = PredictedRecording(
        recording.path,
        found.times,
        window,
        detector.features(evidence),
        detector.probabilities(evidence),
        unlabelled(annotations, found.times, window) & evidence.audible,
    )
    reference = np.empty((0, detector.dim), np.float32) if detector.reference is None else detector.reference
    return candidates(predicted, reference, most=n, random=random)
