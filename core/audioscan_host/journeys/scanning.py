"""A scan that is ready: recordings and a detector, to what is found in one recording after the other."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Unpack

import numpy as np

from audioscan_host.channels import EACH
from audioscan_host.detector import Detector
from audioscan_host.embedding.embedded_recording import EmbeddedRecording
from audioscan_host.embedding.tasks import Done, RecordingFailure
from audioscan_host.errors import SettingError
from audioscan_host.journeys.ready_detector import ready_detector
from audioscan_host.journeys.scanned_recording import ScannedRecording
from audioscan_host.journeys.session import Session, SessionOptions
from audioscan_host.journeys.silence_note import silence_note
from audioscan_host.models.model import Model
from audioscan_host.notes import About, Note, Tell
from audioscan_host.recorded_at.clock import Clock, UtcOffset
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
        *,
        settings: RegionSettings | None = None,
        thresholds: Mapping[str, float] | None = None,
        rate: float | Mapping[str, float] | None = None,
        only: Collection[str] = (),
        utc_offset: UtcOffset = None,
        **options: Unpack[SessionOptions],
    ) -> "Scanning":
        """From the arguments that `scan` explains."""
        session = Session.of(each_channel=True, **options)
        ready, model = ready_detector(detector, session.registry, only, session.channel, session.reading)
        settings_of = _settings_of_labels(ready, settings or RegionSettings(), thresholds or {})
        rates = _rates(ready, rate)
        clock = Clock.of(utc_offset, session.notes)
        paths = find_recordings(recordings, session.notes)
        return cls(session, ready, model, settings_of, rates, clock, tuple(paths))

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


def _settings_of_labels(
    detector: Detector, settings: RegionSettings, thresholds: Mapping[str, float]
) -> dict[str, RegionSettings]:
    _require_known("threshold", thresholds, detector)
    return {
        label: replace(settings, threshold=thresholds.get(label, settings.threshold))
        for label in detector.classifiers
    }


def _rates(detector: Detector, rate: float | Mapping[str, float] | None) -> Mapping[str, float]:
    if rate is None:
        return {}
    rates = rate if isinstance(rate, Mapping) else dict.fromkeys(detector.classifiers, rate)
    _require_known("rate", rates, detector)
    for each in rates.values():
        if not 0 < each < 1:
            raise SettingError(f"a rate is a share of windows above 0 and below 1, not {each:g}")
    return rates


def _require_known(what: str, given: Mapping[str, float], detector: Detector) -> None:
    unknown = sorted(set(given) - set(detector.classifiers))
    if unknown:
        known = ", ".join(detector.classifiers)
        raise SettingError(f"a {what} is given for {unknown[0]!r}; the labels looked for are: {known}")


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
