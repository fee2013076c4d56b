"""The cache behind a URL: what every store promises, on a server that speaks S3 and in memory, and what it costs."""

import multiprocessing
import os
import pickle
import sys

import fsspec
import fsspec.config
import numpy as np
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from audioscan_host.cache import Cache, default_folder, upkeep
from audioscan_host.cache import file as cache_file
from audioscan_host.cache.file import Embeddings
from audioscan_host.cache.local_folder import LocalFolder
from audioscan_host.cache.object_store import ObjectStore
from audioscan_host.cache.ranged_file import FIRST
from audioscan_host.diagnosis.cache_folder import examine_cache
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.errors import CacheError, EmbeddingError, SettingError, StoreError
from audioscan_host.reading import Reading
from audioscan_host.testing.store import StoreTests
from audioscan_host.windows import Windowing

pytest.importorskip("s3fs")

OWN = f"w2v/{'0123456789abcdef' * 4}.npz"
META = {"model": "MEL", "window": 1.0, "hop": 1.0, "recording": "/a.wav"}


class TestInMemory(StoreTests):
    @pytest.fixture
    def store(self, tmp_path):
        return ObjectStore(f"memory://{tmp_path.name}/cache", expiry=3)


class WithoutSlash(MemoryFileSystem):
    """Lists by a prefix as Azure's library does, which takes the slash from the end of it."""

    protocol = "without-slash"
    store: dict = {}  # noqa: RUF012 - as the memory of fsspec has it
    pseudo_dirs = [""]  # noqa: RUF012

    @classmethod
    def _strip_protocol(cls, path):
        return super()._strip_protocol(path.replace("without-slash://", "memory://", 1))

    def find(self, path, prefix="", **options):
        found = super().find(path, **options)
        wanted = f"{path}/{prefix}".rstrip("/")
        return {name: facts for name, facts in found.items() if name.startswith(wanted)}


class TestWhereAFolderIsListedWithWhatBeginsAlike(StoreTests):
    @pytest.fixture
    def store(self, tmp_path):
        fsspec.register_implementation("without-slash", WithoutSlash, clobber=True)
        return ObjectStore(f"without-slash://{tmp_path.name}/cache", expiry=3)


class TestS3(StoreTests):
    @pytest.fixture
    def store(self, s3):
        return ObjectStore(f"{s3}/a folder/cache", expiry=3)


class TestAWholeBucket(StoreTests):
    @pytest.fixture
    def store(self, s3):
        return ObjectStore(s3, expiry=3)


def embeddings(windows=3, dim=4):
    vectors = np.random.default_rng(0).random((windows, dim), np.float32)
    return Embeddings(np.arange(float(windows)), vectors, META)


def write(store, name, content):
    with store.writing(name) as file:
        file.write(content)


def read(store, name):
    with store.reading(name) as file:
        return file.read()


def test_a_place_is_a_folder_or_a_url(s3, tmp_path, monkeypatch):
    for place, kind in (
        (f"{s3}/c", ObjectStore),
        (tmp_path / "c", LocalFolder),
        (f"file://{tmp_path}/d", LocalFolder),
    ):
        store = Cache(place).store
        assert isinstance(store, kind)
        assert store.location() == str(place).removeprefix("file://")
    monkeypatch.setenv("AUDIOSCAN_CACHE", f"{s3}/e")
    assert Cache().store.location() == Cache(default_folder()).store.location() == f"{s3}/e"


def test_a_store_is_the_same_after_it_was_sent_elsewhere(s3):
    store = ObjectStore(f"{s3}/c", expiry=7, patience=8)
    write(store, "a", b"x")
    sent = pickle.loads(pickle.dumps(store))  # noqa: S301 - its own
    assert (sent, sent.expiry, sent.patience, read(sent, "a")) == (store, 7, 8, b"x")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_process_that_was_forked_reaches_it_too(s3):
    store = ObjectStore(f"{s3}/c")
    write(store, "a", b"x")
    process = multiprocessing.get_context("fork").Process(target=write, args=(store, "b", b"y"))
    process.start()
    process.join(30)
    assert (process.exitcode, read(store, "b")) == (0, b"y")


def test_what_another_wrote_and_removed_is_seen_at_once(s3):
    one, other = ObjectStore(f"{s3}/c"), ObjectStore(f"{s3}/c")
    assert one.find("a") is None
    assert list(one.files("")) == []
    write(other, "a", b"x")
    assert one.find("a").size == 1
    assert [stored.name for stored in one.files("")] == ["a"]
    write(other, "a", b"longer")
    assert (one.find("a").size, read(one, "a")) == (6, b"longer")
    other.remove("a")
    assert one.find("a") is None
    assert list(one.files("")) == []


