"""What goes wrong with one file of the cache, or with the folder under a run, costs that one; what is not whole is never read."""

import errno
import os
import shutil
import time
import zipfile
from contextlib import contextmanager

import filelock
import numpy as np
import pytest

from audioscan_host.cache import Cache, Provenance, upkeep
from audioscan_host.cache import file as cache_file
from audioscan_host.cache.file import Embeddings
from audioscan_host.cache.local_folder import LocalFolder
from audioscan_host.embedding.embedded_recording import EmbeddedRecording
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.embedding.tasks import RecordingFailure
from audioscan_host.errors import CacheError
from audioscan_host.plugins.registry import load_registry
from audioscan_host.recordings import Recording
from audioscan_host.windows import Windowing

OWN = f"w2v/{'0123456789abcdef' * 4}.npz"
META = {"model": "MEL", "duration": 7.0}
FLAGS = 8  # bytes from where an entry of a zip's directory begins to its flags; bit 0 says "encrypted"


@pytest.fixture
def embeddings():
    return Embeddings(np.arange(3.0), np.random.default_rng(0).random((3, 2), np.float32), META)


@pytest.fixture
def embedder(tiny_registry, tmp_path):
    model = tiny_registry.model("TINY")
    return Embedder(tiny_registry, [model], Windowing(), Cache(tmp_path / "cache"), block_seconds=4.0)


def finished(tmp_path):
    return sorted((tmp_path / "cache" / "w2v").glob("*.npz"))


class TestOneFile:
    @pytest.mark.slow
    @pytest.mark.parametrize("mask", [0x01, 0x80, 0xFF])
    def test_whichever_byte_is_changed_all_is_read_as_it_was_or_nothing(self, tmp_path, embeddings, mask):
        store = LocalFolder(tmp_path)
        cache_file.write(store, OWN, embeddings)
        path = tmp_path / OWN
        sound = path.read_bytes()
        for position in range(len(sound)):
            path.write_bytes(sound[:position] + bytes([sound[position] ^ mask]) + sound[position + 1 :])
            try:
                found = cache_file.read(store, OWN, dim=2)
            except CacheError:
                continue
            np.testing.assert_array_equal(found.vectors, embeddings.vectors)
            np.testing.assert_array_equal(found.times, embeddings.times)
            assert found.meta == META, position

    def test_a_list_of_members_that_ends_early_is_damage(self, tmp_path, embeddings):
        store = LocalFolder(tmp_path)
        cache_file.write(store, OWN, embeddings)
        with zipfile.ZipFile(tmp_path / OWN, "a") as archive:
            archive.filelist = [each for each in archive.filelist if each.filename != "meta.npy"]
            archive._didModify = True
        with pytest.raises(CacheError, match=r"damaged: .*meta\.npy"):
            cache_file.read(store, OWN)
        with pytest.raises(CacheError, match="damaged"):
            cache_file.describe(store, OWN)

    def test_a_file_of_an_earlier_version_stays_valid(self, tmp_path, embeddings):
        (tmp_path / "w2v").mkdir()
        meta = np.array('{"duration": 7.0, "model": "MEL"}')
        np.savez(tmp_path / OWN, timestamps=embeddings.times, embeddings=embeddings.vectors, meta=meta)
        assert cache_file.read(LocalFolder(tmp_path), OWN).meta == META

    def test_a_bit_that_says_encrypted_is_damage_for_every_command(self, embedder, make_wav, tmp_path, run):
        recording = make_wav()
        before = embedder.embed(recording).embeddings["TINY"].vectors
        (path,) = finished(tmp_path)
        content = bytearray(path.read_bytes())
        content[content.index(b"PK\1\2") + FLAGS] |= 1
        for command in (["info"], ["prune", "--dry-run"]):
            path.write_bytes(content)
            run("cache", *command, "--cache-dir", tmp_path / "cache")
        assert "encrypted" in run("cache", "verify", "--cache-dir", tmp_path / "cache", expect=1).stderr
        assert path.with_suffix(".npz.damaged").exists()
        path.write_bytes(content)
        again = embedder.embed(recording)
        assert again.computed == {"TINY"}
        np.testing.assert_array_equal(again.embeddings["TINY"].vectors, before)


class TestFolderThatIsDeleted:
    @pytest.fixture
    def deleted(self, monkeypatch, tmp_path):
        """Delete a folder of the cache at the n-th time that a file is put into its place."""

        def arrange(folder, times):
            left = iter(range(times))

            def and_gone(self, target):
                if next(left, None) is not None:
                    shutil.rmtree(tmp_path / "cache" / folder, ignore_errors=True)
                os.replace(self, target)  # noqa: PTH105 - it is what stands in for Path's own

            monkeypatch.setattr("pathlib.Path.replace", and_gone)

        return arrange

    def test_a_run_goes_on_to_the_same_embeddings(self, embedder, make_wav, deleted, tmp_path, caplog):
        recording = make_wav()
        expected = embedder.embed(recording).embeddings["TINY"].vectors
        for number, folder in enumerate(("", "unfinished"), start=1):
            shutil.rmtree(tmp_path / "cache")
            deleted(folder, 1)
            found = embedder.embed(recording)
            np.testing.assert_array_equal(found.embeddings["TINY"].vectors, expected)
            assert caplog.text.count("the folder is made anew") == number
            assert len(finished(tmp_path)) == 1

    def test_where_it_is_deleted_again_and_again_each_recording_says_so(self, embedder, make_wav, deleted):
        deleted("", 1000)
        recordings = [make_wav(f"{i}.wav", seed=i) for i in range(2)]
        results = list(embedder.embed_each(recordings))
        assert [type(each) for each in results] == [RecordingFailure] * 2
        for result, recording in zip(results, recordings, strict=True):
            assert result.reason.startswith(f"{recording}: ")
            assert result.reason.endswith("cannot be written: No such file or directory")


