"""A second scan of an hour, whose embeddings are in the cache: how long it takes beyond its imports."""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import machine
import numpy as np

MEASURED = """
import sys, time
begun = time.perf_counter()
import audioscan_host.cli.scan, audioscan_host.cli.failures, audioscan_host.journeys.scan, audioscan_host.output.saving
from audioscan_host.cli.main import main
from audioscan_host.plugins.registry import load_registry
load_registry()
imported = time.perf_counter()
main(sys.argv[1:], standalone_mode=False)
print(imported - begun, time.perf_counter() - imported)
"""


def timed(arguments: list[object]) -> list[float]:
    """Seconds for the imports and for the command itself, in a process of its own."""
    command = [sys.executable, "-c", MEASURED, *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=machine.ENVIRONMENT)
    return [float(value) for value in done.stdout.split()]


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
        train += ["--window", "8", "--hop", "1"]
        machine.seconds(machine.audioscan_host(*train, *cache))
        hour = machine.write_noise(folder / "hour.wav", 60, seed=9)
        scan = ["-q", "scan", hour, "--detector", detector, "--out", folder / "r.csv", *cache]
        timed(scan)
        imports, command = np.median([timed(scan) for _ in range(rounds)], axis=0)
    machine.report(
        f"Re-scan of an hour from the cache, MEL, median of {rounds} runs",
        [
            ("imports", f"{imports:.2f} s"),
            ("the command beyond them", f"{command:.2f} s"),
        ],
    )


if __name__ == "__main__":
    main()
