"""The journey from recordings and a detector to regions, readable top to bottom."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

from audioscan_host.detector import Detector
from audioscan_host.embedding.tasks import RecordingFailure
from audioscan_host.journeys.scan_settings import ScanSettings
from audioscan_host.journeys.scanned_recording import ScannedRecording
from audioscan_host.journeys.scanning import Scanning
from audioscan_host.journeys.session import SessionOptions
from audioscan_host.notes import Note
from audioscan_host.recorded_at.clock import UtcOffset
from audioscan_host.region_settings import RegionSettings


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
    asked = ScanSettings(settings, thresholds, rate, only, utc_offset)
    scanning = Scanning.of(recordings, detector, asked, **options)
    found: dict[Path, list[ScannedRecording]] = {}
    failures = []
    for result in scanning.each():
        if isinstance(result, RecordingFailure):
            failures.append(result)
        else:
            found.setdefault(result.path, []).append(result)
    in_order = (
        each
        for path in scanning.paths
        for each in sorted(found.get(path, []), key=lambda of: of.channel or 0)
    )
    return ScanResult(tuple(in_order), tuple(failures), scanning.session.notes.told())
