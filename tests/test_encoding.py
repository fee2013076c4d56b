"""A block through the encoder: joint passes, batches, and vectors that are not what was declared."""

from typing import NamedTuple

import numpy as np
import pytest

from audioscan_host import FINAL, Model, Runtime, Windowing, hookimpl
from audioscan_host.cache import Cache
from audioscan_host.embedder import Embedder
from audioscan_host.encoding import Encoders
from audioscan_host.errors import PluginError
from audioscan_host.registry import load_registry
from audioscan_host.windows import cut_blocks

pytestmark = pytest.mark.usefixtures("no_installed_plugins")


@pytest.fixture
def block():
    """13 windows of 8 s."""
    noise = np.random.default_rng(0).standard_normal(20 * 16_000).astype(np.float32)
    (block,) = cut_blocks([noise], 16_000, Windowing(8.0, 1.0))
    return block


class Embedded(NamedTuple):
    vectors: list
    counts: list


def embed(registry, block, *names, batch_size=16) -> Embedded:
    counts = []
    encoders = Encoders(registry, Runtime(batch_size=batch_size))
    models = [registry.model(name) for name in names]
    return Embedded(encoders.embed_block(block, models, counts.append), counts)


def registry_of(make_plugin, models=None, **hooks):
    """A plugin some of whose hooks or models are others than `TINY`'s."""
    namespace = {name: hookimpl(function) for name, function in hooks.items()}
    plugin = type("Changed", (make_plugin,), namespace)()
    plugin.models += [Model(*facts) for facts in models or []]
    return load_registry({"changed": plugin})


def test_the_vectors_are_those_of_the_formula_window_by_window(tiny_registry, block):
    (vectors,), _ = embed(tiny_registry, block, "TINY_ML")
    windows = [
        block.waveform[start : start + 8 * 16_000].astype(np.float64) for start in block.windows.starts
    ]
    both = np.array([[window.mean(), (window**2).mean()] for window in windows])
    expected = np.hstack([both * 2, both * 3, both * 4, both * 5])  # blocks 1 to 4
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, expected, rtol=1e-4, atol=1e-6)


def test_a_joint_pass_gives_the_numbers_of_separate_ones(tiny_registry, block):
    joint, _ = embed(tiny_registry, block, "TINY_ML", "TINY")
    for vectors, name in zip(joint, ("TINY_ML", "TINY"), strict=True):
        (alone,), _ = embed(tiny_registry, block, name)
        np.testing.assert_array_equal(vectors, alone)


def test_a_joint_pass_is_one_pass_over_the_layers_of_all_its_models(tiny_registry, tiny_plugin, block):
    embed(tiny_registry, block, "TINY", "TINY_ML")
    assert tiny_plugin.calls == ["register_models", "load", "preprocess", "embed"]
    assert tiny_plugin.layers_asked == [frozenset({FINAL, 1, 2, 3, 4})]


@pytest.mark.parametrize("batch_size", [1, 2, 5, 12, 13, 14, 1000])
def test_the_numbers_do_not_depend_on_the_size_of_a_batch(tiny_registry, block, batch_size):
    expected, _ = embed(tiny_registry, block, "TINY", "TINY_ML", batch_size=16)
    found, _ = embed(tiny_registry, block, "TINY", "TINY_ML", batch_size=batch_size)
    for vectors, others in zip(found, expected, strict=True):
        np.testing.assert_array_equal(vectors, others)


@pytest.mark.parametrize(("batch_size", "counts"), [(5, [5, 5, 3]), (13, [13]), (16, [13]), (12, [12, 1])])
def test_progress_is_told_the_number_of_windows_in_each_batch(tiny_registry, block, batch_size, counts):
    assert embed(tiny_registry, block, "TINY", "TINY_ML", batch_size=batch_size).counts == counts


def test_a_checkpoint_is_loaded_when_it_is_first_needed_and_then_held(tiny_registry, tiny_plugin, block):
    encoders = Encoders(tiny_registry, Runtime())
    assert "load" not in tiny_plugin.calls
    for name in ("TINY", "TINY_ML", "TINY"):
        encoders.embed_block(block, [tiny_registry.model(name)], lambda _: None)
    assert tiny_plugin.calls.count("load") == 1


def test_an_encoder_is_loaded_for_the_runtime_that_was_asked_for(make_plugin, block):
    asked = []

    def load(self, checkpoint, runtime):
        asked.append((checkpoint, runtime))
        return "encoder"

    registry = registry_of(make_plugin, load=load)
    runtime = Runtime(device="cuda:1", precision="bf16", batch_size=3)
    model = registry.model("TINY")
    Encoders(registry, runtime).embed_block(block, [model], lambda _: None)
    assert asked == [(model.checkpoint, runtime)]


