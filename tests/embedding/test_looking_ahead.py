"""Recordings, or a cache, behind a URL: several are looked at before their turn, and what comes of them is the same."""

import threading
from contextlib import closing

import numpy as np
import pytest

from audioscan_host.cache import Cache, upkeep
from audioscan_host.cache.entry import Entry
from audioscan_host.embedding import embedder as embedder_module
from audioscan_host.embedding import kept
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.embedding.tasks import RecordingFailure
from audioscan_host.errors import RecordingError
from audioscan_host.recorded_at.clock import Clock
from audioscan_host.recordings import Recording
from audioscan_host.remote_path import path_of
from audioscan_host.windows import Windowing

fsspec = pytest.importorskip("fsspec")
from fsspec.implementations.memory import MemoryFileSystem  # noqa: E402 - where it is installed

COUNT = 8  # recordings
AT_ONCE = 4


class Meeting(MemoryFileSystem):
    """A memory in which some requests are answered only once four of them are under way."""

    protocol = "meeting"
    store: dict = {}  # noqa: RUF012 - as the memory of fsspec has it
    pseudo_dirs = [""]  # noqa: RUF012
    requests: list = []  # noqa: RUF012
    wanted: tuple[str, str] | None = None
    barrier = threading.Barrier(AT_ONCE)
    lock = threading.RLock()

    @classmethod
    def _strip_protocol(cls, path):
        return super()._strip_protocol(path.replace("meeting://", "memory://", 1))

    def meet(self, what, path):
        self.requests.append((what, path))
        if self.wanted is not None and what == self.wanted[0] and self.wanted[1] in path:
            try:
                self.barrier.wait(10)
            except threading.BrokenBarrierError:
                raise PermissionError("fewer than four were under way") from None

    def info(self, path, **options):
        self.meet("info", path)
        with self.lock:
            return super().info(path, **options)

    def cat_file(self, path, start=None, end=None, **options):
        self.meet("cat_file", path)
        with self.lock:
            return super().cat_file(path, start=start, end=end, **options)

    def find(self, path, **options):
        with self.lock:
            return super().find(path, **options)

    def pipe_file(self, path, value, mode="overwrite", **options):
        with self.lock:
            return super().pipe_file(path, value, mode=mode, **options)

    def rm_file(self, path):
        self.meet("rm_file", path)
        with self.lock:
            return super().rm_file(path)


@pytest.fixture
def far(monkeypatch):
    """What is behind URLs such as `meeting://far/a.wav`, empty."""
    fsspec.register_implementation("meeting", Meeting, clobber=True)
    monkeypatch.setattr(Meeting, "store", {})
    monkeypatch.setattr(Meeting, "requests", [])
    monkeypatch.setattr(Meeting, "barrier", threading.Barrier(AT_ONCE))
    return Meeting


@pytest.fixture
def here(make_wav):
    """Recordings on this machine."""
    return [make_wav(f"{number}.wav", seed=number) for number in range(COUNT)]


@pytest.fixture
def there(far, here):
    """The same behind URLs."""
    for path in here:
        fsspec.filesystem("meeting").pipe(f"/far/{path.name}", path.read_bytes())
    return [path_of(f"meeting://far/{path.name}") for path in here]


@pytest.fixture
def embedder(tiny_registry):
    def make(cache, **options):
        return Embedder(tiny_registry, [tiny_registry.model("TINY")], Windowing(), Cache(cache), **options)

    return make


def threads():
    return [each for each in threading.enumerate() if each.name == "ahead"]


def assert_same(found, expected):
    for one, other in zip(found, expected, strict=True):
        assert one.path.name == other.path.name
        np.testing.assert_array_equal(one.embeddings["TINY"].vectors, other.embeddings["TINY"].vectors)
        np.testing.assert_array_equal(one.silence, other.silence)
        assert (one.duration, one.digest) == (other.duration, other.digest)


@pytest.mark.parametrize("request_kind", ["info", "cat_file"])
def test_recordings_behind_urls_are_looked_at_four_at_once_and_come_in_order(
    embedder, here, there, far, monkeypatch, tmp_path, request_kind
):
    expected = list(embedder(tmp_path / "b").embed_each(here))
    cold = list(embedder(tmp_path / "c").embed_each(there))
    assert_same(cold, expected)
    monkeypatch.setattr(far, "wanted", (request_kind, ".wav"))
    warm = list(embedder(tmp_path / "c").embed_each(there))
    assert_same(warm, expected)
    assert [each.path for each in warm] == there
    assert not any(each.computed for each in warm)


