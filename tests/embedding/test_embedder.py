"""Recording and models -> embeddings: windows, joint passes, blocks, resuming, short recordings."""

import itertools
import json
import threading
import wave
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from audioscan_host import FINAL, Checkpoint, Model, Runtime, audio, embed, hookimpl
from audioscan_host.cache import Cache, Provenance
from audioscan_host.embedding.embedded_recording import EmbeddedRecording
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.embedding.tasks import RecordingFailure
from audioscan_host.errors import (
    CheckpointError,
    EmbeddingError,
    PluginError,
    RecordingError,
    SettingError,
    TrainingError,
    UnknownModelError,
)
from audioscan_host.journeys.labelled import embed_labelled
from audioscan_host.journeys.session import Session
from audioscan_host.models.weights import TorchHubFile
from audioscan_host.plugins.registry import load_registry
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
    with pytest.raises(EmbeddingError, match="killed here"):
        make_embedder("TINY", "TINY_ML", **facts).embed(path)
    assert not (tmp_path / "c" / "w2v").exists()

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
    with pytest.raises(EmbeddingError, match="killed here"):
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
    Path(first.files["TINY"]).write_bytes(b"damaged")
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


@pytest.fixture
def loud_in_the_middle(make_wav):
    """Three recordings; the second has a full-scale sample at 14 s."""
    paths = [make_wav(f"{name}.wav", seed=seed) for seed, name in enumerate("abc")]
    sound = bytearray(paths[1].read_bytes())
    place = 44 + 2 * 14 * 16_000
    sound[place : place + 2] = (32767).to_bytes(2, "little")
    paths[1].write_bytes(sound)
    return paths


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("embed", SystemExit(3)), "TINY: embed raised SystemExit: 3 (tests/embedding/test_embedder.py, line"),
        (("preprocess", ValueError("no such\nsound")), "TINY: preprocess raised ValueError: no such sound (tests/embedding/test_embedder.py, line"),
        (("embed", IndexError("of no layer")), "TINY: embed raised IndexError: of no layer (tests/embedding/test_embedder.py, line"),
        (("select_layers", ZeroDivisionError()), "TINY: embed raised ZeroDivisionError (tests/embedding/test_embedder.py, line"),
        (("preprocess", RecordingError("plugin 'faulty': too loud")), "too loud"),
        (("embed", "not finite"), "TINY gave embeddings that are not finite, first in the window at 7 s, whose samples reach 1 (full"),
        (("embed", "no time"), "embed: layer -1 has shape (13, 0, 2); expected (batch, time, width)"),
        (("preprocess", "too few"), "preprocess returned 12 inputs (ndarray) for 13 windows"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("no_installed_plugins")
def test_what_a_plugin_fails_on_costs_that_recording_alone(
    make_plugin, loud_in_the_middle, tmp_path, wrong, said
):
    hook, fault = wrong

    class Faulty(make_plugin):
        def spoilt(self, name, found):
            if name != hook or not self.loud:
                return found
            if isinstance(fault, BaseException):
                raise fault
            if fault == "not finite":
                found[FINAL][7:, 3, 1] = np.inf
                return found
            return found[:-1] if fault == "too few" else {FINAL: found[FINAL][:, :0]}

        @hookimpl
        def preprocess(self, encoder, waveform, windows):
            self.loud = np.abs(waveform).max() > 0.9
            return self.spoilt("preprocess", super().preprocess(encoder, waveform, windows))

        @hookimpl
        def embed(self, encoder, batch, layers):
            return self.spoilt("embed", super().embed(encoder, batch, layers))

        @hookimpl
        def select_layers(self, model, hidden_states):
            return self.spoilt("select_layers", [hidden_states[layer] for layer in model.layers])

    registry = load_registry({"faulty": Faulty()})
    embedder = Embedder(registry, [registry.model("TINY")], Windowing(), Cache(tmp_path / "c"))
    first, failed, last = embedder.embed_each(loud_in_the_middle)
    assert isinstance(first, EmbeddedRecording)
    assert isinstance(last, EmbeddedRecording)
    assert (failed.path, failed.by_plugin) == (loud_in_the_middle[1], True)
    assert failed.reason.startswith(f"{loud_in_the_middle[1]}: plugin 'faulty': {said}")
    assert "\n" not in failed.reason


def test_a_plugin_that_fails_on_every_recording_has_a_failure_for_each(make_embedder, make_wav, tiny_plugin):
    tiny_plugin.fails_after = 0
    paths = [make_wav("a.wav"), make_wav("b.wav", seed=1)]
    failures = list(make_embedder().embed_each(paths))
    assert [(type(each), each.path) for each in failures] == [(RecordingFailure, path) for path in paths]
    for failure in failures:
        assert "TINY: embed raised RuntimeError: killed here (tests/conftest.py, line" in failure.reason


def test_training_says_why_no_recording_could_be_embedded(tiny_registry, make_wav, tiny_plugin):
    tiny_plugin.fails_after = 0
    session = Session.of(registry=tiny_registry)
    path = make_wav()
    with pytest.raises(
        TrainingError,
        match=f"^none of the labelled recordings could be embedded: {path}: plugin 'tiny': TINY: embed raised RuntimeError",
    ):
        embed_labelled(session, [session.registry.model("TINY")], Windowing(), {path: []}, {})


@pytest.mark.parametrize(
    ("hook", "error"),
    [
        ("load", CheckpointError("the weights are another network's")),
        ("load", PluginError("a library is missing")),
        ("load", ValueError("a fault of the plugin")),
        ("preprocess", SettingError("no such device")),
        ("embed", CheckpointError("the weights are gone")),
        ("embed", KeyboardInterrupt()),
    ],
)
@pytest.mark.usefixtures("no_installed_plugins")
def test_what_would_be_so_with_every_recording_ends_the_run(make_plugin, make_wav, tmp_path, hook, error):
    calls = []

    def fail(self):
        calls.append(hook)
        raise error

    plugin = type("Faulty", (make_plugin,), {hook: hookimpl(fail)})()
    registry = load_registry({"faulty": plugin})
    embedder = Embedder(registry, [registry.model("TINY")], Windowing(), Cache(tmp_path / "c"))
    with pytest.raises(type(error)) as raised:
        list(embedder.embed_each([make_wav("a.wav"), make_wav("b.wav", seed=1)]))
    assert raised.value is error
    assert calls == [hook]


def test_a_recording_that_changes_while_it_is_read_is_refused(make_embedder, make_wav, monkeypatch, tmp_path):
    path = make_wav()

    def decode_and_change(*arguments, **meter):
        yield from audio.decode(*arguments, **meter)
        with path.open("ab") as file:
            file.write(b"more")

    monkeypatch.setattr("audioscan_host.embedding.decoded_recording.decode", decode_and_change)
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
        (task,) = other.tasks(busy)
        with task.claim(Cache(folder), wait=True):
            claimed.set()
            release.wait(20)
            entry = task.entry(Cache(folder), model)
            entry.finish(make_embedder().embed(busy).embeddings["TINY"])

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


# Digital silence


def with_silence(make_wav, name="gated.wav", seconds=20.5):
    """Noise with zeros from 4 to 7 s, and from 18 s to its end."""
    path = make_wav(name, seconds=seconds)
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").copy()
    samples[4 * 16_000 : 7 * 16_000] = samples[18 * 16_000 :] = 0
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
    return path


SILENT = [[4.0, 7.0], [18.0, 20.5]]


def test_silence_is_found_while_a_recording_is_embedded_and_kept(
    make_embedder, make_wav, monkeypatch, tmp_path
):
    path = with_silence(make_wav)
    first = make_embedder(cache=tmp_path / "c").embed(path)
    assert first.silence.tolist() == SILENT
    monkeypatch.setattr(
        "audioscan_host.embedding.decoded_recording.decode", lambda *_, **__: pytest.fail("decoded")
    )
    again = make_embedder(cache=tmp_path / "c").embed(path)
    assert again.silence.tolist() == SILENT
    assert again.duration == first.duration == 20.5


def test_a_recording_without_silence_has_no_spans(make_embedder, make_wav):
    assert make_embedder().embed(make_wav()).silence.shape == (0, 2)


def test_a_resumed_run_knows_all_of_the_silence(make_embedder, make_wav, tiny_plugin, tmp_path):
    path = with_silence(make_wav, seconds=60)
    facts = {"block_seconds": 10.0, "runtime": Runtime(batch_size=10), "cache": tmp_path / "c"}
    tiny_plugin.fails_after = 3
    with pytest.raises(EmbeddingError, match="killed here"):
        make_embedder(**facts).embed(path)
    assert not list((tmp_path / "c").glob("silence/*"))
    tiny_plugin.fails_after = None
    assert make_embedder(**facts).embed(path).silence.tolist() == [[4.0, 7.0], [18.0, 60.0]]


def test_embeddings_that_were_cached_without_silence_cost_one_more_decoding(
    make_embedder, make_wav, tiny_plugin, monkeypatch, tmp_path
):
    path = with_silence(make_wav)
    make_embedder(cache=tmp_path / "c").embed(path)
    (file,) = (tmp_path / "c" / "silence").iterdir()
    file.unlink()
    decoded, calls = [], list(tiny_plugin.calls)

    def decode_noted(*arguments, **meter):
        decoded.append(arguments[0])
        return audio.decode(*arguments, **meter)

    monkeypatch.setattr("audioscan_host.embedding.decoded_recording.decode", decode_noted)
    progress = Amounts()
    for _ in range(2):
        (found,) = make_embedder(cache=tmp_path / "c", progress=progress).embed_each([path])
        assert found.silence.tolist() == SILENT
        assert found.computed == frozenset()
    assert decoded == [path]
    assert tiny_plugin.calls == calls
    assert progress.tracked[0] == ["embedding", 20.5, pytest.approx(20.5)]


def test_silence_of_a_file_of_eight_cut_ends_with_its_last_window(
    no_installed_plugins, make_plugin, make_wav, tmp_path
):
    plugin = make_plugin("HUBERT_BASE", revision="torchaudio-1")
    registry, cache, path = load_registry({"eight": plugin}), Cache(tmp_path / "c"), with_silence(make_wav)
    entry = cache.entry(Provenance(Recording.at(path), plugin.models[0]), Windowing())
    with cache.store.writing(entry.eight_cut) as file:
        np.savez(file, timestamps=np.arange(13.0), embeddings=np.ones((13, 2), np.float32))
    found = Embedder(registry, [plugin.models[0]], Windowing(), cache).embed(path)
    assert "load" not in plugin.calls
    assert found.duration == 20.0
    assert found.silence.tolist() == [[4.0, 7.0], [18.0, 20.0]]


def test_silence_that_cannot_be_kept_loses_no_run(make_embedder, make_wav, tmp_path, caplog):
    path = with_silence(make_wav)
    embedder = make_embedder(cache=tmp_path / "c")
    (tmp_path / "c" / "silence").write_text("a file where the folder should be")
    assert embedder.embed(path).silence.tolist() == SILENT
    assert "is not kept" in caplog.text
    assert embedder.embed(path).silence.tolist() == SILENT, "found once more"


def test_cached_embeddings_of_what_no_longer_decodes_are_used_with_a_warning(
    make_embedder, make_wav, monkeypatch, tmp_path, caplog
):
    path = make_wav()
    make_embedder(cache=tmp_path / "c").embed(path)
    (file,) = (tmp_path / "c" / "silence").iterdir()
    file.write_bytes(b"damaged")

    def fail(path, *_, **__):
        raise RecordingError(f"{path}: none of its packets can be decoded")

    monkeypatch.setattr("audioscan_host.embedding.decoded_recording.decode", fail)
    found = make_embedder(cache=tmp_path / "c").embed(path)
    assert len(found.embeddings["TINY"].vectors) == 13
    assert found.silence.shape == (0, 2)
    assert "whether it has digital silence is not known" in caplog.text
    assert not file.exists(), "nothing is kept of it"


@pytest.mark.parametrize("rate", [8000, 11_025, 44_100])
def test_silence_reaches_the_end_of_a_recording_of_any_rate(make_embedder, tmp_path, rate):
    path = tmp_path / "tail.wav"
    samples = np.random.default_rng(0).integers(-99, 99, round(12.3456 * rate)).astype("<i2")
    samples[9 * rate :] = 0
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
    found = make_embedder().embed(path)
    assert found.silence.tolist() == [[9.0, found.duration]]


class Amounts:
    """Progress that keeps what was begun, of how much, and how much was done."""

    def __init__(self):
        self.tracked = []

    @contextmanager
    def track(self, what, total, unit):
        tracked = [what, total, 0.0]
        self.tracked.append(tracked)

        def advance(amount):
            tracked[2] += amount

        def expect(total):
            tracked[1] = total

        advance.expect = expect
        yield advance


# Precision


def meta_of(file):
    with np.load(file) as archive:
        return json.loads(archive["meta"].item())


def test_the_cache_tells_precisions_apart(no_installed_plugins, make_plugin, make_wav, tmp_path):
    class Precise(make_plugin):
        @hookimpl
        def precision(self, checkpoint, runtime):
            return runtime.precision

    plugin, path = Precise(), make_wav()
    registry = load_registry({"precise": plugin})
    files = {}
    for precision in ("fp32", "bf16", "fp32"):
        runtime = Runtime(precision=precision)
        models = [registry.model("TINY")]
        embedder = Embedder(registry, models, Windowing(), Cache(tmp_path / "c"), runtime=runtime)
        files[precision] = embedder.embed(path).files["TINY"]
        assert meta_of(files[precision])["precision"] == precision
    assert files["fp32"] != files["bf16"]
    assert plugin.calls.count("load") == 2


def test_a_plugin_that_does_not_say_what_it_computes_in_has_one_file_for_all_precisions(
    make_embedder, make_wav, tiny_plugin, tmp_path
):
    path = make_wav()
    runtimes = [Runtime(precision=precision) for precision in ("auto", "fp32", "bf16", "fp16")]
    found = [make_embedder(cache=tmp_path / "c", runtime=runtime).embed(path) for runtime in runtimes]
    assert len({each.files["TINY"] for each in found}) == 1
    assert meta_of(found[0].files["TINY"])["precision"] == "fp32"
    assert tiny_plugin.calls.count("load") == 1


# Weights


@pytest.fixture
def published(no_installed_plugins, make_plugin, monkeypatch, tmp_path):
    """A plugin whose weights can be fetched from a file."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    source = tmp_path / "published" / "net.pt"
    source.parent.mkdir()
    source.write_bytes(b"weights")
    plugin = make_plugin()
    plugin.checkpoint = replace(plugin.checkpoint, weights=TorchHubFile(source.as_uri()))
    plugin.models = [replace(model, checkpoint=plugin.checkpoint) for model in plugin.models]
    return plugin


@pytest.fixture
def embedder_of(published, tmp_path):
    """With one cache for all."""

    def make(*names, checkpoints=None, progress=None):
        registry = load_registry({"published": published}, checkpoints=checkpoints)
        models = [registry.model(name) for name in names]
        return Embedder(registry, models, Windowing(), Cache(tmp_path / "c"), progress=progress)

    return make


class Downloads:
    """Progress that keeps the names of what is begun."""

    def __init__(self):
        self.begun = []

    @contextmanager
    def track(self, what, total, unit):
        self.begun.append(what)
        yield lambda _: None


def test_weights_are_fetched_once_and_before_the_first_recording_is_decoded(
    published, embedder_of, make_wav, monkeypatch
):
    there = []

    def decode_noted(*arguments, **meter):
        there.append(published.checkpoint.path.is_file())
        return audio.decode(*arguments, **meter)

    monkeypatch.setattr("audioscan_host.embedding.decoded_recording.decode", decode_noted)
    progress = Downloads()
    paths = [make_wav("a.wav"), make_wav("b.wav", seed=1)]
    results = list(embedder_of("TINY", "TINY_ML", progress=progress).embed_each(paths))
    assert all(isinstance(result, EmbeddedRecording) for result in results)
    assert there == [True, True]
    assert progress.begun == ["embedding", "downloading net.pt"]


def test_where_weights_cannot_be_fetched_nothing_is_decoded(embedder_of, make_wav, monkeypatch, tmp_path):
    (tmp_path / "published" / "net.pt").unlink()
    monkeypatch.setattr(
        "audioscan_host.embedding.decoded_recording.decode", lambda *_, **__: pytest.fail("decoded")
    )
    with pytest.raises(CheckpointError, match=r"^TINY: net\.pt is not in .* and could not be fetched"):
        list(embedder_of("TINY").embed_each([make_wav()]))


def test_what_the_cache_has_needs_no_weights(published, embedder_of, make_wav, tmp_path):
    path = make_wav()
    embedder_of("TINY").embed(path)
    published.checkpoint.path.unlink()
    (tmp_path / "published" / "net.pt").unlink()
    (again,) = embedder_of("TINY").embed_each([path])
    assert isinstance(again, EmbeddedRecording)
    assert published.calls.count("load") == 1


def test_weights_of_the_user_are_known_by_their_content_wherever_they_lie(
    published, embedder_of, make_wav, tmp_path
):
    path, own = make_wav(), tmp_path / "own.pt"
    own.write_bytes(b"weights of the user")
    first = embedder_of("TINY", checkpoints={"TINY": str(own)}).embed(path)

    moved = own.rename(tmp_path / "moved.bin")
    again = embedder_of("TINY", checkpoints={"TINY": str(moved)}).embed(path)
    assert again.files == first.files
    assert published.calls.count("load") == published.calls.count("embed") == 1

    moved.write_bytes(b"other weights of the user")
    other = embedder_of("TINY", checkpoints={"TINY": str(moved)}).embed(path)
    assert other.files != first.files
    assert published.calls.count("load") == 2


def test_weights_of_the_user_are_not_mixed_with_the_published_ones(
    published, embedder_of, make_wav, tmp_path
):
    path, own = make_wav(), tmp_path / "own.pt"
    own.write_bytes(b"weights of the user")
    files = {
        embedder_of("TINY", checkpoints=checkpoints).embed(path).files["TINY"]
        for checkpoints in (None, {"TINY": str(own)})
    }
    assert len(files) == 2


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


@pytest.mark.parametrize("absurd", [1e18, 1e9])
def test_a_recording_with_one_absurd_sample_costs_itself_alone_by_name(tmp_path, make_wav, absurd):
    """R1: one flipped bit of a float WAV, from which a plugin makes numbers that are not finite."""
    samples = (0.1 * np.random.default_rng(0).standard_normal(20 * 16_000)).astype(np.float32)
    samples[100_000] = absurd
    sf.write(tmp_path / "b.wav", samples, 16_000, subtype="FLOAT")

    class Cubes:
        @hookimpl
        def register_models(self):
            return [
                Model(
                    "CUBES",
                    Checkpoint(
                        name="CUBES",
                        source="none",
                        revision="1",
                        layers=1,
                        sample_rate=16_000,
                        step=0.1,
                        shortest_window=0.1,
                        licence="MIT",
                        parameters=0,
                    ),
                    (FINAL,),
                    1,
                    "",
                )
            ]

        @hookimpl
        def load(self, checkpoint, runtime):
            return ""

        @hookimpl
        def preprocess(self, encoder, waveform, windows):
            return np.stack([waveform[start : start + windows.length] for start in windows.starts])

        @hookimpl
        def embed(self, encoder, batch, layers):
            with np.errstate(over="ignore"):
                return {FINAL: (batch**5).mean(1)[:, np.newaxis, np.newaxis]}

    registry = load_registry({"cubes": Cubes()})
    paths = [make_wav("a.wav"), tmp_path / "b.wav", make_wav("c.wav")]
    result = embed(paths, ["CUBES"], registry=registry, cache_dir=tmp_path / "cache")
    assert [stored.recording for stored in result.stored] == [paths[0], paths[2]]
    (failure,) = result.failures
    assert failure.path == paths[1]
    assert failure.reason.startswith(f"{paths[1]}: ")
