#!/usr/bin/env python3
"""Short sounds in long windows: other ways to read a window of its time steps than their mean.

    python benchmarks/short_sounds.py WORK --material ../shared/field [--models MEL] [--seeds 0 1] [--world choice]

This protocol was written before any result.

Data: scenes of make_scenes2.py, training and test apart by author. Of each clip the first 0.5 s at most, so that a sound is short and
its onset exact; 12 training and 12 test recordings of a minute, 120 events of each label an hour and 120 other sounds, -5 to 15 dB. There
are no door knocks in the material.
Labels: *choice*, by which a reading is chosen, dog barks and sneezes; *confirm*, clock ticks and crackles of fire. Seeds 0, 1.
Models: those whose checkpoint declares a stretch. Grains of 0.1 s are read once, and each reading is made of the same grains.

Readings, in windows of 8 s every 1 s and of 2 s every 0.5 s:
  own           the model's own pooling: the mean, with MEL the mean and deviation
  mean+std      of the grains
  max           of the grains, dimension by dimension
  own+max       side by side
  tenth         the mean of the tenth of the grains that is farthest from the recording's mean, in the training's deviations
  own+tenth     side by side
Against these the plain remedy, `own` in windows of 0.5 s and of 1 s every 0.2 s; and several scales side by side about one place,
0.5+2 s and 0.5+2+8 s every 0.2 s, which are labelled and scored as windows of 0.5 s.

Each is learned by the host's classifier with its defaults. Figures: average precision of the windows themselves (compares within
one windowing); of the windows of 8 s, each scored by the highest of the windows in it (compares all; added after MEL's seed 0 of *choice* had been
looked at); of moments every 0.1 s by their step score (compares all); F1 of onsets within 0.2 s and 0.5 s, at whichever of the thresholds 0.1, 0.2 ... 0.9 is best
on the test, for all alike; the median distance from an event's onset to the begin of a region over it, at the threshold of the F1 at 0.5 s.
Means over labels, models and seeds, and the worst cell.

Rule. A reading becomes a pooling of long windows if its windows' average precision at 8 s / 1 s is above `own` by 0.03 in the mean of *choice*,
in no cell less by more than 0.05, and by 0.015 in the mean of *confirm*. It becomes a way to place short sounds if its average precision of moments and its F1 at 0.5 s are
both above the best plain window's by 0.02 in the mean of *choice*, and by 0.01 in that of *confirm*. Of two that pass, the plainer one.
"""

import argparse
import csv
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from field_recipes import Learned, host
from short_sound_readings import GRAIN, Heard, Usual, Way, ways
from sklearn.metrics import average_precision_score

from audioscan_host import Model, Windowing
from audioscan_host.annotations.matching import annotated
from audioscan_host.annotations.window_labels import window_labels
from audioscan_host.cache import Cache
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.evaluation.event_matching import Matches, match_onsets
from audioscan_host.evidence import Evidence
from audioscan_host.plugins.registry import Registry, load_registry
from audioscan_host.reading import Reading
from audioscan_host.recordings import find_recordings
from audioscan_host.region_settings import RegionSettings
from audioscan_host.regions import find_regions
from audioscan_host.steps import step_edges, step_scores
from audioscan_host.windows import window_steps

WORLDS = {"choice": ("dog_bark", "sneeze"), "confirm": ("clock_tick", "fire_crackling")}
SECONDS = 60.0  # of a scene
RECORDINGS = 12
EVENTS_PER_HOUR = 120
LONGEST = 0.5  # seconds of a clip
LONG = Windowing(8.0, 1.0)
THRESHOLDS = tuple(n / 10 for n in range(1, 10))
FIGURES = ("AP, windows", "AP, 8 s", "AP, moments", "F1, 0.2 s", "F1, 0.5 s", "onset error, s")
COLUMNS = ("world", "seed", "model", "label", "reading")