@pytest.mark.parametrize(
    "wanted", [("info", "w2v/"), ("info", "silence/"), ("cat_file", "w2v/"), ("cat_file", "silence/")]
)
def test_a_cache_behind_a_url_is_asked_and_read_four_at_once(
    embedder, here, far, monkeypatch, tmp_path, wanted
):
    expected = list(embedder(tmp_path / "b").embed_each(here))
    assert_same(embedder("meeting://far/c").embed_each(here), expected)
    monkeypatch.setattr(far, "wanted", wanted)
    warm = list(embedder("meeting://far/c").embed_each(here))
    assert_same(warm, expected)
    assert not any(each.computed for each in warm)


def test_a_cached_recording_costs_no_more_requests_than_before(embedder, here, far):
    list(embedder("meeting://far/c").embed_each(here))
    warm = embedder("meeting://far/c")
    far.requests.clear()
    list(warm.embed_each(here))
    assert len(far.requests) == 4 * COUNT


def test_what_is_large_is_read_when_its_turn_comes(embedder, here, far, monkeypatch, tmp_path):
    expected = list(embedder(tmp_path / "b").embed_each(here))
    list(embedder("meeting://far/c").embed_each(here))
    monkeypatch.setattr(kept, "MOST_AHEAD", 400)  # bytes: less than one file
    far.requests.clear()
    warm = embedder("meeting://far/c").embed_each(here)
    assert_same(warm, expected)
    files = [path for what, path in far.requests if what == "cat_file"]
    assert files == [name for pair in zip(files[::2], files[1::2], strict=True) for name in pair]
    assert ["silence" in name for name in files] == [False, True] * COUNT  # one recording after the other


def test_no_more_are_looked_at_than_were_said(embedder, there, monkeypatch, tmp_path):
    looked, look = [], Recording.at.__func__
    monkeypatch.setattr(
        Recording, "at", classmethod(lambda cls, path: looked.append(path) or look(cls, path))
    )
    many = [*there, *(path_of(f"meeting://far/{number}.wav") for number in range(100, 200))]
    with closing(embedder(tmp_path / "c").embed_each(many)) as results:
        next(results)
        assert len(looked) <= 1 + 8 * 8 + 16
    assert threads() == []


def test_a_recording_that_is_not_there_costs_itself_alone_and_keeps_its_place(embedder, there, tmp_path):
    missing = path_of("meeting://far/gone.wav")
    asked = [*there[:3], missing, *there[3:]]
    for _ in ("cold", "warm"):
        results = list(embedder(tmp_path / "c").embed_each(asked))
        assert [each.path for each in results] == asked
        assert [each.path for each in results if isinstance(each, RecordingFailure)] == [missing]


def test_what_else_waits_for_a_server_is_asked_beside(embedder, here, there, far, monkeypatch, tmp_path):
    looked = []
    list(embedder(tmp_path / "c").embed_each(here, beside=looked.append))
    assert looked == []  # of this machine it is asked when it is wanted
    missing = path_of("meeting://far/gone.wav")
    list(embedder(tmp_path / "c").embed_each([*there, missing], beside=looked.append))
    assert sorted(looked) == there
    looked.clear()
    list(embedder(tmp_path / "c").embed_each(there, lambda path, *_: path != there[3], beside=looked.append))
    assert looked == [there[3]]


def test_when_recordings_began_is_read_of_four_at_once(here, there, far, monkeypatch):
    names = [f"SITE_20240501_04{number:02}00.wav" for number in range(COUNT)]
    for path, name in zip(here, names, strict=True):
        fsspec.filesystem("meeting").pipe(f"/far/{name}", path.read_bytes())
    paths = [path_of(f"meeting://far/{name}") for name in names]
    expected = {path: Clock().recorded_at(path) for path in paths}
    monkeypatch.setattr(far, "wanted", ("cat_file", "SITE_"))
    found = Clock().of_each(paths)
    assert list(found.items()) == list(expected.items())
    assert found[paths[3]].minute == 3
    assert not far.barrier.broken


def test_a_damaged_file_is_told_once_and_computed_again(embedder, here, far, tmp_path):
    expected = list(embedder(tmp_path / "b").embed_each(here))
    first = list(embedder("meeting://far/c").embed_each(here))
    name = first[2].files["TINY"]
    fsspec.filesystem("meeting").pipe(name, b"garbage" * 99)
    told = []
    again = list(embedder("meeting://far/c", tell=told.append).embed_each(here))
    assert_same(again, expected)
    assert [each.path for each in again if each.computed] == [here[2]]
    (note,) = told
    assert "damaged" in note.message
    assert note.recording == here[2]


