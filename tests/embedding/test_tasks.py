"""Tasks: values that can be sent elsewhere, claimed by checkpoint, and looked at once."""

import json
import pickle
import threading
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from audioscan_host import audio, hookimpl
from audioscan_host.audio import decoding
from audioscan_host.cache import Cache
from audioscan_host.cache import file as cache_file
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.embedding.executor import LocalExecutor
from audioscan_host.embedding.expectation import Expectation
from audioscan_host.models.model import Runtime
from audioscan_host.notes import About, Notes
from audioscan_host.plugins.registry import load_registry
from audioscan_host.recordings import Recording
from audioscan_host.windows import Windowing


@pytest.fixture
def embedder(tiny_registry, tmp_path):
    def make(*names, cache=None, **facts):
        models = [tiny_registry.model(name) for name in names or ("TINY",)]
        return Embedder(tiny_registry, models, Windowing(), cache or Cache(tmp_path / "c"), **facts)

    return make


def test_a_task_is_a_value_that_can_be_pickled(embedder, make_wav):
    (task,) = embedder("TINY", "TINY_ML").tasks(make_wav())
    assert [model.name for model in task.models] == [model.name for model in task.lacking]
    assert pickle.loads(pickle.dumps(task)) == task  # noqa: S301 - made here
    assert {task: "can be a key"}[task] == "can be a key"


def test_what_is_lacking_is_what_the_cache_lacks(embedder, make_wav):
    path = make_wav()
    embedder("TINY").embed(path)
    (task,) = embedder("TINY", "TINY_ML").tasks(path)
    assert [model.name for model in task.models] == ["TINY", "TINY_ML"]
    assert [model.name for model in task.lacking] == ["TINY_ML"]


def test_models_of_one_checkpoint_are_claimed_together_whichever_is_asked_for(embedder, make_wav, tmp_path):
    """Two processes that ask for two models of a checkpoint never run it over one recording at a time."""
    path = make_wav()
    (first,), (second,) = embedder("TINY").tasks(path), embedder("TINY_ML").tasks(path)
    order = []

    def other_process():
        with second.claim(Cache(tmp_path / "c"), wait=True):
            order.append("second")

    with first.claim(Cache(tmp_path / "c"), wait=False):
        thread = threading.Thread(target=other_process)
        thread.start()
        thread.join(0.3)
        order.append("first")
    thread.join(20)
    assert order == ["first", "second"]


def test_who_waited_computes_only_what_the_other_has_not(embedder, make_wav, tiny_plugin, tmp_path):
    path = make_wav()
    waiting = embedder("TINY", "TINY_ML")
    (task,) = waiting.tasks(path)
    embedder("TINY").embed(path)  # by another process, after the look
    tiny_plugin.layers_asked.clear()
    (found,) = LocalExecutor().run([task], waiting._worker, waiting._reports(lambda _: None))
    assert tiny_plugin.layers_asked == [frozenset({1, 2, 3, 4})]
    assert found.computed == frozenset({"TINY_ML"})
    assert set(found.embeddings) == {"TINY", "TINY_ML"}


class Counts:
    """How often a recording is digested and opened, and which vectors of the cache are read."""

    def __init__(self, monkeypatch):
        self.digests, self.openings, self.read = [], [], []
        look, opened, read = Recording.at.__func__, decoding.opened, cache_file.read

        def noted_look(cls, path):
            self.digests.append(path)
            return look(cls, path)

        def noted_open(path):
            self.openings.append(path)
            return opened(path)

        def noted_read(*asked):
            found = read(*asked)
            self.read.append(found.vectors.nbytes)
            return found

        monkeypatch.setattr(Recording, "at", classmethod(noted_look))
        monkeypatch.setattr(decoding, "opened", noted_open)
        monkeypatch.setattr(cache_file, "read", noted_read)


@pytest.fixture
def counts(monkeypatch):
    return Counts(monkeypatch)


class TestOneLook:
    def test_cold_it_is_digested_once_opened_once_and_no_vector_is_read_back(
        self, embedder, make_wav, counts
    ):
        path = make_wav(seconds=180)
        (found,) = embedder("TINY", "TINY_ML", block_seconds=30.0).embed_each([path])
        assert len(found.embeddings["TINY"].vectors) == 173
        assert (counts.digests, counts.openings, counts.read) == ([path], [path], [])

    def test_warm_it_is_digested_once_not_opened_and_each_vector_is_read_once(
        self, embedder, make_wav, counts
    ):
        path = make_wav(seconds=180)
        (cold,) = embedder("TINY", "TINY_ML").embed_each([path])
        counts.digests.clear(), counts.openings.clear()
        (warm,) = embedder("TINY", "TINY_ML").embed_each([path])
        assert (counts.digests, counts.openings) == ([path], [])
        assert sorted(counts.read) == [173 * 2 * 4, 173 * 8 * 4]
        np.testing.assert_array_equal(warm.embeddings["TINY"].vectors, cold.embeddings["TINY"].vectors)

    def test_what_was_computed_is_what_is_read_afterwards(self, embedder, make_wav):
        path = make_wav(seconds=60)
        computed = embedder(block_seconds=20.0).embed(path)
        read = embedder().embed(path)
        np.testing.assert_array_equal(read.embeddings["TINY"].vectors, computed.embeddings["TINY"].vectors)
        np.testing.assert_array_equal(read.embeddings["TINY"].times, computed.embeddings["TINY"].times)
        assert read.embeddings["TINY"].meta == json.loads(json.dumps(computed.embeddings["TINY"].meta))

    def test_a_recording_that_a_journey_comes_back_to_is_digested_once(self, embedder, make_wav, counts):
        path, again = make_wav(), embedder()
        for _ in range(3):
            list(again.embed_each([path]))
        assert counts.digests == [path]

    def test_unless_it_has_changed(self, embedder, make_wav, counts):
        path, again = make_wav(), embedder()
        (before,) = again.embed_each([path])
        make_wav(seconds=25)
        (after,) = again.embed_each([path])
        assert (before.duration, after.duration) == (20, 25)
        assert len(counts.digests) == 2

    def test_the_first_recording_starts_before_the_last_has_been_looked_at(
        self, embedder, make_wav, counts, monkeypatch
    ):
        paths = [make_wav(f"{i}.wav", seconds=9, seed=i) for i in range(5)]
        results = embedder(executor=LocalExecutor(decoders=1)).embed_each(paths)
        assert next(results).path == paths[0]
        assert counts.digests == paths[:1]
        assert [result.path for result in results] == paths[1:]