def test_an_empty_object_is_read(s3):
    store = ObjectStore(f"{s3}/c")
    write(store, "a", b"")
    assert read(store, "a") == b""


@pytest.mark.slow
def test_more_than_a_backend_sends_at_once_is_written_and_read(s3):
    store, content = ObjectStore(f"{s3}/c"), os.urandom(1 << 20) * 130
    write(store, "large", content)
    assert read(store, "large") == content
    with store.reading("large") as file:
        file.seek(-10, os.SEEK_END)
        assert file.read() == content[-10:]
        file.seek(5 << 20)
        assert file.read(7) == content[5 << 20 :][:7]


def test_a_large_file_that_is_written_anew_while_it_is_read_is_not_taken_for_damaged(s3, monkeypatch):
    store, before, after = ObjectStore(f"{s3}/c"), embeddings(9_000, 40), embeddings(10_000, 40)
    cache_file.write(store, OWN, before)
    fetch, fetched = type(store._objects).fetch, []

    def fetch_of_two(objects, name, start, end):
        content = fetch(objects, name, start, end)
        if not fetched:
            cache_file.write(store, OWN, after)
        fetched.append(start)
        return content

    monkeypatch.setattr(type(store._objects), "fetch", fetch_of_two)
    np.testing.assert_array_equal(cache_file.read(store, OWN).vectors, after.vectors)


@pytest.mark.parametrize("size", [0, 100, 60_000, 10_000_000])
def test_a_file_that_was_written_anew_since_it_was_listed_is_described_as_it_is(s3, size):
    store = ObjectStore(f"{s3}/c")
    cache_file.write(store, OWN, embeddings(2_000, 40))
    assert cache_file.describe(store, OWN, size) == (2_000, META)


class TestRequests:
    """What a cache costs where each request is paid for, and takes as long as a megabyte."""

    @pytest.fixture(autouse=True)
    def _patient(self, unreliable, monkeypatch):
        """None is made anew for a server that is slow on a busy machine."""
        monkeypatch.setitem(fsspec.config.conf, "s3", {"config_kwargs": {"read_timeout": 60}})

    @pytest.fixture
    def store(self, s3, unreliable):
        return ObjectStore(f"{s3}/c")

    def test_a_small_file_is_one_request(self, store, unreliable):
        cache_file.write(store, OWN, embeddings())
        assert unreliable.methods == {"PUT": 1}
        unreliable.requests.clear()
        assert cache_file.read(store, OWN).vectors.shape == (3, 4)
        assert unreliable.methods == {"GET": 1}

    def test_what_a_large_file_is_of_is_read_without_its_vectors(self, store, unreliable):
        cache_file.write(store, OWN, embeddings(10_000, 1024))  # 41 MB
        unreliable.requests.clear()
        assert cache_file.describe(store, OWN) == (10_000, META)
        assert unreliable.methods == {"GET": 2, "HEAD": 1}
        assert sum(size for _, _, size in unreliable.requests) < FIRST + 100_000
        (listed,) = store.files("")
        unreliable.requests.clear()
        assert cache_file.describe(store, OWN, listed.size) == (10_000, META)
        assert unreliable.methods == {"GET": 2}
        assert sum(size for _, _, size in unreliable.requests) < 30_000
        unreliable.requests.clear()
        assert cache_file.read(store, OWN).vectors.shape == (10_000, 1024)
        assert sum(unreliable.methods.values()) <= 9

    @pytest.mark.parametrize("reading", [Reading.WINDOWS, Reading.STRETCHES])
    def test_a_recording_costs_nine_or_seventeen_and_four_once_it_is_cached(
        self, s3, unreliable, make_plugin, make_wav, reading, no_installed_plugins
    ):
        from audioscan_host.plugins.registry import load_registry

        registry = load_registry({"tiny": make_plugin(stretch=10.0)})
        model = registry.model("TINY")
        cache, paths = Cache(f"{s3}/c"), [make_wav(f"{i}.wav", seed=i) for i in range(3)]
        embedder = Embedder(registry, [model], Windowing(2, 1), cache, readings={model: reading})
        unreliable.requests.clear()
        assert all(each.computed for each in embedder.embed_each(paths))
        finer = 8 * (reading == Reading.STRETCHES)  # of which a hop of 1 s is made
        assert unreliable.methods == {
            "HEAD": len(paths),
            "GET": len(paths),
            "LIST": (3 + finer) * len(paths),
            "PUT": 3 * len(paths),
            "DELETE": len(paths),
        }
        unreliable.requests.clear()
        assert not any(each.computed for each in embedder.embed_each(paths))
        assert unreliable.methods == {"HEAD": 2 * len(paths), "GET": 2 * len(paths)}

    def test_a_long_recording_costs_one_more_for_each_block_and_two_to_remove_them(
        self, s3, unreliable, tiny_registry, tiny_plugin, make_wav
    ):
        model, cache, path = tiny_registry.model("TINY"), Cache(f"{s3}/c"), make_wav(seconds=20)
        unreliable.requests.clear()
        embedder = Embedder(tiny_registry, [model], Windowing(2, 1), cache, block_seconds=4.0)
        assert embedder.embed(path).computed
        expected = {"HEAD": 1, "GET": 1, "LIST": 3 + 1, "PUT": 3 + 5, "POST": 1, "DELETE": 1}
        assert unreliable.methods == expected

    def test_a_run_that_goes_on_asks_once_which_blocks_are_left_and_reads_those_alone(
        self, s3, unreliable, tiny_registry, tiny_plugin, make_wav
    ):
        model, cache, path = tiny_registry.model("TINY"), Cache(f"{s3}/c"), make_wav(seconds=20)
        embedder = Embedder(tiny_registry, [model], Windowing(2, 1), cache, block_seconds=4.0)
        tiny_plugin.fails_after = 2
        with pytest.raises(EmbeddingError, match="killed here"):
            embedder.embed(path)
        unreliable.requests.clear()
        tiny_plugin.fails_after = None
        assert embedder.embed(path).computed
        assert unreliable.methods["LIST"] == 3 + 1
        assert unreliable.methods["GET"] == 1 + 2
        assert unreliable.methods["PUT"] == 3 + 3

    def test_a_claim_costs_three(self, store, unreliable):
        with store.claim("unfinished/key", wait=False):
            pass
        assert unreliable.methods == {"LIST": 1, "PUT": 1, "DELETE": 1}

    def test_blocks_are_removed_together(self, store, unreliable):
        for index in range(5):
            write(store, f"unfinished/key/{index:06d}.npz", b"block")
        unreliable.requests.clear()
        store.remove("unfinished/key")
        assert unreliable.methods == {"LIST": 1, "POST": 1}


