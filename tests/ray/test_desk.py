"""A worker without a Ray: what it computes, what it tells, and why it does not suit."""

import os
import pickle
import re
import threading
from dataclasses import replace

import pytest

from audioscan_host import Runtime, Windowing, load_registry
from audioscan_host.cache import Cache
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.errors import ExecutorError
from audioscan_host.sizing.trial import Trial
from audioscan_ray.desk import Desk, Events, Order
from audioscan_ray.terms import Terms, facts_of

MARKER = "unfinished/workers-of-a-test"


@pytest.fixture
def cache(tmp_path):
    cache = Cache(tmp_path / "cache")
    with cache.store.writing(MARKER) as file:
        file.write(b"here")
    return cache


@pytest.fixture
def desk(cache, tmp_path, monkeypatch):
    """A worker of this process, in the test's own folder."""
    monkeypatch.chdir(tmp_path)

    def desk(**changes):
        terms = Terms(cache, MARKER, Runtime(), {}, {}, str(tmp_path))
        return Desk(pickle.loads(pickle.dumps(replace(terms, **changes))), "n7")  # noqa: S301

    return desk


@pytest.fixture
def order(cache):
    """What a driver orders for a recording."""
    registry = load_registry()
    model = registry.model("MEL")

    def order(path, number=0, **changes):
        (task,) = Embedder(registry, [model], Windowing(), cache).tasks(path)
        made = Order(number, task, facts_of(registry, [model], Runtime()))
        return pickle.loads(pickle.dumps(replace(made, **changes)))  # noqa: S301

    return order


def test_what_is_computed_lies_in_the_cache_and_no_vectors_come_back(desk, order, make_wav, cache):
    asked = order(make_wav("a.wav", 20))
    worker = desk()
    assert worker.unfit(asked.facts) == ""
    done = worker.compute(asked)
    assert (done.failure, done.computed, done.busy, done.refused) == (None, {"MEL"}, False, "")
    assert done.events.opened.duration == 20.0
    assert done.events.seconds == pytest.approx(20.0)
    assert asked.task.entry(cache, asked.task.models[0]).found
    assert len(pickle.dumps(done)) < 2000


def test_what_happened_is_told_once(desk):
    worker = desk()
    reports = worker._reports(3)
    worker._events[3] = Events()
    reports.advance(5.0)
    reports.advance(2.0)
    assert worker.news() == {3: Events(seconds=7.0)}
    assert worker.news() == {}


def test_two_orders_are_computed_beside_each_other(desk, order, make_wav):
    worker = desk()
    done = {}

    def compute(each):
        done[each.number] = worker.compute(each)

    orders = [order(make_wav(f"{i}.wav", 20, seed=i), i) for i in range(2)]
    threads = [threading.Thread(target=compute, args=[each]) for each in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [done[i].computed for i in range(2)] == [{"MEL"}, {"MEL"}]


def test_a_relative_path_is_found_from_the_folder_of_the_driver(desk, order, make_wav, monkeypatch, tmp_path):
    make_wav("a.wav", 12)
    monkeypatch.chdir(tmp_path)
    asked = order(tmp_path.joinpath("a.wav").relative_to(tmp_path))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert desk().compute(asked).computed == {"MEL"}


def test_a_recording_that_a_node_does_not_see_is_its_failure_and_names_the_node(desk, order, make_wav):
    path = make_wav("a.wav", 12)
    asked = order(path)
    path.unlink()
    failure = desk().compute(asked).failure
    assert failure.path == path
    assert (
        failure.reason == f"{path}: node n7 does not see it; recordings have to lie where all nodes see them"
    )


def test_a_damaged_recording_is_a_failure_as_in_one_process(desk, order, tmp_path):
    (tmp_path / "a.wav").write_bytes(b"no recording")
    done = desk().compute(order(tmp_path / "a.wav"))
    assert done.failure.reason.startswith(f"{tmp_path / 'a.wav'}: ")


def test_what_another_process_has_claimed_is_busy(desk, order, make_wav, cache):
    asked = order(make_wav("a.wav", 12))
    with asked.task.claim(cache, wait=False):
        assert desk().compute(asked).busy
    assert desk().compute(asked).computed == {"MEL"}


def test_a_worker_that_is_to_leave_puts_down_what_it_has_and_its_claim_ends(desk, order, make_wav, cache):
    worker, asked = desk(), order(make_wav("a.wav", 12))
    worker.leave()
    assert worker.compute(asked).computed == frozenset()
    with asked.task.claim(cache, wait=False):
        pass


def test_a_cache_that_is_another_on_the_node_is_refused(desk, order, make_wav, tmp_path):
    facts = order(make_wav("a.wav", 12)).facts
    apart = desk(cache=Cache(tmp_path / "other")).unfit(facts)
    assert apart == (
        f"does not see the cache {tmp_path / 'other'}{os.sep} of the driver: name a folder that all nodes share, or a URL, by "
        "--cache-dir"
    ).replace(os.sep + " of", " of")


def test_another_revision_is_refused_before_anything_is_computed(desk, order, make_wav, cache):
    asked = order(make_wav("a.wav", 12))
    (facts,) = asked.facts.models
    other = replace(asked.facts, models=(replace(facts, revision=9),))
    assert desk().compute(replace(asked, facts=other)).refused.endswith("of the model MEL, here it is 9")
    assert not list(cache.store.files("w2v"))


# --- measuring


def test_a_worker_measures_into_the_cache_that_it_is_told(desk, order, make_wav, cache):
    asked = [order(make_wav(f"{number}.wav", 20, number)) for number in range(2)]
    trial = Trial([each.task for each in asked], 0.1)
    found = desk().measure(pickle.loads(pickle.dumps(trial)), asked[0].facts)  # noqa: S301
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301
    assert (found.where, found.failures) == ("n7", ())
    assert found.cost.device == "cpu"
    assert found.cost.encoding > 0
    assert asked[0].task.entry(cache, asked[0].task.models[0]).found


def test_a_recording_that_cannot_be_measured_is_named_and_the_next_one_is_measured(desk, order, make_wav):
    bad, good = (order(make_wav(f"{name}.wav", 20)) for name in ("bad", "good"))
    path = bad.task.recording.path
    path.write_bytes(b"no sound")
    found = desk().measure(Trial([bad.task, good.task], 0.1), good.facts)
    assert [failure.path for failure in found.failures] == [path]
    assert found.cost.recordings == 1


def test_a_worker_that_sees_no_recordings_or_has_another_model_measures_nothing(desk, order, make_wav):
    asked = order(make_wav("a.wav", 20))
    asked.task.recording.path.unlink()
    unseen = desk().measure(Trial([asked.task], 0.1), asked.facts)
    assert re.fullmatch(
        r"node n7 does not see \S+a.wav; recordings have to lie where all nodes see them", str(unseen)
    )
    (of_mel,) = asked.facts.models
    other = replace(asked.facts, models=(replace(of_mel, precision="bf16"),))
    differs = desk().measure(Trial([asked.task], 0.1), other)
    assert isinstance(differs, ExecutorError)
    assert "node n7 computes MEL in fp32, here it is bf16" in str(differs)
