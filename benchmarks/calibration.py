"""How good and how honest detectors are on recordings that they never heard, by classifier and calibration.

Five sets of twelve recordings of four minutes (`make_scenes.py`, seeds 0 to 4) with infant cries and
spoken digits at known times, ten of each in a recording or what `--events` says. A detector of the cry learns from the first 2, 4 or 8 of a set, by MEL, and
is judged on the last four: average precision, Brier score and expected calibration error of their labelled
windows. Then the regions that the default detector finds in them are compared with the true events, for
both ways of making regions. Prints tables in Markdown: medians over the sets, and the range.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the command line does, for its reason

from audioscan_host import Windowing, scan, train
from audioscan_host.annotations import Annotation
from audioscan_host.classifier import ClassifierSettings
from audioscan_host.classifier.figures import Figures
from audioscan_host.matching import annotated
from audioscan_host.regions import RegionSettings
from audioscan_host.scanning import ScannedRecording
from audioscan_host.window_labels import LEFT_OUT, window_labels

LABEL = "baby_cry"
LEARNT = (2, 4, 8)
WINDOWING = Windowing(8.0, 1.0)
UNSEEN = 4
NOT_PUT_BACK = "isotonic, rate of the thinned windows"


@dataclass(frozen=True)
class Scenes:
    """One set of recordings and what is in them."""

    recordings: Sequence[Path]
    labels: Path
    cache: Path

    @property
    def unseen(self) -> Sequence[Path]:
        return self.recordings[-UNSEEN:]


def make(script: Path, folder: Path, seed: int, events: int) -> Scenes:
    command = [sys.executable, str(script), str(folder), "--seed", str(seed), "--events", str(events)]
    subprocess.run(command, check=True, capture_output=True)
    return Scenes(sorted(folder.glob("*.wav")), folder / "labels.csv", folder / "cache")


def detectors() -> Iterator[tuple[str, str, ClassifierSettings]]:
    """Classifier, calibration, and what they are."""
    for kind, calibration in product(("hist-gbt", "logistic"), ("isotonic", "sigmoid", "none")):
        yield kind, calibration, ClassifierSettings(kind, calibration)  # type: ignore[arg-type]
        if calibration == "isotonic":
            yield kind, NOT_PUT_BACK, ClassifierSettings(kind, calibration, natural_rate=False)  # type: ignore[arg-type]


def judged(scenes: Scenes, learnt: int, settings: ClassifierSettings) -> Figures:
    """A detector on the windows of the unseen recordings."""
    trained = train(
        scenes.recordings[:learnt],
        [scenes.labels],
        "MEL",
        only=[LABEL],
        windowing=WINDOWING,
        classifier=settings,
        cache_dir=scenes.cache,
    )
    found = scan(scenes.unseen, trained.detector, cache_dir=scenes.cache).recordings
    annotations = annotated(scenes.unseen, [scenes.labels])
    truth = [window_labels(annotations[each.path], LABEL, each.times, each.window) for each in found]
    decided = np.concatenate([labels != LEFT_OUT for labels in truth])
    labels = np.concatenate(truth)[decided].astype(np.int64)
    return Figures.from_scores(labels, np.concatenate([r.probabilities[LABEL] for r in found])[decided])


def against_events(
    recordings: Sequence[ScannedRecording], annotations: dict[Path, list[Annotation]]
) -> Iterator[tuple[float, float, float]]:
    """Of each event with a region over it: how far off the onset is, and both lengths, seconds."""
    for recording in recordings:
        for event in annotations[recording.path]:
            end = event.end or event.start
            over = [r for r in recording.regions if r.start < end and r.end > event.start]
            if event.label == LABEL and over:
                region = max(over, key=lambda r: min(r.end, end) - max(r.start, event.start))
                yield abs(region.start - event.start), region.end - region.start, end - event.start


def spread(values: Sequence[float], digits: int = 3) -> str:
    """Median and range."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    print(f"\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for row in rows:
        print(f"| {' | '.join(map(str, row))} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("make_scenes", type=Path, help="the script make_scenes.py")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--events", type=int, default=10, help="of each kind in a recording")
    arguments = parser.parse_args()
    figures: dict[tuple[int, str, str], list[Figures]] = defaultdict(list)
    regions: dict[tuple[str, float], list[tuple[float, float, float]]] = defaultdict(list)
    found: dict[tuple[str, float], int] = defaultdict(int)
    events = 0
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(arguments.seeds):
            scenes = make(arguments.make_scenes, Path(folder) / str(seed), seed, arguments.events)
            for learnt, (kind, calibration, settings) in product(LEARNT, detectors()):
                figures[learnt, kind, calibration].append(judged(scenes, learnt, settings))
            annotations = dict(annotated(scenes.unseen, [scenes.labels]))
            events += sum(each.label == LABEL for path in annotations for each in annotations[path])
            detector = train(
                scenes.recordings[:8],
                [scenes.labels],
                "MEL",
                only=[LABEL],
                windowing=WINDOWING,
                cache_dir=scenes.cache,
            ).detector
            for method, threshold in product(("mean", "union"), (0.3, 0.5, 0.7, 0.9)):
                how = RegionSettings(threshold, method=method)  # type: ignore[arg-type]
                result = scan(scenes.unseen, detector, settings=how, cache_dir=scenes.cache)
                matches = list(against_events(result.recordings, annotations))
                regions[method, threshold] += matches
                found[method, threshold] += len(matches)
            print(f"seed {seed} done", file=sys.stderr, flush=True)
    share = statistics.median(f.positives / f.windows for each in figures.values() for f in each)
    print(f"\nShare of positive windows: {share:.0%}")
    print_table(
        ["learnt from", "classifier", "calibration", "average precision", "Brier score", "calibration error"],
        [
            [
                learnt,
                kind,
                calibration,
                spread([f.average_precision for f in each]),
                spread([f.brier for f in each]),
                spread([f.expected_calibration_error for f in each]),
            ]
            for (learnt, kind, calibration), each in figures.items()
        ],
    )
    print_table(
        [
            "regions",
            "threshold",
            "events found",
            "onset off by, s",
            "length of the region, s",
            "of the event, s",
        ],
        [
            [
                method,
                threshold,
                f"{found[method, threshold]} of {events}",
                *(f"{statistics.median(column):.2f}" for column in zip(*each, strict=True)),
            ]
            for (method, threshold), each in regions.items()
        ],
    )


if __name__ == "__main__":
    main()
