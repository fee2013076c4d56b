#!/usr/bin/env python3
"""What a rate that the user knows is worth, and how often a scan rightly says that a recording holds far more of the sound.

    python benchmarks/field_rate.py WORK --material ../shared/field [--models MEL] [--seeds 0 1 2 3 4] [--world choice]

On the scenes of benchmarks/field.py. Of each condition: recall and false seconds an hour at 0.5, at the rate that was learned and
at the true share of windows. Then: share of recordings of which the mean probability is more than the highest of a recording
learned from, one and a half times and twice that.
"""

import sys
from collections import defaultdict

import field
import numpy as np
from field import WORLDS
from field_recipes import fitted

from audioscan_host import Windowing
from audioscan_host.cache import Cache
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.errors import TrainingError
from audioscan_host.plugins.registry import load_registry

FACTORS = (1.0, 1.5, 2.0)
"""Of the highest mean probability over a recording learned from."""

Sums = dict[tuple[str, str], list[tuple[float, ...]]]


def judge(
    name: str,
    training: field.Recordings,
    tests: dict[str, field.Recordings],
    *,
    window: float,
    rates: Sums,
    notes: Sums,
) -> None:
    """Learn from recordings, and add what is found in the others."""
    try:
        learned, statistics = fitted(training, window)
    except TrainingError:
        return
    classifier = learned.classifier
    highest = max(classifier.probabilities(each.evidence, statistics).mean() for each in training)
    for condition, recordings in tests.items():
        known = np.concatenate([each.labels for each in recordings])
        truth = known[known >= 0] == 1
        share = float(np.clip(truth.mean(), 0.001, 0.999))
        cells: list[float] = []
        for rate in (None, share):
            said = [classifier.probabilities(each.evidence, statistics, rate=rate) for each in recordings]
            found = np.concatenate(said)[known >= 0] >= 0.5
            cells += [
                float(found[truth].mean()) if truth.any() else np.nan,
                float(3600 * found[~truth].mean()) if (~truth).any() else np.nan,
            ]
            if rate is None:
                notes[name, condition] += [
                    tuple(float(each.mean() > factor * highest) for factor in FACTORS) for each in said
                ]
        rates[name, condition].append(tuple(cells))


def main() -> None:
    """Run and show."""
    args = field.arguments(__doc__)
    rates: Sums = defaultdict(list)
    notes: Sums = defaultdict(list)
    registry, windowing = load_registry(), Windowing(args.window, args.hop)
    for seed in args.seeds:
        folders = dict(field.make_scenes(args.material / "make_scenes2.py", args.work, args.world, seed))
        for model in args.models:
            embedder = Embedder(registry, [registry.model(model)], windowing, Cache(args.work / "cache"))
            labels = WORLDS[args.world]
            sets = {
                name: field.embedded(folder, labels, embedder, model, windowing)
                for name, folder in folders.items()
            }
            for label in labels:
                tests = {name: sets[name][label] for name in ("matched", "none", "rare", "frequent")}
                tests["fills"] = sets[f"fills_{label}"][label]
                judge("train", sets["train"][label], tests, window=args.window, rates=rates, notes=notes)
                judge(
                    "train_rare",
                    sets["train_rare"][label],
                    {"frequent": tests["frequent"]},
                    window=args.window,
                    rates=rates,
                    notes=notes,
                )
            print(f"seed {seed}, {model}", file=sys.stderr, flush=True)
    print(
        "\n| learned from | scanned | recall | false s/h | recall at the true rate | false s/h at the true rate | above the highest | 1.5 times | twice |\n|---|---|---|---|---|---|---|---|---|"
    )
    for (name, condition), cells in rates.items():
        recall, false, known, known_false = (
            np.nanmean(cells, axis=0) if not np.isnan(cells).all() else [np.nan] * 4
        )
        told = " | ".join(f"{100 * share:.0f} %" for share in np.mean(notes[name, condition], axis=0))
        print(
            f"| {name} | {condition} | {recall:.2f} | {false:.0f} | {known:.2f} | {known_false:.0f} | {told} |"
        )


if __name__ == "__main__":
    main()
