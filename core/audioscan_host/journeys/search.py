"""The journey from examples of a sound to the windows most like them, readable top to bottom."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Unpack

import numpy as np
import numpy.typing as npt

from audioscan_host.classifier.background import Background
from audioscan_host.classifier.settings import Normalisation
from audioscan_host.classifier.statistics import RunningStatistics, Statistics
from audioscan_host.embedding.embedded_recording import EmbeddedRecording
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.embedding.tasks import RecordingFailure
from audioscan_host.errors import RecordingError, SettingError
from audioscan_host.journeys.session import Session, SessionOptions
from audioscan_host.notes import Note
from audioscan_host.recorded_at.clock import Clock, UtcOffset
from audioscan_host.recordings import find_recordings, place_of
from audioscan_host.similarity.likeness import Likeness, direction
from audioscan_host.similarity.query_spans import Place, QuerySpan
from audioscan_host.similarity.ranking import Match, Ranking, dated
from audioscan_host.similarity.recording import SearchedRecording
from audioscan_host.windows import Windowing

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SearchResult:
    """What was found.

    Attributes:
        matches: the windows, best first.
        recordings: those that were searched.
        failures: those that could not be read.
        durations: recording -> seconds; of all that were searched.
        recorded_at: recording -> when it began; those left out of which that cannot be told.
        notes: what users must know of the recordings.
    """

    matches: tuple[Match, ...]
    recordings: tuple[Path, ...]
    failures: tuple[RecordingFailure, ...]
    durations: Mapping[Path, float]
    recorded_at: Mapping[Path, datetime]
    notes: tuple[Note, ...] = ()


def search(
    recordings: Iterable[Path | str],
    like: Iterable[QuerySpan | Path | str],
    model: str,
    *,
    n: int = 20,
    all_windows: bool = False,
    normalisation: Normalisation | str = Normalisation.BACKGROUND,
    windowing: Windowing | None = None,
    utc_offset: UtcOffset = None,
    **options: Unpack[SessionOptions],
) -> SearchResult:
    """Find the windows most like an example, before there is any label.

    The score of a window is its cosine with the nearest of the examples: a sound has variants, and
    a window need be like one of them only. An example stands for the windows that lie in it, by
    the mean of their directions; one too short for that for the window that holds most of it, with
    the example as near its middle as can be. No window that overlaps an example is listed, and none
    that is digital silence by half or more. Equal scores are in order of the recordings, then of time.

    Embeddings are standardised by what all recordings have in common, and each recording's background is
    taken off. That of an example's recording is all but the examples. That of a searched recording is
    its windows that a first pass, before anything is taken off them, finds less like the examples
    than half of all windows are: a recording full of the sound has none, and is not pushed down.

    Args:
        recordings: files and folders.
        like: examples; a text is read by `QuerySpan.parse`.
        model: name of the model.
        n: how many windows, over all recordings.
        all_windows: list windows too that overlap a better one by more than half.
        normalisation: windows relative to the `background` of their recordings, or only to what all have in common, `global`.
        windowing: window and hop, 8 s and 1 s unless given.
        utc_offset: zone of the recordings whose header and name tell a time without one: `+02:00`, or a `timezone`.
        options: cache, device, models and progress; see `SessionOptions`.

    Raises:
        UnknownModelError: the model is not installed.
        SettingError: an example is not in its recording, is silence, or a long file without a span; or no such zone is in use.
        RecordingError: the recording of an example cannot be read.
    """
    if n < 1:
        raise SettingError(f"n must be 1 window or more, not {n}")
    if normalisation not in tuple(Normalisation):
        raise SettingError(f"normalisation must be background or global, not {normalisation!r}")
    session = Session.of(**options)
    chosen, windowing = session.registry.model(model), windowing or Windowing()
    examples = [each if isinstance(each, QuerySpan) else QuerySpan.parse(each) for each in like]
    if not examples:
        raise SettingError("there is no example to search for")
    clock = Clock.of(utc_offset, session.notes)
    paths = find_recordings(recordings, session.notes)
    embedder = session.embedder([chosen], windowing, readings=session.readings([chosen], windowing, paths))
    reader = _Reader(embedder, chosen.name, windowing)
    places = _places(reader, examples)
    _tell_left_out(places, paths)
    statistics, durations, failures = _gathered(reader, paths, places)
    relative = normalisation == Normalisation.BACKGROUND
    likeness = Likeness(statistics, _directions(reader, places, statistics, relative=relative))
    if relative:
        likeness = replace(likeness, limit=_median(reader, list(durations), likeness))
    matches, vanished = _ranked(reader, list(durations), places, likeness, Ranking(n, all_windows))
    session.executor.close()
    for failure in vanished:
        del durations[failure.path]
    began, failed, notes = clock.of_each(durations), (*failures, *vanished), session.notes.told()
    return SearchResult(dated(matches, began), tuple(durations), failed, durations, began, notes)


@dataclass(frozen=True)
class _Reader:
    """Reads recordings as often as they are needed: but for the first time, their embeddings lie in the cache."""

    embedder: Embedder
    model: str
    windowing: Windowing

    def each(
        self, paths: Iterable[Path], work: Callable[[SearchedRecording], None], *, required: bool = False
    ) -> list[RecordingFailure]:
        """Do something with each recording that can be read; gives those that cannot.

        Raises:
            RecordingError: one that is required cannot be read.
        """
        failures = []
        for result in self.embedder.embed_each(list(dict.fromkeys(paths))):
            if not isinstance(result, RecordingFailure):
                work(self._searched(result))
            elif required:
                raise RecordingError(result.reason)
            else:
                failures.append(result)
            del result  # its vectors, which may be gigabytes, before the next recording's are read
        return failures

    def _searched(self, recording: EmbeddedRecording) -> SearchedRecording:
        return SearchedRecording(
            recording.path,
            recording.duration,
            recording.embeddings[self.model].times,
            min(self.windowing.window, recording.duration),
            recording.evidence(self.model, self.windowing),
        )


def _places(reader: _Reader, examples: Sequence[QuerySpan]) -> list[Place]:
    """Where the examples are: before the other recordings are embedded, which may take hours."""
    places: list[Place] = []

    def look(recording: SearchedRecording) -> None:
        for example in examples:
            if example.path == recording.path:
                place = Place.of(example, recording.duration, reader.windowing.window)
                if not len(recording.inside(place)):
                    raise SettingError(f"{place} is digital silence: no example of a sound")
                places.append(place)

    reader.each((example.path for example in examples), look, required=True)
    return places


def _tell_left_out(places: Sequence[Place], paths: Sequence[Path]) -> None:
    searched = {place_of(path) for path in paths}
    for place in places:
        if place_of(place.path) in searched:
            logger.info("%s is an example, and not listed itself", place)


def _gathered(
    reader: _Reader, paths: Sequence[Path], places: Sequence[Place]
) -> tuple[Statistics, dict[Path, float], list[RecordingFailure]]:
    """Statistics of all recordings; of those that are searched the durations, in their order, and the failures."""
    running = RunningStatistics()
    durations: dict[Path, float] = {}
    counted: set[Path] = set()

    def count(recording: SearchedRecording) -> None:
        if place_of(recording.path) not in counted:
            counted.add(place_of(recording.path))
            running.add(recording.evidence)

    def gather(recording: SearchedRecording) -> None:
        durations[recording.path] = recording.duration
        count(recording)

    reader.each((place.path for place in places), count, required=True)
    failures = reader.each(paths, gather)
    return running.statistics(), {path: durations[path] for path in paths if path in durations}, failures


def _directions(
    reader: _Reader, places: Sequence[Place], statistics: Statistics, *, relative: bool
) -> list[npt.NDArray[np.float64]]:
    """Of each example where it lies; relative: as seen from all else in its recording."""
    found: list[npt.NDArray[np.float64]] = []

    def look(recording: SearchedRecording) -> None:
        evidence = recording.evidence
        chosen = evidence.clean & recording.apart_from(places)
        background = Background.of(evidence, chosen, statistics) if relative else None
        found.extend(
            direction(evidence.vectors[recording.inside(place)], statistics, background)
            for place in places
            if place.path == recording.path
        )

    reader.each((place.path for place in places), look, required=True)
    return found


def _median(reader: _Reader, paths: Sequence[Path], likeness: Likeness) -> float:
    """Of the first pass over all windows that are free of digital silence."""
    scores: list[npt.NDArray[np.float64]] = []

    def gather(recording: SearchedRecording) -> None:
        scores.append(likeness.first_pass(recording.evidence)[recording.evidence.clean])

    reader.each(paths, gather)
    return float(np.median(np.concatenate(scores) if any(map(len, scores)) else -1.0))


def _ranked(
    reader: _Reader, paths: Sequence[Path], places: Sequence[Place], likeness: Likeness, ranking: Ranking
) -> tuple[list[Match], list[RecordingFailure]]:
    """The best windows of all recordings, and the recordings that can be read no more."""
    order = {path: number for number, path in enumerate(paths)}
    best: list[Match] = []

    def rank(recording: SearchedRecording) -> None:
        scores = likeness.scores(recording.evidence)
        free = recording.evidence.audible & recording.apart_from(places)
        best[:] = ranking.best(best + ranking.of_recording(recording, scores, free), order)

    failures = reader.each(paths, rank)
    return best, failures
