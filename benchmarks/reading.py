#!/usr/bin/env python3
"""What a detector loses where recordings are read in stretches, each second encoded once, in place of windows.

    python benchmarks/reading.py WORK --material ../shared/field [--models MEL] [--seeds 0 1] [--world choice]

On the scenes of benchmarks/field.py: learned from `train`, judged on `matched`, whose clips, people and backgrounds are others. Both
readings have the same windows and labels. They are read twice: 8 s every second, and the window that the label's own
length chooses. Printed are average precision by either reading, and the mean and the worst cell of the difference.
Models whose checkpoint declares no stretch are refused.
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

Cell = tuple[str, str, str, int]
"""Windows, model, label, seed."""


def sets(script: Path, work: Path, world: str, seed: int) -> dict[str, Path]:
    """The folders that are learned from and judged by; none behind them is made."""
    found = {}
    for name, folder in field.make_scenes(script, work, world, seed):
        if name in ("train", "matched"):
            found[name] = folder
        if len(found) == 2:
            break
    return found


def judged(
    registry: Registry,
    cache: Cache,
    folders: dict[str, Path],
    model: str,
    *,
    label: str,
    windowing: Windowing,
) -> Iterator[dict[str, float]]:
    """The figures of each reading."""
    for reading in READINGS:
        of = registry.model(model)
        embedder = Embedder(registry, [of], windowing, cache, readings={of: reading})
        train, test = (
            field.embedded(folders[name], [label], embedder, model, windowing)[label]
            for name in ("train", "matched")
        )
        predict = host(train, windowing.window)
        yield field.judged(test, [predict(each.evidence) for each in test])


def show(cells: dict[Cell, tuple[float, float]]) -> None:
    """A table by windows and model, and what the goal says of it."""
    rows: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for (name, model, _label, _seed), pair in cells.items():
        rows[name, model].append(pair)
        rows[name, "all"].append(pair)
    print("\n| windows | model | cells | windows, mean | stretches, mean | difference, mean | worst |")
    print("|---|---|---|---|---|---|---|")
    for (name, model), found in sorted(rows.items()):
        windows, stretches = np.transpose(found)
        gain = stretches - windows
        print(
            f"| {name} | {model} | {len(found)} | {windows.mean():.3f} | {stretches.mean():.3f} "
            f"| {gain.mean():+.3f} | {gain.min():+.3f} |"
        )
    for name in dict.fromkeys(name for name, _ in rows):
        lost = -float(np.mean([after - before for before, after in rows[name, "all"]]))
        print(
            f"\n{name}: stretches lose {lost:.4f} in the mean, {'within' if lost <= ALLOWED else 'MORE THAN'} {ALLOWED}"
        )


def main() -> None:
    """Run and show."""
    args = field.arguments(__doc__)
    registry, cache = load_registry(), Cache(args.work / "cache")
    for model in args.models:
        if registry.model(model).checkpoint.stretch is None:
            sys.exit(f"{model}: its checkpoint declares no stretch")
    cells: dict[Cell, tuple[float, float]] = {}
    for seed in args.seeds:
        folders = sets(args.material / "make_scenes2.py", args.work, args.world, seed)
        of_training = annotated(find_recordings([folders["train"]]), [folders["train"] / "labels.csv"])
        annotations = list(chain.from_iterable(of_training.values()))
        for model in args.models:
            for label in WORLDS[args.world]:
                own = Windowing.of_window(own_window(usual_length(label, annotations)))
                for name, windowing in (("8 s / 1 s", LONG), ("chosen by labels", own)):
                    before, after = judged(registry, cache, folders, model, label=label, windowing=windowing)
                    pair = before["average_precision"], after["average_precision"]
                    cells[name, model, label, seed] = pair
                    print(
                        f"{name} ({windowing.window:g} s / {windowing.hop:g} s), {model}, {label}, seed {seed}: "
                        f"windows {pair[0]:.4f}, stretches {pair[1]:.4f}",
                        file=sys.stderr,
                        flush=True,
                    )
    show(cells)


if __name__ == "__main__":
    main()
