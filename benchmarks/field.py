#!/usr/bin/env python3
"""Detectors in the field: recipes, models, labels, conditions and seeds, over real clips and real backgrounds.

    python benchmarks/field.py WORK --material ../shared/field [--models MEL] [--seeds 0 1 2 3 4]
                               [--world choice] [--recipes default "by recording"] [--variants] [--window 3 --hop 1]

WORK keeps scenes, embeddings and results (WORK/results.csv), so that a run that was stopped goes on. A table of the
mean and the worst cell of each figure is printed at the end. docs/detector.md has the protocol and what came of it.
"""

import argparse
import csv
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from field_recipes import RECIPES, VARIANTS, Learned
from sklearn.metrics import average_precision_score

from audioscan_host import Windowing
from audioscan_host.annotations.matching import annotated
from audioscan_host.annotations.window_labels import window_labels
from audioscan_host.cache import Cache
from audioscan_host.classifier.figures import expected_calibration_error
from audioscan_host.embedding.embedder import Embedder, RecordingFailure
from audioscan_host.evidence import Evidence
from audioscan_host.plugins.registry import load_registry
from audioscan_host.recordings import find_recordings

WORLDS = {"choice": ("dog_bark", "sneeze", "rooster"), "confirm": ("baby_cry", "clock_tick", "chainsaw")}
"""Labels to choose by, and others to confirm what was chosen, once."""


@dataclass(frozen=True)
class SceneSet:
    """One folder of scenes: how many of which length, and how often each sound is in them."""

    name: str
    recordings: int
    seconds: int
    events_per_hour: int
    pool: str
    more: tuple[str, ...] = ()


SETS = (
    SceneSet("train", 12, 120, 60, "train"),
    SceneSet("train_rare", 6, 300, 10, "train"),
    SceneSet("matched", 12, 120, 60, "test"),
    SceneSet("none", 12, 120, 0, "test"),
    SceneSet("rare", 6, 300, 10, "test"),
    SceneSet("frequent", 6, 120, 300, "test"),
    SceneSet("low_pass", 6, 120, 60, "test", ("--lowpass", "4000")),
    SceneSet("quiet", 6, 120, 60, "test", ("--gain", "-65", "-50")),
)
FILLS = SceneSet("fills", 3, 120, 2000, "test", ("--gap", "0.1", "--distractors-per-hour", "20"))
FEW = (5, 10, 20)
"""Positive windows, and ten negative ones for each, that are labelled of the training set; the rest is not."""

MINUTE = 60.0
FALSE_SECONDS = 30.0
"""An hour, at which recall is compared."""

COLUMNS = ("recipe", "world", "seed", "model", "window", "label", "condition")
FIGURES = ("average_precision", "brier", "recall", "recall_at_30", "false_seconds", "calibration_error")

Recordings = list[Learned]


def make_scenes(
    script: Path, work: Path, world: str, seed: int, only: Collection[str] = ()
) -> Iterator[tuple[str, Path]]:
    """Folders of scenes by name, or only some of them; those that are there already are not made again."""
    targets = WORLDS[world]
    asked = [(each, each.name, ",".join(targets)) for each in SETS]
    asked += [(FILLS, f"fills_{target}", target) for target in targets]
    for place, (scenes, name, labels) in enumerate(asked):
        if only and name not in only:
            continue
        folder = work / "scenes" / world / str(seed) / name
        # A seed of its own for each set: the same clips in the same places would be one set twice.
        make_set(script, folder, scenes, labels, 1000 * seed + place)
        yield name, folder


def make_set(script: Path, folder: Path, scenes: SceneSet, labels: str, seed: int) -> None:
    """A folder of scenes, unless it is there already; labels between commas."""
    if not (folder / "scenes.csv").is_file():
        count = ["--train", "0", "--test", "0"]
        count[1 if scenes.pool == "train" else 3] = str(scenes.recordings)
        settings = ["--seconds", str(scenes.seconds), "--events-per-hour", str(scenes.events_per_hour)]
        settings += ["--targets", labels, "--seed", str(seed), *scenes.more]
        command = [sys.executable, str(script), str(folder), *count, *settings]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def embedded(
    folder: Path, labels: Sequence[str], embedder: Embedder, model: str, windowing: Windowing
) -> dict[str, Recordings]:
    """By label the recordings of a folder of scenes."""
    paths = find_recordings([folder])
    annotations = annotated(paths, [folder / "labels.csv"])
    found: dict[str, Recordings] = {label: [] for label in labels}
    for recording in sorted(embedder.embed_each(paths), key=lambda each: each.path):
        if isinstance(recording, RecordingFailure):
            raise SystemExit(recording.reason)
        times = recording.embeddings[model].times
        evidence = recording.evidence(model, windowing)
        for label in labels:
            said = window_labels(annotations.get(recording.path, ()), label, times, windowing.window)
            found[label].append(Learned(evidence, said, times))
    return found


