"""A run that is killed leaves a sound cache, and the next one goes on to the same result."""

import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from audioscan_host.cache import file as cache_file

ROUNDS = 20


def command(cache, *arguments):
    code = "from audioscan_host.cli.main import main; main()"
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


@pytest.fixture
def recordings(make_wav):
    return [make_wav(f"{i}.wav", seconds=700, seed=i) for i in range(2)]


def test_killed_at_random_moments_and_finished_equals_uninterrupted(recordings, tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    begun = time.monotonic()
    subprocess.run(command(whole, "embed", *recordings), check=True, capture_output=True, timeout=120)
    seconds = time.monotonic() - begun
    expected = {path.name: cache_file.read(path) for path in finished(whole)}
    assert len(expected) == 2

    moments = random.Random(0)  # noqa: S311 - any moments do
    interrupted = 0
    for round_number in range(ROUNDS):
        process = subprocess.Popen(command(killed, "embed", *recordings), stdout=-3, stderr=-3)
        time.sleep(moments.uniform(0.2, 0.9) * seconds)
        process.send_signal(signal.SIGKILL)
        interrupted += process.wait(timeout=60) == -signal.SIGKILL
        for path in finished(killed):
            found = cache_file.read(path, dim=256)
            np.testing.assert_array_equal(found.vectors, expected[path.name].vectors)
        if round_number % 5 == 4:  # begin anew, or there would soon be nothing left to do
            subprocess.run(
                command(killed, "embed", *recordings), check=True, capture_output=True, timeout=120
            )
            assert [path.name for path in finished(killed)] == sorted(expected)
            for path in finished(killed):
                found = cache_file.read(path)
                np.testing.assert_array_equal(found.times, expected[path.name].times)
                np.testing.assert_array_equal(found.vectors, expected[path.name].vectors)
                path.unlink()
    assert interrupted >= ROUNDS / 2


def test_a_run_goes_on_inside_a_long_recording(recordings, tmp_path):
    cache = tmp_path / "cache"
    process = subprocess.Popen(command(cache, "embed", recordings[0]), stdout=-3, stderr=-3)
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
    block = cache_file.read(first)
    cache_file.write(first, [cache_file.Embeddings(block.times, block.vectors * 0 + 7)], {})
    subprocess.run(command(cache, "embed", recordings[0]), check=True, capture_output=True, timeout=120)
    found = cache_file.read(finished(cache)[0])
    assert (found.vectors[: len(block.times)] == 7).all()
    assert not (found.vectors[len(block.times) :] == 7).all(axis=1).any()


def test_interrupted_by_the_user_says_so_and_exits_with_130(recordings, tmp_path):
    process = subprocess.Popen(
        command(tmp_path / "cache", "embed", *recordings), stdout=-3, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while not list((tmp_path / "cache").glob("unfinished/*/*.npz")) and time.monotonic() < deadline:
        time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "what was finished is kept" in said
    assert "Traceback" not in said
