"""A block through the encoder: joint passes, batches, and vectors that are not what was declared."""

import weakref
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest

from audioscan_host import FINAL, Model, Runtime, Windowing, hookimpl
from audioscan_host.cache import Cache
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.embedding.encoders import Encoders
from audioscan_host.errors import CheckpointError, EmbeddingError, PluginError, SettingError
from audioscan_host.models.checkpoints import obtain
from audioscan_host.models.weights import TorchHubFile
from audioscan_host.plugins.registry import load_registry
from audioscan_host.progress import Silent
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


# The size of a batch


class OutOfMemoryError(RuntimeError):
    """Named as those of torch and cupy are."""


class OutOfDeviceMemoryError(OutOfMemoryError):
    pass


class Limited:
    """An `embed` that takes `limit` windows at once; `sizes` are those it was called with."""

    def __init__(self, make_plugin, limit, error=OutOfMemoryError):
        self.sizes = []
        self.limit = limit
        self.error = error
        self.embed = make_plugin.embed

    def hook(self):
        def embed(plugin, encoder, batch, layers):
            self.sizes.append(len(batch))
            if len(batch) > self.limit:
                raise self.error("no memory left\non the device")
            return self.embed(plugin, encoder, batch, layers)

        return embed


def test_the_plugin_is_asked_for_the_size_once_with_its_first_block(make_plugin, block):
    asked = []

    def batch_size(self, encoder, inputs, layers):
        asked.append((encoder, len(inputs), layers))
        return 5

    registry = registry_of(make_plugin, batch_size=batch_size)
    encoders = Encoders(registry, Runtime())
    for _ in range(2):
        counts = []
        encoders.embed_block(block, [registry.model("TINY_ML")], counts.append)
        assert counts == [5, 5, 3]
    assert asked == [("encoder of TINY", 13, frozenset({1, 2, 3, 4}))]


def test_the_plugin_is_not_asked_for_the_size_that_the_user_says(make_plugin, block):
    registry = registry_of(make_plugin, batch_size=lambda self: pytest.fail("it was asked"))
    assert embed(registry, block, "TINY", batch_size=7).counts == [7, 6]


@pytest.mark.parametrize("error", [MemoryError, OutOfMemoryError, OutOfDeviceMemoryError])
@pytest.mark.parametrize("batch_size", [None, 13])
def test_where_memory_is_short_the_batch_is_halved_until_it_fits_and_the_numbers_are_the_same(
    tiny_registry, make_plugin, block, batch_size, error
):
    limited = Limited(make_plugin, limit=4, error=error)
    registry = registry_of(make_plugin, embed=limited.hook())
    found, counts = embed(registry, block, "TINY", "TINY_ML", batch_size=batch_size)
    assert limited.sizes == [13, 6, 3, 3, 3, 3, 1]
    assert counts == [3, 3, 3, 3, 1]
    expected, _ = embed(tiny_registry, block, "TINY", "TINY_ML")
    for vectors, others in zip(found, expected, strict=True):
        np.testing.assert_array_equal(vectors, others)


def test_batches_before_the_one_that_did_not_fit_are_not_embedded_again(tiny_registry, make_plugin, block):
    limited = Limited(make_plugin, limit=4)
    whole = limited.hook()

    def embed_while_memory_shrinks(self, encoder, batch, layers):
        limited.limit = 4 if len(limited.sizes) < 2 else 2
        return whole(self, encoder, batch, layers)

    registry = registry_of(make_plugin, embed=embed_while_memory_shrinks)
    (found,), counts = embed(registry, block, "TINY", batch_size=4)
    assert limited.sizes == [4, 4, 4, 2, 2, 1]
    assert counts == [4, 4, 2, 2, 1]
    (expected,), _ = embed(tiny_registry, block, "TINY")
    np.testing.assert_array_equal(found, expected)