def test_a_copy_that_was_looked_at_before_the_first_was_finished_is_not_computed_again(
    embedder, there, far, tmp_path
):
    content = fsspec.filesystem("meeting").cat("/far/0.wav")
    copies = [there[0]]
    for number in range(4):
        fsspec.filesystem("meeting").pipe(f"/far/copy {number}.wav", content)
        for fact in ("created", "modified"):  # a memory tells no version
            setattr(far.store[f"/far/copy {number}.wav"], fact, getattr(far.store["/far/0.wav"], fact))
        copies.append(path_of(f"meeting://far/copy {number}.wav"))
    results = list(embedder(tmp_path / "c").embed_each(copies))
    assert [each.path for each in results] == copies
    assert [bool(each.computed) for each in results] == [True, False, False, False, False]


def test_who_stops_asking_leaves_no_thread_behind(embedder, there, far):
    list(embedder("meeting://far/c").embed_each(there))
    again = embedder("meeting://far/c")
    for _ in range(2):  # what was read ahead for nobody takes no room in the next run
        with closing(again.embed_each(there)) as results:
            assert next(results).path == there[0]
        assert threads() == []
        assert not any(again._worker.finished.is_ahead(task) for path in there for task in again.tasks(path))


def test_recordings_of_this_machine_are_looked_at_in_the_thread_that_asks(
    embedder, here, monkeypatch, tmp_path
):
    def refuse(*_):
        raise AssertionError("threads")

    monkeypatch.setattr(embedder_module, "answers", refuse)
    for _ in ("cold", "warm"):
        assert len(list(embedder(tmp_path / "c").embed_each(here))) == COUNT


@pytest.mark.parametrize(("seconds", "kept_blocks"), [(20, 0), (70, 3)])
def test_a_block_is_kept_where_there_is_another(
    embedder, make_wav, monkeypatch, tmp_path, seconds, kept_blocks
):
    added, add = [], Entry.add_block

    def noted(entry, index, embeddings):
        added.append(index)
        add(entry, index, embeddings)

    monkeypatch.setattr(Entry, "add_block", noted)
    path = make_wav("long.wav", seconds=seconds)
    embedder(tmp_path / "c", block_seconds=25.0).embed(path)
    assert added == list(range(kept_blocks))
    assert list(Cache(tmp_path / "c").store.files("unfinished")) == []


class TestUpkeep:
    def cache(self, embedder, here):
        list(embedder("meeting://far/c").embed_each(here))
        return Cache("meeting://far/c")

    def test_what_is_in_it_is_asked_of_four_files_at_once(self, embedder, here, far, monkeypatch):
        cache = self.cache(embedder, here)
        expected = upkeep.info(cache)
        monkeypatch.setattr(far, "wanted", ("cat_file", "w2v/"))
        assert upkeep.info(cache) == expected
        assert expected.models[0].recordings == COUNT

    @pytest.mark.parametrize("folder", ["w2v/", "silence/"])
    def test_four_files_are_verified_at_once(self, embedder, here, far, monkeypatch, folder):
        cache = self.cache(embedder, here)
        monkeypatch.setattr(far, "wanted", ("cat_file", folder))
        assert upkeep.verify(cache) == (2 * COUNT, [])

    @pytest.mark.parametrize("wanted", [("cat_file", "w2v/"), ("rm_file", "w2v/")])
    def test_what_is_pruned_is_asked_and_removed_four_at_once(self, embedder, here, far, monkeypatch, wanted):
        cache = self.cache(embedder, here)
        monkeypatch.setattr(far, "wanted", wanted)
        assert len(upkeep.prune(cache, models=["TINY"]).locations) == COUNT
        assert list(cache.store.files("w2v")) == []


def test_of_a_server_that_is_dead_a_few_recordings_are_asked_for_and_all_are_named(
    embedder, here, monkeypatch, tmp_path
):
    asked, look = [], Recording.at.__func__

    def at(cls, path):
        if path in here:
            return look(cls, path)
        asked.append(path)
        raise RecordingError(f"{path}: cannot be read: nothing came") from TimeoutError(110, "nothing came")

    monkeypatch.setattr(Recording, "at", classmethod(at))
    dead = [path_of(f"s3://dead/{number}.wav") for number in range(100)]
    results = list(embedder(tmp_path / "c").embed_each([*dead, *here]))
    assert [each.path for each in results] == [*dead, *here]
    failures = [each for each in results if isinstance(each, RecordingFailure)]
    assert [each.path for each in failures] == dead
    assert len(asked) <= 3 + 16  # those that were under way
    assert failures[-1].reason == (
        "s3://dead/99.wav: cannot be read: s3://dead did not answer before (nothing came)"
    )
