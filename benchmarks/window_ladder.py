#!/usr/bin/env python3
"""Whether 0.5 s belongs among the windows that fit labels: 1, 2, 4 and 8 s, beside 0.5, 1, 2, 4 and 8 s.

    python benchmarks/window_ladder.py WORK --material ../shared/field [--seeds 0 1] [--world confirm] [--lengths 0.5 1.2]
                                       [--evaluate] [--long] [--model MEL] [--test usual|endless|rare|quiet]

This protocol was written before any result.

Data: scenes of benchmarks/short_sounds.py, training and test apart by author: of each clip the first 0.5 s at most, and again the
first 1.2 s, which is just short enough that half of it is nearer to 0.5 s than to 1 s. 12 training and 12 test recordings of a minute.
Labels: *choice*, dog barks and sneezes; *confirm*, clock ticks and crackles of fire. With --long the scenes of benchmarks/field.py,
`train` and `matched`, whose sounds usually last 1.7 to 5 s. Seeds 0, 1. Model: MEL, the only one at hand that takes 0.5 s.

Two ways to choose from either ladder: by the length of the label, as `train` does; with --evaluate also as `evaluate` concludes from the
training recordings alone, given all windows of the ladder. What is chosen is learned by the host's classifier with its defaults, and
judged on the test recordings. A window of 0.5 s has a hop of 0.1 s, since it has to be a multiple of that; the others have a quarter.

Figures: average precision of moments every 0.1 s by their step score; F1 of onsets within 0.2 s and 0.5 s, at whichever of the
thresholds 0.1, 0.2 ... 0.9 is best on the test, for all alike; rows that a recording of a minute has.

Rule. 0.5 s joins the ladder if in the mean of *confirm*, chosen by length, sounds of 0.5 s gain 0.02 or more in average precision and in F1 at 0.5 s,
and those of 1.2 s lose no more than 0.01 in either. The choice by length is the same for longer sounds. With `evaluate` none of the three
lengths may lose more than 0.01 of average precision in the mean.

Added after the rule had been met, to see whether it holds elsewhere: --test judges on other recordings. *endless*, rain all along (with
--world choice: no such background goes with crackles of fire); *rare*, 60
recordings of a minute, ten events of each label an hour; *quiet*, 50 to 65 dB below full scale.
"""

import argparse
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from pathlib import Path

import field
import numpy as np
from field_recipes import host
from short_sounds import EVENTS_PER_HOUR, RECORDINGS, THRESHOLDS, WORLDS
from sklearn.metrics import average_precision_score

from audioscan_host import Windowing, evaluate
from audioscan_host.annotations import Annotation, Role
from audioscan_host.annotations.matching import annotated
from audioscan_host.annotations.window_ladder import SHARE, usual_length
from audioscan_host.cache import Cache
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.evaluation.event_matching import Matches, match_onsets
from audioscan_host.plugins.registry import load_registry
from audioscan_host.reading import Reading
from audioscan_host.recordings import find_recordings
from audioscan_host.region_settings import RegionSettings
from audioscan_host.regions import find_regions
from audioscan_host.steps import step_edges, step_scores

MODEL = "MEL"
LADDERS = {"from 1 s": (1.0, 2.0, 4.0, 8.0), "from 0.5 s": (0.5, 1.0, 2.0, 4.0, 8.0)}
HALF_A_SECOND = Windowing(0.5, 0.1)
MOMENT = 0.1  # seconds
COLLARS = (0.2, 0.5)  # seconds
TESTS: Mapping[str, tuple[int, int, tuple[str, ...]]] = {
    "usual": (RECORDINGS, EVENTS_PER_HOUR, ()),
    "endless": (RECORDINGS, EVENTS_PER_HOUR, ("--backgrounds", "rain")),
    "rare": (60, 10, ()),
    "quiet": (RECORDINGS, EVENTS_PER_HOUR, ("--gain", "-65", "-50")),
}
"""Recordings of a minute, events of each label an hour, and more options of make_scenes2.py."""

FIGURES = ("AP, moments", "F1, 0.2 s", "F1, 0.5 s")


def windowing_of(window: float) -> Windowing:
    """Window and hop."""
    return HALF_A_SECOND if window == HALF_A_SECOND.window else Windowing.of_window(window)