def test_the_size_that_fits_is_kept_for_the_blocks_that_follow(make_plugin, block):
    limited = Limited(make_plugin, limit=4)
    registry = registry_of(make_plugin, embed=limited.hook())
    encoders = Encoders(registry, Runtime())
    encoders.embed_block(block, [registry.model("TINY")], lambda _: None)
    limited.sizes.clear()
    encoders.embed_block(block, [registry.model("TINY_ML")], lambda _: None)
    assert limited.sizes == [3, 3, 3, 3, 1]


def test_memory_that_ends_where_layers_are_selected_halves_the_batch_too(make_plugin, block):
    def select_layers(self, model, hidden_states):
        selected = [hidden_states[layer] for layer in model.layers]
        if len(selected[0]) > 7:
            raise MemoryError
        return selected

    registry = registry_of(make_plugin, select_layers=select_layers)
    assert embed(registry, block, "TINY").counts == [6, 6, 1]


def test_what_a_batch_that_did_not_fit_had_made_is_gone_before_the_next(make_plugin, block):
    class Tensor:
        pass

    made = []

    def embed_with_a_tensor(self, batch):
        assert [tensor for tensor in made if tensor() is not None] == []
        tensor = Tensor()
        made.append(weakref.ref(tensor))
        if len(batch) > 4:
            raise OutOfMemoryError
        return {FINAL: np.ones((len(batch), 5, 2), np.float32)}

    registry = registry_of(make_plugin, embed=embed_with_a_tensor)
    assert embed(registry, block, "TINY").counts == [3, 3, 3, 3, 1]
    assert len(made) == 7


@pytest.mark.slow
def test_where_one_window_does_not_fit_the_user_is_told_what_to_change_in_one_line(make_plugin, block):
    limited = Limited(make_plugin, limit=0)
    registry = registry_of(make_plugin, embed=limited.hook())
    encoders = Encoders(registry, Runtime(device="cuda:1"))
    with pytest.raises(SettingError) as refused:
        encoders.embed_block(block, [registry.model("TINY")], lambda _: None)
    assert limited.sizes == [13, 6, 3, 1]
    assert str(refused.value) == (
        "TINY: not enough memory for one window of 8 s on device 'cuda:1'; take a shorter --window, "
        "another --device or --precision, or a smaller model"
    )


@pytest.mark.parametrize("error", [RuntimeError, OSError])
def test_any_other_error_ends_the_block_at_once(make_plugin, block, error):
    limited = Limited(make_plugin, limit=0, error=error)
    registry = registry_of(make_plugin, embed=limited.hook())
    with pytest.raises(
        EmbeddingError, match=rf"^plugin 'changed': TINY: embed raised {error.__name__}: no memory left "
    ) as raised:
        embed(registry, block, "TINY")
    assert type(raised.value.__cause__) is error
    assert limited.sizes == [13]


# Weights


