"""`cache info`, `cache verify`, `cache prune`: what they count, find and remove."""

import os
import time
from pathlib import Path

import filelock
import numpy as np
import pytest

from audioscan_host.cache import Cache, upkeep
from audioscan_host.cache import file as cache_file
from audioscan_host.cache.file import Embeddings
from audioscan_host.cache.silence_file import SilenceFile

DAY = 86_400


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


def folder(cache, name=""):
    """Where the files of a cache lie."""
    return Path(cache.store.location(name))


def add(cache, letter, model="MEL", windows=5, recording="/nowhere.wav"):
    name = f"w2v/{letter * 64}.npz"
    vectors = np.random.default_rng(0).random((windows, 3)).astype(np.float32)
    meta = {"model": model, "recording": str(recording)}
    cache_file.write(cache.store, name, Embeddings(np.arange(float(windows)), vectors, meta))
    return folder(cache, name)


def add_silence(cache, letter, recording="/nowhere.wav"):
    file = SilenceFile(cache.store, f"silence/{letter * 64}.npz", Path(recording))
    file.write(np.array([[1.0, 2.0]]))
    return folder(cache, file.name)


def add_eight_cut(cache):
    path = folder(cache, "w2v/0123456789abcdef.npz")
    path.parent.mkdir(exist_ok=True)
    np.savez(path, timestamps=np.zeros(2), embeddings=np.ones((2, 3), np.float32))
    return path


def make_older(path, days):
    when = time.time() - days * DAY
    os.utime(path, (when, when))


def test_info_counts_by_model(cache):
    files = [add(cache, "a"), add(cache, "b", windows=7), add(cache, "c", model="AST"), add_eight_cut(cache)]
    files += [add_silence(cache, "a"), add_silence(cache, "b")]
    files.append(folder(cache, "unfinished/d/000000.npz"))
    files[-1].parent.mkdir(parents=True)
    files[-1].write_bytes(b"block")
    (folder(cache) / "w2v" / "x.npz.damaged").write_bytes(b"x")
    found = upkeep.info(cache)
    assert [(s.model, s.recordings, s.windows) for s in found.models] == [("AST", 1, 5), ("MEL", 2, 12)]
    assert found.silence == 2
    assert (found.eight_cut, found.unfinished, found.leftovers) == (1, 1, 1)
    assert found.size == sum(file.stat().st_size for file in files) + 1


def test_verify_finds_damage_and_sets_it_aside_but_leaves_eight_cuts_file(cache):
    sound, damaged, foreign = add(cache, "a"), add(cache, "b"), add_eight_cut(cache)
    for path in (damaged, foreign):
        content = bytearray(path.read_bytes())
        content[content.index(b"embeddings.npy") + 170] ^= 0xFF  # among the vectors
        path.write_bytes(content)
    count, sentences = upkeep.verify(cache)
    assert count == 3
    assert [damaged.name in s or foreign.name in s for s in sentences] == [True, True]
    assert sound.exists()
    assert foreign.exists()
    assert not damaged.exists()
    assert damaged.with_suffix(".npz.damaged").exists()


def test_verify_reads_the_files_of_silence_too(cache):
    sound, damaged = add_silence(cache, "a"), add_silence(cache, "b")
    content = damaged.read_bytes()
    damaged.write_bytes(content.replace(np.float64(2.0).tobytes(), np.float64(0.5).tobytes()))
    count, (sentence,) = upkeep.verify(cache)
    assert count == 2
    assert damaged.name in sentence
    assert sound.exists()
    assert not damaged.exists()
    assert damaged.with_suffix(".npz.damaged").exists()
    assert upkeep.prune(cache).locations == (str(damaged.with_suffix(".npz.damaged")),)


def test_prune_takes_the_silence_of_recordings_that_are_gone_and_of_no_model(cache, make_wav):
    there, gone, old = (
        add_silence(cache, "a", make_wav()),
        add_silence(cache, "b"),
        add_silence(cache, "c", make_wav()),
    )
    temporary = folder(cache) / "silence" / ".x.npz.tmp"
    temporary.write_bytes(b"x")
    make_older(temporary, 2)
    make_older(old, 40)
    assert upkeep.prune(cache, models=["MEL", "None"]).locations == (str(temporary),)
    assert upkeep.prune(cache, missing=True).locations == (str(gone),)
    assert upkeep.prune(cache, older_than=30).locations == (str(old),)
    assert there.exists()


def test_prune_removes_what_no_run_will_use_and_nothing_else(cache):
    kept = [add(cache, "a"), add_eight_cut(cache)]
    aside = folder(cache) / "w2v" / "x.npz.damaged"
    old_temporary, young_temporary = (
        folder(cache) / "w2v" / ".old.npz.tmp",
        folder(cache) / "w2v" / ".young.npz.tmp",
    )
    abandoned, waiting = folder(cache) / "unfinished" / "old", folder(cache) / "unfinished" / "young"
    for path in (aside, old_temporary, young_temporary):
        path.write_bytes(b"x")
    for path in (abandoned, waiting):
        path.mkdir(parents=True)
        (path / "000000.npz").write_bytes(b"x")
    make_older(old_temporary, 2)
    make_older(abandoned / "000000.npz", 8)

    would = upkeep.prune(cache, dry_run=True)
    assert aside.exists()
    pruned = upkeep.prune(cache)

    assert set(pruned.locations) == set(would.locations) == set(map(str, [aside, old_temporary, abandoned]))
    assert pruned.size == 3
    assert not any(Path(location).exists() for location in pruned.locations)
    assert all(path.exists() for path in [*kept, young_temporary, waiting])


def test_prune_takes_models_ages_and_recordings_that_are_gone(cache, make_wav):
    there = make_wav()
    kept = add(cache, "a", recording=there)
    gone, other, old = (
        add(cache, "b"),
        add(cache, "c", "AST", recording=there),
        add(cache, "d", recording=there),
    )
    foreign = add_eight_cut(cache)
    make_older(old, 40)
    make_older(foreign, 400)
    assert upkeep.prune(cache, models=["AST"]).locations == (str(other),)
    assert upkeep.prune(cache, missing=True).locations == (str(gone),)
    assert upkeep.prune(cache, older_than=30).locations == (str(old),)
    assert kept.exists()
    assert foreign.exists()


def test_prune_leaves_the_lock_of_a_running_process(cache):
    held, free = folder(cache) / "unfinished" / "held.lock", folder(cache) / "unfinished" / "free.lock"
    free.parent.mkdir()
    free.write_text("")
    with filelock.FileLock(held):
        for path in (held, free):
            make_older(path, 30)
        assert upkeep.prune(cache).locations == (str(free),)
    assert held.exists()
