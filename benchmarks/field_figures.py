#!/usr/bin/env python3
"""How far the figures that training prints are from what unseen recordings show, by how much is labelled.

    python benchmarks/field_figures.py WORK --material ../shared/field [--models MEL] [--seeds 0 1 2 3 4] [--world choice]

Of the training recordings of benchmarks/field.py the first 3, 4, 5, 6, 8 and 12 are learned from. Figures of windows that
were held out are compared with those of the set `matched`: root mean square of the difference, and the mean difference.
"""

import sys
from collections import defaultdict

import field
import numpy as np
from field import WORLDS
from field_recipes import fitted

from audioscan_host import Windowing
from audioscan_host.cache import Cache
from audioscan_host.classifier import Figures
from audioscan_host.classifier.figures import Places
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.errors import TrainingError
from audioscan_host.plugins.registry import load_registry

RECORDINGS = (3, 4, 5, 6, 8, 12)
COMPARED = ("average_precision", "brier", "expected_calibration_error")
LIMITS = (0, 5, 10, 15, 20, 30, 1000)
"""Places with the sound, from each to below the next."""

Differences = dict[str, dict[str, list[float]]]


def differences(
    training: field.Recordings, unseen: field.Recordings, window: float
) -> tuple[int, dict[str, float]] | None:
    """Places with the sound, and by figure what was held out less what is unseen; None where nothing can be held out."""
    try:
        learned, statistics = fitted(training, window)
    except TrainingError:
        return None
    if learned.held_out is None:
        return None
    truth = np.concatenate([each.labels[each.labels >= 0] for each in training]).astype(np.int64)
    recording = np.repeat(np.arange(len(training)), [np.count_nonzero(each.labels >= 0) for each in training])
    times = np.concatenate([each.times[each.labels >= 0] for each in training])
    places = Places(recording, times, window, training[0].evidence.hop).with_sound(truth)
    promised = Figures.from_scores(truth, learned.held_out)
    said = [learned.classifier.probabilities(each.evidence, statistics)[each.labels >= 0] for each in unseen]
    found = Figures.from_scores(
        np.concatenate([each.labels[each.labels >= 0] for each in unseen]).astype(np.int64),
        np.concatenate(said),
    )
    return places, {name: getattr(promised, name) - getattr(found, name) for name in COMPARED}


def main() -> None:
    """Run and show."""
    args = field.arguments(__doc__)
    by_recordings: Differences = defaultdict(lambda: defaultdict(list))
    by_places: Differences = defaultdict(lambda: defaultdict(list))
    registry, windowing = load_registry(), Windowing(args.window, args.hop)
    for seed in args.seeds:
        folders = dict(field.make_scenes(args.material / "make_scenes2.py", args.work, args.world, seed))
        for model in args.models:
            embedder = Embedder(registry, [registry.model(model)], windowing, Cache(args.work / "cache"))
            labels = WORLDS[args.world]
            training, unseen = (
                field.embedded(folders[n], labels, embedder, model, windowing) for n in ("train", "matched")
            )
            for label in labels:
                for count in RECORDINGS:
                    found = differences(training[label][:count], unseen[label], args.window)
                    if found is None:
                        continue
                    limit = next(i for i, most in enumerate(LIMITS[1:]) if found[0] < most)
                    for name, value in found[1].items():
                        by_recordings[f"{count} recordings"][name].append(value)
                        by_places[f"{LIMITS[limit]} to {LIMITS[limit + 1] - 1} places"][name].append(value)
            print(f"seed {seed}, {model}", file=sys.stderr, flush=True)
    for table in (by_recordings, dict(sorted(by_places.items(), key=lambda each: int(each[0].split()[0])))):
        print(
            f"\n| | trainings | {' | '.join(name.replace('_', ' ') for name in COMPARED)} |\n|---|---|{'---|' * len(COMPARED)}"
        )
        for name, figures in table.items():
            cells = [
                f"{np.sqrt(np.mean(np.square(v))):.3f} ({np.mean(v):+.3f})"
                for v in (figures[c] for c in COMPARED)
            ]
            print(f"| {name} | {len(figures[COMPARED[0]])} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