def in_minutes(recordings: Recordings, window: float) -> Recordings:
    """The same windows as if every minute were a file; those that lie in two are lost."""
    found = []
    for each in recordings:
        for begin in np.arange(0, each.times[-1] + window, MINUTE):
            inside = (each.times >= begin) & (each.times + window <= begin + MINUTE + 1e-6)
            if inside.any():
                part = Evidence(each.vectors[inside], each.evidence.silence[inside], each.evidence.hop)
                found.append(Learned(part, each.labels[inside], each.times[inside]))
    return found


def few_labels(recordings: Recordings, positives: int, seed: int) -> Recordings:
    """Some of the labels, drawn at random."""
    rng = np.random.default_rng(seed)
    kept = [np.full(len(each.labels), -1, np.int8) for each in recordings]
    for wanted, count in ((1, positives), (0, 10 * positives)):
        places = [(i, j) for i, each in enumerate(recordings) for j in np.flatnonzero(each.labels == wanted)]
        for place in rng.permutation(len(places))[:count]:
            kept[places[place][0]][places[place][1]] = wanted
    return [replace(each, labels=labels) for each, labels in zip(recordings, kept, strict=True)]


def conditions(
    sets: Mapping[str, dict[str, Recordings]], label: str, seed: int, window: float
) -> Iterator[tuple[str, Recordings, dict[str, Recordings]]]:
    """What is learned from, by name, and the conditions that are judged with it."""
    of = {name: by_label[label] for name, by_label in sets.items() if label in by_label}
    tests = {
        name: of[name] for name in ("matched", "none", "rare", "frequent", "low_pass", "quiet") if name in of
    }
    yield (
        "",
        of["train"],
        tests | {"minutes": in_minutes(of["matched"], window), "fills": of[f"fills_{label}"]},
    )
    for count in FEW:
        yield (
            f"{count} labels: ",
            few_labels(of["train"], count, seed),
            {n: of[n] for n in ("matched", "none") if n in of},
        )
    if "train_rare" in of:
        yield "from rare: ", of["train_rare"], {n: of[n] for n in ("frequent", "none") if n in of}


def judged(recordings: Recordings, probabilities: Sequence[npt.NDArray[np.float64]]) -> dict[str, float]:
    """The figures of the labelled windows; what is not defined is left out."""
    truth = np.concatenate([each.labels for each in recordings])
    said = np.concatenate(probabilities)[truth >= 0]
    truth = truth[truth >= 0].astype(np.int64)
    negatives = np.sort(said[truth == 0])[::-1]
    figures = {"brier": float(np.mean((said - truth) ** 2))}
    if len(negatives):
        figures["false_seconds"] = float(3600 * np.mean(negatives >= 0.5))
    if truth.any():
        figures["recall"] = float(np.mean(said[truth == 1] >= 0.5))
    if truth.any() and len(negatives):
        allowed = int(FALSE_SECONDS / 3600 * len(negatives))
        figures["recall_at_30"] = float(
            np.mean(said[truth == 1] > negatives[min(allowed, len(negatives) - 1)])
        )
        figures["average_precision"] = float(average_precision_score(truth, said))
        figures["calibration_error"] = expected_calibration_error(truth, said)
    return figures


def done(path: Path) -> set[tuple[str, ...]]:
    """The cells and conditions that a run before has judged."""
    if not path.is_file():
        return set()
    with path.open(newline="") as file:
        return {tuple(row[name] for name in COLUMNS) for row in csv.DictReader(file)}


