"""What every benchmark prints: the machine, and a table of what was measured."""

import os
import platform
import subprocess
import sys
import time
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

RATE = 16_000

# Compiled modules are kept between runs, as they are for a user.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def describe() -> str:
    """Processor, cores, system and Python."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.split(":")[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line
        ]
        model = names[0] if names else model
    return f"{model}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def report(title: str, rows: Sequence[tuple[str, str]]) -> None:
    """Print what was measured: (what, measured)."""
    width = max(len(what) for what, _ in rows)
    print(f"\n{title}\n{describe()}\n")
    for what, measured in rows:
        print(f"{what.ljust(width)}  {measured}")


def seconds(command: Sequence[str]) -> float:
    """Wall-clock seconds of a command, which must succeed."""
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=-3, stderr=-3, env=ENVIRONMENT)
    return time.perf_counter() - begun


def in_turn(commands: Sequence[Sequence[str]], rounds: int) -> npt.NDArray[np.float64]:
    """(rounds, commands) seconds, run one after the other so that all meet the same machine."""
    for command in commands:
        seconds(command)
    return np.array([[seconds(command) for command in commands] for _ in range(rounds)])


def audioscan_host(*arguments: object) -> list[str]:
    """The command line of this environment."""
    return [str(Path(sys.executable).with_name("audioscan-host")), *map(str, arguments)]


def write_noise(path: Path, minutes: float, seed: int = 0) -> Path:
    """A 16 kHz mono 16-bit WAV of noise with a burst every ten seconds."""
    rng = np.random.default_rng(seed)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for _ in range(round(minutes * 6)):
            piece = rng.standard_normal(10 * RATE) * 300
            piece[RATE : 2 * RATE] *= 20
            file.writeframes(np.clip(piece, -32768, 32767).astype("<i2").tobytes())
    return path
