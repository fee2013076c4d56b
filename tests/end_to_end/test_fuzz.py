"""Mutated files give the documented errors, or what is whole: some seconds of what `benchmarks/fuzz.py` does for as long as it is told."""

import importlib
import itertools
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
SEED = 1
SECONDS = 12.0
"""For each target at most, on however slow a machine; the numbers below take a few."""


@pytest.fixture(scope="module")
def fuzz():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        yield importlib.import_module("fuzz")
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "files"), [("media", 500), ("labels", 3000), ("cache", 3000), ("detectors", 1000)]
)
def test_mutated_files_are_refused_in_a_line_or_whole(fuzz, target, files, tmp_path):
    until = time.monotonic() + SECONDS
    outcomes = Counter()
    for outcome in itertools.islice(fuzz.tried(fuzz.TARGETS[target](), tmp_path, SEED), files):
        assert isinstance(outcome, str), f"{outcome.name}, {outcome.content[:2000]!r}\n{outcome.traceback}"
        outcomes[outcome] += 1
        if time.monotonic() > until:
            break
    assert outcomes["refused"] > 10


@pytest.mark.parametrize("target", ["labels", "cache", "media"])
def test_what_is_not_mutated_is_read(fuzz, target, tmp_path):
    made = fuzz.TARGETS[target]()
    assert made.seeds
    for name, content in made.seeds.items():
        (tmp_path / name).write_bytes(content)
        assert fuzz.judged(made, tmp_path / name) == "read", name


def test_a_reader_that_breaks_is_found(fuzz, tmp_path):
    def read(path):
        if len(path.read_bytes()) != 3:
            raise ZeroDivisionError

    broken = fuzz.Target({"x": b"abc"}, read, ValueError)
    found = [
        each for each in itertools.islice(fuzz.tried(broken, tmp_path, SEED), 50) if not isinstance(each, str)
    ]
    assert found
    assert "ZeroDivisionError" in found[0].traceback
