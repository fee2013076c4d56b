"""A run that is killed leaves a sound cache, and the next one goes on to the same result."""

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audioscan_host.cache import file as cache_file
from audioscan_host.cache.local_folder import LocalFolder

KILLS = int(os.environ.get("AUDIOSCAN_KILLS", "10"))
"""Runs that are killed; more than that when somebody asks for them."""


def place(path: Path) -> tuple[LocalFolder, str]:
    """The store and the name of a file of a cache."""
    return LocalFolder(path.parent), path.name


def command(cache, *arguments):
    # A shell that runs the tests in the background has them, and their children, ignore the interrupt.
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    several = (
        "from audioscan_host.embedding import executor; executor._cores = lambda: 4; "
        "from audioscan_host.audio import decoders; decoders.WORTH = 0"  # in four processes
    )
    code = f"{heed}; {several}; from audioscan_host.cli.main import main; main()"
    return [
        sys.executable,
        "-c",
        code,
        "-q",
        *map(str, arguments),
        "--model",
        "MEL",
        "--cache-dir",
        str(cache),
    ]


def finished(cache):
    return sorted((cache / "w2v").glob("*.npz"))


def embed(cache, recordings):
    """Embed to the end; what the cache then holds, by file name."""
    subprocess.run(command(cache, "embed", *recordings), check=True, capture_output=True, timeout=120)
    return {path.name: cache_file.read(*place(path), dim=256) for path in finished(cache)}


def wait_until_it_works(cache):
    deadline = time.monotonic() + 60
    while not list(cache.glob("unfinished/*")):
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.fixture
def recordings(make_wav):
    return [make_wav(f"{i}.wav", seconds=400, seed=i) for i in range(2)]


@pytest.mark.slow
@pytest.mark.timeout(120 + 60 * KILLS)
def test_killed_at_random_moments_and_finished_equals_uninterrupted(recordings, tmp_path):
    kill_and_finish(recordings, tmp_path, KILLS)


@pytest.mark.slow
@pytest.mark.timeout(120 + 120 * KILLS)
def test_killed_while_several_are_decoded_in_stretches_and_finished_equals_uninterrupted(make_wav, tmp_path):
    several = [
        make_wav(f"{i}.wav", seconds=seconds, seed=i) for i, seconds in enumerate((1100, 30, 900, 200, 600))
    ]
    kill_and_finish(several, tmp_path, KILLS, "--reading", "stretches", "--hop", "0.25")


def kill_and_finish(recordings, tmp_path, rounds, *options):
    """Kill runs at random moments; what they left is whole, and gone on with it becomes what an uninterrupted run gives."""
    recordings = [*recordings, *options]
    count = len(recordings) - len(options)
    process = subprocess.Popen(command(tmp_path / "whole", "embed", *recordings), stdout=-3, stderr=-3)
    wait_until_it_works(tmp_path / "whole")
    begun = time.monotonic()
    assert process.wait(timeout=120) == 0
    seconds = time.monotonic() - begun
    expected = embed(tmp_path / "whole", recordings)
    assert len(expected) == count

    moments = random.Random(0)  # noqa: S311 - any moments do
    interrupted = 0
    for number in range(3 * rounds):
        cache = tmp_path / str(number)
        process = subprocess.Popen(command(cache, "embed", *recordings), stdout=-3, stderr=-3)
        wait_until_it_works(cache)
        time.sleep(moments.uniform(0, seconds))
        process.send_signal(signal.SIGKILL)
        if process.wait(timeout=60) == -signal.SIGKILL:
            interrupted += 1
        else:  # it was quicker: other work on the machine comes and goes
            seconds *= 0.7
        for path in finished(cache):  # whatever has its final name is whole
            np.testing.assert_array_equal(
                cache_file.read(*place(path), dim=256).vectors, expected[path.name].vectors
            )
        completed = embed(cache, recordings)
        assert completed.keys() == expected.keys()
        for name, found in completed.items():
            np.testing.assert_array_equal(found.times, expected[name].times)
            np.testing.assert_array_equal(found.vectors, expected[name].vectors)
        if interrupted == rounds:
            break
    assert interrupted == rounds


@pytest.mark.parametrize("reading", ["windows", "stretches"])
def test_a_run_goes_on_inside_a_long_recording(make_wav, tmp_path, reading):
    cache, recording = tmp_path / "cache", make_wav(seconds=1500)
    options = ["--reading", reading]
    process = subprocess.Popen(command(cache, "embed", recording, *options), stdout=-3, stderr=-3)
    deadline = time.monotonic() + 60
    while not list(cache.glob("unfinished/*/000001.npz")) and time.monotonic() < deadline:
        time.sleep(0.002)
    process.kill()
    process.wait(timeout=60)
    blocks = {path: path.stat().st_mtime_ns for path in cache.glob("unfinished/*/*.npz")}
    assert blocks
    assert finished(cache) == []

    # The kept blocks are what the next run builds on: with them changed, so is the result.
    first = min(blocks)
    block = cache_file.read(*place(first))
    cache_file.write(*place(first), replace(block, vectors=block.vectors * 0 + 7))
    (found,) = embed(cache, [recording, *options]).values()
    inside = len(block.times) - (reading == "stretches")  # the last grain goes on in the next block
    assert (found.vectors[:inside] == 7).all()
    assert not (found.vectors[inside:] == 7).all(axis=1).any()


def test_interrupted_by_the_user_says_so_and_exits_with_130(recordings, tmp_path):
    process = subprocess.Popen(
        command(tmp_path / "cache", "embed", *recordings), stdout=-3, stderr=subprocess.PIPE, text=True
    )
    wait_until_it_works(tmp_path / "cache")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "what was finished is kept" in said
    assert "Traceback" not in said