def test_without_locks_work_goes_on_and_that_is_told_once(embedder, make_wav, monkeypatch, caplog):
    def acquire(self):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(filelock.FileLock, "acquire", acquire)
    results = list(embedder.embed_each([make_wav(f"{i}.wav", seed=i) for i in range(3)]))
    assert [type(each) for each in results] == [EmbeddedRecording] * 3
    assert caplog.text.count("its file system knows no locks") == 1


class TestReadOnly:
    @pytest.fixture
    def read_only(self, monkeypatch, tmp_path):
        """Nothing can be written to the cache any more, for whoever runs the tests."""

        @contextmanager
        def refused(*_arguments, **_facts):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
            yield

        def arrange():
            for name in ("atomic_write", "held"):
                monkeypatch.setattr(f"audioscan_host.cache.local_folder.{name}", refused)
            monkeypatch.setattr(LocalFolder, "rename", lambda *_: os.replace("/nowhere", "/nowhere/else"))  # noqa: PTH105
            monkeypatch.setattr(os, "access", lambda _path, mode: not mode & os.W_OK)

        return arrange

    def test_what_is_complete_is_read_and_only_what_is_lacking_fails_in_one_line(
        self, embedder, make_wav, read_only, tmp_path
    ):
        kept, lacking = make_wav("kept.wav"), make_wav("lacking.wav", seed=1)
        before = embedder.embed(kept).embeddings["TINY"].vectors
        read_only()
        failed, found = sorted(
            embedder.embed_each([lacking, kept]), key=lambda each: str(type(each)), reverse=True
        )
        np.testing.assert_array_equal(found.embeddings["TINY"].vectors, before)
        assert failed.reason == (
            f"{lacking}: cache folder {tmp_path / 'cache'}: cannot be written to: Read-only file system; "
            "name another: --cache-dir"
        )

    def test_info_and_verify_work_and_a_damaged_file_is_left(
        self, embedder, make_wav, read_only, tmp_path, run
    ):
        embedder.embed(make_wav())
        (path,) = finished(tmp_path)
        read_only()
        where = ("--cache-dir", tmp_path / "cache")
        assert "TINY" in run("cache", "info", *where).stdout
        assert "0 damaged" in run("cache", "verify", *where).stdout
        path.write_bytes(path.read_bytes()[:-1])
        assert "1 damaged" in run("cache", "verify", *where, expect=1).stdout
        assert path.exists()

    def test_what_cannot_be_removed_is_one_line(self, tmp_path, monkeypatch):
        cache = Cache(tmp_path)
        (tmp_path / "w2v").mkdir()
        (tmp_path / "w2v" / "x.npz.damaged").write_bytes(b"x")

        def refused(*_):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))

        monkeypatch.setattr(LocalFolder, "remove", refused)
        with pytest.raises(CacheError, match=r"damaged: cannot be removed: Read-only file system$"):
            upkeep.prune(cache)


class TestLitter:
    def test_recordings_that_cannot_be_read_leave_no_lock(self, embedder, tmp_path):
        for i in range(3):
            (tmp_path / f"{i}.wav").write_bytes(b"no audio %d" % i)
        results = list(embedder.embed_each(sorted(tmp_path.glob("*.wav"))))
        assert [type(each) for each in results] == [RecordingFailure] * 3
        assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []

    def test_what_is_being_written_says_what_it_is_however_long_the_name_is(self, tmp_path):
        from audioscan_host.atomic_write import atomic_write

        for name in ("found.csv", "n" * 255, "ń" * 127):
            with atomic_write(tmp_path / name) as file:
                file.write(b"half")
                (temporary,) = tmp_path.glob("*.tmp")
                assert temporary.name.startswith(f"{name[:20]}.unfinished-")
                assert len(os.fsencode(temporary.name)) <= 143  # as much as encrypted folders take
            assert (tmp_path / name).read_bytes() == b"half"
            assert list(tmp_path.glob("*.tmp")) == []

    def test_a_label_folder_is_read_without_what_is_unfinished(self, tmp_path):
        from audioscan_host.annotations.reading import files_of

        (tmp_path / "found.csv").write_text("file,start,end,label\n")
        (tmp_path / "found.csv.unfinished-0123.tmp").write_text("file,sta")
        assert files_of(tmp_path) == [tmp_path / "found.csv"]


@pytest.mark.slow
def test_what_is_kept_of_a_minute_is_looked_up_and_read_within_a_millisecond_and_a_half(tmp_path, make_wav):
    """CPU time of the whole look-up: the recording's identity, its embeddings, its silence."""
    path, cache = make_wav(seconds=60), Cache(tmp_path / "cache")
    model = load_registry().model("MEL")
    embedder = Embedder(load_registry(), [model], Windowing(), cache)
    embedder.embed(path)
    taken = []
    for _ in range(300):
        begun = time.process_time()
        recording = Recording.at(path)
        found = cache.entry(Provenance(recording, model), Windowing()).read()
        spans = cache.silence_of(recording).read()
        taken.append(time.process_time() - begun)
    assert found.vectors.shape == (53, 256)
    assert spans.shape == (0, 2)
    assert np.median(taken) < 0.0015
