"""Blocks that another worker computes are found by whoever computes the task, and the embeddings are the same."""

import pytest

from audioscan_host import Runtime, Windowing
from audioscan_host.cache import Cache
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.embedding.helping import blocks_between
from audioscan_host.embedding.reports import Reports
from audioscan_host.embedding.under_way import UnderWay
from audioscan_host.embedding.worker import Worker
from audioscan_host.plugins.registry import load_registry
from audioscan_host.progress import Silent
from audioscan_host.reading import Reading

SECONDS = 100


def reports(advanced=None):
    return Reports(
        lambda task, info: None, (advanced if advanced is not None else []).append, lambda note: None
    )


@pytest.fixture
def work(no_installed_plugins, make_plugin, make_wav, tmp_path):
    """A task of ten blocks, two workers that share a cache, and their plugins."""

    def work(name, reading):
        plugins = [make_plugin(stretch=2.0 if reading == Reading.STRETCHES else None) for _ in range(2)]
        cache = Cache(tmp_path / name)
        registries = [load_registry({"tiny": plugin}) for plugin in plugins]
        workers = [Worker(each, cache, Runtime(), Silent(), shared=True) for each in registries]
        model = registries[0].model("TINY")
        block = 10.0 if reading == Reading.WINDOWS else 2.5
        embedder = Embedder(
            registries[0], [model], Windowing(2.0, 1.0), cache, readings={model: reading}, block_seconds=block
        )
        (task,) = embedder.tasks(make_wav("a.wav", seconds=SECONDS))
        return task, workers, plugins

    return work


def compute(steps):
    task = UnderWay(None)
    task.step(steps)
    while task.awaited is not None:
        task.step()


@pytest.mark.parametrize("reading", [Reading.WINDOWS, Reading.STRETCHES])
def test_blocks_of_a_helper_are_found_and_the_embeddings_are_the_same(work, reading):
    alone, (worker, _), (plugin, _) = work("alone", reading)
    whole = worker.run(alone, reports(), wait=False)
    blocks = plugin.calls.count("preprocess")
    assert blocks >= 8

    task, (worker, helper), (plugin, helpers_plugin) = work("together", reading)
    advanced = []
    compute(blocks_between(helper, task, SECONDS / 2, SECONDS, reports(advanced)))
    helped = helpers_plugin.calls.count("preprocess")
    assert 3 <= helped <= blocks // 2 + 1
    assert sum(advanced) == pytest.approx(SECONDS / 2, abs=12)
    together = worker.run(task, reports(), wait=False)
    assert plugin.calls.count("preprocess") == blocks - helped
    assert together.embeddings["TINY"].vectors.tobytes() == whole.embeddings["TINY"].vectors.tobytes()
    assert together.embeddings["TINY"].times.tobytes() == whole.embeddings["TINY"].times.tobytes()
    assert list(worker.cache.store.files("unfinished")) == []


def test_a_helper_that_comes_after_the_end_computes_nothing(work):
    task, (worker, helper), (_, helpers_plugin) = work("late", Reading.WINDOWS)
    worker.run(task, reports(), wait=False)
    compute(blocks_between(helper, task, 0.0, SECONDS, reports()))
    assert "preprocess" not in helpers_plugin.calls


def test_a_helper_whose_task_is_finished_meanwhile_leaves_no_blocks(work):
    task, (worker, helper), (_, helpers_plugin) = work("meanwhile", Reading.WINDOWS)
    steps = blocks_between(helper, task, 0.0, SECONDS, reports())
    next(steps)
    worker.run(task, reports(), wait=False)
    for _ in steps:
        pass
    assert "embed" not in helpers_plugin.calls
    assert list(worker.cache.store.files("unfinished")) == []


def test_what_is_kept_is_read_without_any_encoder(work):
    task, (worker, other), (_, others_plugin) = work("kept", Reading.WINDOWS)
    assert other.kept(task, reports()) is None
    computed = worker.run(task, reports(), wait=False)
    kept = other.kept(task, reports())
    assert kept.embeddings["TINY"].vectors.tobytes() == computed.embeddings["TINY"].vectors.tobytes()
    assert (kept.files, kept.computed) == (computed.files, frozenset())
    assert "load" not in others_plugin.calls
    worker.cache.store.remove(worker.cache.silence_of(task.recording).name)
    assert other.kept(task, reports()) is None
