"""Start-up of `audioscan-host models` against an interpreter that imports what it must import.

With `--against FOLDER` also against another source folder of the host, such as a checkout of an earlier version.
"""

import argparse
import os
import sys
from pathlib import Path

import machine
import numpy as np

SOURCES = Path(__file__).resolve().parents[1]
MODELS = "from audioscan_host.cli.main import main; main(['models'])"
IMPORTS = "import click, rich, pluggy, importlib_metadata"


def command(program: str, sources: Path, plugins: str | None) -> list[str]:
    """A program on the host and the plugins of a source folder; all of the installed ones where none are named."""
    paths = [sources / "core", *sorted((sources / "plugins").iterdir())]
    variables = [f"PYTHONPATH={os.pathsep.join(map(str, paths))}"]
    variables += [] if plugins is None else [f"AUDIOSCAN_PLUGINS={plugins}"]
    return ["env", *variables, sys.executable, "-c", program]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--against", type=Path, metavar="FOLDER")
    arguments = parser.parse_args()
    rows = []
    for name, plugins in (("with MEL", "mel"), ("with all plugins", None)):
        sides = [command(MODELS, SOURCES, plugins), command(IMPORTS, SOURCES, plugins)]
        if arguments.against is not None:
            sides.append(command(MODELS, arguments.against, plugins))
        times = np.median(machine.in_turn(sides, arguments.rounds), axis=0)
        rows += [
            (f"audioscan-host models, {name}", f"{times[0] * 1000:.0f} ms"),
            (f"python: {IMPORTS}", f"{times[1] * 1000:.0f} ms"),
            ("ratio", f"{times[0] / times[1]:.2f}"),
        ]
        if arguments.against is not None:
            rows.append((f"against {arguments.against}, {name}", f"{times[0] / times[2]:.2f} times"))
    machine.report(f"Start-up, median of {arguments.rounds} runs in turn", rows)


if __name__ == "__main__":
    main()
