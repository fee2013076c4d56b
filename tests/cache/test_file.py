"""Files of embeddings: whole or not there, and believed only after they were checked."""

import io
import os
import tracemalloc
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from audioscan_host.cache import file as cache_file
from audioscan_host.cache.file import Embeddings
from audioscan_host.cache.local_folder import LocalFolder
from audioscan_host.errors import CacheError


@pytest.fixture
def store(tmp_path):
    return LocalFolder(tmp_path)


@pytest.fixture
def embeddings():
    rng = np.random.default_rng(0)
    return Embeddings(np.arange(50.0), rng.standard_normal((50, 7)).astype(np.float32))


def test_what_is_written_is_what_numpy_itself_reads(store, tmp_path, embeddings):
    path = tmp_path / "new folder" / "a.npz"
    cache_file.write(store, "new folder/a.npz", replace(embeddings, meta={"model": "MEL", "duration": 57.5}))

    with np.load(path, allow_pickle=False) as archive:
        assert sorted(archive.files) == ["embeddings", "meta", "timestamps"]
        np.testing.assert_array_equal(archive["embeddings"], embeddings.vectors)
        np.testing.assert_array_equal(archive["timestamps"], embeddings.times)
        assert archive["timestamps"].dtype == np.float64
        assert archive["embeddings"].dtype == np.float32
        assert archive["meta"].item() == '{"duration": 57.5, "model": "MEL"}'


def test_what_numpy_wrote_is_read(store, tmp_path, embeddings):
    for name, save in {"plain": np.savez, "compressed": np.savez_compressed}.items():
        path = tmp_path / f"{name}.npz"
        save(path, timestamps=embeddings.times, embeddings=embeddings.vectors)
        found = cache_file.read(store, path.name, dim=7)
        np.testing.assert_array_equal(found.vectors, embeddings.vectors)
        assert found.meta == {}


def test_describe_reads_windows_and_meta(store, tmp_path, embeddings):
    cache_file.write(store, "a.npz", replace(embeddings, meta={"model": "MEL"}))
    assert cache_file.describe(store, "a.npz") == (50, {"model": "MEL"})


def test_reading_holds_the_vectors_once(store, tmp_path):
    path = tmp_path / "a.npz"
    vectors = np.random.default_rng(0).random((4000, 1024), np.float32)
    cache_file.write(store, path.name, Embeddings(np.arange(4000.0), vectors))
    tracemalloc.start()
    found = cache_file.read(store, path.name)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_array_equal(found.vectors, vectors)
    assert peak < 1.3 * vectors.nbytes


def test_every_changed_byte_is_noticed_or_harmless(store, tmp_path, embeddings):
    path = tmp_path / "a.npz"
    cache_file.write(store, path.name, replace(embeddings, meta={"model": "MEL"}))
    sound = path.read_bytes()
    noticed = 0
    for position in range(0, len(sound), 13):
        path.write_bytes(sound[:position] + bytes([sound[position] ^ 0xFF]) + sound[position + 1 :])
        try:
            found = cache_file.read(store, path.name, dim=7)
        except CacheError:
            noticed += 1
        else:  # a date or an attribute of the zip: the numbers are what they were
            np.testing.assert_array_equal(found.vectors, embeddings.vectors)
            np.testing.assert_array_equal(found.times, embeddings.times)
    assert noticed > len(sound) / 13 * 0.8


@pytest.mark.parametrize("kept", [0, 10, 200, 1000, -1])
def test_a_file_that_is_cut_short_is_refused(store, tmp_path, embeddings, kept):
    path = tmp_path / "a.npz"
    cache_file.write(store, path.name, embeddings)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(CacheError, match="damaged"):
        cache_file.read(store, path.name)


def test_a_header_that_claims_terabytes_is_refused_before_memory_is_taken(store, tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f4", "fortran_order": False, "shape": (10**9, 1000)}
    )
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("timestamps.npy", header.getvalue())
        archive.writestr("embeddings.npy", header.getvalue())
    with pytest.raises(CacheError, match="declares"):
        cache_file.read(store, path.name)


def test_a_zip_bomb_is_refused(store, tmp_path):
    path = tmp_path / "bomb.npz"
    zeros = np.zeros((100_000, 50), np.float32)
    np.savez_compressed(path, timestamps=np.zeros(100_000), embeddings=zeros)
    with pytest.raises(CacheError, match="claims"):
        cache_file.read(store, path.name)


def test_a_pickle_is_refused_and_not_run(store, tmp_path):
    path = tmp_path / "pickle.npz"
    np.savez(path, timestamps=np.zeros(1), embeddings=np.array([[print]], dtype=object))
    with pytest.raises(CacheError, match="damaged"):
        cache_file.read(store, path.name)


def test_another_dimension_or_number_of_windows_is_refused(store, tmp_path, embeddings):
    path = tmp_path / "a.npz"
    cache_file.write(store, path.name, embeddings)
    with pytest.raises(CacheError, match=r"expected \(windows, 8\)"):
        cache_file.read(store, path.name, dim=8)
    np.savez(path, timestamps=np.zeros(3), embeddings=np.zeros((4, 7), np.float32))
    with pytest.raises(CacheError, match="3 windows"):
        cache_file.read(store, path.name)
    np.savez(path, timestamps=np.zeros(0), embeddings=np.zeros((0, 7), np.float32))
    with pytest.raises(CacheError, match="0 windows"):
        cache_file.read(store, path.name)


def test_a_write_that_fails_leaves_neither_the_file_nor_a_temporary_one(store, embeddings, monkeypatch):
    def fail(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("audioscan_host.cache.file.write_meta", fail)
    with pytest.raises(CacheError, match="cannot be written: Input/output error"):
        cache_file.write(store, "out/a.npz", embeddings)
    assert list((store.root / "out").iterdir()) == []


def test_an_earlier_file_survives_a_write_that_fails(store, tmp_path, embeddings, monkeypatch):
    path = tmp_path / "a.npz"
    cache_file.write(store, path.name, replace(embeddings, meta={"first": True}))

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CacheError, match="cannot be written: No space left"):
        cache_file.write(store, path.name, replace(embeddings, meta={"second": True}))
    assert cache_file.read(store, path.name).meta == {"first": True}
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]
