"""The journey from recordings and a detector to regions, readable top to bottom."""

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audioscan_host.cache import Cache
from audioscan_host.detector import Detector
from audioscan_host.embedding.embedder import EmbeddedRecording, Embedder, RecordingFailure
from audioscan_host.errors import SettingError
from audioscan_host.journeys.ready_detector import ready_detector
from audioscan_host.journeys.silence_note import silence_note
from audioscan_host.models.model import Runtime
from audioscan_host.plugins.registry import Registry, load_registry
from audioscan_host.progress import Progress
from audioscan_host.recordings import find_recordings
from audioscan_host.regions import Region, RegionSettings, find_regions
from audioscan_host.silence import Spans, no_silence

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ScannedRecording:
    """What was found in one recording.

    Attributes:
        path: the recording.
        duration: seconds.
        times: (windows,) starts of the windows, seconds.
        window: seconds; of a recording shorter than the detector's window, its own length.
        probabilities: label -> (windows,) from 0 to 1; 0 where half of a window or more is silence.
        regions: of all labels, by start.
        silence: (spans, 2) start and end of its digital silence in seconds, ascending.
    """

    path: Path
    duration: float
    times: npt.NDArray[np.float64]
    window: float
    probabilities: Mapping[str, npt.NDArray[np.float64]]
    regions: tuple[Region, ...]
    silence: Spans = field(default_factory=no_silence)


@dataclass(frozen=True)
class ScanResult:
    """What a scan found.

    Attributes:
        recordings: what was found in each, in the order given.
        failures: recordings that could not be read.
    """

    recordings: tuple[ScannedRecording, ...]
    failures: tuple[RecordingFailure, ...]


def scan(
    recordings: Iterable[Path | str],
    detector: Detector | Path | str,
    *,
    settings: RegionSettings | None = None,
    thresholds: Mapping[str, float] | None = None,
    rate: float | Mapping[str, float] | None = None,
    only: Collection[str] = (),
    cache_dir: Path | None = None,
    runtime: Runtime | None = None,
    registry: Registry | None = None,
    progress: Progress | None = None,
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
        cache_dir: the cache folder.
        runtime: device, precision and batch size.
        registry: the models; those that are installed unless given.
        progress: where progress is shown.

    Raises:
        DetectorError: the detector cannot be read, or does not fit what is installed.
        SettingError: a threshold or rate is out of range, or of a label that is not looked for.
    """
    registry = registry or load_registry()
    detector, model = ready_detector(detector, registry, only)
    settings_of = _settings_of_labels(detector, settings or RegionSettings(), thresholds or {})
    rates = _rates(detector, rate)
    paths = find_recordings(map(Path, recordings))
    cache = Cache(cache_dir)
    embedder = Embedder(registry, [model], detector.windowing, cache, runtime=runtime, progress=progress)
    found: dict[Path, ScannedRecording] = {}
    failures = []
    for result in embedder.embed_each(paths):
        if isinstance(result, RecordingFailure):
            failures.append(result)
        else:
            found[result.path] = _scanned(result, detector, settings_of, rates)
    return ScanResult(tuple(found[path] for path in paths if path in found), tuple(failures))


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


def _scanned(
    recording: EmbeddedRecording,
    detector: Detector,
    settings_of: Mapping[str, RegionSettings],
    rates: Mapping[str, float],
) -> ScannedRecording:
    found = recording.embeddings[detector.model]
    window = min(detector.window, recording.duration)
    if note := silence_note(found.times, window, recording.duration, recording.silence):
        logger.warning("%s: %s", recording.path, note)
    evidence = recording.evidence(detector.model, detector.windowing)
    probabilities = detector.probabilities(evidence, rates=rates)
    for label, classifier in detector.classifiers.items():
        mean = float(np.mean(probabilities[label][evidence.audible])) if evidence.audible.any() else 0.0
        if label not in rates and mean > classifier.highest_mean:  # how often that is right: docs/detector.md
            logger.warning(
                "%s: holds more of %s than any recording learned from (mean probability %.2f, there at most %.2f): "
                "probabilities are at the rate that was learned, and may be too low here; --rate %sSHARE puts them to another",
                recording.path, label, mean, classifier.highest_mean, f"{label}=" * (len(detector.classifiers) > 1),
            )  # fmt: skip
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
        probabilities,
        tuple(regions),
        recording.silence,
    )