@pytest.fixture
def published(make_plugin, monkeypatch, tmp_path):
    """A plugin whose weights can be fetched from a file; `loaded` is what `load` found in them."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    source = tmp_path / "published" / "net.pt"
    source.parent.mkdir()
    source.write_bytes(b"weights")

    class Published(make_plugin):
        loaded = ()

        @hookimpl
        def load(self, checkpoint, runtime):
            self.loaded = (*self.loaded, checkpoint.path.read_bytes())
            return super().load(checkpoint, runtime)

    plugin = Published()
    plugin.checkpoint = replace(plugin.checkpoint, weights=TorchHubFile(source.as_uri()))
    plugin.models = [replace(model, checkpoint=plugin.checkpoint) for model in plugin.models]
    return plugin


def test_weights_are_there_before_they_are_loaded_and_both_happens_once(published, block, monkeypatch):
    obtained = []

    def obtain_noted(checkpoint, progress):
        obtained.append(checkpoint)
        obtain(checkpoint, progress)

    monkeypatch.setattr("audioscan_host.embedding.encoders.obtain", obtain_noted)
    registry = load_registry({"published": published})
    encoders = Encoders(registry, Runtime())
    for names in (["TINY"], ["TINY_ML"], ["TINY", "TINY_ML"]):
        encoders.embed_block(block, [registry.model(name) for name in names], lambda _: None)
    encoders.obtain(published.checkpoint, Silent())
    assert published.loaded == (b"weights",)
    assert obtained == [published.checkpoint]


def test_weights_that_cannot_be_had_are_not_loaded(published, block, tmp_path):
    (tmp_path / "published" / "net.pt").unlink()
    registry = load_registry({"published": published})
    with pytest.raises(CheckpointError, match=r"^TINY: net\.pt is not in "):
        embed(registry, block, "TINY")
    assert published.loaded == ()


# What is not what was declared


def test_vectors_of_another_length_than_declared_are_the_plugins_fault(make_plugin, block):
    plugin = make_plugin()
    plugin.models.append(Model("LONG", plugin.checkpoint, (FINAL,), 3, "says 3, has 2"))
    registry = load_registry({"tiny": plugin})
    with pytest.raises(
        PluginError,
        match=r"^plugin 'tiny': LONG gave embeddings of shape \(13, 2\); by its declaration \(13, 3\); ",
    ):
        embed(registry, block, "TINY", "LONG")


EXPECTED = r"; expected \(batch, time, width\), the batch 13$"


@pytest.mark.parametrize(
    ("states", "complaint"),
    [
        pytest.param(np.zeros((12, 5, 2)), rf"has shape \(12, 5, 2\){EXPECTED}", id="a window too few"),
        pytest.param(np.zeros((13, 2)), rf"has shape \(13, 2\){EXPECTED}", id="pooled by the plugin"),
        pytest.param(np.zeros((13, 5, 4, 2)), rf"has shape \(13, 5, 4, 2\){EXPECTED}", id="two axes of time"),
        pytest.param(np.zeros((13, 0, 2)), rf"has shape \(13, 0, 2\){EXPECTED}", id="no time"),
        pytest.param([[[0.0, 0.0]]] * 13, f"is list{EXPECTED}", id="no array"),
        pytest.param(
            np.zeros((13, 5, 2), int), "has numbers of type int64; expected floating ones$", id="whole"
        ),
    ],
)
def test_what_is_not_batch_time_and_width_is_the_plugins_fault(make_plugin, block, states, complaint):
    registry = registry_of(make_plugin, embed=lambda self: {FINAL: states})
    with pytest.raises(PluginError, match=rf"^plugin 'changed': embed: layer -1 {complaint}"):
        embed(registry, block, "TINY")
    registry = registry_of(make_plugin, select_layers=lambda self: [np.zeros((13, 5, 2)), states])
    with pytest.raises(PluginError, match=rf"^plugin 'changed': select_layers for TINY {complaint}"):
        embed(registry, block, "TINY")


@pytest.mark.parametrize("selected", [[], 3])
def test_what_is_no_selection_is_the_plugins_fault(make_plugin, block, selected):
    registry = registry_of(make_plugin, select_layers=lambda self: selected)
    with pytest.raises(
        PluginError, match=r"select_layers for TINY gave (list|int); expected one array or more$"
    ):
        embed(registry, block, "TINY")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_vectors_that_are_not_finite_are_the_plugins_fault(make_plugin, block, value):
    def embed_with_a_hole(self, batch):
        states = np.ones((len(batch), 5, 2), np.float32)
        states[-1, 3, 1] = value
        return {FINAL: states}

    registry = registry_of(make_plugin, embed=embed_with_a_hole)
    with pytest.raises(
        PluginError,
        # Batches of four: the last of the first one. The block is noise, at most 4.59.
        match=r"^plugin 'changed': TINY gave embeddings that are not finite, first in the window at 3 s, whose samples "
        r"reach 4\.59 \(full scale is 1\); `audioscan-host check TINY` tells more$",
    ):
        embed(registry, block, "TINY", batch_size=4)


def test_half_precision_from_the_network_becomes_single_precision(make_plugin, block):
    registry = registry_of(
        make_plugin, embed=lambda self, batch: {FINAL: np.full((len(batch), 3000, 2), 1.5, "f2")}
    )
    (vectors,), _ = embed(registry, block, "TINY")
    assert vectors.dtype == np.float32
    np.testing.assert_array_equal(vectors, 1.5)
