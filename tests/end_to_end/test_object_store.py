"""Many processes on one cache of S3, and runs that are killed at random moments while they fill it."""

import os
import random
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from audioscan_host.cache import file as cache_file
from audioscan_host.cache.file import Embeddings
from audioscan_host.cache.object_store import ObjectStore
from audioscan_host.remote.claims import is_claim

pytest.importorskip("s3fs")

KILLS = int(os.environ.get("AUDIOSCAN_KILLS", "6"))
"""Kills of a run that fills a cache; more than that when somebody asks for them."""

WRITERS = 8
EXPIRY = 1.0
"""Seconds after which the claims of a run that was killed are void; a minute unless a test says so."""

OWN = f"w2v/{'0123456789abcdef' * 4}.npz"


def command(url, *recordings, quiet=True, expiry=EXPIRY):
    soon = f"from audioscan_host.cache.object_store import ObjectStore as S; S.__init__.__kwdefaults__['expiry'] = {expiry}"
    code = f"{soon}; from audioscan_host.cli.main import main; main()"
    arguments = [*["-q"] * quiet, "embed", *map(str, recordings), "--model", "MEL", "--cache-dir", url]
    return [sys.executable, "-c", code, *arguments]


def embed(url, *recordings):
    """Embed to the end; what the cache then holds, by name."""
    subprocess.run(command(url, *recordings), check=True, capture_output=True, timeout=120)
    return kept(url)


def kept(url):
    store = ObjectStore(url)
    return {stored.name: cache_file.read(store, stored.name, dim=256) for stored in store.files("w2v")}


def assert_equal(found, expected):
    assert found.keys() == expected.keys()
    for name, each in found.items():
        np.testing.assert_array_equal(each.times, expected[name].times)
        np.testing.assert_array_equal(each.vectors, expected[name].vectors)


def wait_until_void(store, claims):
    """Of a run that was killed when all was finished: nobody needs them, and they expire."""
    deadline = time.monotonic() + 30
    while {stored.name for stored in store.abandoned("unfinished", 0)} != claims:
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.mark.slow
def test_of_eight_writers_of_one_name_each_reading_finds_one_whole(s3):
    writer = """
import sys, numpy as np
from audioscan_host.cache import file
from audioscan_host.cache.file import Embeddings
from audioscan_host.cache.object_store import ObjectStore
store, number, windows = ObjectStore(sys.argv[1]), int(sys.argv[2]), 100 * int(sys.argv[2])
mine = Embeddings(np.arange(float(windows)), np.full((windows, 256), number, np.float32), {"writer": number})
for _ in range(10):
    file.write(store, sys.argv[3], mine)
"""
    store = ObjectStore(f"{s3}/c")
    cache_file.write(store, OWN, Embeddings(np.arange(2.0), np.zeros((2, 256), np.float32), {"writer": 0}))
    writers = [
        subprocess.Popen([sys.executable, "-c", writer, f"{s3}/c", str(number), OWN])
        for number in range(1, WRITERS + 1)
    ]
    seen = set()
    try:
        while any(process.poll() is None for process in writers):
            found = cache_file.read(store, OWN, 256)
            assert (found.vectors == found.meta["writer"]).all()
            seen.add(found.meta["writer"])
    finally:
        for process in writers:
            process.wait(60)
    assert [process.returncode for process in writers] == [0] * WRITERS
    assert len(seen) > 1
    assert [stored.name for stored in store.files("")] == [OWN]


@pytest.mark.slow
def test_eight_runs_at_once_compute_each_recording_once(s3, make_wav):
    recordings = [make_wav(f"{i}.wav", seconds=60, seed=i) for i in range(4)]
    expected = embed(f"{s3}/alone", *recordings)
    runs = [
        subprocess.Popen(
            command(f"{s3}/together", *recordings, quiet=False, expiry=60),
            stderr=subprocess.PIPE,
            text=True,
            stdout=-3,
        )
        for _ in range(WRITERS)
    ]
    said = [process.communicate(timeout=300)[1] for process in runs]
    assert [process.returncode for process in runs] == [0] * WRITERS
    cached = [
        int(number) for text in said for number in re.findall(r"(\d+) of 4 were in the cache already", text)
    ]
    assert sum(cached) == (WRITERS - 1) * len(recordings), said
    assert_equal(kept(f"{s3}/together"), expected)
    store = ObjectStore(f"{s3}/together")
    assert list(store.files("unfinished")) == []
    assert list(store.abandoned("", -1)) == []


@pytest.mark.slow
@pytest.mark.timeout(120 + 60 * KILLS)
def test_killed_at_random_moments_and_finished_equals_uninterrupted(s3, make_wav):
    recordings = [make_wav(f"{i}.wav", seconds=200, seed=i) for i in range(2)]
    begun = time.monotonic()
    expected = embed(f"{s3}/whole", *recordings)
    seconds = time.monotonic() - begun
    assert len(expected) == len(recordings)
    moments = random.Random(KILLS)  # noqa: S311 - any moments do
    interrupted = in_the_middle = 0
    for number in range(3 * KILLS):
        url = f"{s3}/{number}"
        store = ObjectStore(url)
        process = subprocess.Popen(command(url, *recordings), stdout=-3, stderr=-3)
        deadline = time.monotonic() + 60
        while not store._objects.listed("") and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(moments.uniform(0, 0.6 * seconds))
        process.send_signal(signal.SIGKILL)
        if process.wait(timeout=60) == -signal.SIGKILL:
            interrupted += 1
        else:  # it was quicker: other work on the machine comes and goes
            seconds *= 0.7
        left = kept(url)  # whatever is there is whole: reading anything else would raise
        assert_equal(left, {name: expected[name] for name in left})
        in_the_middle += bool(store._objects.listed("unfinished"))
        assert_equal(embed(url, *recordings), expected)
        claims = {stored.name for stored in store._objects.listed("unfinished") if is_claim(stored.name)}
        wait_until_void(ObjectStore(url, expiry=EXPIRY), claims)
        if interrupted == KILLS:
            break
    print(f"{interrupted} of {KILLS} killed, {in_the_middle} with claims or blocks left")  # noqa: T201 - for who asks by -s
    assert interrupted == KILLS
    assert in_the_middle >= KILLS / 4