@pytest.fixture
def two_plugins_of_one_checkpoint(make_plugin):
    """Two plugins that read the same published weights, each in its own way."""

    class Negative(make_plugin):
        @hookimpl
        def register_models(self):
            return [Model("NEGATIVE", self.checkpoint, (FINAL,), 2, "as TINY, with the other sign")]

        @hookimpl
        def preprocess(self, encoder, waveform, windows):
            return super().preprocess(encoder, -waveform, windows)

    registry = load_registry({"tiny": make_plugin(), "negative": Negative()})
    assert registry.model("TINY").checkpoint == registry.model("NEGATIVE").checkpoint
    return registry


def test_plugins_that_declare_the_same_checkpoint_run_it_each_by_its_own_hooks(
    two_plugins_of_one_checkpoint, block
):
    encoders = Encoders(two_plugins_of_one_checkpoint, Runtime())
    (plus,), (minus,) = (
        encoders.embed_block(block, [two_plugins_of_one_checkpoint.model(name)], lambda _: None)
        for name in ("TINY", "NEGATIVE")
    )
    np.testing.assert_array_equal(minus[:, 0], -plus[:, 0])


def test_plugins_that_declare_the_same_checkpoint_share_no_pass(
    two_plugins_of_one_checkpoint, make_wav, tmp_path
):
    models = [two_plugins_of_one_checkpoint.model(name) for name in ("TINY", "NEGATIVE")]
    embedder = Embedder(two_plugins_of_one_checkpoint, models, Windowing(), Cache(tmp_path / "cache"))
    found = embedder.embed(make_wav()).embeddings
    np.testing.assert_array_equal(found["NEGATIVE"].vectors[:, 0], -found["TINY"].vectors[:, 0])


def test_mean_and_std_are_pooled_where_the_model_says_so(make_plugin, block):
    plugin = make_plugin()
    plugin.models.append(Model("SPREAD", plugin.checkpoint, (FINAL,), 4, "both", pooling="mean+std"))
    registry = load_registry({"tiny": plugin})
    (mean, spread), _ = embed(registry, block, "TINY", "SPREAD")
    np.testing.assert_array_equal(spread[:, :2], mean)
    steps = np.stack(
        [
            block.waveform[s : s + 8 * 16_000].astype(np.float64).reshape(80, 1600)
            for s in block.windows.starts
        ]
    )
    np.testing.assert_allclose(spread[:, 2], 5 * steps.mean(2).std(1), rtol=1e-4)


# What is not what was declared


def test_vectors_of_another_length_than_declared_are_the_plugins_fault(make_plugin, block):
    plugin = make_plugin()
    plugin.models.append(Model("LONG", plugin.checkpoint, (FINAL,), 3, "says 3, has 2"))
    registry = load_registry({"tiny": plugin})
    with pytest.raises(
        PluginError,
        match=r"^plugin 'tiny': LONG gave embeddings of shape \(13, 2\); by its declaration \(13, 3\)$",
    ):
        embed(registry, block, "TINY", "LONG")


def test_fewer_vectors_than_windows_are_the_plugins_fault(make_plugin, block):
    registry = registry_of(make_plugin, embed=lambda self, batch: {FINAL: np.zeros((len(batch) - 1, 5, 2))})
    with pytest.raises(PluginError, match=r"^plugin 'changed': TINY gave embeddings of shape \(12, 2\)"):
        embed(registry, block, "TINY")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_vectors_that_are_not_finite_are_the_plugins_fault(make_plugin, block, value):
    def embed_with_a_hole(self, batch):
        states = np.ones((len(batch), 5, 2), np.float32)
        states[-1, 3, 1] = value
        return {FINAL: states}

    registry = registry_of(make_plugin, embed=embed_with_a_hole)
    with pytest.raises(PluginError, match=r"^plugin 'changed': TINY gave embeddings that are not finite$"):
        embed(registry, block, "TINY", batch_size=4)


def test_half_precision_from_the_network_becomes_single_precision(make_plugin, block):
    registry = registry_of(
        make_plugin, embed=lambda self, batch: {FINAL: np.full((len(batch), 3000, 2), 1.5, "f2")}
    )
    (vectors,), _ = embed(registry, block, "TINY")
    assert vectors.dtype == np.float32
    np.testing.assert_array_equal(vectors, 1.5)
