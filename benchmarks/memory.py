"""Peak memory of embedding a long recording, against a short one; the weights of the model must be there.

Processes that decode are counted in: looked at every 50 ms, on Linux. What they share with each other is counted for each.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import machine

MEASURED = """
import resource, sys
from audioscan_host.cli.main import main
main(sys.argv[1:], standalone_mode=False)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak_megabytes(path: Path, model: str, cache: Path) -> tuple[float, float]:
    """Of the command, and of its processes that decode."""
    command = [
        sys.executable,
        "-c",
        MEASURED,
        "-q",
        "embed",
        str(path),
        "--model",
        model,
        "--cache-dir",
        str(cache),
    ]
    decoders = 0.0
    with subprocess.Popen(command, stdout=-1, text=True) as process:
        while process.poll() is None:
            decoders = max(decoders, megabytes_of_children(process.pid))
            time.sleep(0.05)
        said = process.stdout.read() if process.stdout else ""
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: ended with code {process.returncode}")
    # ru_maxrss is in kilobytes on Linux, in bytes on macOS.
    return int(said.split()[-1]) / (1e6 if sys.platform == "darwin" else 1e3), decoders


def megabytes_of_children(pid: int) -> float:
    """In memory now; 0 where the system does not tell."""
    total = 0.0
    with suppress(OSError):
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in children.read_text().split():
                pages = int(Path(f"/proc/{child}/statm").read_text().split()[1])
                total += pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=10)
    parser.add_argument("--model", default="MEL", metavar="NAME", help="see `audioscan-host models`")
    arguments = parser.parse_args()
    hours, model = arguments.hours, arguments.model
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        short = peak_megabytes(machine.write_noise(folder / "short.wav", 10), model, folder / "cache")
        long = peak_megabytes(machine.write_noise(folder / "long.wav", hours * 60), model, folder / "cache")
    machine.report(
        f"Peak memory of `audioscan-host embed --model {model}`",
        [
            ("10 minutes", f"{sum(short):.0f} MB, of it decoders {short[1]:.0f} MB"),
            (f"{hours:g} hours", f"{sum(long):.0f} MB, of it decoders {long[1]:.0f} MB"),
            ("difference", f"{sum(long) - sum(short):.0f} MB"),
        ],
    )


if __name__ == "__main__":
    main()