def test_finer_grains_are_found_and_what_is_damaged_is_computed_a_hop_long(
    s3, make_plugin, make_wav, no_installed_plugins
):
    from audioscan_host.plugins.registry import load_registry

    registry, path = load_registry({"tiny": make_plugin(stretch=10.0)}), make_wav()
    model = registry.model("TINY")

    def embedded(hop, cache):
        told = []
        embedder = Embedder(
            registry, [model], Windowing(2, hop), cache, readings={model: Reading.STRETCHES}, tell=told.append
        )
        return embedder.embed(path), told

    cache = Cache(f"{s3}/c")
    fine, _ = embedded(0.5, cache)
    coarse, _ = embedded(1.0, cache)
    assert fine.computed
    assert not coarse.computed
    name = fine.files["TINY"].removeprefix(f"{s3}/c/")
    write(cache.store, name, read(cache.store, name)[:-50])
    again, (note,) = embedded(1.0, cache)
    assert again.computed
    assert "damaged" in note.message
    assert name not in [stored.name for stored in cache.store.files("")]
    expected, _ = embedded(1.0, Cache(f"{s3}/other"))
    np.testing.assert_array_equal(again.embeddings["TINY"].vectors, expected.embeddings["TINY"].vectors)


@pytest.mark.parametrize(
    "damage", [lambda _: b"", lambda whole: whole[: len(whole) // 2], lambda _: b"garbage" * 99]
)
def test_a_damaged_object_is_set_aside_and_computed_again_with_a_note(s3, tiny_registry, make_wav, damage):
    told, cache, path = [], Cache(f"{s3}/c"), make_wav()
    model = tiny_registry.model("TINY")
    embedder = Embedder(tiny_registry, [model], Windowing(), cache, tell=told.append)
    first = embedder.embed(path)
    name = first.files["TINY"].removeprefix(f"{s3}/c/")
    write(cache.store, name, damage(read(cache.store, name)))
    again = embedder.embed(path)
    assert again.computed
    np.testing.assert_array_equal(again.embeddings["TINY"].vectors, first.embeddings["TINY"].vectors)
    assert "damaged" in told[0].message
    assert "computed again" in told[0].message
    names = [stored.name for stored in cache.store.files("w2v")]
    assert names == [name, f"{name}.damaged"]
    assert not embedder.embed(path).computed


def test_upkeep_works_on_it(s3, tiny_registry, make_wav):
    cache, paths = Cache(f"{s3}/c"), [make_wav(f"{i}.wav", seed=i) for i in range(3)]
    embedder = Embedder(tiny_registry, [tiny_registry.model("TINY")], Windowing(), cache)
    list(embedder.embed_each(paths))
    found = upkeep.info(cache)
    assert (found.location, found.models[0].recordings, found.silence) == (f"{s3}/c", 3, 3)
    paths[0].unlink()
    assert len(upkeep.prune(cache, missing=True, dry_run=True).locations) == 2
    pruned = upkeep.prune(cache, missing=True)
    assert all(location.startswith(f"{s3}/c/") for location in pruned.locations)
    assert upkeep.verify(cache) == (4, [])
    name = next(cache.store.files("w2v")).name
    write(cache.store, name, b"x")
    count, (sentence,) = upkeep.verify(cache)
    assert (count, sentence.startswith(f"{s3}/c/{name}: damaged")) == (4, True)
    assert upkeep.prune(cache).locations == (f"{s3}/c/{name}.damaged",)


@pytest.mark.parametrize("store", ["s3", "gs"])
def test_commands_take_a_url(store, request, run, make_wav):
    bucket = request.getfixturevalue(store)
    run("embed", make_wav(), "--model", "MEL", "--cache-dir", f"{bucket}/c")
    told = run("cache", "info", "--cache-dir", f"{bucket}/c").output
    assert told.startswith(f"{bucket}/c: ")
    assert f'"folder": "{bucket}/c"' in run("cache", "info", "--json", "--cache-dir", f"{bucket}/c").output
    assert "2 files read, 0 damaged" in run("cache", "verify", "--cache-dir", f"{bucket}/c").output
    would = run("cache", "prune", "--model", "MEL", "--dry-run", "--cache-dir", f"{bucket}/c").output
    assert f"{bucket}/c/w2v/" in would
    assert "2 files read" in run("cache", "verify", "--cache-dir", f"{bucket}/c").output
    folder, entries = examine_cache(f"{bucket}/c")
    assert (folder.state, folder.found) == ("ok", f"{bucket}/c, can be written to")
    assert entries.found.startswith("1 entries, 1 read, 0 damaged")


class TestWhatCannotWork:
    def test_a_bucket_that_is_not_there_is_named(self, s3):
        with pytest.raises(
            CacheError, match=r"s3://not-there-0123/c: there is no such bucket; make it, or name another"
        ):
            Cache("s3://not-there-0123/c")

    def test_what_is_not_installed_is_named(self, monkeypatch):
        monkeypatch.delitem(sys.modules["fsspec.registry"]._registry, "gs", raising=False)
        monkeypatch.setitem(sys.modules, "gcsfs", None)
        with pytest.raises(SettingError, match=r"gs://bucket/c: .*install gcsfs"):
            Cache("gs://bucket/c")

    def test_a_password_in_a_url_is_refused_without_telling_it(self):
        with pytest.raises(SettingError) as refused:
            Cache("s3://me:secret@bucket/c")
        assert "secret" not in str(refused.value)

    def test_who_may_not_read_is_told_so_and_nothing_is_taken_for_damaged(self, s3, unreliable):
        cache = Cache(f"{s3}/c")
        cache_file.write(cache.store, OWN, embeddings())
        unreliable.always["*"] = "403"
        with pytest.raises(
            StoreError, match=r"s3://.*access is denied .*see which credentials the environment has"
        ):
            cache_file.read(cache.store, OWN)

    def test_who_may_only_read_reads_and_is_told_so_where_something_is_to_be_kept(
        self, s3, unreliable, tiny_registry, make_wav
    ):
        kept, new = make_wav("kept.wav"), make_wav("new.wav", seed=1)
        embedder = Embedder(tiny_registry, [tiny_registry.model("TINY")], Windowing(), Cache(f"{s3}/c"))
        embedder.embed(kept)
        unreliable.always = {"PUT": "403", "DELETE": "403", "POST": "403"}
        found, failed = embedder.embed_each([kept, new])
        assert not found.computed
        assert "access is denied" in failed.reason
        assert "name another place: --cache-dir" in failed.reason
