"""Plugins without models, around the hooks of all the others: what they change, and what becomes of the cache."""

import logging
import types
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audioscan_host import FINAL, Runtime, Windowing, Windows, hookimpl
from audioscan_host.cache import Cache, Provenance
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.errors import PluginError
from audioscan_host.plugins.discovery import Plugin
from audioscan_host.plugins.origin import Origin
from audioscan_host.plugins.registry import load_registry
from audioscan_host.recordings import Recording

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
RATE = 16_000

pytestmark = pytest.mark.usefixtures("no_installed_plugins")


def example(name):
    """A module of the documentation, as its file stands."""
    module = types.ModuleType(name)
    exec((EXAMPLES / f"{name}.py").read_text(encoding="utf-8"), module.__dict__)  # noqa: S102
    return module


@pytest.fixture
def denoise():
    return example("denoise")


@pytest.fixture
def timing():
    return example("timing")


@pytest.fixture
def embed(make_wav, tmp_path):
    """Embed one recording by TINY of these plugins: its vectors, and the cache file that holds them."""
    path = make_wav(seconds=30)

    def embed(plugins, model="TINY", **facts):
        registry = load_registry(plugins)
        assert registry.failures == ()
        embedder = Embedder(
            registry, [registry.model(model)], Windowing(2, 1), Cache(tmp_path / "cache"), **facts
        )
        done = embedder.embed(path)
        return done.embeddings[model].vectors, done.files[model]

    return embed


def wrapping(*hooks, **facts):
    """A plugin that wraps these hooks and passes on what comes; `facts` are its constants."""

    def passing():
        return (yield)

    namespace = {hook: staticmethod(hookimpl(wrapper=True)(passing)) for hook in hooks}
    return type("Wrapping", (), {**namespace, **facts})()


class Louder:
    """Doubles the waveform for every family."""

    WRAPPER_REVISION = 1

    @hookimpl(wrapper=True)
    def filter_waveform(self):
        return (yield) * np.float32(2)


class Offset:
    """Adds a tenth to the waveform for every family."""

    WRAPPER_REVISION = 1

    @hookimpl(wrapper=True)
    def filter_waveform(self):
        return (yield) + np.float32(0.1)


# The waveform


def test_every_family_hears_the_waveform_that_a_wrapper_leaves_and_the_original_stays(make_plugin, denoise):
    heard = {}

    class Listening(make_plugin):
        @hookimpl
        def preprocess(self, encoder, waveform, windows):
            heard[self.checkpoint.name] = waveform
            return super().preprocess(encoder, waveform, windows)

    registry = load_registry({"one": Listening("ONE"), "two": Listening("TWO"), "denoise": denoise})
    assert registry.failures == ()
    waveform = np.random.default_rng(0).normal(0, 0.1, 5 * RATE).astype(np.float32)
    original = waveform.copy()
    for name in ("ONE", "TWO"):
        family = registry.family(registry.model(name))
        family.preprocess("encoder", waveform, Windows(np.array([0, RATE]), 2 * RATE, RATE))
        np.testing.assert_array_equal(heard[name], denoise.spectral_gate(original, RATE))
        assert heard[name].std() < original.std() / 2
    np.testing.assert_array_equal(waveform, original)


def test_wrappers_of_the_waveform_follow_each_other(embed, tiny_plugin):
    plain, _ = embed({"tiny": tiny_plugin})
    # pluggy: what was registered last is outermost, and so hears what the others have left.
    louder_last, one = embed({"tiny": tiny_plugin, "offset": Offset(), "louder": Louder()})
    offset_last, other = embed({"tiny": tiny_plugin, "louder": Louder(), "offset": Offset()})
    of_mean = 5  # TINY is five times the mean of the samples, then of their squares
    np.testing.assert_allclose(louder_last[:, 0], 2 * (plain[:, 0] + of_mean * 0.1), atol=1e-5)
    np.testing.assert_allclose(offset_last[:, 0], 2 * plain[:, 0] + of_mean * 0.1, atol=1e-5)
    assert one != other


