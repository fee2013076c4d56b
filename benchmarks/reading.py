#!/usr/bin/env python3
"""What a detector loses where recordings are read in stretches, each second encoded once, in place of windows.

    python benchmarks/reading.py WORK --material ../shared/field [--models MEL] [--seeds 0 1] [--world choice]
                                 [--kinds usual endless rare silent]

On the scenes of benchmarks/field.py: learned from `train`, judged on recordings of several kinds (benchmarks/reading_kinds.py),
whose clips, people and backgrounds are others. Both readings have the same windows and labels. They are read twice: 8 s
every second, and the window that the label's own length chooses. Printed are average precision by either reading, and the
mean and the worst cell of the difference. Models whose checkpoint declares no stretch are refused.

Goal, for each kind: stretches lose at most 0.01 in the mean over labels, models and seeds.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import field
import numpy as np
from field import WORLDS
from field_recipes import host
from reading_kinds import KINDS, folder_of

from audioscan_host import Windowing
from audioscan_host.annotations.matching import annotated
from audioscan_host.annotations.window_ladder import own_window, usual_length
from audioscan_host.cache import Cache
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.plugins.registry import Registry, load_registry
from audioscan_host.reading import Reading
from audioscan_host.recordings import find_recordings

READINGS = (Reading.WINDOWS, Reading.STRETCHES)
LONG = Windowing(8.0, 1.0)
ALLOWED = 0.01
"""Average precision that stretches may lose in the mean."""

Cell = tuple[str, str, str, str, int]
"""Kind, windows, model, label, seed."""


def judged(
    registry: Registry,
    cache: Cache,
    folders: dict[str, Path],
    model: str,
    *,
    label: str,
    windowing: Windowing,
) -> Iterator[tuple[str, list[float]]]:
    """Of each kind of recordings that holds the label, the average precision of each reading."""
    found: dict[str, list[float]] = defaultdict(list)
    for reading in READINGS:
        of = registry.model(model)
        embedder = Embedder(registry, [of], windowing, cache, readings={of: reading})
        train, *tests = (
            field.embedded(folder, [label], embedder, model, windowing)[label] for folder in folders.values()
        )
        predict = host(train, windowing.window)
        for kind, test in zip(list(folders)[1:], tests, strict=True):
            figures = field.judged(test, [predict(each.evidence) for each in test])
            if "average_precision" in figures:
                found[kind].append(figures["average_precision"])
    yield from found.items()


def show(cells: dict[Cell, list[float]]) -> None:
    """A table by kind, windows and model, and what the goal says of each kind."""
    rows: dict[tuple[str, str, str], list[list[float]]] = defaultdict(list)
    for (kind, name, model, _label, _seed), pair in cells.items():
        rows[kind, name, model].append(pair)
        rows[kind, name, "all"].append(pair)
    print(
        "\n| recordings | windows | model | cells | windows, mean | stretches, mean | difference, mean | worst |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for (kind, name, model), found in sorted(rows.items()):
        windows, stretches = np.transpose(found)
        gain = stretches - windows
        print(
            f"| {kind} | {name} | {model} | {len(found)} | {windows.mean():.3f} | {stretches.mean():.3f} "
            f"| {gain.mean():+.3f} | {gain.min():+.3f} |"
        )
    for kind in dict.fromkeys(kind for kind, *_ in rows):
        pairs = [
            pair for (of, _, model), found in rows.items() if of == kind and model == "all" for pair in found
        ]
        lost = -float(np.mean([after - before for before, after in pairs]))
        told = "within" if lost <= ALLOWED else "MORE THAN"
        print(f"\n{kind}: stretches lose {lost:.4f} in the mean, {told} {ALLOWED}")


def main() -> None:
    """Run and show."""
    args = field.arguments(
        __doc__,
        lambda parser: parser.add_argument("--kinds", nargs="+", choices=KINDS, default=["usual"]),
    )
    registry, cache = load_registry(), Cache(args.work / "cache")
    for model in args.models:
        if registry.model(model).checkpoint.stretch is None:
            sys.exit(f"{model}: its checkpoint declares no stretch")
    script = args.material / "make_scenes2.py"
    cells: dict[Cell, list[float]] = {}
    for seed in args.seeds:
        folders = dict(field.make_scenes(script, args.work, args.world, seed, only=("train",)))
        folders |= {kind: folder_of(kind, script, args.work, args.world, seed) for kind in args.kinds}
        of_training = annotated(find_recordings([folders["train"]]), [folders["train"] / "labels.csv"])
        annotations = list(chain.from_iterable(of_training.values()))
        for model in args.models:
            for label in WORLDS[args.world]:
                own = Windowing.of_window(own_window(usual_length(label, annotations)))
                for name, windowing in (("8 s / 1 s", LONG), ("chosen by labels", own)):
                    for kind, pair in judged(
                        registry, cache, folders, model, label=label, windowing=windowing
                    ):
                        cells[kind, name, model, label, seed] = pair
                        print(
                            f"{kind}, {name} ({windowing.window:g} s / {windowing.hop:g} s), {model}, {label}, "
                            f"seed {seed}: windows {pair[0]:.4f}, stretches {pair[1]:.4f}",
                            file=sys.stderr,
                            flush=True,
                        )
    show(cells)


if __name__ == "__main__":
    main()
