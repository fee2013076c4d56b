"""A scan that is ready: recordings and a detector, to what is found in one recording after the other."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Unpack

import numpy as np

from audioscan_host.channels import EACH
from audioscan_host.detector import Detector
from audioscan_host.embedding.embedded_recording import EmbeddedRecording
from audioscan_host.embedding.tasks import Done, RecordingFailure
from audioscan_host.journeys.ready_detector import ready_detector
from audioscan_host.journeys.scan_settings import ScanSettings
from audioscan_host.journeys.scanned_recording import ScannedRecording
from audioscan_host.journeys.session import Session, SessionOptions
from audioscan_host.journeys.silence_note import silence_note
from audioscan_host.models.model import Model
from audioscan_host.notes import About, Note, Tell
from audioscan_host.recorded_at.clock import Clock
from audioscan_host.recorded_at.moments import later
from audioscan_host.recordings import find_recordings
from audioscan_host.region_settings import RegionSettings
from audioscan_host.regions import find_regions


@dataclass(frozen=True)
class Scanning:
    """What a scan has, before the first recording is read.

    Attributes:
        session: models, cache, and who computes.
        detector: for the labels that are looked for.
        model: that it reads.
        settings: label -> how its scores become regions.
        rates: label -> its share of windows, where one is given.
        clock: tells when recordings began.
        paths: the recordings.
    """

    session: Session
    detector: Detector
    model: Model
    settings: Mapping[str, RegionSettings]
    rates: Mapping[str, float]
    clock: Clock
    paths: tuple[Path, ...]

    @classmethod
    def of(
        cls,
        recordings: Iterable[Path | str],
        detector: Detector | Path | str,
        asked: ScanSettings,
        **options: Unpack[SessionOptions],
    ) -> "Scanning":
        """From the arguments that `scan` explains."""
        session = Session.of(each_channel=True, **options)
        ready, model = ready_detector(
            detector, session.registry, asked.only, session.channel, session.reading
        )
        settings, rates = asked.regions_of(ready), asked.rates_of(ready)
        clock = Clock.of(asked.utc_offset, session.notes)
        paths = find_recordings(recordings, session.notes)
        return cls(session, ready, model, settings, rates, clock, tuple(paths))

    @property
    def channel(self) -> str:
        """Which channel of a recording is read; `each` where all are, one by one."""
        return EACH if self.session.channel == EACH else self.detector.channel

    def each(self, done: Done | None = None) -> Iterator[ScannedRecording | RecordingFailure]:
        """Scan the recordings, or each of their channels, as they come.

        Args:
            done: says of which recordings nothing is wanted; all are unless given.
        """
        embedder = self.session.embedder(
            [self.model],
            self.detector.windowing,
            self.channel,
            self.detector.training,
            {self.model: self.detector.reading},
        )
        began: dict[Path, datetime | None] = {}

        def look(path: Path) -> None:
            began[path] = self.clock.recorded_at(path)

        for result in embedder.embed_each(self.paths, done, beside=look):
            if isinstance(result, RecordingFailure):
                yield result
            else:
                scanned = _scanned(result, self.detector, self.settings, self.rates, self.session.notes)
                if result.path not in began:
                    look(result.path)
                yield _placed(scanned, began[result.path], result.channel)
        self.session.executor.close()


def _placed(recording: ScannedRecording, began: datetime | None, channel: int | None) -> ScannedRecording:
    """It and its regions, with when they began and which channel they are of."""
    regions = tuple(
        replace(each, recorded_at=later(began, each.start), channel=channel) for each in recording.regions
    )
    return replace(recording, regions=regions, recorded_at=began, channel=channel)


def _scanned(
    recording: EmbeddedRecording,
    detector: Detector,
    settings_of: Mapping[str, RegionSettings],
    rates: Mapping[str, float],
    tell: Tell,
) -> ScannedRecording:
    found = recording.embeddings[detector.model]
    name = f"{recording.path}" + (f", channel {recording.channel}" if recording.channel else "")
    window = min(detector.window, recording.duration)
    if note := silence_note(found.times, window, recording.duration, recording.silence):
        tell(Note(About.SILENCE, f"{name}: {note}", recording.path))
    evidence = recording.evidence(detector.model, detector.windowing)
    probabilities = detector.probabilities(evidence, rates=rates)
    for label, classifier in detector.classifiers.items():
        mean = float(np.mean(probabilities[label][evidence.audible])) if evidence.audible.any() else 0.0
        if label not in rates and mean > classifier.highest_mean:  # how often that is right: docs/detector.md
            named = f"{label}=" * (len(detector.classifiers) > 1)
            message = (
                f"{name}: holds more of {label} than any recording learned from (mean probability {mean:.2f}, there "
                f"at most {classifier.highest_mean:.2f}): probabilities are at the rate that was learned, and may be too low "
                f"here; --rate {named}SHARE puts them to another"
            )
            tell(Note(About.RATE, message, recording.path, label))
    regions = [
        region
        for label, scores in probabilities.items()
        for region in find_regions(
            found.times,
            scores,
            label,
            window=window,
            hop=detector.hop,
            duration=recording.duration,
            settings=settings_of[label],
            silence=recording.silence,
        )
    ]
    regions.sort(key=lambda region: (region.start, region.end, region.label))
    return ScannedRecording(
        recording.path,
        recording.duration,
        found.times,
        window,
        detector.hop,
        probabilities,
        tuple(regions),
        recording.silence,
        digest=recording.digest,
    )
