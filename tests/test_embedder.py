"""Recording and models -> embeddings: windows, joint passes, blocks, resuming, short recordings."""

import itertools
import threading
import wave
from dataclasses import replace

import numpy as np
import pytest

from audioscan_host import Runtime, audio, embed
from audioscan_host.cache import Cache
from audioscan_host.embedder import EmbeddedRecording, Embedder, RecordingFailure
from audioscan_host.errors import RecordingError, SettingError, UnknownModelError
from audioscan_host.recordings import Recording
from audioscan_host.windows import Windowing


@pytest.fixture
def make_embedder(tiny_registry, tmp_path):
    numbers = itertools.count()

    def make(*names, cache=None, windowing=None, **facts):
        models = [tiny_registry.model(name) for name in names or ("TINY",)]
        folder = cache or tmp_path / f"cache{next(numbers)}"
        return Embedder(tiny_registry, models, windowing or Windowing(), Cache(folder), **facts)

    return make


def samples_of(path):
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768


def tiny_by_hand(path, starts, window=8.0):
    """The fake model's formula on the file's own samples, window by window."""
    samples = samples_of(path)
    pieces = [samples[round(s * 16_000) : round((s + window) * 16_000)] for s in starts]
    return np.array([[5 * piece.mean(), 5 * (piece**2).mean()] for piece in pieces])


def test_the_embeddings_are_those_of_each_window_by_itself(make_embedder, make_wav):
    path = make_wav(seconds=20.5)
    found = make_embedder().embed(path)
    starts = [*range(13), 12.5]
    assert found.duration == 20.5
    np.testing.assert_array_equal(found.embeddings["TINY"].times, starts)
    np.testing.assert_allclose(found.embeddings["TINY"].vectors, tiny_by_hand(path, starts), atol=1e-6)


@pytest.mark.parametrize("block_seconds", [1.0, 3.0, 7.0, 1000.0])
@pytest.mark.parametrize("seconds", [8.0, 15.99, 29.3])
def test_blocks_and_batches_do_not_change_the_numbers(make_embedder, make_wav, seconds, block_seconds):
    path = make_wav(seconds=seconds)
    windowing = Windowing(window=2.0, hop=0.5)
    whole = make_embedder(windowing=windowing).embed(path).embeddings["TINY"]
    cut = make_embedder(windowing=windowing, block_seconds=block_seconds, runtime=Runtime(batch_size=3))
    blocks = cut.embed(path).embeddings["TINY"]
    np.testing.assert_array_equal(blocks.times, whole.times)
    np.testing.assert_array_equal(blocks.vectors, whole.vectors)


def test_models_of_one_checkpoint_share_the_pass_and_the_weights(make_embedder, make_wav, tiny_plugin):
    path = make_wav()
    joint = make_embedder("TINY", "TINY_ML").embed(path).embeddings
    assert tiny_plugin.calls.count("load") == 1
    assert tiny_plugin.layers_asked == [frozenset({-1, 1, 2, 3, 4})]
    for name in ("TINY", "TINY_ML"):
        alone = make_embedder(name).embed(path).embeddings[name]
        np.testing.assert_array_equal(joint[name].vectors, alone.vectors)


def test_only_what_the_cache_lacks_is_computed(make_embedder, make_wav, tiny_plugin, tmp_path):
    path = make_wav()
    make_embedder("TINY", cache=tmp_path / "c").embed(path)
    make_embedder("TINY", "TINY_ML", cache=tmp_path / "c").embed(path)
    assert tiny_plugin.layers_asked[-1] == frozenset({1, 2, 3, 4})
    calls = len(tiny_plugin.calls)
    make_embedder("TINY", "TINY_ML", cache=tmp_path / "c").embed(path)
    assert len(tiny_plugin.calls) == calls


def test_an_interrupted_run_goes_on_from_its_last_finished_block(
    make_embedder, make_wav, tiny_plugin, tmp_path
):
    path = make_wav(seconds=60)
    facts = {"block_seconds": 10.0, "runtime": Runtime(batch_size=10), "cache": tmp_path / "c"}
    tiny_plugin.fails_after = 3
    with pytest.raises(RuntimeError, match="killed here"):
        make_embedder("TINY", "TINY_ML", **facts).embed(path)
    assert list((tmp_path / "c" / "w2v").iterdir()) == []

    tiny_plugin.fails_after = None
    before = tiny_plugin.calls.count("embed")
    resumed = make_embedder("TINY", "TINY_ML", **facts).embed(path)
    assert tiny_plugin.calls.count("embed") - before == 6 - 3
    whole = make_embedder("TINY", "TINY_ML").embed(path)
    for name in ("TINY", "TINY_ML"):
        np.testing.assert_array_equal(resumed.embeddings[name].vectors, whole.embeddings[name].vectors)
        np.testing.assert_array_equal(resumed.embeddings[name].times, whole.embeddings[name].times)
    assert list((tmp_path / "c" / "unfinished").iterdir()) == []


def test_blocks_of_another_length_that_were_left_behind_are_not_mixed_in(
    make_embedder, make_wav, tiny_plugin, tmp_path
):
    path = make_wav(seconds=60)
    tiny_plugin.fails_after = 2
    with pytest.raises(RuntimeError, match="killed here"):
        make_embedder(cache=tmp_path / "c", block_seconds=10.0).embed(path)
    tiny_plugin.fails_after = None
    resumed = make_embedder(cache=tmp_path / "c", block_seconds=25.0).embed(path).embeddings["TINY"]
    whole = make_embedder().embed(path).embeddings["TINY"]
    np.testing.assert_array_equal(resumed.times, whole.times)
    np.testing.assert_array_equal(resumed.vectors, whole.vectors)


