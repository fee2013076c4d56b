"""Peak memory of embedding a long recording with MEL, against a short one."""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import machine

MEASURED = """
import resource, sys
from audioscan_host.cli.main import main
main(sys.argv[1:], standalone_mode=False)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak_megabytes(path: Path, cache: Path) -> float:
    command = [
        sys.executable,
        "-c",
        MEASURED,
        "-q",
        "embed",
        str(path),
        "--model",
        "MEL",
        "--cache-dir",
        str(cache),
    ]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    # ru_maxrss is in kilobytes on Linux, in bytes on macOS.
    return int(done.stdout.split()[-1]) / (1e6 if sys.platform == "darwin" else 1e3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=10)
    hours = parser.parse_args().hours
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        short = peak_megabytes(machine.write_noise(folder / "short.wav", 10), folder / "cache")
        long = peak_megabytes(machine.write_noise(folder / "long.wav", hours * 60), folder / "cache")
    machine.report(
        "Peak memory of `audioscan-host embed --model MEL`",
        [
            ("10 minutes", f"{short:.0f} MB", ""),
            (f"{hours:g} hours", f"{long:.0f} MB", ""),
            ("difference", f"{long - short:.0f} MB", "at most 150 MB"),
        ],
    )


if __name__ == "__main__":
    main()
