"""The labelled recordings as each way reads them, of which one way is in memory at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audioscan_host.annotations import Annotation
from audioscan_host.cache import Embeddings
from audioscan_host.embedding.embedded_recording import EmbeddedRecording
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.embedding.tasks import RecordingFailure
from audioscan_host.evaluation.moments import Moments, moment_times
from audioscan_host.evidence import Evidence
from audioscan_host.journeys.cross_validation import Material
from audioscan_host.journeys.labelled import (
    LabelledRecording,
    labels_of,
    none_was_read,
    tell_labels_by_durations,
)
from audioscan_host.journeys.session import Session
from audioscan_host.journeys.ways_of_reading import WayOfReading
from audioscan_host.progress import Silent
from audioscan_host.silence import silent_share

Annotations = Mapping[Path, Sequence[Annotation]]


class MaterialEachWay:
    """The same recordings, in several ways: those that can be read in all of them.

    Recordings are embedded as it is made. The vectors are kept where there is a single way; of several, those of one are
    read from the cache when its turn comes.

    Args:
        session: the run.
        ways: one at least.
        annotations: of the recordings.
        tolerance: as `window_labels` takes it.
        neg_margin: as `window_labels` takes it.

    Attributes:
        failures: the recordings that could not be read in one way or another.

    Raises:
        TrainingError: no recording could be read and embedded.
        SettingError: a window is shorter or longer than a model takes.
    """

    def __init__(
        self,
        session: Session,
        ways: Sequence[WayOfReading],
        annotations: Annotations,
        *,
        tolerance: float,
        neg_margin: float | None,
    ) -> None:
        self._session = session
        self._ways = ways
        self._annotations = annotations
        self._tolerance, self._neg_margin = tolerance, neg_margin
        for way in ways:  # a window that a model does not take, before the work that would be lost
            _embedder(session, way)
        failed: dict[Path, RecordingFailure] = {}
        found: dict[int, dict[Path, EmbeddedRecording]] = {}
        # The windows with the shortest hop first: the others are made of the same grains where they can be.
        for number in sorted(range(len(ways)), key=lambda place: ways[place].windowing.hop):
            found[number] = {}
            paths = [path for path in annotations if path not in failed]
            for result in _embedder(session, ways[number]).embed_each(paths):
                if isinstance(result, RecordingFailure):
                    failed[result.path] = result
                else:
                    found[number][result.path] = result if len(ways) == 1 else _outline(result)
                del result  # its vectors, before the next recording's are read
        read = [path for path in annotations if all(path in each for each in found.values())]
        if not read:
            raise none_was_read(next(iter(failed.values())))
        self._outlines = [
            self._material(way, [found[n][path] for path in read]) for n, way in enumerate(ways)
        ]
        self._held = {0: self._outlines[0]} if len(ways) == 1 else {}
        self.failures = tuple(failed.values())
        tell_labels_by_durations(self._outlines[0].embedded, annotations, session.notes)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The recordings."""
        return tuple(each.path for each in self._outlines[0].embedded)

    def of(self, number: int) -> Material:
        """The recordings as the way at this place reads them; those of another way are dropped."""
        if number not in self._held:
            self._held.clear()
            embedder = _embedder(replace(self._session, progress=Silent()), self._ways[number])
            self._held[number] = self._material(self._ways[number], [embedder.embed(p) for p in self.paths])
        return self._held[number]

    def labels(self, label: str) -> list[list[npt.NDArray[np.int8]]]:
        """For each way and recording (windows,) what the annotations say; the same for all models of a way."""
        ways = zip(self._outlines, self._ways, strict=True)
        return [outline.labels(label, outline.prepared(way.models[0].name)) for outline, way in ways]

    def _material(self, way: WayOfReading, embedded: Sequence[EmbeddedRecording]) -> Material:
        return Material(embedded, self._annotations, way.windowing, self._tolerance, self._neg_margin)

    def moments(self, label: str, length: float) -> Moments:
        """What the annotations say of moments of that length, whatever the windows."""
        embedded = self._outlines[0].embedded
        recordings = []
        for each in embedded:
            times = moment_times(length, each.duration)
            share = silent_share(times, length, each.silence)
            evidence = Evidence(np.empty((len(times), 0), np.float32), share, length)
            recordings.append(LabelledRecording(times, evidence, length, self._annotations[each.path]))
        labels = labels_of(label, recordings, tolerance=self._tolerance, neg_margin=self._neg_margin)
        return Moments(length, labels, [each.silence for each in embedded])


def _embedder(session: Session, way: WayOfReading) -> Embedder:
    return session.embedder(way.models, way.windowing, readings=way.readings)


def _outline(recording: EmbeddedRecording) -> EmbeddedRecording:
    """It without its vectors."""
    embeddings = {
        name: Embeddings(each.times, np.empty((len(each.times), 0), np.float32), each.meta)
        for name, each in recording.embeddings.items()
    }
    return replace(recording, embeddings=embeddings)