def scenes(args: argparse.Namespace, seed: int, length: float) -> tuple[Path, Path]:
    """The folders of training and test recordings whose sounds last so long; 0: as long as they are."""
    script = args.material / "make_scenes2.py"
    if not length:
        only = ("train", "matched")
        made = dict(field.make_scenes(script, args.work, args.world, seed, only=only))
        return made["train"], made["matched"]
    folders = []
    for pool in ("train", "test"):
        test = args.test if pool == "test" else "usual"
        recordings, events, more = TESTS[test]
        place = pool if test == "usual" else f"{pool}_{test}"
        folder = args.work / "ladder" / args.world / str(seed) / f"{length:g}" / place
        if not (folder / "scenes.csv").is_file():
            settings = {
                "train": recordings * (pool == "train"), "test": recordings * (pool == "test"), "seconds": 60,
                "longest": length, "seed": 100 + seed, "targets": ",".join(WORLDS[args.world]),
                "events-per-hour": events, "distractors-per-hour": events,
            }  # fmt: skip
            command = [sys.executable, str(script), str(folder), *more]
            for name, value in settings.items():
                command += [f"--{name}", str(value)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        folders.append(folder)
    return folders[0], folders[1]


def by_length(label: str, folder: Path, ladder: Sequence[float]) -> float:
    """The step of a ladder that is nearest to half of what the sound usually lasts."""
    spans = chain.from_iterable(annotated(find_recordings([folder]), [folder / "labels.csv"]).values())
    length = usual_length(label, spans)
    if length is None:
        raise SystemExit(f"{folder}: {label} has no spans")
    wanted = SHARE * length
    return min(ladder, key=lambda window: abs(np.log2(window / wanted)))


def by_evaluation(label: str, folder: Path, ladder: Sequence[float], cache_dir: Path) -> float:
    """The window that `evaluate` concludes with."""
    result = evaluate(
        [folder],
        [folder / "labels.csv"],
        [MODEL],
        only=[label],
        windowings=[windowing_of(each) for each in ladder],
        resamples=200,
        cache_dir=cache_dir,
    )
    return result.window_choice.windowing.window


def judged(train: Path, test: Path, label: str, windowing: Windowing, store: Cache) -> tuple[float, ...]:
    """The `FIGURES` of one window."""
    registry = load_registry()
    model = registry.model(MODEL)
    embedder = Embedder(registry, [model], windowing, store, readings={model: Reading.STRETCHES})
    learned, heard = (
        field.embedded(folder, [label], embedder, MODEL, windowing)[label] for folder in (train, test)
    )
    predict = host(learned, windowing.window)
    said = [predict(each.evidence) for each in heard]
    paths = find_recordings([test])
    annotations = annotated(paths, [test / "labels.csv"])
    spans = [_spans(annotations.get(path, ()), label) for path in sorted(paths)]
    seconds = 60.0 if "ladder" in test.parts else 120.0
    lengths = {"window": windowing.window, "hop": windowing.hop, "duration": seconds}
    moments = np.arange(MOMENT / 2, seconds, MOMENT)
    place = np.searchsorted(step_edges(windowing.hop, seconds), moments, side="right") - 1
    found = np.concatenate(
        [step_scores(each.times, s, **lengths)[place] for each, s in zip(heard, said, strict=True)]
    )
    is_on = np.concatenate(
        [np.any([(moments >= a) & (moments <= b) for a, b in [(-2, -1), *on]], axis=0) for on in spans]
    )
    best = dict.fromkeys(COLLARS, 0.0)
    for threshold in THRESHOLDS:
        settings = RegionSettings(threshold=threshold)
        onsets = [
            [region.start for region in find_regions(each.times, s, label, **lengths, settings=settings)]
            for each, s in zip(heard, said, strict=True)
        ]
        for collar, before in best.items():
            pairs = [
                match_onsets([a for a, _ in on], there, collar)
                for on, there in zip(spans, onsets, strict=True)
            ]
            best[collar] = max(before, Matches.total(pairs).f1 or 0.0)
    return float(average_precision_score(is_on, found)), *best.values()


def _spans(annotations: Sequence[Annotation], label: str) -> list[tuple[float, float]]:
    return [
        (each.start, each.end)
        for each in annotations
        if each.label == label and each.role is Role.POSITIVE and each.end is not None
    ]


def cells(args: argparse.Namespace) -> Iterator[tuple[str, float, str, float, tuple[float, ...]]]:
    """Way to choose, length, ladder, window that was chosen, its figures."""
    store = Cache(args.work / "cache")
    figures = cache(judged)
    for seed in args.seeds:
        for length in [*args.lengths, *([0.0] if args.long else [])]:
            train, test = scenes(args, seed, length)
            for label in (WORLDS if length else field.WORLDS)[args.world]:
                for name, ladder in LADDERS.items():
                    chosen = {"by length": by_length(label, train, ladder)}
                    if args.evaluate:
                        chosen["by evaluate"] = by_evaluation(label, train, ladder, args.work / "cache")
                    for way, window in chosen.items():
                        of_window = figures(train, test, label, windowing_of(window), store)
                        told = ", ".join(f"{each:.3f}" for each in of_window)
                        print(
                            f"{way}, {length or 'whole'}, {label}, seed {seed}, {name}: {window:g} s: {told}",
                            file=sys.stderr,
                            flush=True,
                        )
                        yield way, length, name, window, of_window


def show(rows: Mapping[tuple[str, float, str], list[tuple[float, tuple[float, ...]]]]) -> None:
    """A row a way, length and ladder."""
    print(
        f"\n| chosen | sounds of | ladder | windows | {' | '.join(FIGURES)} |\n|---|---|---|---|---|---|---|"
    )
    for (way, length, ladder), found in sorted(rows.items()):
        windows = ", ".join(f"{each:g}" for each in sorted({window for window, _ in found}))
        means = " | ".join(f"{each:.3f}" for each in np.mean([each for _, each in found], axis=0))
        print(
            f"| {way} | {f'{length:g} s' if length else 'whole clips'} | {ladder} | {windows} s | {means} |"
        )


def main() -> None:
    """Run and show."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument(
        "--material", type=Path, required=True, help="folder of make_scenes2.py and its pools"
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--world", choices=WORLDS, default="confirm")
    parser.add_argument("--lengths", nargs="*", type=float, default=[0.5, 1.2], help="seconds of a clip")
    parser.add_argument("--evaluate", action="store_true", help="also choose as `evaluate` concludes: slow")
    parser.add_argument("--long", action="store_true", help="also whole clips")
    parser.add_argument("--test", choices=TESTS, default="usual", help="what is judged on")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    rows: dict[tuple[str, float, str], list[tuple[float, tuple[float, ...]]]] = defaultdict(list)
    for way, length, name, window, figures in cells(args):
        rows[way, length, name].append((window, figures))
    show(rows)


if __name__ == "__main__":
    main()