def make_scenes(script: Path, work: Path, world: str, seed: int) -> dict[str, Path]:
    """Folders of training and test recordings."""
    folder = work / "short" / world / str(seed)
    if not (folder / "scenes.csv").is_file():
        settings = {
            "train": RECORDINGS, "test": RECORDINGS, "seconds": SECONDS, "longest": LONGEST, "seed": 100 + seed,
            "events-per-hour": EVENTS_PER_HOUR, "distractors-per-hour": EVENTS_PER_HOUR,
            "targets": ",".join(WORLDS[world]),
        }  # fmt: skip
        command = [sys.executable, str(script), str(folder)]
        for name, value in settings.items():
            command += [f"--{name}", str(value)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return folder


def heard(folder: Path, pool: str, registry: Registry, model: Model, cache: Cache) -> list[Heard]:
    """The recordings of a pool with their grains."""
    paths = [path for path in find_recordings([folder]) if path.name.startswith(pool)]
    annotations = annotated(find_recordings([folder]), [folder / "labels.csv"])
    # A window may be no shorter than a model takes; what is wanted are the grains, which the cache has then.
    windowing = Windowing(1.0, GRAIN)
    embedder = Embedder(registry, [model], windowing, cache, readings={model: Reading.STRETCHES})
    found = []
    for path in paths:
        embedder.embed(path)
        (task,) = embedder.tasks(path)
        kept = task.kept(cache, model)
        grains = kept and kept[0].read(print)
        if grains is None:
            raise SystemExit(f"{path}: the cache lost its grains")
        found.append(Heard(grains, annotations.get(path, ())))
    return found


def learned(
    recordings: Sequence[Heard], way: Way, label: str, deviation: npt.NDArray[np.float64]
) -> list[Learned]:
    """The windows of recordings, and what is known of them."""
    rate = 1000  # any: these recordings are whole seconds
    times = np.array(window_steps(int(SECONDS * rate), rate, way.windowing)) / 100
    found = []
    for each in recordings:
        vectors = way.vectors(
            each, times, Usual(each.grains.vectors.mean(axis=0, dtype=np.float64), deviation)
        )
        said = window_labels(each.annotations, label, times, way.windowing.window)
        found.append(Learned(Evidence.without_silence(vectors, way.windowing.hop), said, times))
    return found


def judged(way: Way, label: str, train: Sequence[Heard], test: Sequence[Heard]) -> tuple[float, ...]:
    """The `FIGURES` of one reading."""
    deviation = np.concatenate([each.grains.vectors for each in train]).std(axis=0, dtype=np.float64) + 1e-6
    predict = host(learned(train, way, label, deviation), way.windowing.window)
    windows = learned(test, way, label, deviation)
    said = [predict(each.evidence) for each in windows]
    truth, scores = np.concatenate([each.labels for each in windows]), np.concatenate(said)
    of_windows = average_precision_score(truth[truth >= 0], scores[truth >= 0])
    of_long = _in_long_windows(windows, said, test, label, way.windowing.window)
    lengths = {"window": way.windowing.window, "hop": way.windowing.hop, "duration": SECONDS}
    moments = np.arange(GRAIN / 2, SECONDS, GRAIN)
    place = np.searchsorted(step_edges(way.windowing.hop, SECONDS), moments, side="right") - 1
    spans = [each.spans(label) for each in test]
    is_on = np.concatenate(
        [np.any([(moments >= a) & (moments <= b) for a, b in [(-2, -1), *on]], axis=0) for on in spans]
    )
    found = [step_scores(each.times, s, **lengths)[place] for each, s in zip(windows, said, strict=True)]
    of_moments = average_precision_score(is_on, np.concatenate(found))
    best = {0.2: 0.0, 0.5: -1.0}
    error = np.nan
    for threshold in THRESHOLDS:
        settings = RegionSettings(threshold=threshold)
        regions = [
            [(r.start, r.end) for r in find_regions(each.times, s, label, **lengths, settings=settings)]
            for each, s in zip(windows, said, strict=True)
        ]
        for collar, before in best.items():
            pairs = [
                match_onsets([a for a, _ in on], [a for a, _ in there], collar)
                for on, there in zip(spans, regions, strict=True)
            ]
            f1 = Matches.total(pairs).f1 or 0.0
            if f1 > before:
                best[collar] = f1
                error = onset_error(spans, regions) if collar == 0.5 else error
    return of_windows, of_long, of_moments, best[0.2], best[0.5], error


def _in_long_windows(
    windows: Sequence[Learned],
    said: Sequence[npt.NDArray[np.float64]],
    test: Sequence[Heard],
    label: str,
    window: float,
) -> float:
    """Average precision of windows of 8 s, scored by the highest window in each."""
    scores, truth = [], []
    times = np.arange(0, SECONDS - LONG.window + 1e-6, LONG.hop)
    for each, of_each, there in zip(windows, said, test, strict=True):
        inside = (each.times >= times[:, None] - 1e-6) & (
            each.times + window <= times[:, None] + LONG.window + 1e-6
        )
        scores.append(np.where(inside, of_each, -1.0).max(axis=1))
        truth.append(window_labels(there.annotations, label, times, LONG.window))
    labels = np.concatenate(truth)
    return float(average_precision_score(labels[labels >= 0], np.concatenate(scores)[labels >= 0]))


def onset_error(
    spans: Sequence[Sequence[tuple[float, float]]], regions: Sequence[Sequence[tuple[float, float]]]
) -> float:
    """Median seconds from the onset of an event to the begin of the first region over it; NaN where none is over any."""
    errors = []
    for on, there in zip(spans, regions, strict=True):
        for start, end in on:
            over = [a for a, b in there if a < end and b > start]
            errors += [abs(over[0] - start)] if over else []
    return float(np.median(errors)) if errors else float("nan")


def run(args: argparse.Namespace) -> Iterator[dict[str, object]]:
    """Judge every cell; what an earlier run judged is kept in WORK/short.csv."""
    path, registry, cache = args.work / "short.csv", load_registry(), Cache(args.work / "cache")
    known: list[dict[str, str]] = []
    if path.is_file():
        with path.open(newline="") as file:
            known = list(csv.DictReader(file))
    done = {tuple(row[name] for name in COLUMNS) for row in known}
    yield from known
    with path.open("a", newline="") as file:
        table = csv.DictWriter(file, (*COLUMNS, *FIGURES))
        if not known:
            table.writeheader()
        for seed in args.seeds:
            folder = make_scenes(args.material / "make_scenes2.py", args.work, args.world, seed)
            for model in map(registry.model, args.models):
                train, test = (heard(folder, pool, registry, model, cache) for pool in ("train", "test"))
                for label in WORLDS[args.world]:
                    for name, way in ways(args.only):
                        cell = (args.world, str(seed), model.name, label, name)
                        if cell not in done:
                            row = dict(
                                zip(
                                    (*COLUMNS, *FIGURES),
                                    (*cell, *judged(way, label, train, test)),
                                    strict=True,
                                )
                            )
                            table.writerow(row)
                            file.flush()
                            yield row
                    print(f"seed {seed}, {model.name}, {label}", file=sys.stderr, flush=True)


def show(rows: Sequence[dict[str, object]], models: Sequence[str]) -> None:
    """A row a reading: the mean and the worst cell of each figure."""
    cells: dict[str, list[list[float]]] = defaultdict(list)
    for row in rows:
        if row["model"] in models:
            cells[str(row["reading"])].append([float(str(row[name])) for name in FIGURES])
    print(
        f"\n{', '.join(models)}, mean / worst\n\n| reading | {' | '.join(FIGURES)} |\n|---|{'---|' * len(FIGURES)}"
    )
    for reading, found in cells.items():
        table = np.array(found)
        means, worst = np.nanmean(table, axis=0), [*table[:, :-1].min(axis=0), np.nanmax(table[:, -1])]
        shown = [f"{m:.3f} / {w:.3f}" for m, w in zip(means, worst, strict=True)]
        print(f"| {reading} | {' | '.join(shown)} |")


def main() -> None:
    """Run and show."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument(
        "--material", type=Path, required=True, help="folder of make_scenes2.py and its pools"
    )
    parser.add_argument("--models", nargs="+", default=["MEL"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--only", nargs="+", default=[""], help="readings whose names begin so")
    parser.add_argument("--world", choices=WORLDS, default="choice")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    rows = [row for row in run(args) if row["world"] == args.world]
    for models in [*([each] for each in args.models), *([args.models] if len(args.models) > 1 else [])]:
        show(rows, models)


if __name__ == "__main__":
    main()
