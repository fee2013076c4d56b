"""Thirty windows that `suggest` asks for teach more than thirty random ones, on recordings never heard."""

import os
import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "suggest.py"


def test_suggested_windows_teach_more_than_random_ones(shared_data):
    script = shared_data / "make_scenes.py"
    command = [sys.executable, str(BENCHMARK), str(script), "--seeds", "2", "--start", "windows"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=400, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", "AUDIOSCAN_PLUGINS": "mel"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    mean = next(line for line in done.stdout.splitlines() if line.startswith("| mean "))
    before, *_, third_round, cries, random, random_cries = map(float, mean.split("|")[2:-1])
    assert third_round > random + 0.01
    assert third_round > before
    assert cries > random_cries
