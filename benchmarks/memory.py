"""Peak memory of embedding a long recording, against short ones; processes that decode are counted in.

    python benchmarks/memory.py [--model MEL] [--hours 10] [--reading stretches] [--window 8 --hop 1]
    python benchmarks/memory.py --hollow [--model AST EAT BEATS HUBERT_BASE]

The weights of the models must be there. With --hollow they are random and laid for the run, and the transformers' blocks pass
on what they are given, so that ten hours take minutes: what goes in, between the blocks and out is of full size, but for HuBERT's
convolutions, which have a sixteenth of their channels. What a block has inside is there for a batch at a time, whatever the
recording.

A minute has full batches and no full block; ten minutes have one of each. So ten minutes less one minute is what a block takes. What
a recording keeps of its own are its vectors: the grains, and the windows that are made of them in the end.

Memory is that of the process at its peak. Processes that decode are looked at every 50 ms, on Linux. What they share with each
other is counted for each.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import machine

from audioscan_host import load_registry

SIDE = Path(__file__).with_name("memory_side.py")
PARTS = 10
"""Of a run, for each of which the highest memory is told."""


@dataclass(frozen=True)
class Took:
    """What a run took, MB.

    Attributes:
        own: of the process, at its peak.
        decoders: of its processes that decode.
        along: of the process, at its peak in each of ten equal parts of the run.
    """

    own: float
    decoders: float
    along: list[float]

    @property
    def total(self) -> float:
        return self.own + self.decoders


def peak(command: list[str], hollow: str) -> Took:
    """Of the command, and of its processes that decode."""
    decoders, seen = 0.0, []
    whole = [sys.executable, str(SIDE), hollow, *command]
    with subprocess.Popen(whole, stdout=-1, text=True) as process:
        while process.poll() is None:
            decoders = max(decoders, megabytes_of_children(process.pid))
            seen.append(megabytes_of(str(process.pid)))
            time.sleep(0.05)
        said = process.stdout.read() if process.stdout else ""
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: ended with code {process.returncode}")
    along = [max(seen[len(seen) * n // PARTS :][: len(seen) // PARTS + 1]) for n in range(PARTS)]
    # ru_maxrss is in units of 1024 bytes on Linux, in bytes on macOS.
    own = int(said.split()[-1]) * (1 if sys.platform == "darwin" else 1024) / 1e6
    return Took(own, decoders, along)


def megabytes_of(process: str) -> float:
    """In memory now; 0 where the system does not tell."""
    with suppress(OSError):
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    return 0.0


def megabytes_of_children(pid: int) -> float:
    """In memory now; 0 where the system does not tell."""
    total = 0.0
    with suppress(OSError):
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            total += sum(map(megabytes_of, children.read_text().split()))
    return total


@contextmanager
def checkpoints(models: list[str], *, hollow: bool) -> Iterator[dict[str, str]]:
    """What `--checkpoint` is given; random weights are laid where they are asked for."""
    if not hollow:
        yield {}
        return
    os.environ["AUDIOSCAN_BENCHMARK_NARROW"] = "1"
    import encoder_weights
    from memory_side import narrow_convolutions

    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(TORCH_HOME=f"{folder}/torch", HF_HOME=f"{folder}/hf", HF_HUB_OFFLINE="1")
        narrow_convolutions()
        found: dict[str, str] = {}
        for model in models:
            found |= encoder_weights.family_of(model).lay_weights(Path(folder))
        yield found


def measure(
    model: str, recordings: dict[str, Path], arguments: argparse.Namespace, given: dict[str, str]
) -> None:
    """Print the figures of one model."""
    options = ["--model", model, "--reading", arguments.reading]
    options += ["--window", f"{arguments.window:g}", "--hop", f"{arguments.hop:g}"]
    options += [each for name in given if name == model for each in ("--checkpoint", f"{name}={given[name]}")]
    took: dict[str, Took] = {}
    for name, path in recordings.items():
        with tempfile.TemporaryDirectory() as cache:
            command = ["-q", "embed", str(path), *options, "--cache-dir", cache]
            took[name] = peak(command, model if arguments.hollow else "")
    minute, short, long = took.values()
    vectors = arguments.hours * 3600 / arguments.hop * load_registry().model(model).dim * 4 / 1e6
    kept = vectors * (2 if arguments.reading == "stretches" else 1)
    grown = long.total - short.total
    rows = [
        (name, f"{each.total:.0f} MB, of it decoders {each.decoders:.0f} MB") for name, each in took.items()
    ]
    rows += [
        ("a block", f"{short.total - minute.total:.0f} MB"),
        ("growth from ten minutes on", f"{grown:.0f} MB"),
        ("vectors of the recording", f"{kept:.0f} MB"),
        ("growth beyond these", f"{grown - kept:.0f} MB"),
        ("along the long one, without decoders", ", ".join(f"{each:.0f}" for each in long.along)),
    ]
    what = f"windows of {arguments.window:g} s every {arguments.hop:g} s by {arguments.reading}"
    machine.report(f"Peak memory of `audioscan-host embed --model {model}`, {what}", rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--hours", type=float, default=10)
    parser.add_argument("--model", nargs="+", metavar="NAME", help="see `audioscan-host models`")
    parser.add_argument("--reading", default="stretches", choices=["stretches", "windows"])
    parser.add_argument("--window", type=float, default=8.0)
    parser.add_argument("--hop", type=float, default=1.0)
    parser.add_argument(
        "--hollow", action="store_true", help="random weights, and blocks that pass on their input"
    )
    arguments = parser.parse_args()
    models = arguments.model or (["AST", "EAT", "BEATS", "HUBERT_BASE"] if arguments.hollow else ["MEL"])
    with tempfile.TemporaryDirectory() as name, checkpoints(models, hollow=arguments.hollow) as given:
        minutes = {"a minute": 1.0, "10 minutes": 10.0, f"{arguments.hours:g} hours": arguments.hours * 60}
        recordings = {
            each: machine.write_noise(Path(name) / f"{number}.wav", length)
            for number, (each, length) in enumerate(minutes.items())
        }
        for model in models:
            measure(model, recordings, arguments, given)


if __name__ == "__main__":
    main()
