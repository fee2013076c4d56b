#!/usr/bin/env python3
"""Detectors in the field: recipes, models, labels, conditions and seeds, over real clips and real backgrounds.

    python benchmarks/field.py WORK [--clips ../shared/field] [--models MEL,YAMNET] [--seeds 0,1] [--only prepare|judge|table]

WORK keeps scenes, embeddings and results, so that a run that was stopped goes on. docs/detector.md has the protocol.
"""

import argparse
import csv
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

WORLDS = {
    "choice": ("dog_bark", "sneeze", "rooster"),
    "confirm": ("baby_cry", "clock_tick", "chainsaw"),
}


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


def make_scenes(script: Path, work: Path, world: str, seed: int) -> Iterator[tuple[str, Path]]:
    """Folders of scenes by name; those that are there already are not made again."""
    targets = WORLDS[world]
    asked = [(each, each.name, ",".join(targets)) for each in SETS]
    asked += [(FILLS, f"fills_{target}", target) for target in targets]
    for place, (scenes, name, labels) in enumerate(asked):
        folder = work / "scenes" / world / str(seed) / name
        if not (folder / "scenes.csv").is_file():
            count = ["--train", "0", "--test", "0"]
            count[1 if scenes.pool == "train" else 3] = str(scenes.recordings)
            settings = ["--seconds", str(scenes.seconds), "--events-per-hour", str(scenes.events_per_hour)]
            # A seed of its own for each set: the same clips in the same places would be one set twice.
            command = [sys.executable, str(script), str(folder), *count, *settings, "--targets", labels]
            subprocess.run([*command, "--seed", str(1000 * seed + place), *scenes.more], check=True, stdout=subprocess.DEVNULL)
        yield name, folder


if __name__ == "__main__":
    pass
