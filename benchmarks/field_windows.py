#!/usr/bin/env python3
"""Which window fits a sound: the same labels, learned in windows of several lengths, judged moment by moment.

    python benchmarks/field_windows.py WORK --material ../shared/field [--models MEL] [--seeds 0 1] [--world choice]

On the scenes of benchmarks/field.py. Windows of 1, 2, 3 and 4 s, each every quarter of that (3 s every second). So that windows of
different lengths compare, every quarter of a second of `matched` is judged by its step score: whether an event is on there.
Average precision, recall at 30 false seconds an hour, recall and false seconds at 0.5, F1 of onsets within 0.5 s.
"""

import csv
import sys
from collections import defaultdict
from pathlib import Path

import field
import numpy as np
from field import FALSE_SECONDS, WORLDS
from field_recipes import host
from sklearn.metrics import average_precision_score

from audioscan_host import Windowing
from audioscan_host.cache import Cache
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.evaluation.event_matching import Matches, match_onsets
from audioscan_host.plugins.registry import load_registry
from audioscan_host.region_settings import RegionSettings
from audioscan_host.regions import find_regions
from audioscan_host.steps import step_edges, step_scores

WINDOWS = ((1.0, 0.25), (2.0, 0.5), (3.0, 1.0), (4.0, 1.0))
MOMENT = 0.25  # seconds
SECONDS = 120.0  # of a scene
COLLAR = 0.5  # seconds


def events(folder: Path, label: str) -> list[list[tuple[float, float]]]:
    """For each recording, in order, where the label is on."""
    names = sorted(path.name for path in folder.glob("*.flac"))
    with (folder / "labels.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["label"] == label and not row["role"]]
    return [[(float(r["start"]), float(r["end"])) for r in rows if r["file"] == name] for name in names]


def judged(
    sets: dict[str, field.Recordings], where: list[list[tuple[float, float]]], windowing: Windowing
) -> tuple[float, ...]:
    """The figures of one label and one window."""
    predict = host(sets["train"], windowing.window)
    moments = np.arange(MOMENT / 2, SECONDS, MOMENT)
    scores, truth, matches = [], [], []
    for recording, on in zip(sets["matched"], where, strict=True):
        said = predict(recording.evidence)
        lengths = {"window": windowing.window, "hop": windowing.hop, "duration": SECONDS}
        steps = step_scores(recording.times, said, **lengths)
        scores.append(steps[np.searchsorted(step_edges(windowing.hop, SECONDS), moments, side="right") - 1])
        truth.append(
            np.any([(moments >= a) & (moments <= b) for a, b in on], axis=0)
            if on
            else np.zeros(len(moments), bool)
        )
        regions = find_regions(recording.times, said, "", **lengths, settings=RegionSettings())
        matches.append(match_onsets((a for a, _ in on), (region.start for region in regions), COLLAR))
    found, is_on = np.concatenate(scores), np.concatenate(truth)
    off = np.sort(found[~is_on])[::-1]
    return (
        float(average_precision_score(is_on, found)),
        float(np.mean(found[is_on] > off[int(FALSE_SECONDS / 3600 * len(off))])),
        float(np.mean(found[is_on] >= 0.5)),
        float(3600 * np.mean(off >= 0.5)),
        float(Matches.total(matches).f1),
    )


def main() -> None:
    """Run and show."""
    args = field.arguments(__doc__)
    cells: dict[tuple[str, float], list[tuple[float, ...]]] = defaultdict(list)
    registry = load_registry()
    for seed in args.seeds:
        folders = dict(field.make_scenes(args.material / "make_scenes2.py", args.work, args.world, seed))
        for model in args.models:
            for windowing in (Windowing(*each) for each in WINDOWS):
                embedder = Embedder(registry, [registry.model(model)], windowing, Cache(args.work / "cache"))
                by_set = {
                    n: field.embedded(folders[n], WORLDS[args.world], embedder, model, windowing)
                    for n in ("train", "matched")
                }
                for label in WORLDS[args.world]:
                    sets = {name: by_label[label] for name, by_label in by_set.items()}
                    cells[label, windowing.window].append(
                        judged(sets, events(folders["matched"], label), windowing)
                    )
            print(f"seed {seed}, {model}", file=sys.stderr, flush=True)
    print(
        "\n| label | window | average precision | recall at 30 | recall | false s/h | onset F1 |\n|---|---|---|---|---|---|---|"
    )
    for label in (*WORLDS[args.world], "all"):
        for window, _ in WINDOWS:
            rows = [
                row
                for (name, length), found in cells.items()
                for row in found
                if length == window and label in (name, "all")
            ]
            ap, at_30, recall, false, f1 = np.mean(rows, axis=0)
            print(
                f"| {label} | {window:g} s | {ap:.3f} | {at_30:.2f} | {recall:.2f} | {false:.0f} | {f1:.2f} |"
            )


if __name__ == "__main__":
    main()