@pytest.mark.parametrize(
    ("returned", "found"),
    [
        (lambda waveform: waveform[1:], r"\(63999,\) float32"),
        (lambda waveform: waveform.astype(np.float64), r"\(64000,\) float64"),
        (list, "None list"),
    ],
)
def test_a_wrapper_that_leaves_something_else_than_a_waveform_is_named(tiny_plugin, returned, found):
    class Odd:
        @hookimpl(wrapper=True)
        def filter_waveform(self):
            return returned((yield))

    registry = load_registry({"tiny": tiny_plugin, "odd": Odd()})
    family = registry.family(registry.model("TINY"))
    expected = rf"must return \(64000,\) float32, not {found}; it is implemented by odd$"
    windows = Windows(np.array([0]), 2 * RATE, RATE)
    with pytest.raises(PluginError, match=expected):
        family.preprocess("encoder", np.zeros(4 * RATE, np.float32), windows)


def test_a_plugin_with_models_changes_the_waveform_of_its_own_only(make_plugin):
    class Own(make_plugin):
        @hookimpl
        def filter_waveform(self, waveform):
            return waveform * 0

    registry = load_registry({"own": Own("OWN"), "plain": make_plugin("PLAIN")})
    waveform = np.ones(RATE, np.float32)
    for name, expected in (("OWN", 0), ("PLAIN", 1)):
        family = registry.family(registry.model(name))
        inputs = family.preprocess("encoder", waveform, Windows(np.array([0]), RATE, RATE))
        assert np.unique(inputs).tolist() == [expected]
    assert registry.wrappers == ()  # `revision` of its models tells


# The cache


def test_embeddings_with_and_without_a_wrapper_are_kept_apart(embed, tiny_plugin):
    plain, file = embed({"tiny": tiny_plugin})
    passes = tiny_plugin.calls.count("embed")
    louder, other = embed({"tiny": tiny_plugin, "louder": Louder()})
    assert other != file
    assert tiny_plugin.calls.count("embed") > passes
    np.testing.assert_allclose(louder, plain * [2, 4], rtol=1e-5)

    passes = tiny_plugin.calls.count("embed")
    again, same = embed({"tiny": tiny_plugin})
    assert (same, tiny_plugin.calls.count("embed")) == (file, passes)
    np.testing.assert_array_equal(again, plain)
    embed({"tiny": tiny_plugin, "louder": Louder()})
    assert tiny_plugin.calls.count("embed") == passes


def test_without_a_wrapper_the_key_is_what_it_was_before_there_were_any(make_wav, tmp_path, tiny_plugin):
    """Whatever is in a user's cache stays valid."""
    cache, recording = Cache(tmp_path / "cache"), Recording.at(make_wav())
    plain, windowing = Provenance(recording, tiny_plugin.models[0]), Windowing(2, 1)
    wrapped = replace(plain, wrappers=("denoise revision 1",))
    assert cache.entry(plain, windowing).name == cache.entry(replace(plain, wrappers=()), windowing).name
    assert cache.entry(plain, windowing).name != cache.entry(wrapped, windowing).name


def test_files_of_8_cut_know_no_wrapper_and_are_not_read_with_one(make_wav, tmp_path, make_plugin):
    model = make_plugin("HUBERT_BASE", revision="torchaudio-1").models[0]
    cache, recording = Cache(tmp_path / "cache"), Recording.at(make_wav())
    plain = Provenance(recording, model)
    assert cache.entry(plain, Windowing(2, 1)).eight_cut is not None
    assert cache.entry(replace(plain, wrappers=("denoise revision 1",)), Windowing(2, 1)).eight_cut is None


@pytest.mark.parametrize("hook", ["load", "filter_waveform", "preprocess", "embed", "select_layers"])
def test_a_wrapper_of_any_hook_that_numbers_pass_through_is_part_of_the_key(embed, tiny_plugin, hook):
    _, plain = embed({"tiny": tiny_plugin})
    files = {
        embed({"tiny": tiny_plugin, "wrapping": wrapping(hook, WRAPPER_REVISION=revision)})[1]
        for revision in (1, 2, 2)
    }
    assert len(files - {plain}) == 2
    unstated = load_registry({"tiny": tiny_plugin, "wrapping": wrapping(hook)})
    assert unstated.wrappers == ("wrapping",)


