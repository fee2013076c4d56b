"""Several recordings are decoded at once, and what comes of them is as if one were computed after the other."""

import shutil
import threading
from contextlib import closing

import numpy as np
import pytest

from audioscan_host.audio import decoders as processes
from audioscan_host.audio.decoder import Decoder
from audioscan_host.cache import Cache
from audioscan_host.embedding import decoded_recording, executor
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.embedding.executor import LocalExecutor
from audioscan_host.embedding.tasks import RecordingFailure
from audioscan_host.errors import CheckpointError, SettingError
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


@pytest.fixture
def in_processes(monkeypatch):
    """Short recordings too are worth a process."""
    monkeypatch.setattr(processes, "WORTH", 0)


@pytest.mark.parametrize("worth", [0, processes.WORTH])
@pytest.mark.parametrize("decoders", [1, 2, 4])
def test_outcomes_come_in_order_and_are_those_of_each_by_itself(
    embedder, recordings, tmp_path, decoders, worth, monkeypatch
):
    monkeypatch.setattr(processes, "WORTH", worth)
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


@pytest.fixture
def begun(monkeypatch, in_processes):
    """The processes that were started."""
    made, begin = [], Decoder.__init__

    def noted(self):
        begin(self)
        made.append(self._process)

    monkeypatch.setattr(Decoder, "__init__", noted)
    return made


def test_processes_decode_a_run_and_none_outlives_it(embedder, recordings, begun):
    assert [each.path for each in embedder(decoders=2).embed_each(recordings)] == recordings
    assert len(begun) == 2
    assert all(process.poll() is not None for process in begun)


@pytest.mark.parametrize("reports", [1, 3, 6])
def test_who_cancels_while_processes_decode_is_heeded_and_what_is_finished_is_kept(
    embedder, recordings, begun, reports
):
    with pytest.raises(InterruptedError, match="enough"):
        list(embedder(progress=Cancelling(reports)).embed_each(recordings))
    assert threads() == []
    assert all(process.poll() is not None for process in begun)
    whole = list(embedder("whole").embed_each(recordings))
    for found, expected in zip(embedder().embed_each(recordings), whole, strict=True):
        np.testing.assert_array_equal(found.embeddings["TINY"].vectors, expected.embeddings["TINY"].vectors)


def test_a_bad_file_and_a_crash_cost_themselves_alone_in_processes_too(
    embedder, recordings, begun, tmp_path, monkeypatch
):
    text, decode = tmp_path / "text.wav", Decoder.decode
    text.write_text("this is not audio")

    def crashing(self, request, on_open, tell):
        if request.path == recordings[2]:
            self._process.kill()
            self._process.wait()
        return (yield from decode(self, request, on_open, tell))

    monkeypatch.setattr(Decoder, "decode", crashing)
    asked = [recordings[0], text, *recordings[1:]]
    results = list(embedder().embed_each(asked))
    assert [each.path for each in results] == asked
    bad, crashed = (each for each in results if isinstance(each, RecordingFailure))
    assert (bad.path, crashed.path) == (text, recordings[2])
    assert "SIGKILL" in crashed.reason


def test_the_environment_says_how_many_are_decoded_at_once(monkeypatch):
    monkeypatch.setattr(executor, "_cores", lambda: 4)
    for text, decoders in (("", 4), ("1", 1), ("3", 3)):
        monkeypatch.setenv("AUDIOSCAN_DECODERS", text)
        assert LocalExecutor()._decoders == decoders
        assert LocalExecutor(2)._decoders == 2
    for wrong in ("0", "-1", "two", "1.5"):
        monkeypatch.setenv("AUDIOSCAN_DECODERS", wrong)
        with pytest.raises(SettingError, match="AUDIOSCAN_DECODERS"):
            LocalExecutor()


def test_however_many_cores_there_are_memory_is_bounded(monkeypatch):
    monkeypatch.delenv("AUDIOSCAN_DECODERS", raising=False)
    monkeypatch.setattr(executor, "_cores", lambda: 96)
    assert LocalExecutor()._decoders == executor.MOST_DECODERS