def test_a_recording_shorter_than_the_window_is_one_window_of_its_own_length(make_embedder, make_wav):
    path = make_wav(seconds=3.2)
    found = make_embedder().embed(path)
    assert found.duration == 3.2
    np.testing.assert_array_equal(found.embeddings["TINY"].times, [0])
    np.testing.assert_allclose(found.embeddings["TINY"].vectors, tiny_by_hand(path, [0], 3.2), atol=1e-6)


def test_a_recording_shorter_than_the_checkpoint_takes_is_padded(make_embedder, make_wav):
    found = make_embedder().embed(make_wav(seconds=0.03))
    assert found.embeddings["TINY"].vectors.shape == (1, 2)
    assert found.duration == 0.03


def test_a_damaged_cache_file_is_computed_again(make_embedder, make_wav, tmp_path):
    path = make_wav()
    first = make_embedder(cache=tmp_path / "c").embed(path)
    first.files["TINY"].write_bytes(b"damaged")
    again = make_embedder(cache=tmp_path / "c").embed(path)
    np.testing.assert_array_equal(again.embeddings["TINY"].vectors, first.embeddings["TINY"].vectors)


def test_a_batch_goes_on_after_a_recording_that_cannot_be_read(make_embedder, make_wav, tmp_path):
    good, text, late = make_wav("a.wav"), tmp_path / "b.wav", make_wav("c.wav", seed=1)
    text.write_text("this is not audio")
    results = list(make_embedder().embed_each([good, text, tmp_path / "missing.wav", late]))
    assert [type(r) for r in results] == [
        EmbeddedRecording,
        RecordingFailure,
        RecordingFailure,
        EmbeddedRecording,
    ]
    assert results[1].reason.startswith(str(text))
    assert "missing.wav" in results[2].reason


def test_a_recording_that_changes_while_it_is_read_is_refused(make_embedder, make_wav, monkeypatch, tmp_path):
    path = make_wav()

    def decode_and_change(*arguments):
        yield from audio.decode(*arguments)
        with path.open("ab") as file:
            file.write(b"more")

    monkeypatch.setattr("audioscan_host.embedder.decode", decode_and_change)
    with pytest.raises(RecordingError, match="changed while it was being read"):
        make_embedder(cache=tmp_path / "c").embed(path)
    assert not list((tmp_path / "c").rglob("*.npz")), "blocks of another content"


@pytest.mark.parametrize(
    ("limits", "complaint"),
    [
        ({"longest_window": 5.0}, "TINY takes windows of at most 5 s, not 8 s"),
        ({"shortest_window": 9.0}, "TINY takes windows of at least 9 s, not 8 s"),
    ],
)
def test_a_window_that_a_model_cannot_take_is_refused_at_once(tiny_registry, tmp_path, limits, complaint):
    model = tiny_registry.model("TINY")
    limited = replace(model, checkpoint=replace(model.checkpoint, **limits))
    with pytest.raises(SettingError, match=complaint):
        Embedder(tiny_registry, [limited], Windowing(), Cache(tmp_path))


def test_what_another_process_is_embedding_comes_last_and_is_not_computed_twice(
    make_embedder, make_wav, tiny_registry, tiny_plugin, tmp_path
):
    busy, free = make_wav("a.wav"), make_wav("b.wav", seed=1)
    folder = tmp_path / "c"
    other = make_embedder(cache=folder)
    model = tiny_registry.model("TINY")
    claimed, release = threading.Event(), threading.Event()

    def other_process():
        recording = Recording.at(busy)
        with Cache(folder).claim(Cache(folder).entry(recording, model, Windowing()), wait=True):
            claimed.set()
            release.wait(20)
            other._compute(recording, [Cache(folder).entry(recording, model, Windowing())], lambda _: None)

    thread = threading.Thread(target=other_process)
    thread.start()
    claimed.wait(20)
    order = []
    for result in make_embedder(cache=folder).embed_each([busy, free]):
        order.append(result.path)
        release.set()
    thread.join()
    assert order == [free, busy]
    assert tiny_plugin.calls.count("embed") == 2


def test_the_python_face_returns_typed_results(tiny_registry, make_wav, tmp_path):
    path, bad = make_wav(), tmp_path / "bad.wav"
    bad.write_bytes(b"")
    result = embed([path, bad], ["TINY", "TINY_ML"], registry=tiny_registry, cache_dir=tmp_path / "c")
    assert [(s.recording, s.model, s.windows, s.dim) for s in result.stored] == [
        (path, "TINY", 13, 2),
        (path, "TINY_ML", 13, 8),
    ]
    with np.load(result.stored[0].path) as archive:
        assert archive["embeddings"].shape == (13, 2)
    assert [failure.path for failure in result.failures] == [bad]


def test_an_unknown_model_is_refused_before_anything_is_read(tiny_registry, tmp_path):
    with pytest.raises(UnknownModelError, match="unknown model 'TINI'; did you mean TINY"):
        embed([tmp_path], ["TINI"], registry=tiny_registry)
