"""Both journeys on recordings made in code: what a fresh installation can show at once."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from audioscan_host.demo import score_plot
from audioscan_host.demo.judgement import Judgement, judge
from audioscan_host.demo.sounds import TARGET
from audioscan_host.demo.synthesis import SynthesisedRecording, synthesise
from audioscan_host.errors import RecordingError, SettingError
from audioscan_host.journeys.scan import scan
from audioscan_host.journeys.scanned_recording import ScannedRecording
from audioscan_host.journeys.train import TrainResult, train
from audioscan_host.output import FORMATS
from audioscan_host.output.saving import save_regions
from audioscan_host.progress import Progress, Silent
from audioscan_host.region_settings import RegionSettings

MODEL = "MEL"

TRAINING_RECORDINGS = 5

FILES: Mapping[str, str] = MappingProxyType(
    {
        "recordings/": f"{TRAINING_RECORDINGS} recordings to learn from, and an unseen one",
        "labels.csv": "where the sounds are in those to learn from",
        "truth.csv": "where they are in the unseen one; the detector is never shown it",
        f"{TARGET}.detector": "what was learned",
        "regions.csv": f"where the detector finds a {TARGET} in the unseen recording",
        "scores.png": "a picture of that, drawn with matplotlib",
        "cache/": "embeddings, so that the next run is quicker",
    }
)
"""What the folder holds, besides the file that says so."""

_ABOUT = "about.txt"


@dataclass(frozen=True)
class DemoResult:
    """What the demo did.

    Attributes:
        folder: where everything is.
        detector: the detector's file.
        trained: what was learned, from all recordings but the last.
        scanned: what was found in that one.
        judgement: how that fits what is really in it.
        picture: of the scores; None where matplotlib is not installed.
    """

    folder: Path
    detector: Path
    trained: TrainResult
    scanned: ScannedRecording
    judgement: Judgement
    picture: Path | None


def run_demo(folder: Path, *, progress: Progress | None = None) -> DemoResult:
    """Synthesise recordings, train a detector on all but one, and scan that one.

    A run in the folder of an earlier one overwrites its files, and uses its cache.

    Args:
        folder: where everything goes; made where it does not exist.
        progress: where progress is shown.

    Raises:
        SettingError: the folder holds something else, or cannot be written to.
        UnknownModelError: the plugin of MEL is not installed.
    """
    progress = progress or Silent()
    _prepare(folder)
    recordings = _synthesise(folder / "recordings", progress)
    *training, unseen = recordings
    _write_events(folder / "labels.csv", {path: recordings[path] for path in training})
    _write_events(folder / "truth.csv", {unseen: recordings[unseen]})

    cache = folder / "cache"
    detector = folder / f"{TARGET}.detector"
    trained = train(
        training,
        [folder / "labels.csv"],
        MODEL,
        out=detector,
        only=[TARGET],
        cache_dir=cache,
        progress=progress,
    )
    settings = RegionSettings()
    found = scan([unseen], detector, settings=settings, cache_dir=cache, progress=progress)
    for failure in (*trained.failures, *found.failures):
        raise RecordingError(failure.reason)
    scanned = found.recordings[0]
    save_regions({str(unseen): scanned.regions}, FORMATS["csv"], folder / "regions.csv")

    judgement = judge(recordings[unseen].events, scanned.regions)
    picture = _draw(
        folder / "scores.png", recordings[unseen], scanned, judgement, settings, hop=trained.detector.hop
    )
    return DemoResult(folder, detector, trained, scanned, judgement, picture)


def _prepare(folder: Path) -> None:
    about = folder / _ABOUT
    table = "".join(f"{name:<18}{what}\n" for name, what in FILES.items())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # There may be a labels.csv that somebody spent days on.
        if any(folder.iterdir()) and not about.exists():
            raise SettingError(f"{folder} holds other files already: give the demo a folder of its own")
        about.write_text(
            "Made by `audioscan-host demo`, which overwrites these files when it runs again.\n\n"
            f"The recordings are synthesised in code: nobody recorded them.\n\n{table}",
            encoding="utf-8",
        )
        (folder / "recordings").mkdir(exist_ok=True)
    except OSError as error:
        raise SettingError(f"the demo cannot write to {folder}: {error.strerror}") from error


def _synthesise(folder: Path, progress: Progress) -> dict[Path, SynthesisedRecording]:
    """The recordings, those to learn from first; their files are there afterwards."""
    names = [f"training-{number}.wav" for number in range(1, TRAINING_RECORDINGS + 1)] + ["unseen.wav"]
    recordings = {}
    with progress.track("synthesising", len(names), "recordings") as advance:
        for index, name in enumerate(names):
            path = folder / name
            recordings[path] = synthesise(index)
            wav = recordings[path].wav()
            # To the cache a file that is written anew is another recording.
            if not path.exists() or path.read_bytes() != wav:
                path.write_bytes(wav)
            advance(1)
    return recordings


def _write_events(path: Path, recordings: Mapping[Path, SynthesisedRecording]) -> None:
    rows: Iterable[tuple[object, ...]] = (
        (recording.relative_to(path.parent).as_posix(), event.start, event.end, event.label)
        for recording, made in recordings.items()
        for event in made.events
    )
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(["file", "start", "end", "label"])
        table.writerows(rows)


def _draw(
    path: Path,
    made: SynthesisedRecording,
    scanned: ScannedRecording,
    judgement: Judgement,
    settings: RegionSettings,
    *,
    hop: float,
) -> Path | None:
    path.unlink(missing_ok=True)  # rather none than an earlier run's
    if not score_plot.is_available():
        return None
    score_plot.draw(
        path,
        title=f"Scan of an unseen, synthesised recording: {judgement.summary}",
        subtitle=f"{MODEL}, windows of {scanned.window:g} s every {hop:g} s, "
        f"learned from {TRAINING_RECORDINGS} other recordings",
        made=made,
        scanned=scanned,
        hop=hop,
        threshold=settings.threshold,
    )
    return path