class TestExpectation:
    """How much audio there is in all, while it is being opened."""

    @pytest.fixture
    def told(self):
        totals = []

        def advance(_amount):
            pass

        advance.expect = totals.append
        return totals, advance

    def test_recordings_to_come_count_as_the_mean_of_those_before(self, told):
        totals, advance = told
        expectation = Expectation(4, advance)
        for name, passes, seconds in (("a", 1, 60.0), ("b", 2, 30.0), ("c", 0, None), ("d", 1, 20.0)):
            expectation.looked_at(name, passes)
            for _ in range(passes):
                expectation.opened(name, seconds)
        assert totals == [4 * 60, 2 * (60 + 60), 2 * (60 + 60), 60 + 60 + 20]

    def test_where_a_container_does_not_say_nobody_knows(self, told):
        totals, advance = told
        expectation = Expectation(2, advance)
        expectation.looked_at("a", 1)
        expectation.opened("a", None)
        expectation.looked_at("b", 1)
        expectation.opened("b", 5.0)
        assert totals == [None, None]

    def test_an_advance_that_takes_no_totals_gets_none(self):
        expectation = Expectation(1, lambda _amount: None)
        expectation.looked_at("a", 1)
        expectation.opened("a", 5.0)


class CancelledError(Exception):
    """What the caller raises to end the work."""


class CancelAfter:
    """Progress that raises after some calls of `advance`."""

    def __init__(self, calls):
        self._calls = calls

    @contextmanager
    def track(self, what, total, unit):
        def advance(_amount):
            self._calls -= 1
            if self._calls < 0:
                raise CancelledError

        yield advance


def test_raising_from_advance_cancels_with_all_finished_work_kept(embedder, make_wav, tiny_plugin, tmp_path):
    paths = [make_wav("a.wav", seconds=60), make_wav("b.wav", seconds=60, seed=1)]
    in_turn = LocalExecutor(decoders=1)
    facts = {"block_seconds": 10.0, "runtime": Runtime(batch_size=10), "executor": in_turn}
    results = embedder(progress=CancelAfter(10), **facts).embed_each(paths)
    assert next(results).path == paths[0]
    with pytest.raises(CancelledError):
        next(results)
    cancelled = tiny_plugin.calls.count("embed")
    first, second = embedder(**facts).embed_each(paths)
    assert (first.computed, second.computed) == (frozenset(), frozenset({"TINY"}))
    # Six batches a recording, each a block: only the block that was under way is computed twice.
    assert tiny_plugin.calls.count("embed") == 12 + 1 > cancelled > 6
    whole = embedder(cache=Cache(tmp_path / "other")).embed(paths[1])
    np.testing.assert_array_equal(second.embeddings["TINY"].vectors, whole.embeddings["TINY"].vectors)


def test_what_happens_to_a_recording_is_told_to_whoever_runs_it(embedder, make_wav):
    path, notes = make_wav(), Notes()
    Path(embedder().embed(path).files["TINY"]).write_bytes(b"damaged")
    embedder(tell=notes).embed(path)
    (note,) = notes.told()
    assert (note.about, note.recording) == (About.CACHE, path)
    assert "computed again" in note.message


@pytest.mark.usefixtures("no_installed_plugins")
def test_two_plugins_that_declare_one_checkpoint_have_a_task_each(make_plugin, make_wav, tmp_path):
    class Other(make_plugin):
        @hookimpl
        def register_models(self):
            return [model for model in self.models if model.name.endswith("_ML")]

    class One(make_plugin):
        @hookimpl
        def register_models(self):
            return self.models[:1]

    registry = load_registry({"one": One(), "other": Other()})
    models = [registry.model("TINY"), registry.model("TINY_ML")]
    tasks = Embedder(registry, models, Windowing(), Cache(tmp_path / "c")).tasks(make_wav())
    assert [(task.plugin, [model.name for model in task.models]) for task in tasks] == [
        ("one", ["TINY"]),
        ("other", ["TINY_ML"]),
    ]


def test_decoding_gives_what_the_container_declares_when_it_opens(make_wav):
    opened = []
    chunks = audio.decode(make_wav(seconds=3, rate=8000), None, on_open=opened.append)
    assert sum(map(len, chunks)) == 24_000
    assert [(info.sample_rate, info.duration) for info in opened] == [(8000, 3.0)]
