"""Kinds of recordings that a detector is judged on by `reading.py`, made of the scenes of `field.py`.

usual    as those learned from: 12 of two minutes, 60 events of each label an hour, backgrounds of many kinds
endless  the same with rain all along
rare     2 of an hour, one event of each label an hour; a label that none of them holds is left out
silent   the usual ones, with two digital silences of 30 to 90 s let in at places without an event
"""

import csv
import wave
from collections.abc import Sequence
from pathlib import Path

import field
import numpy as np
from field import SceneSet

from audioscan_host.audio import decode
from audioscan_host.recordings import find_recordings

MADE = {
    "endless": SceneSet("endless", 12, 120, 60, "test", ("--backgrounds", "rain")),
    "rare": SceneSet("rare", 2, 3600, 1, "test"),
}
KINDS = ("usual", *MADE, "silent")
SEED = 500
"""Of the sets made here, beside those of `field.py`."""

RATE = 16_000
SILENCES = 2  # in each recording
SILENCE = (30.0, 90.0)  # seconds
BESIDE = 1.0  # second between a silence and an event


def folder_of(kind: str, script: Path, work: Path, world: str, seed: int) -> Path:
    """The recordings of a kind, made where they are not there yet."""
    if kind in ("usual", "silent"):
        usual = dict(field.make_scenes(script, work, world, seed, only=("matched",)))["matched"]
        if kind == "usual":
            return usual
        folder = usual.parent / "silent"
        if not (folder / "labels.csv").is_file():
            _let_silence_in(usual, folder, seed)
        return folder
    folder = work / "scenes" / world / str(seed) / f"reading_{kind}"
    place = SEED + KINDS.index(kind)
    field.make_set(script, folder, MADE[kind], ",".join(field.WORLDS[world]), 1000 * seed + place)
    return folder


def _let_silence_in(usual: Path, folder: Path, seed: int) -> None:
    """The same recordings with zeros between, and the labels moved behind them."""
    folder.mkdir(exist_ok=True)
    with (usual / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    rng = np.random.default_rng(1000 * seed + SEED)
    for path in find_recordings([usual]):
        own = [row for row in rows if row["file"] == path.name]
        samples = np.concatenate(list(decode(path, RATE)))
        for _ in range(SILENCES):
            at = _free(rng, len(samples) / RATE, own)
            length = round(float(rng.uniform(*SILENCE)), 2)
            zeros = np.zeros(round(length * RATE), np.float32)
            samples = np.insert(samples, round(at * RATE), zeros)
            for row in own:
                for edge in ("start", "end"):
                    if float(row[edge]) > at:
                        row[edge] = f"{float(row[edge]) + length:.3f}"
        name = path.with_suffix(".wav").name
        for row in own:
            row["file"] = name
        with wave.open(str(folder / name), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(RATE)
            sound.writeframes(np.round(samples * 32767).astype("<i2").tobytes())
    with (folder / "labels.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, rows[0], lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def _free(rng: np.random.Generator, duration: float, rows: Sequence[dict[str, str]]) -> float:
    """A place without an event of a label, seconds."""
    events = [(float(row["start"]), float(row["end"])) for row in rows if not row["role"]]
    while True:
        at = round(float(rng.uniform(BESIDE, duration - BESIDE)), 2)
        if all(at < start - BESIDE or at > end + BESIDE for start, end in events):
            return at
