"""Where embeddings are kept: what changes the key, what keeps it, and 8-cut's own files."""

import hashlib
import os
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audioscan_host.cache import BusyError, Cache, Provenance, default_folder
from audioscan_host.cache import file as cache_file
from audioscan_host.cache.file import Embeddings
from audioscan_host.errors import CacheError
from audioscan_host.models.weights import LocalWeights
from audioscan_host.recordings import Recording
from audioscan_host.windows import Windowing


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture
def model(tiny_plugin):
    return tiny_plugin.models[0]


def folder(cache, name=""):
    """Where the files of a cache lie."""
    return Path(cache.store.location(name))


def entry_of(cache, path, model, windowing=None):
    return cache.entry(Provenance(Recording.at(path), model), windowing or Windowing())


def test_a_renamed_recording_keeps_its_key_and_an_edited_one_does_not(cache, model, make_wav):
    path = make_wav()
    before = entry_of(cache, path, model).name
    renamed = path.rename(path.with_name("other.wav"))
    assert entry_of(cache, renamed, model).name == before

    with renamed.open("r+b") as file:
        file.seek(1000)
        file.write(b"edited")
    assert entry_of(cache, renamed, model).name != before


def test_a_copy_with_its_times_shares_the_entry(cache, model, make_wav, tmp_path):
    path = make_wav()
    copy = Path(shutil.copy2(path, tmp_path / "copy.wav"))
    assert entry_of(cache, copy, model).name == entry_of(cache, path, model).name


def test_whatever_changes_the_numbers_changes_the_key(cache, model, make_wav, monkeypatch):
    path = make_wav()
    other_weights = replace(model.checkpoint, revision="2")
    entries = [
        entry_of(cache, path, model),
        entry_of(cache, path, model, Windowing(window=4.0)),
        entry_of(cache, path, model, Windowing(hop=0.5)),
        entry_of(cache, path, replace(model, revision=2)),
        entry_of(cache, path, replace(model, name="OTHER")),
        entry_of(cache, path, replace(model, layers=(1,))),
        entry_of(cache, path, replace(model, pooling="mean+std", dim=4)),
        entry_of(cache, path, replace(model, checkpoint=other_weights)),
        cache.entry(Provenance(Recording.at(path), model, "bf16"), Windowing()),
        cache.entry(Provenance(Recording.at(path), model, "fp16"), Windowing()),
    ]
    monkeypatch.setattr("audioscan_host.cache.keys.PIPELINE_REVISION", 999)
    entries.append(entry_of(cache, path, model))
    assert len({entry.name for entry in entries}) == len(entries)
    assert all(len(entry.key) == 64 for entry in entries)


def test_the_folder_is_the_given_one_else_the_environments_else_the_current_ones(tmp_path, monkeypatch):
    assert Cache(tmp_path / "given").store.location() == str(tmp_path / "given")
    assert Cache(str(tmp_path / "given")).store.location() == str(tmp_path / "given")
    monkeypatch.setenv("AUDIOSCAN_CACHE", str(tmp_path / "environment"))
    assert default_folder() == tmp_path / "environment"
    monkeypatch.delenv("AUDIOSCAN_CACHE")
    monkeypatch.chdir(tmp_path)
    assert "audioscan-host" in str(default_folder())
    (tmp_path / "cache").mkdir()
    assert default_folder() == Path("cache")


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CacheError, match="cannot be made: Not a directory"):
        Cache(tmp_path / "file" / "cache")


def test_a_damaged_file_is_set_aside_with_a_warning(cache, model, make_wav, caplog):
    entry = entry_of(cache, make_wav(), model)
    path = folder(cache, entry.name)
    path.parent.mkdir()
    path.write_bytes(b"PK damaged")
    assert entry.read() is None
    assert not path.exists()
    assert path.with_suffix(".npz.damaged").read_bytes() == b"PK damaged"
    assert "computed again" in caplog.text


