"""The journey from recordings and a detector to Parquet datasets, written as recordings finish; a run that was killed goes on."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import permutations
from pathlib import Path
from typing import Any, Unpack

from audioscan_host.channels import EACH
from audioscan_host.embedding.tasks import RecordingFailure
from audioscan_host.errors import DetectorError, SettingError
from audioscan_host.journeys.scan_settings import ScanSettings
from audioscan_host.journeys.scanning import Scanning
from audioscan_host.journeys.session import SessionOptions
from audioscan_host.notes import Note
from audioscan_host.output.dataset.dataset import Dataset, opened
from audioscan_host.output.dataset.journal import Description
from audioscan_host.output.dataset.rows import REGIONS, SCORES, Kind
from audioscan_host.output.dataset.tables import require_pyarrow
from audioscan_host.recorded_at.clock import UtcOffset
from audioscan_host.recordings import place_of
from audioscan_host.region_settings import RegionSettings
from audioscan_host.remote_path import path_of


@dataclass(frozen=True)
class DatasetScan:
    """What a scan added to its datasets.

    Attributes:
        recordings: how many were scanned.
        regions: found in these.
        already: how many were there before, and were not scanned again.
        failures: those that could not be read.
        notes: what users must know of recordings and probabilities.
    """

    recordings: int
    regions: int
    already: int
    failures: tuple[RecordingFailure, ...]
    notes: tuple[Note, ...] = ()


def scan_to_dataset(
    recordings: Iterable[Path | str],
    detector: Path | str,
    out: Path | str,
    *,
    scores: Path | str | None = None,
    settings: RegionSettings | None = None,
    thresholds: Mapping[str, float] | None = None,
    rate: float | Mapping[str, float] | None = None,
    only: Collection[str] = (),
    utc_offset: UtcOffset = None,
    **options: Unpack[SessionOptions],
) -> DatasetScan:
    """Find the regions of recordings, and add them to a Parquet dataset as recordings finish.

    A recording that is there already, with the same content, is not scanned again. One that changed takes the place of what was
    found in it before. Memory does not grow with what is found.

    Args:
        recordings: files and folders.
        detector: the file of one.
        out: a new folder, or one that an earlier run began with the same detector and settings; a path or a URL.
        scores: likewise, for the probability of every window.
        settings: how window scores become regions.
        thresholds: label -> its threshold, where it has one of its own.
        rate: share of the windows that hold the sound, where it is known: of all labels or by label.
        only: the labels to look for; all of the detector's unless given.
        utc_offset: zone of the recordings whose header and name tell a time without one.
        options: cache, device, models and progress; see `SessionOptions`.

    Raises:
        DetectorError: the detector cannot be read, or does not fit what is installed.
        SettingError: a threshold, rate or zone is out of range, or a label is not looked for; pyarrow is not installed; a
            folder is of another scan, or holds something else.
        OutputError: another run writes to a folder, or it cannot be written.
    """
    require_pyarrow()
    asked = ScanSettings(settings, thresholds, rate, only, utc_offset)
    scanning = Scanning.of(recordings, detector, asked, **options)
    wanted = [(REGIONS, path_of(out)), *([(SCORES, path_of(scores))] if scores is not None else [])]
    _require_apart(*(place_of(folder) for _, folder in wanted))
    with ExitStack() as stack:
        datasets = [
            stack.enter_context(_dataset(kind, folder, scanning, path_of(detector)))
            for kind, folder in wanted
        ]
        return _filled(datasets, scanning)


def _require_apart(*folders: Path) -> None:
    for one, other in permutations(folders, 2):
        if one.is_relative_to(other):
            raise SettingError(
                f"{one}: is in {other}, which is a dataset of its own: name a folder beside it"
            )


def _filled(datasets: Iterable[Dataset], scanning: Scanning) -> DatasetScan:
    datasets = tuple(datasets)
    scanned: set[Path] = set()
    failures = []
    regions = 0
    for result in scanning.each(
        lambda path, digest, channel: all(each.holds(str(path), digest, channel) for each in datasets)
    ):
        if isinstance(result, RecordingFailure):
            failures.append(result)
            continue
        for dataset in datasets:
            dataset.add(result)
        scanned.add(result.path)
        regions += len(result.regions)
    already = len(scanning.paths) - len(scanned.union(each.path for each in failures))
    return DatasetScan(len(scanned), regions, already, tuple(failures), scanning.session.notes.told())


def _dataset(kind: Kind, folder: Path, scanning: Scanning, detector: Path) -> AbstractContextManager[Dataset]:
    labels = list(scanning.detector.classifiers)
    description = Description(
        kind.format, _settings(kind, scanning, _digest(detector)), _origin(scanning, detector)
    )
    return opened(folder, kind, description, labels, of_channels=scanning.channel == EACH)


def _settings(kind: Kind, scanning: Scanning, detector: str) -> dict[str, Any]:
    """All that the rows depend on beside the recordings."""
    zone = scanning.clock.zone
    common = {
        "detector": detector,
        "labels": list(scanning.settings),
        "rate": dict(scanning.rates),
        "channel": scanning.channel,
        "utc_offset": None if zone is None else str(zone),
    }
    if kind is SCORES:
        return common
    first = next(iter(scanning.settings.values()))
    thresholds = {label: each.threshold for label, each in scanning.settings.items()}
    return {**common, **asdict(first), "threshold": thresholds}


def _origin(scanning: Scanning, detector: Path) -> dict[str, Any]:
    found = scanning.detector
    return {
        "audioscan-host": version("audioscan-host"),
        "detector": detector.name,
        "model": found.model,
        "window": found.window,
        "hop": found.hop,
    }


def _digest(detector: Path) -> str:
    """SHA-256 of its file."""
    try:
        return hashlib.sha256(detector.read_bytes()).hexdigest()
    except OSError as error:  # it was read a moment ago
        raise DetectorError(f"{detector}: cannot be read: {error.strerror or error}") from error
