"""A second scan of an hour, whose embeddings are in the cache, against importing what it imports."""

import argparse
import sys
import tempfile
from pathlib import Path

import machine
import numpy as np

IMPORTS = """
import audioscan_host.cli.main, audioscan_host.scanning, audioscan_host.output.saving
from audioscan_host.registry import load_registry
load_registry()
import skops.io, sklearn.calibration, sklearn.ensemble, sklearn.isotonic
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cache = ["--cache-dir", folder / "cache"]
        training = [machine.write_noise(folder / f"{i}.wav", 4, seed=i) for i in range(4)]
        rows = [f"{path.name},{10 * i + 1},{10 * i + 2},burst" for path in training for i in range(0, 24, 2)]
        (folder / "labels.csv").write_text("\n".join(["file,start,end,label", *rows]))
        detector = folder / "burst.detector"
        train = ["train", *training, "--labels", folder / "labels.csv", "--model", "MEL", "--out", detector]
        machine.seconds(machine.audioscan_host(*train, *cache))
        hour = machine.write_noise(folder / "hour.wav", 60, seed=9)
        scan = machine.audioscan_host("scan", hour, "--detector", detector, "--out", folder / "r.csv", *cache)
        times = machine.in_turn([scan, [sys.executable, "-c", IMPORTS]], rounds)
    scanned, imports = np.median(times, axis=0)
    beyond = np.median(times[:, 0] - times[:, 1])  # neighbours in time, so that a slow moment hits both
    machine.report(
        f"Re-scan of an hour from the cache, MEL, median of {rounds} runs in turn",
        [
            ("audioscan-host scan", f"{scanned:.2f} s", ""),
            ("python: the same imports", f"{imports:.2f} s", ""),
            ("beyond imports", f"{beyond:.2f} s", "under 0.3 s"),
        ],
    )


if __name__ == "__main__":
    main()