def test_blocks_become_the_finished_file_and_then_go(cache, model, make_wav):
    entry = entry_of(cache, make_wav(), model)
    vectors = np.arange(8, dtype=np.float32).reshape(4, 2)
    first = np.array([0.0, 1.0])
    assert not entry.blocks_left
    assert entry.block(0, first) is None
    entry.add_block(0, Embeddings(first, vectors[:2]))
    entry.add_block(1, Embeddings(np.array([2.0, 3.0]), vectors[2:]))
    assert entry.blocks_left == {entry.block_name(0), entry.block_name(1)}
    np.testing.assert_array_equal(entry.block(0, first).vectors, vectors[:2])
    assert entry.block(0, np.array([0.0, 1.0, 2.0])) is None, "a block of other windows"
    assert entry.read() is None

    entry.finish(Embeddings(np.arange(4.0), vectors, {"duration": 11.0}))

    np.testing.assert_array_equal(entry.read().vectors, vectors)
    np.testing.assert_array_equal(entry.read().times, [0, 1, 2, 3])
    assert list(folder(cache, "unfinished").iterdir()) == []


def test_a_damaged_block_counts_as_not_finished(cache, model, make_wav):
    entry = entry_of(cache, make_wav(), model)
    blocks = folder(cache, entry.blocks)
    blocks.mkdir(parents=True)
    (blocks / "000000.npz").write_bytes(b"half")
    assert entry.block(0, np.array([0.0])) is None


def test_one_process_claims_a_recording_at_a_time(cache, model, make_wav):
    recording = Recording.at(make_wav())
    with cache.claim(recording, model.checkpoint, Windowing(), wait=False):
        refused = []

        def other():
            try:
                with Cache(folder(cache)).claim(recording, model.checkpoint, Windowing(), wait=False):
                    pass
            except BusyError:
                refused.append(True)

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert refused == [True]
    assert list(folder(cache, "unfinished").iterdir()) == []


def test_a_pass_in_another_precision_is_claimed_by_itself(cache, model, make_wav):
    recording = Recording.at(make_wav())
    passes = [(recording, model.checkpoint, Windowing(), precision) for precision in ("fp32", "bf16")]
    with (
        cache.claim(*passes[0], wait=False),
        cache.claim(*passes[1], wait=False),
        pytest.raises(BusyError),
        cache.claim(*passes[0], wait=False),
    ):
        pass
    assert list(folder(cache, "unfinished").iterdir()) == []


def test_where_weights_lie_is_not_in_the_key_and_what_pins_them_is(cache, model, make_wav, tmp_path):
    path = make_wav()

    def entry_with(revision, file):
        checkpoint = replace(model.checkpoint, revision=revision, weights=LocalWeights(file, (file,)))
        return entry_of(cache, path, replace(model, checkpoint=replace(checkpoint, source=str(file))))

    here, there = entry_with("sha256:1", tmp_path / "a.pt"), entry_with("sha256:1", tmp_path / "b.pt")
    assert here.name == there.name
    assert entry_with("sha256:2", tmp_path / "a.pt").name != here.name


class TestSilence:
    """The silence of a recording: one small file, whatever the model."""

    SPANS = np.array([[0.0, 1.5], [20.0, 3600.25]])

    @pytest.fixture
    def file(self, cache, make_wav):
        return cache.silence_of(Recording.at(make_wav()))

    @pytest.mark.parametrize("spans", [SPANS, np.zeros((0, 2))])
    def test_what_is_kept_is_found_again_and_readable_by_numpy(self, cache, file, spans):
        assert file.read() is None
        file.write(spans)
        np.testing.assert_array_equal(file.read(), spans)
        assert file.read().shape == spans.shape
        with np.load(folder(cache, file.name), allow_pickle=False) as archive:
            np.testing.assert_array_equal(archive["spans"], spans)

    def test_the_key_is_of_the_recording_and_the_arithmetic(self, cache, make_wav, monkeypatch):
        path = make_wav()
        before = cache.silence_of(Recording.at(path)).name
        assert before.startswith("silence/")
        assert len(before) == len("silence/.npz") + 64
        renamed = path.rename(path.with_name("other.wav"))
        assert cache.silence_of(Recording.at(renamed)).name == before
        assert cache.silence_of(Recording.at(make_wav("third.wav", seed=1))).name != before
        monkeypatch.setattr("audioscan_host.cache.keys.SILENCE_REVISION", 999)
        assert cache.silence_of(Recording.at(renamed)).name != before

    @pytest.mark.parametrize(
        "spans",
        [
            np.array([[1.0, 0.5]]),
            np.array([[1.0, 2.0], [1.5, 3.0]]),
            np.array([[-1.0, 2.0]]),
            np.array([[1.0, np.nan]]),
            np.array([[1.0, 2.0, 3.0]]),
            np.array([1.0, 2.0]),
            np.array([[1.0, 2.0]], np.float32),
        ],
    )
    def test_what_are_no_spans_is_set_aside_and_found_again(self, cache, file, spans, caplog):
        file.write(spans)
        assert file.read() is None
        assert not file.exists
        assert folder(cache, f"{file.name}.damaged").exists()
        assert "damaged" in caplog.text
        assert "found again" in caplog.text

    def test_a_changed_byte_is_noticed_or_harmless(self, cache, file):
        file.write(self.SPANS)
        path = folder(cache, file.name)
        sound = path.read_bytes()
        begin = sound.index(self.SPANS.tobytes())
        for position in range(begin, begin + self.SPANS.nbytes):
            path.write_bytes(sound[:position] + bytes([sound[position] ^ 1]) + sound[position + 1 :])
            assert file.read() is None

    def test_a_write_that_fails_is_a_warning(self, cache, file, caplog):
        folder(cache, "silence").write_text("a file where the folder should be")
        file.write(self.SPANS)
        assert "cannot be written" in caplog.text
        assert f"the silence of {file.recording} is not kept" in caplog.text
        assert file.read() is None


