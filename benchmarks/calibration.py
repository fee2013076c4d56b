"""How good and how honest detectors are on recordings that they never heard, by classifier, calibration and negatives.

Sets of twelve recordings of four minutes (`make_scenes.py`) with infant cries and spoken digits at known times: two of
each in a recording (rare), or ten (frequent). A detector of the cry learns from the first 2, 4 or 8 of a set, by MEL,
and is judged on the last four: average precision, Brier score and expected calibration error of their labelled
windows. The default detector of eight is judged on the last four of the other kind of set too, as it is and told
their rate. Then the regions that it finds are compared with the true events, for both ways of making regions.
Prints tables in Markdown: the mean over the sets and, in brackets, the worst of them.
"""

import argparse
import csv
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import numpy as np

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the command line does, for its reason

from audioscan_host import Windowing, scan, train
from audioscan_host.annotations import Annotation
from audioscan_host.annotations.matching import annotated
from audioscan_host.annotations.window_labels import LEFT_OUT, window_labels
from audioscan_host.classifier.figures import Figures
from audioscan_host.classifier.settings import ClassifierKind, ClassifierSettings
from audioscan_host.detector import Detector
from audioscan_host.journeys.scanned_recording import ScannedRecording
from audioscan_host.region_settings import RegionSettings

LABEL = "baby_cry"
LEARNT = (2, 4, 8)
EVENTS = {"rare": 2, "frequent": 10}  # of each kind in a recording
WINDOWING = Windowing(8.0, 1.0)
UNSEEN = 4
THRESHOLDS = (0.3, 0.5, 0.7, 0.9)
THINNED = 3.0  # negatives for each positive


@dataclass(frozen=True)
class Scenes:
    """One set of recordings and what is in them."""

    recordings: Sequence[Path]
    labels: Path
    cache: Path

    @property
    def unseen(self) -> Sequence[Path]:
        return self.recordings[-UNSEEN:]

    def annotations(self) -> dict[Path, Sequence[Annotation]]:
        """Of the unseen recordings."""
        return dict(annotated(self.unseen, [self.labels]))


@dataclass
class Found:
    """What the regions of one method and threshold were, against the events.

    Attributes:
        events: how many there are.
        matches: of each event that was found: how far off the onset is, and both lengths, seconds.
    """

    events: int = 0
    matches: list[tuple[float, float, float]] = field(default_factory=list)


def make(script: Path, folder: Path, seed: int, events: int) -> Scenes:
    command = [sys.executable, str(script), str(folder), "--seed", str(seed), "--events", str(events)]
    subprocess.run(command, check=True, capture_output=True)
    return Scenes(sorted(folder.glob("*.wav")), folder / "labels.csv", folder / "cache")


def recipes(kinds: Iterable[str], share: str) -> Iterator[tuple[str, str, ClassifierSettings]]:
    """Classifier, what else it is by, and its settings.

    Where the sound is frequent, nothing would be thinned. Boosted trees are slow, and tried with backgrounds only.
    """
    for kind in kinds:
        for calibration in ("sigmoid", "isotonic", "none"):
            yield kind, calibration, ClassifierSettings(kind, calibration)  # type: ignore[arg-type]
        if share == "rare":
            thinned = ClassifierSettings(kind, negatives_per_positive=THINNED)  # type: ignore[arg-type]
            yield kind, "sigmoid, three negatives a positive", thinned
        if kind == "logistic":
            yield kind, "sigmoid, `global`", ClassifierSettings(normalisation="global")


def learned_from(scenes: Scenes, learned: int, settings: ClassifierSettings | None = None) -> Detector:
    return train(
        scenes.recordings[:learned],
        [scenes.labels],
        "MEL",
        only=[LABEL],
        windowing=WINDOWING,
        classifier=settings or ClassifierSettings(),
        cache_dir=scenes.cache,
    ).detector


def judged(scenes: Scenes, detector: Detector, rate: float | None = None) -> Figures:
    """A detector on the windows of the unseen recordings."""
    found = scan(scenes.unseen, detector, rate=rate, cache_dir=scenes.cache).recordings
    annotations = scenes.annotations()
    truth = [window_labels(annotations[each.path], LABEL, each.times, each.window) for each in found]
    decided = np.concatenate([labels != LEFT_OUT for labels in truth])
    labels = np.concatenate(truth)[decided].astype(np.int64)
    return Figures.from_scores(labels, np.concatenate([r.probabilities[LABEL] for r in found])[decided])


def against_events(
    recordings: Sequence[ScannedRecording], annotations: dict[Path, Sequence[Annotation]]
) -> Iterator[tuple[float, float, float]]:
    """Of each event with a region over it: how far off the onset is, and both lengths, seconds."""
    for recording in recordings:
        for event in annotations[recording.path]:
            end = event.end or event.start
            over = [r for r in recording.regions if r.start < end and r.end > event.start]
            if event.label == LABEL and over:
                region = max(over, key=lambda r: min(r.end, end) - max(r.start, event.start))
                yield abs(region.start - event.start), region.end - region.start, end - event.start


