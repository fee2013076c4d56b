"""Several recordings are decoded at once, and what comes of them is as if one were computed after the other."""

import shutil
import threading
from contextlib import closing

import numpy as np
import pytest

from audioscan_host.cache import Cache
from audioscan_host.embedding import decoded_recording, executor
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.embedding.executor import LocalExecutor
from audioscan_host.embedding.tasks import RecordingFailure
from audioscan_host.errors import CheckpointError
from audioscan_host.plugins.family import Family
from audioscan_host.windows import Windowing


@pytest.fixture
def embedder(tiny_registry, tmp_path):
    def make(cache="c", decoders=3, **facts):
        facts = {"block_seconds": 10.0, "executor": LocalExecutor(decoders), **facts}
        return Embedder(
            tiny_registry, [tiny_registry.model("TINY")], Windowing(), Cache(tmp_path / cache), **facts
        )

    return make


@pytest.fixture
def recordings(make_wav):
    return [make_wav(f"{i}.wav", seconds=seconds, seed=i) for i, seconds in enumerate((60, 12, 40, 9, 30))]


@pytest.mark.parametrize("decoders", [1, 2, 4])
def test_outcomes_come_in_order_and_are_those_of_each_by_itself(embedder, recordings, tmp_path, decoders):
    together = list(embedder("together", decoders).embed_each(recordings))
    assert [each.path for each in together] == recordings
    for each in together:
        alone = embedder("alone").embed(each.path)
        np.testing.assert_array_equal(each.embeddings["TINY"].vectors, alone.embeddings["TINY"].vectors)
        np.testing.assert_array_equal(each.silence, alone.silence)
        assert each.duration == alone.duration
    assert not list((tmp_path / "together" / "unfinished").iterdir())


def test_the_next_recordings_are_decoded_while_one_is_embedded(
    embedder, recordings, tiny_plugin, monkeypatch
):
    met = threading.Barrier(3, timeout=30)
    decode = decoded_recording.decode

    def all_at_once(path, *arguments, **facts):
        for number, chunk in enumerate(decode(path, *arguments, **facts)):
            if number == 1 and path in (recordings[0], recordings[1], recordings[2]):
                met.wait()  # three threads are in here, or this breaks
            yield chunk

    monkeypatch.setattr(decoded_recording, "decode", all_at_once)
    assert [each.path for each in embedder(decoders=3).embed_each(recordings)] == recordings
    assert tiny_plugin.calls.count("load") == 1


def test_no_more_are_begun_than_there_are_decoders(embedder, recordings, monkeypatch):
    most, now = [], set()
    decode = decoded_recording.decode

    def counted(path, *arguments, **facts):
        now.add(path)
        most.append(len(now))
        yield from decode(path, *arguments, **facts)
        now.discard(path)

    monkeypatch.setattr(decoded_recording, "decode", counted)
    list(embedder(decoders=2).embed_each(recordings))
    assert max(most) == 2


def test_recordings_whose_vectors_are_large_are_not_held_beside_each_other(embedder, recordings, monkeypatch):
    monkeypatch.setattr(executor, "MOST_BYTES", 1)
    order = []
    decode = decoded_recording.decode

    def noted(path, *arguments, **facts):
        order.append(("begins", path))
        yield from decode(path, *arguments, **facts)
        order.append(("ends", path))

    monkeypatch.setattr(decoded_recording, "decode", noted)
    list(embedder(decoders=4).embed_each(recordings))
    assert order == [(what, path) for path in recordings for what in ("begins", "ends")]


def test_a_bad_file_costs_itself_alone_and_keeps_its_place(embedder, recordings, tmp_path):
    text = tmp_path / "text.wav"
    text.write_text("this is not audio")
    asked = [recordings[0], text, tmp_path / "missing.wav", *recordings[1:]]
    results = list(embedder().embed_each(asked))
    assert [each.path for each in results] == asked
    assert [each.path for each in results if isinstance(each, RecordingFailure)] == asked[1:3]


def test_a_copy_of_what_is_under_way_keeps_its_place_and_is_computed_once(
    embedder, recordings, tiny_plugin, tmp_path
):
    copy = tmp_path / "copy.wav"
    shutil.copy2(recordings[0], copy)
    asked = [recordings[0], copy, recordings[1]]
    first, second, _ = results = list(embedder().embed_each(asked))
    assert [each.path for each in results] == asked
    assert (first.computed, second.computed) == (frozenset({"TINY"}), frozenset())
    np.testing.assert_array_equal(first.embeddings["TINY"].vectors, second.embeddings["TINY"].vectors)


def threads():
    return [each for each in threading.enumerate() if each.name == "read-ahead"]


class Cancelling:
    """Progress of a user who has seen enough after so many reports."""

    def __init__(self, reports):
        self.left = reports

    def track(self, *_arguments):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        return None

    def __call__(self, _amount):
        self.left -= 1
        if not self.left:
            raise InterruptedError("enough")


@pytest.mark.parametrize("reports", [1, 3, 6])
def test_who_cancels_is_heeded_at_once_and_what_is_finished_is_kept(embedder, recordings, tmp_path, reports):
    with pytest.raises(InterruptedError, match="enough"):
        list(embedder(progress=Cancelling(reports)).embed_each(recordings))
    assert threads() == []
    # Nobody holds a claim any more, and the next run comes to the same result.
    whole = list(embedder("whole").embed_each(recordings))
    for found, expected in zip(embedder().embed_each(recordings), whole, strict=True):
        np.testing.assert_array_equal(found.embeddings["TINY"].vectors, expected.embeddings["TINY"].vectors)


def test_who_stops_asking_leaves_no_thread_behind(embedder, recordings):
    with closing(embedder().embed_each(recordings)) as results:
        next(results)
    assert threads() == []


def test_what_ends_the_run_does_so_when_all_before_it_are_finished(embedder, recordings, monkeypatch):
    run = executor.Worker.attempted

    def failing(self, task, reports, *, wait):
        if task.recording.path == recordings[2]:
            raise CheckpointError("the weights are gone")
        return (yield from run(self, task, reports, wait=wait))

    monkeypatch.setattr(executor.Worker, "attempted", failing)
    results = embedder().embed_each(recordings)
    assert [next(results).path, next(results).path] == recordings[:2]
    with pytest.raises(CheckpointError, match="the weights are gone"):
        next(results)
    assert threads() == []


def test_the_first_encoder_is_loaded_while_the_first_recording_is_decoded(embedder, recordings, monkeypatch):
    loading, loaded_in = threading.Event(), []
    decode, load = decoded_recording.decode, Family.load

    def waiting(*arguments, **facts):
        assert loading.wait(30)  # nothing is decoded before it is being loaded, and that does not wait for it
        yield from decode(*arguments, **facts)

    def noted(self, *arguments):
        loaded_in.append(threading.current_thread())
        loading.set()
        return load(self, *arguments)

    monkeypatch.setattr(decoded_recording, "decode", waiting)
    monkeypatch.setattr(Family, "load", noted)
    assert len(list(embedder().embed_each(recordings))) == len(recordings)
    assert len(loaded_in) == 1
    assert loaded_in[0] is not threading.main_thread()