class TestFilesOfEightCut:
    """`sha256(f"{abspath}|{mtime}|{hop}|{window}|{model}")[:16].npz`, read and never touched."""

    @pytest.fixture
    def model(self, make_plugin):
        return make_plugin("HUBERT_BASE", revision="torchaudio-1").models[0]

    @pytest.fixture
    def path(self, make_wav):
        return make_wav()

    def write(self, cache, path, model="HUBERT_BASE", hop=1.0, window=8.0, **arrays):
        mtime = os.path.getmtime(path)  # noqa: PTH204 - as 8-cut spells it
        text = f"{os.path.abspath(path)}|{mtime}|{hop}|{window}|{model}"  # noqa: PTH100
        file = folder(cache, "w2v") / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.npz"
        file.parent.mkdir(exist_ok=True)
        np.savez(file, **arrays)
        return file

    def test_it_is_read_as_it_is(self, cache, model, path):
        times, vectors = np.arange(13.0), np.random.default_rng(1).random((13, 2)).astype(np.float32)
        file = self.write(cache, path, timestamps=times, embeddings=vectors)
        before = file.read_bytes()
        entry = entry_of(cache, path, model)
        assert folder(cache, entry.found.name) == file
        np.testing.assert_array_equal(entry.read().vectors, vectors)
        np.testing.assert_array_equal(entry.read().times, times)
        assert file.read_bytes() == before

    def test_an_integer_hop_and_window_mean_the_same(self, cache, model, path):
        file = self.write(cache, path, timestamps=np.zeros(1), embeddings=np.zeros((1, 2), np.float32))
        assert folder(cache, entry_of(cache, path, model, Windowing(8, 1)).found.name) == file

    def test_it_is_not_read_for_other_windows_or_for_a_model_that_is_not_the_same(
        self, cache, model, path, tiny_plugin
    ):
        self.write(cache, path, timestamps=np.zeros(1), embeddings=np.zeros((1, 2), np.float32))
        self.write(cache, path, model="TINY", timestamps=np.zeros(1), embeddings=np.zeros((1, 2), np.float32))
        assert entry_of(cache, path, model, Windowing(hop=0.5)).read() is None
        assert entry_of(cache, path, tiny_plugin.models[0]).read() is None

    def test_a_damaged_one_stays_and_is_computed_anew(self, cache, model, path, caplog):
        file = self.write(cache, path, timestamps=np.zeros(1), embeddings=np.zeros((1, 2), np.float32))
        file.write_bytes(b"damaged")
        entry = entry_of(cache, path, model)
        assert entry.read() is None
        assert file.read_bytes() == b"damaged"
        assert "left as it is" in caplog.text

    def test_the_hosts_own_file_goes_first(self, cache, model, path):
        self.write(cache, path, timestamps=np.zeros(1), embeddings=np.zeros((1, 2), np.float32))
        entry = entry_of(cache, path, model)
        cache_file.write(cache.store, entry.name, Embeddings(np.zeros(1), np.ones((1, 2), np.float32)))
        assert entry.read().vectors.tolist() == [[1, 1]]
