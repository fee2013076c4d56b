"""Peak memory of embedding a long recording, against a short one; the weights of the model must be there."""

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


def peak_megabytes(path: Path, model: str, cache: Path) -> float:
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
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    # ru_maxrss is in kilobytes on Linux, in bytes on macOS.
    return int(done.stdout.split()[-1]) / (1e6 if sys.platform == "darwin" else 1e3)


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
            ("10 minutes", f"{short:.0f} MB"),
            (f"{hours:g} hours", f"{long:.0f} MB"),
            ("difference", f"{long - short:.0f} MB"),
        ],
    )


if __name__ == "__main__":
    main()
