"""The journey from recordings and a detector to regions, readable top to bottom."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Unpack

import numpy as np
import numpy.typing as npt

from audioscan_host.channels import EACH
from audioscan_host.detector import Detector
from audioscan_host.embedding.embedded_recording import EmbeddedRecording
from audioscan_host.embedding.tasks import RecordingFailure
from audioscan_host.errors import SettingError
from audioscan_host.journeys.ready_detector import ready_detector
from audioscan_host.journeys.session import Session, SessionOptions
from audioscan_host.journeys.silence_note import silence_note
from audioscan_host.notes import About, Note, Tell
from audioscan_host.recorded_at.clock import Clock, UtcOffset
from audioscan_host.recorded_at.moments import later
from audioscan_host.recordings import find_recordings
from audioscan_host.region_settings import RegionSettings
from audioscan_host.regions import Region, find_regions
from audioscan_host.silence import Spans, no_silence
from audioscan_host.steps import silent_steps, step_edges, step_scores


@dataclass(frozen=True)
class ScannedRecording:
    """What was found in one recording.

    Attributes:
        path: the recording.
        duration: seconds.
        times: (windows,) starts of the windows, seconds.
        window: seconds; of a recording shorter than the detector's window, its own length.
        hop: seconds; the length of a step.
        probabilities: label -> (windows,) from 0 to 1; 0 where half of a window or more is silence.
        regions: of all labels, by start.
        silence: (spans, 2) start and end of its digital silence in seconds, ascending.
        recorded_at: when it began, by its header or name, with the zone where that is known; None where it
            cannot be told.
        channel: its number where each channel is scanned by itself, else None.
    """

    path: Path
    duration: float
    times: npt.NDArray[np.float64]
    window: float
    hop: float
    probabilities: Mapping[str, npt.NDArray[np.float64]]
    regions: tuple[Region, ...]
    silence: Spans = field(default_factory=no_silence)
    recorded_at: datetime | None = None
    channel: int | None = None

    @property
    def step_edges(self) -> npt.NDArray[np.float64]:
        """(steps + 1,) seconds: where the steps begin and end, each a hop long, the last one perhaps shorter."""
        return step_edges(self.hop, self.duration)

    @property
    def silent_steps(self) -> npt.NDArray[np.bool_]:
        """(steps,) those of which half or more is digital silence; no region reaches into one."""
        return silent_steps(self.hop, self.duration, self.silence)

    def step_scores(self, label: str) -> npt.NDArray[np.float64]:
        """The score of each step, of which regions are made: the mean of the windows that contain its centre.

        With `threshold`, `low`, `merge_gap` and `min_duration`, these, the edges and the silent steps are all that the regions
        of the method "mean" depend on.

        Args:
            label: one of `probabilities`.

        Returns:
            (steps,) 0 to 1, to nine decimals; 0 in silence.

        Raises:
            KeyError: the label was not looked for.
        """
        return step_scores(
            self.times,
            self.probabilities[label],
            window=self.window,
            hop=self.hop,
            duration=self.duration,
            silence=self.silence,
        )


@dataclass(frozen=True)
class ScanResult:
    """What was found.

    Attributes:
        recordings: in the order given; with `channel="each"` one after the other for each channel.
        failures: those that could not be read.
        notes: what users must know of recordings and probabilities.
    """

    recordings: tuple[ScannedRecording, ...]
    failures: tuple[RecordingFailure, ...]
    notes: tuple[Note, ...] = ()


def scan(
    recordings: Iterable[Path | str],
    detector: Detector | Path | str,
    *,
    settings: RegionSettings | None = None,
    thresholds: Mapping[str, float] | None = None,
    rate: float | Mapping[str, float] | None = None,
    only: Collection[str] = (),
    utc_offset: UtcOffset = None,
    **options: Unpack[SessionOptions],
) -> ScanResult:
    """Find the regions of recordings where a detector's sounds occur.

    Args:
        recordings: files and folders.
        detector: a detector, or the file of one.
        settings: how window scores become regions.
        thresholds: label -> its threshold, where it has one of its own.
        rate: share of the windows that hold the sound, above 0 and below 1, where it is known: of all labels
            or by label. Probabilities are at that of the recordings learned from, unless given.
        only: the labels to look for; all of the detector's unless given.
        utc_offset: zone of the recordings whose header and name tell a time without one: `+02:00`, or a `timezone`.
        options: cache, device, models and progress; see `SessionOptions`.

    Raises:
        DetectorError: the detector cannot be read, or does not fit what is installed.
        SettingError: a threshold, rate or zone is out of range, or a label is not looked for.
    """
    session = Session.of(each_channel=True, **options)
    detector, model = ready_detector(detector, session.registry, only, session.channel, session.reading)
    settings_of = _settings_of_labels(detector, settings or RegionSettings(), thresholds or {})
    rates = _rates(detector, rate)
    clock = Clock.of(utc_offset, session.notes)
    paths = find_recordings(recordings, session.notes)
    embedder = session.embedder(
        [model],
        detector.windowing,
        EACH if session.channel == EACH else detector.channel,
        detector.training,
        {model: detector.reading},
    )
    found: dict[Path, list[ScannedRecording]] = {}
    failures = []
    for result in embedder.embed_each(paths):
        if isinstance(result, RecordingFailure):
            failures.append(result)
        else:
            scanned = _scanned(result, detector, settings_of, rates, session.notes)
            found.setdefault(result.path, []).append(
                _placed(scanned, clock.recorded_at(result.path), result.channel)
            )
    in_order = (
        each for path in paths for each in sorted(found.get(path, []), key=lambda of: of.channel or 0)
    )
    return ScanResult(tuple(in_order), tuple(failures), session.notes.told())


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
    )