def run(args: argparse.Namespace, recipes: Mapping[str, object]) -> Path:
    """Judge every condition of every cell that is not judged yet."""
    path = args.work / "results.csv"
    known = done(path)
    registry, windowing = load_registry(), Windowing(args.window, args.hop)
    with path.open("a", newline="") as file:
        table = csv.DictWriter(file, (*COLUMNS, *FIGURES))
        if not file.tell():
            table.writeheader()
        for seed in args.seeds:
            folders = dict(make_scenes(args.material / "make_scenes2.py", args.work, args.world, seed))
            for model in args.models:
                cells = [
                    (recipe, args.world, str(seed), model, f"{args.window:g}/{args.hop:g}", label)
                    for label in WORLDS[args.world]
                    for recipe in recipes
                ]
                embedder = Embedder(registry, [registry.model(model)], windowing, Cache(args.work / "cache"))
                sets = {
                    name: embedded(folder, WORLDS[args.world], embedder, model, windowing)
                    for name, folder in folders.items()
                    if not args.sets
                    or name in args.sets
                    or (name.startswith("fills_") and "fills" in args.sets)
                }
                for cell in cells:
                    for row in _rows(
                        cell, recipes[cell[0]], sets, seed=seed, window=args.window, known=known
                    ):
                        table.writerow(row)
                        file.flush()
                print(f"seed {seed}, {model}: {len(cells)} cells", file=sys.stderr, flush=True)
    return path


def _rows(
    cell: tuple[str, ...],
    recipe: object,
    sets: Mapping[str, dict[str, Recordings]],
    *,
    seed: int,
    window: float,
    known: set[tuple[str, ...]],
) -> Iterator[dict[str, object]]:
    for name, training, tests in conditions(sets, cell[-1], seed, window):
        lacking = {each: tests[each] for each in tests if (*cell, name + each) not in known}
        if not lacking or not any((each.labels == 1).any() for each in training):
            continue
        try:
            predict = recipe(training, window)
        except ValueError as error:  # folds that lack a class
            print(f"{cell}, {name}: {error}", file=sys.stderr)
            continue
        for condition, recordings in lacking.items():
            said = [predict(each.evidence) for each in recordings]
            yield dict(zip(COLUMNS, (*cell, name + condition), strict=True)) | judged(recordings, said)


def show(path: Path, args: argparse.Namespace, recipes: Sequence[str]) -> None:
    """A table a figure: the mean and the worst cell of each recipe and condition."""
    cells: dict[str, dict[tuple[str, str], list[float]]] = defaultdict(lambda: defaultdict(list))
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            of_run = (
                row["world"] == args.world
                and row["model"] in args.models
                and row["window"] == f"{args.window:g}/{args.hop:g}"
            )
            if of_run and int(row["seed"]) in args.seeds:
                for figure in FIGURES:
                    if row[figure]:
                        cells[figure][row["condition"], row["recipe"]].append(float(row[figure]))
    for figure in FIGURES:
        worst = max if figure in ("brier", "false_seconds", "calibration_error") else min
        digits = 0 if figure == "false_seconds" else 3
        names = dict.fromkeys(condition for condition, _ in cells[figure])
        print(
            f"\n{figure.replace('_', ' ')}, mean / worst\n\n| condition | {' | '.join(recipes)} |\n|---|{'---|' * len(recipes)}"
        )
        for name in names:
            found = [cells[figure].get((name, recipe), []) for recipe in recipes]
            shown = [
                f"{np.mean(each):.{digits}f} / {worst(each):.{digits}f}" if each else "" for each in found
            ]
            print(f"| {name} | {' | '.join(shown)} |")


def arguments(
    description: str | None, more: Callable[[argparse.ArgumentParser], object] | None = None
) -> argparse.Namespace:
    """What this and the benchmarks beside it are asked for; `more` adds options of its own."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument(
        "--material", type=Path, required=True, help="folder of make_scenes2.py and its pools"
    )
    parser.add_argument("--models", nargs="+", default=["MEL"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--world", choices=WORLDS, default="choice")
    parser.add_argument("--recipes", nargs="+", default=list(RECIPES), choices=list(RECIPES))
    parser.add_argument(
        "--variants", action="store_true", help="what was tried on the way, in place of the recipes"
    )
    parser.add_argument(
        "--sets", nargs="+", help="only these sets, to be quicker; train, matched and fills at least"
    )
    parser.add_argument("--window", type=float, default=3.0)
    parser.add_argument("--hop", type=float, default=1.0)
    if more is not None:
        more(parser)
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    return args


def main() -> None:
    """Run and show."""
    args = arguments(__doc__)
    recipes = VARIANTS if args.variants else {name: RECIPES[name] for name in args.recipes}
    show(run(args, recipes), args, list(recipes))


if __name__ == "__main__":
    main()
