"""Start-up of `audioscan-host models` against an interpreter that imports what it must import."""

import argparse
import sys

import machine
import numpy as np


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=21)
    rounds = parser.parse_args().rounds
    imports = [sys.executable, "-c", "import click, rich, pluggy, importlib_metadata"]
    times = machine.in_turn([machine.audioscan_host("models"), imports], rounds)
    models, bare = np.median(times, axis=0)
    machine.report(
        f"Start-up, median of {rounds} runs in turn",
        [
            ("audioscan-host models", f"{models * 1000:.0f} ms", ""),
            ("python: import click, rich, pluggy, importlib_metadata", f"{bare * 1000:.0f} ms", ""),
            ("ratio", f"{models / bare:.2f}", "at most 1.5"),
        ],
    )


if __name__ == "__main__":
    main()
