"""A device that computes by itself is given the next block before the vectors of the one before are taken."""

from contextlib import closing
from weakref import WeakSet

import numpy as np
import pytest

from audioscan_host import Runtime
from audioscan_host.audio import ReadAhead
from audioscan_host.cache import Cache
from audioscan_host.embedding import pooling
from audioscan_host.embedding.begun import MOST_BEGUN
from audioscan_host.embedding.blocks_kept import BlocksKept
from audioscan_host.embedding.copies import HostCopy
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.embedding.executor import LocalExecutor
from audioscan_host.embedding.reports import Reports
from audioscan_host.embedding.tasks import RecordingFailure
from audioscan_host.embedding.under_way import UnderWay
from audioscan_host.embedding.worker import Worker
from audioscan_host.plugins.registry import load_registry
from audioscan_host.progress import Silent
from audioscan_host.reading import Reading
from audioscan_host.windows import Windowing

pytestmark = pytest.mark.usefixtures("no_installed_plugins")


class Device:
    """Computes by itself: the numbers of a block are there once it is waited for.

    Attributes:
        events: `begun 0`, `taken 0` and so on, in the order of the blocks that it was given.
        failing: the block that it fails at.
        most: blocks that it had at once, which nobody had taken or dropped.
    """

    def __init__(self):
        self.events, self.failing, self.most, self._given = [], None, 0, 0
        self.now = WeakSet()

    def begin_copy(self, array):
        copy = np.full_like(array, np.nan)
        event = _Event(self, self._given, copy, array)
        self._given += 1
        self.events.append(f"begun {event.number}")
        self.now.add(event)
        self.most = max(self.most, len(self.now))
        return HostCopy(copy, event)


class _Event:
    def __init__(self, device, number, copy, array):
        self.number, self._device, self._copy, self._array = number, device, copy, array

    def synchronize(self):
        self._device.now.discard(self)
        self._device.events.append(f"taken {self.number}")
        if self.number == self._device.failing:
            raise RuntimeError("an illegal memory access was encountered")
        self._copy[:] = self._array


@pytest.fixture
def device(monkeypatch):
    device = Device()
    monkeypatch.setattr(pooling, "begin_copy", device.begin_copy)
    yield device
    assert device.most <= MOST_BEGUN


@pytest.fixture
def decoded_in_time(monkeypatch):
    """Whoever asks whether a block is decoded waits until it is."""

    def is_ready(self):
        with self._ready.not_empty:
            return self._ended or self._ready.not_empty.wait_for(lambda: len(self._ready.queue), 30)

    monkeypatch.setattr(ReadAhead, "is_ready", property(is_ready))


@pytest.fixture
def embedder(make_plugin, tmp_path):
    def make(cache="c", decoders=1, reading=Reading.WINDOWS, **facts):
        stretches = reading == Reading.STRETCHES
        registry = load_registry({"tiny": make_plugin(stretch=2.0 if stretches else None)})
        model = registry.model("TINY")
        facts = {"block_seconds": 2.5 if stretches else 10.0, **facts}
        facts |= {"executor": LocalExecutor(decoders), "readings": {model: reading}}
        return Embedder(registry, [model], Windowing(2.0, 1.0), Cache(tmp_path / cache), **facts)

    return make


@pytest.fixture
def begun(embedder, make_plugin, tmp_path):
    """A recording of four blocks whose steps are computed one by one, and what it waits for."""

    def begin(path, told=lambda _seconds: None):
        made = embedder()
        (task,) = made.tasks(path)
        worker = Worker(load_registry({"tiny": make_plugin()}), Cache(tmp_path / "c"), Runtime(), Silent())
        under_way = UnderWay(task)
        reports = Reports(lambda _task, _info: None, told, lambda _note: None)
        under_way.step(worker.attempted(task, reports, wait=True))
        return under_way

    return begin


def bytes_of(results):
    return [
        (each.path, each.embeddings["TINY"].vectors.tobytes(), each.embeddings["TINY"].times.tobytes())
        for each in results
    ]


@pytest.mark.usefixtures("decoded_in_time")
def test_the_next_block_is_begun_before_the_one_before_is_taken(device, embedder, make_wav):
    embedder().embed(make_wav(seconds=40))
    assert device.events == [
        *("begun 0", "begun 1", "taken 0", "begun 2", "taken 1", "begun 3", "taken 2", "taken 3")
    ]


@pytest.mark.usefixtures("decoded_in_time")
@pytest.mark.parametrize("decoders", [1, 3])
def test_so_is_the_block_of_the_next_recording(device, embedder, make_wav, decoders):
    paths = [make_wav(f"{i}.wav", seconds=9, seed=i) for i in range(4)]
    assert [each.path for each in embedder(decoders=decoders).embed_each(paths)] == paths
    assert device.events == [
        *("begun 0", "begun 1", "taken 0", "begun 2", "taken 1", "begun 3", "taken 2", "taken 3")
    ]