@pytest.mark.parametrize("hook", ["precision", "batch_size", "register_commands"])
def test_a_wrapper_of_another_hook_is_not(embed, tiny_plugin, hook):
    _, plain = embed({"tiny": tiny_plugin})
    _, wrapped = embed({"tiny": tiny_plugin, "wrapping": wrapping(hook)})
    assert wrapped == plain


def test_an_installed_wrapper_that_states_no_revision_is_told_apart_by_its_version():
    distribution = types.SimpleNamespace(metadata={"Name": "audioscan-gain", "Version": "2.1"})
    facts = {"origin": Origin(distribution), "wraps": ("embed",)}
    assert Plugin("gain", wrapping("embed"), **facts).mark == "gain of audioscan-gain 2.1"
    assert Plugin("gain", wrapping("embed", WRAPPER_REVISION=3), **facts).mark == "gain revision 3"


def test_a_wrapper_of_a_plugin_with_models_is_no_part_of_other_keys(embed, make_plugin, tiny_plugin):
    class Wrapped(make_plugin):
        @hookimpl(wrapper=True)
        def select_layers(self):
            return (yield)

    _, plain = embed({"tiny": tiny_plugin})
    _, beside = embed({"tiny": tiny_plugin, "other": Wrapped("OTHER")})
    assert beside == plain


# A plugin's own selection


def test_a_plugins_own_selection_of_layers_is_what_is_embedded(embed, make_plugin):
    class Backwards(make_plugin):
        @hookimpl
        def select_layers(self, model, hidden_states):
            return [hidden_states[layer] for layer in reversed(model.layers)]

    plain, _ = embed({"plain": make_plugin("PLAIN")}, "PLAIN_ML")
    backwards, _ = embed({"own": Backwards("OWN")}, "OWN_ML")
    four = plain.reshape(len(plain), 4, 2)
    np.testing.assert_array_equal(backwards, four[:, ::-1].reshape(len(plain), 8))


# The examples of the documentation


def test_denoise_takes_noise_and_leaves_what_comes_and_goes(denoise):
    time = np.arange(30 * RATE) / RATE
    noise = np.random.default_rng(0).normal(0, 0.05, len(time)).astype(np.float32)
    here = time % 10 < 1
    tone = np.where(here, 0.3 * np.sin(2 * np.pi * 1000 * time), 0).astype(np.float32)
    left = denoise.spectral_gate(noise + tone, RATE)
    assert (left.dtype, left.shape) == (np.float32, noise.shape)
    quiet = (time % 10 > 2) & (time % 10 < 9)
    assert left[quiet].std() < 0.25 * noise[quiet].std()
    assert left[here] @ tone[here] == pytest.approx(tone[here] @ tone[here], rel=0.05)


@pytest.mark.parametrize("samples", [1, 160, 4001, 3 * RATE])
def test_denoise_that_turns_nothing_down_gives_the_waveform_back(denoise, samples):
    denoise.TURNED_DOWN_TO = 1.0
    waveform = np.random.default_rng(samples).normal(0, 0.1, samples).astype(np.float32)
    np.testing.assert_allclose(denoise.spectral_gate(waveform, RATE), waveform, atol=1e-6)


def test_denoise_changes_the_embeddings_of_a_model_that_knows_nothing_of_it(embed, tiny_plugin, denoise):
    plain, file = embed({"tiny": tiny_plugin})
    without_noise, other = embed({"tiny": tiny_plugin, "denoise": denoise})
    assert other != file
    assert (without_noise[:, 1] < plain[:, 1] / 4).all()  # power: the recording is noise


def test_timing_tells_of_each_batch_and_changes_nothing(embed, tiny_plugin, timing, caplog):
    plain, file = embed({"tiny": tiny_plugin})
    Path(file).unlink()
    with caplog.at_level(logging.INFO, "audioscan_host.timing"):
        timed, same = embed({"tiny": tiny_plugin, "timing": timing}, runtime=Runtime(batch_size=20))
    assert same == file
    np.testing.assert_array_equal(timed, plain)
    said = [record.getMessage() for record in caplog.records if record.name == "audioscan_host.timing"]
    assert [line.rpartition(" in ")[0] for line in said] == ["embed: 20 windows", "embed: 9 windows"]
    assert FINAL in tiny_plugin.layers_asked[0]
