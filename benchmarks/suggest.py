"""Whether labelling what `suggest` asks for teaches a detector more than labelling as many random windows.

Five sets of twelve recordings of four minutes (`make_scenes.py`, seeds 0 to 4) with rare infant cries, and spoken
digits, at known times. A detector of the cry learns from one labelled recording (`--start throughout`) or from one
labelled cry and nine random windows of that recording (`--start windows`), and 30 windows of eight recordings are
labelled from what is really there: in three rounds of ten that `suggest` asks for, or drawn at random. Average precision, on
the labelled windows of four recordings that were never heard. Prints a table in Markdown.
"""

import argparse
import csv
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the command line does, for its reason

from audioscan_host import Windowing, embed, scan, suggest, train
from audioscan_host.annotations import Annotation, read_annotations
from audioscan_host.annotations.window_labels import LEFT_OUT, NEGATIVE, POSITIVE, window_labels
from audioscan_host.classifier.figures import Figures
from audioscan_host.detector import Detector

LABEL = "baby_cry"
ROLES = {POSITIVE: "positive", NEGATIVE: "negative", LEFT_OUT: "soft"}
POOL, UNSEEN = 8, 4
ROUNDS, EACH = 3, 10
WINDOW, MINUTES = 8.0, 4
DRAWS = 5
"""Times that the random windows are drawn for each set; their mean is what is compared."""

Row = tuple[str, float, float, str, str]


@dataclass(frozen=True)
class Scenes:
    """One set of recordings, and what is really in them."""

    folder: Path
    recordings: Sequence[Path]
    truth: Sequence[Annotation]

    @property
    def pool(self) -> Sequence[Path]:
        return self.recordings[:POOL]

    def of(self, path: Path) -> list[Annotation]:
        return [a for a in self.truth if a.file == path.name]

    def answer(self, path: Path, start: float, end: float) -> Row:
        """The label that a window really has, as a row of a label file."""
        (role,) = window_labels(self.of(path), LABEL, np.array([start]), end - start).tolist()
        return path.name, start, end, LABEL, ROLES[role]

    def labels(self, name: str, rows: Sequence[Row]) -> Path:
        """A label file of those rows, and of nothing else in their recordings."""
        path = self.folder / f"{name}.csv"
        unlabelled = [
            (file, 0.0, 60.0 * MINUTES, "", "unlabelled") for file in sorted({row[0] for row in rows})
        ]
        with path.open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerows([("file", "start", "end", "label", "role"), *rows, *unlabelled])
        return path


def make(script: Path, folder: Path, seed: int, events: int) -> Scenes:
    command = [sys.executable, str(script), str(folder), "--seed", str(seed), "--events", str(events)]
    subprocess.run(command, check=True, capture_output=True)
    recordings = sorted(folder.glob("*.wav"))
    embed(recordings, ["MEL"], cache_dir=folder / "cache")
    return Scenes(folder, recordings, read_annotations(folder / "labels.csv"))


def beginning(scenes: Scenes, start: str, random: np.random.Generator) -> Path:
    """What is labelled before the first round: of the first recording."""
    first = scenes.recordings[0]
    own = scenes.of(first)
    if start == "throughout":
        path = scenes.folder / "begin.csv"
        rows = [(a.file, a.start, a.end, a.label) for a in own]
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("file", "start", "end", "label"), *rows])
        return path
    cry = next(a for a in own if a.label == LABEL)
    times = random.choice(60 * MINUTES - int(WINDOW), 9, replace=False).astype(float)
    rows = [scenes.answer(first, t, t + WINDOW) for t in times.tolist()]
    return scenes.labels("begin", [(first.name, cry.start, cry.end or 0.0, LABEL, "positive"), *rows])


def learned(scenes: Scenes, labels: Sequence[Path]) -> Detector:
    cache = scenes.folder / "cache"
    return train(
        scenes.pool, labels, "MEL", only=[LABEL], windowing=Windowing(WINDOW, 1.0), cache_dir=cache
    ).detector


def judged(scenes: Scenes, detector: Detector) -> float:
    """Average precision on the recordings that were never heard."""
    unseen = scenes.recordings[-UNSEEN:]
    found = scan(unseen, detector, cache_dir=scenes.folder / "cache").recordings
    truth = [window_labels(scenes.of(each.path), LABEL, each.times, each.window) for each in found]
    decided = np.concatenate([labels != LEFT_OUT for labels in truth])
    labels = np.concatenate(truth)[decided].astype(np.int64)
    probabilities = np.concatenate([each.probabilities[LABEL] for each in found])[decided]
    return Figures.from_scores(labels, probabilities).average_precision


def suggested(scenes: Scenes, begin: Path) -> Iterator[tuple[float, int]]:
    """After each round: average precision, and how many of all labelled windows hold a cry."""
    files, positives = [begin], 0
    for number in range(1, ROUNDS + 1):
        detector = learned(scenes, files)
        asked = suggest(scenes.pool, detector, n=EACH, labels=files, cache_dir=scenes.folder / "cache")
        rows = [scenes.answer(each.path, each.start, each.end) for each in asked.suggestions]
        positives += sum(row[4] == "positive" for row in rows)
        files = [*files, scenes.labels(f"round{number}", rows)]
        yield judged(scenes, learned(scenes, files)), positives


def drawn(scenes: Scenes, begin: Path, random: np.random.Generator) -> tuple[float, int]:
    """The same after as many random windows, all at once."""
    places = random.choice(POOL * (60 * MINUTES - int(WINDOW)), ROUNDS * EACH, replace=False).tolist()
    windows = [(scenes.pool[p % POOL], float(p // POOL)) for p in places]
    rows = [scenes.answer(path, t, t + WINDOW) for path, t in windows]
    # One that touches the cry of the beginning would take it away: what `suggest` asks for never touches it.
    rows = [row for row in rows if row[4] != ROLES[LEFT_OUT]]
    positives = sum(row[4] == "positive" for row in rows)
    return judged(scenes, learned(scenes, [begin, scenes.labels("random", rows)])), positives


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("make_scenes", type=Path, help="the script make_scenes.py")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--events", type=int, default=2, help="of each kind in a recording")
    parser.add_argument("--start", choices=["throughout", "windows"], default="windows")
    arguments = parser.parse_args()
    print("| set | before | round 1 | round 2 | round 3 | cries in it | 30 random windows | cries in them |")
    print("|---|---|---|---|---|---|---|---|")
    columns = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(arguments.seeds):
            random = np.random.default_rng(seed)
            scenes = make(arguments.make_scenes, Path(folder) / str(seed), seed, arguments.events)
            begin = beginning(scenes, arguments.start, random)
            before = judged(scenes, learned(scenes, [begin]))
            rounds = list(suggested(scenes, begin))
            draws = [drawn(scenes, begin, random) for _ in range(DRAWS)]
            values = [before, *(ap for ap, _ in rounds), rounds[-1][1]]
            values += [statistics.mean(each) for each in zip(*draws, strict=True)]
            columns.append(values)
            cells = [f"{v:.3f}" if i not in (4, 6) else f"{v:g}" for i, v in enumerate(values)]
            print(f"| {seed} | {' | '.join(cells)} |", flush=True)
    means = [statistics.mean(each) for each in zip(*columns, strict=True)]
    print(
        f"| mean | {' | '.join(f'{v:.3f}' if i not in (4, 6) else f'{v:g}' for i, v in enumerate(means))} |"
    )


if __name__ == "__main__":
    main()