@pytest.mark.parametrize("decoders", [1, 2, 4])
@pytest.mark.parametrize("reading", [Reading.WINDOWS, Reading.STRETCHES])
def test_the_numbers_are_those_of_one_block_after_the_other(
    embedder, make_wav, monkeypatch, decoders, reading
):
    paths = [make_wav(f"{i}.wav", seconds=s, seed=i) for i, s in enumerate((40, 9, 33, 12, 9, 9))]
    expected = bytes_of(embedder("alone", reading=reading).embed_each(paths))
    device = Device()
    monkeypatch.setattr(pooling, "begin_copy", device.begin_copy)
    assert bytes_of(embedder(decoders=decoders, reading=reading).embed_each(paths)) == expected
    assert len(device.events) >= 2 * 13
    assert device.most <= MOST_BEGUN


@pytest.mark.usefixtures("decoded_in_time")
@pytest.mark.parametrize("failing", range(7))
def test_what_fails_on_the_device_costs_its_recording_alone(device, embedder, make_wav, failing):
    paths = [make_wav(f"{i}.wav", seconds=s, seed=i) for i, s in enumerate((9, 40, 9, 9))]
    device.failing = failing
    results = list(embedder(decoders=3).embed_each(paths))
    assert [each.path for each in results] == paths
    (failed,) = (each for each in results if isinstance(each, RecordingFailure))
    assert failed.reason.startswith(
        f"{failed.path}: plugin 'tiny': TINY: embed raised RuntimeError: an illegal memory access was encountered"
    )
    device.failing = None
    assert bytes_of(embedder().embed_each(paths)) == bytes_of(embedder("alone").embed_each(paths))


@pytest.mark.usefixtures("decoded_in_time")
@pytest.mark.parametrize("steps", [1, 2, 3, 4])
def test_who_leaves_in_the_middle_loses_what_is_on_the_device_and_no_more(
    device, begun, embedder, make_wav, steps
):
    path = make_wav(seconds=40)
    task = begun(path)
    for _ in range(steps):
        task.step()
    assert device.events[-1] == (f"taken {steps - 2}" if steps > 1 else "begun 0")
    task.close()
    before = len(device.events)
    found = embedder().embed(path)
    assert len(device.events) - before == 2 * (4 - (steps - 1))
    assert bytes_of([found]) == bytes_of([embedder("whole").embed(path)])


@pytest.mark.usefixtures("decoded_in_time")
def test_a_block_that_is_kept_takes_its_turn_behind_the_one_on_the_device(
    device, begun, embedder, make_wav, tmp_path
):
    path = make_wav(seconds=40)
    with closing(begun(path)) as task:
        for _ in range(4):
            task.step()
    first, *others = sorted((tmp_path / "c" / "unfinished").rglob("*.npz"))
    assert len(others) == 2
    first.unlink()
    device.events.clear()
    found = embedder().embed(path)
    assert device.events == ["begun 4", "taken 4", "begun 5", "taken 5"]
    assert bytes_of([found]) == bytes_of([embedder("whole").embed(path)])


def test_the_device_is_waited_for_where_no_block_is_decoded(device, begun, make_wav, monkeypatch):
    with closing(begun(make_wav(seconds=40))) as task, monkeypatch.context() as patch:
        patch.setattr(ReadAhead, "is_ready", property(lambda _self: False))
        task.step()
        assert task.awaited.is_ready, "it waits for no decoder"
        task.step()
        assert device.events == ["begun 0", "taken 0"]
        assert not task.awaited.is_ready


@pytest.mark.usefixtures("decoded_in_time")
def test_progress_is_told_all_seconds(device, begun, make_wav):
    told = []
    task = begun(make_wav(seconds=40), told.append)
    while task.awaited is not None:
        task.step()
    assert sum(told) == pytest.approx(40)
    assert task.outcome.failure is None


def test_where_no_device_computes_by_itself_each_block_is_kept_before_the_next(
    embedder, make_wav, monkeypatch
):
    done, add, begin = [], BlocksKept.add, pooling.begin_copy

    def computed(array):
        done.append("computed")
        return begin(array)

    def kept(self, index, parts):
        done.append("kept")
        add(self, index, parts)

    monkeypatch.setattr(pooling, "begin_copy", computed)
    monkeypatch.setattr(BlocksKept, "add", kept)
    embedder(decoders=3).embed(make_wav(seconds=40))
    assert done == ["computed", "kept"] * 4