def cells(several: Sequence[Figures]) -> list[str]:
    """Mean and, in brackets, the worst."""
    precision = [each.average_precision for each in several]
    errors = [[each.brier for each in several], [each.expected_calibration_error for each in several]]
    return [
        f"{statistics.mean(precision):.3f} ({min(precision):.3f})",
        *(f"{statistics.mean(each):.3f} ({max(each):.3f})" for each in errors),
    ]


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    print(f"\n{title}\n\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for row in rows:
        print(f"| {' | '.join(map(str, row))} |", flush=True)


class Results:
    """All that is measured, and the tables of it."""

    def __init__(self) -> None:
        self.figures: dict[tuple[str, int, str, str], list[Figures]] = defaultdict(list)
        self.moved: dict[tuple[str, str, str], list[Figures]] = defaultdict(list)
        self.regions: dict[tuple[str, str, float], Found] = defaultdict(Found)

    def compare(self, share: str, scenes: Scenes, kinds: Iterable[str]) -> None:
        """Recipes, each on the recordings of the set that it learned from a part of."""
        for learned, (kind, how, settings) in product(LEARNT, recipes(kinds, share)):
            self.figures[share, learned, kind, how].append(
                judged(scenes, learned_from(scenes, learned, settings))
            )

    def move(self, sets: dict[str, Scenes]) -> None:
        """The default detector of each set on both: at the rate it learned, and told the rate of the other."""
        detectors = {share: learned_from(scenes, max(LEARNT)) for share, scenes in sets.items()}
        for share, elsewhere in product(sets, sets):
            own = judged(sets[elsewhere], detectors[share])
            self.moved[share, elsewhere, "as learned"].append(own)
            if share != elsewhere:
                told = judged(sets[elsewhere], detectors[share], own.positives / own.windows)
                self.moved[share, elsewhere, "told"].append(told)

    def find(self, share: str, scenes: Scenes) -> None:
        """The regions of the default detector."""
        detector = learned_from(scenes, max(LEARNT))
        annotations = scenes.annotations()
        events = sum(each.label == LABEL for path in annotations for each in annotations[path])
        for method, threshold in product(("mean", "union"), THRESHOLDS):
            how = RegionSettings(threshold, method=method)
            result = scan(scenes.unseen, detector, settings=how, cache_dir=scenes.cache)
            found = self.regions[share, method, threshold]
            found.events += events
            found.matches += against_events(result.recordings, annotations)

    def print(self) -> None:
        judged_by = ["average precision", "Brier score", "calibration error"]
        for share in EVENTS:
            print_table(
                f"Where the sound is {share}",
                ["learned from", "classifier", "calibration", *judged_by],
                [[*key[1:], *cells(each)] for key, each in self.figures.items() if key[0] == share],
            )
        print_table(
            "Where the sound is of another rate",
            ["learned from", "judged on", "rate", *judged_by],
            [[*key, *cells(each)] for key, each in self.moved.items()],
        )
        print_table(
            "Regions",
            ["sound", "regions", "threshold", "found", "onset off by, s", "region, s", "event, s"],
            [
                [
                    *key,
                    f"{len(each.matches)} of {each.events}",
                    *(f"{statistics.median(column):.2f}" for column in zip(*each.matches, strict=True)),
                ]
                for key, each in self.regions.items()
            ],
        )

    def write(self, path: Path) -> None:
        """The figures of every set by itself."""
        with path.open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(
                ["sound", "learned", "classifier", "calibration", "set", *Figures.__dataclass_fields__]
            )
            for key, each in self.figures.items():
                table.writerows([*key, seed, *one.to_json().values()] for seed, one in enumerate(each))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("make_scenes", type=Path, help="the script make_scenes.py")
    parser.add_argument("--seeds", type=int, default=5, help="sets of each kind")
    parser.add_argument(
        "--classifier", choices=list(ClassifierKind), action="append", help="all unless given"
    )
    parser.add_argument("--out", type=Path, help="CSV file for the figures of every set")
    arguments = parser.parse_args()
    results = Results()
    for seed in range(arguments.seeds):
        with tempfile.TemporaryDirectory() as folder:
            sets = {
                share: make(arguments.make_scenes, Path(folder) / share, seed, events)
                for share, events in EVENTS.items()
            }
            for share, scenes in sets.items():
                results.compare(share, scenes, arguments.classifier or list(ClassifierKind))
                results.find(share, scenes)
            results.move(sets)
        print(f"set {seed} done", file=sys.stderr, flush=True)
        if arguments.out:
            results.write(arguments.out)
    results.print()


if __name__ == "__main__":
    main()
