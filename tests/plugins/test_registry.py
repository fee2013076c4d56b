"""Models by name, and hooks that reach the family of a model and no other."""

import hashlib
from dataclasses import replace
from types import SimpleNamespace

import click
import numpy as np
import pytest

from audioscan_host import FINAL, Model, Runtime, Windows, hookimpl
from audioscan_host.errors import CheckpointError, PluginError, SettingError, UnknownModelError
from audioscan_host.models.weights import TorchHubFile
from audioscan_host.plugins.registry import load_registry

pytestmark = pytest.mark.usefixtures("no_installed_plugins")

LAYERS = frozenset({FINAL})
WAVEFORM = np.random.default_rng(0).standard_normal(4800).astype(np.float32)
WINDOWS = Windows(np.array([0, 1600]), 3200, 16_000)


@pytest.fixture
def two_families(make_plugin):
    """Two plugins, neither of which asks whether a model is its own, and their registry."""
    plugins = {name: make_plugin(name) for name in ("ONE", "TWO")}
    return plugins, load_registry(plugins)


def states_of(family, checkpoint):
    """Hidden states of a few windows, by way of all the hooks that lead there."""
    encoder = family.load(checkpoint, Runtime())
    inputs = family.preprocess(encoder, WAVEFORM, WINDOWS)
    return family.embed(encoder, inputs[0:2], LAYERS)


class FailedPlugin:
    @hookimpl
    def register_models(self):
        raise RuntimeError("its weights are gone")


# Models by name


def test_a_model_is_found_by_its_name(tiny_registry, tiny_plugin):
    assert tiny_registry.model("TINY_ML") is tiny_plugin.models[1]
    assert list(tiny_registry.models) == ["TINY", "TINY_ML"]
    assert tiny_registry.owner(tiny_plugin.models[1]).name == "tiny"


@pytest.mark.parametrize("name", ["TINY_LM", "TINY_M", "tiny_ml", "TINYML"])
def test_an_unknown_model_that_is_nearly_right_is_answered_with_the_right_name(tiny_registry, name):
    with pytest.raises(UnknownModelError, match=f"^unknown model '{name}'; did you mean TINY_ML\\?$"):
        tiny_registry.model(name)


def test_an_unknown_model_that_is_near_to_none_is_answered_with_all_names(tiny_registry):
    with pytest.raises(UnknownModelError, match=r"^unknown model 'WHISPER'; installed: TINY, TINY_ML$"):
        tiny_registry.model("WHISPER")


def test_where_nothing_is_installed_an_unknown_model_is_answered_so():
    with pytest.raises(UnknownModelError, match=r"^unknown model 'MEL'; installed: none$"):
        load_registry().model("MEL")


def test_the_answer_to_an_unknown_model_names_the_plugins_that_were_set_aside_and_why(tiny_plugin):
    registry = load_registry({"tiny": tiny_plugin, "whisper": FailedPlugin()})
    with pytest.raises(
        UnknownModelError, match=r"; plugins set aside: whisper \(RuntimeError: its weights are gone\)$"
    ):
        registry.model("WHISPER")


# Scope


def test_the_hooks_of_a_model_reach_its_own_plugin_and_no_other(two_families):
    plugins, registry = two_families
    for name, other in (("ONE", "TWO"), ("TWO", "ONE")):
        model = registry.model(name)
        before = list(plugins[other].calls)
        encoder = registry.family(model).load(model.checkpoint, Runtime())
        assert encoder == f"encoder of {name}"
        states_of(registry.family(model), model.checkpoint)
        assert plugins[name].calls == ["register_models", "load", "load", "preprocess", "embed"]
        assert plugins[other].calls == before


def test_a_plugins_own_select_layers_is_used_for_its_own_models_only(make_plugin):
    class LastFirst(make_plugin):
        @hookimpl
        def select_layers(self, model, hidden_states):
            return [hidden_states[layer] for layer in reversed(model.layers)]

    registry = load_registry(
        {"plain": make_plugin("PLAIN"), "own": LastFirst("OWN"), "more": make_plugin("MORE")}
    )
    states = {layer: f"states of layer {layer}" for layer in (1, 2, 3, 4)}
    in_order = [states[layer] for layer in (1, 2, 3, 4)]
    for name, selected in {"PLAIN_ML": in_order, "OWN_ML": in_order[::-1], "MORE_ML": in_order}.items():
        model = registry.model(name)
        assert registry.family(model).select_layers(model, states) == selected


def test_without_a_word_of_the_plugin_the_layers_of_the_model_are_selected_in_their_order(make_plugin):
    plugin = make_plugin()
    plugin.models.append(Model("BACKWARDS", plugin.checkpoint, (4, FINAL, 0), 6, "layers out of order"))
    registry = load_registry({"tiny": plugin})
    model = registry.model("BACKWARDS")
    states = {layer: object() for layer in (FINAL, 0, 1, 4)}
    assert registry.family(model).select_layers(model, states) == [states[n] for n in (4, FINAL, 0)]


def test_wrappers_of_a_plugin_without_models_apply_to_every_family(two_families):
    class Louder:
        """Doubles what every encoder hears and triples what it says."""

        def __init__(self):
            self.loaded = []

        @hookimpl(wrapper=True)
        def load(self, checkpoint, runtime):
            encoder = yield
            self.loaded.append(checkpoint.name)
            return encoder

        @hookimpl(wrapper=True)
        def preprocess(self, windows):
            inputs = yield
            assert len(inputs) == len(windows)
            return inputs * 2

        @hookimpl(wrapper=True)
        def embed(self, layers):
            states = yield
            return {layer: states[layer] * 3 for layer in layers}

        @hookimpl(wrapper=True)
        def select_layers(self):
            return [*(yield), "one more"]

    plugins, plain = two_families
    louder = Louder()
    wrapped = load_registry({**plugins, "louder": louder})
    assert wrapped.failures == ()
    for name in plugins:
        model = wrapped.model(name)
        expected = states_of(plain.family(model), model.checkpoint)[FINAL]
        found = states_of(wrapped.family(model), model.checkpoint)[FINAL]
        np.testing.assert_allclose(found[..., 0], expected[..., 0] * 2 * 3, rtol=1e-6)  # mean of samples
        np.testing.assert_allclose(found[..., 1], expected[..., 1] * 4 * 3, rtol=1e-6)  # mean of squares
        assert wrapped.family(model).select_layers(model, {FINAL: "states"}) == ["states", "one more"]
    assert louder.loaded == ["ONE", "TWO"]


def test_a_wrapper_of_a_plugin_with_models_applies_to_its_own_family_only(make_plugin):
    class Counted(make_plugin):
        @hookimpl(wrapper=True)
        def select_layers(self, model):
            self.calls.append(model.name)
            return (yield)

    counted = Counted("COUNTED")
    registry = load_registry({"counted": counted, "plain": make_plugin("PLAIN")})
    for name in ("PLAIN", "COUNTED"):
        model = registry.model(name)
        assert registry.family(model).select_layers(model, {FINAL: "states"}) == ["states"]
    assert counted.calls == ["register_models", "COUNTED"]


# Where the plugin need not say


def with_more(make_plugin, name="TINY", **hooks):
    """`TINY` with hooks that it has not."""
    return type("More", (make_plugin,), {hook: hookimpl(function) for hook, function in hooks.items()})(name)


@pytest.mark.parametrize("precision", ["auto", "fp32", "bf16", "fp16"])
def test_without_a_word_of_the_plugin_the_precision_is_fp32_whatever_is_asked_for(tiny_registry, precision):
    model = tiny_registry.model("TINY")
    asked = Runtime(device="cuda", precision=precision)
    assert tiny_registry.family(model).precision(model.checkpoint, asked) == "fp32"


def test_without_a_word_of_the_plugin_a_batch_has_16_windows(tiny_registry):
    family = tiny_registry.family(tiny_registry.model("TINY"))
    assert family.batch_size("encoder", WAVEFORM, LAYERS) == 16


def test_a_plugins_own_precision_and_batch_size_are_used_for_its_own_models_only(make_plugin):
    own = with_more(
        make_plugin,
        "OWN",
        precision=lambda self, checkpoint, runtime: runtime.precision,
        batch_size=lambda self, encoder, inputs, layers: len(inputs) + len(layers),
    )
    registry = load_registry({"a": make_plugin("PLAIN"), "own": own, "b": make_plugin("MORE")})
    found = {}
    for model in registry.models.values():
        family = registry.family(model)
        precision = family.precision(model.checkpoint, Runtime(precision="bf16"))
        found[model.name] = (precision, family.batch_size("encoder", WAVEFORM, LAYERS))
    host, its_own = ("fp32", 16), ("bf16", len(WAVEFORM) + 1)
    assert found == {
        **dict.fromkeys(["PLAIN", "PLAIN_ML", "MORE", "MORE_ML"], host),
        **dict.fromkeys(["OWN", "OWN_ML"], its_own),
    }


def test_wrappers_apply_to_the_precision_and_the_batch_size_of_every_family(make_plugin):
    class Careful:
        @hookimpl(wrapper=True)
        def precision(self):
            return {"fp32": "fp32", "bf16": "fp16"}[(yield)]

        @hookimpl(wrapper=True)
        def batch_size(self):
            return (yield) // 2

    own = with_more(make_plugin, "OWN", precision=lambda self: "bf16", batch_size=lambda self: 100)
    registry = load_registry({"plain": make_plugin("PLAIN"), "own": own, "careful": Careful()})
    assert registry.failures == ()
    found = {}
    for name in ("PLAIN", "OWN"):
        model = registry.model(name)
        family = registry.family(model)
        precision = family.precision(model.checkpoint, Runtime())
        found[name] = (precision, family.batch_size("encoder", WAVEFORM, LAYERS))
    assert found == {"PLAIN": ("fp32", 8), "OWN": ("fp16", 50)}


# Weights of the user


PUBLISHED = b"published weights"


@pytest.fixture
def published(make_plugin, monkeypatch, tmp_path):
    """A plugin with pinned weights."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    weights = TorchHubFile("https://example.org/net.pt", hashlib.sha256(PUBLISHED).hexdigest())
    plugin = make_plugin()
    plugin.checkpoint = replace(plugin.checkpoint, weights=weights)
    plugin.models = [replace(model, checkpoint=plugin.checkpoint) for model in plugin.models]
    return plugin


@pytest.fixture
def own_weights(tmp_path):
    """A file of the user's, and the text that names it."""
    path = tmp_path / "own.pt"
    path.write_bytes(b"weights of the user")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return SimpleNamespace(path=path, digest=digest, named=f"{path}#sha256={digest}")


def test_a_model_with_the_users_weights_is_another_one_by_their_content(published, own_weights):
    registry = load_registry({"tiny": published}, checkpoints={"TINY": own_weights.named})
    for declared in published.models:
        found = registry.model(declared.name)
        assert found.checkpoint.revision == f"sha256:{own_weights.digest}"
        assert found.checkpoint.path == own_weights.path
        assert replace(found, checkpoint=declared.checkpoint) == declared
        assert registry.owner(found) is registry.owner(declared)
    assert registry.model("TINY").checkpoint == registry.model("TINY_ML").checkpoint


def test_a_model_with_a_copy_of_the_published_weights_stays_what_it_is(published, tmp_path):
    copy = tmp_path / "copy.pt"
    copy.write_bytes(PUBLISHED)
    found = load_registry({"tiny": published}, checkpoints={"TINY": str(copy)}).model("TINY")
    assert found.checkpoint.revision == published.checkpoint.revision
    assert found.checkpoint.path == copy


def test_the_variable_of_a_checkpoint_names_its_weights_unless_they_are_given(
    published, own_weights, monkeypatch, tmp_path
):
    monkeypatch.setenv("AUDIOSCAN_TINY", own_weights.named)
    assert load_registry({"tiny": published}).model("TINY_ML").checkpoint.path == own_weights.path
    given = tmp_path / "given.pt"
    given.write_bytes(PUBLISHED)
    registry = load_registry({"tiny": published}, checkpoints={"TINY": str(given)})
    assert registry.model("TINY").checkpoint.path == given


def test_a_listing_of_the_models_reads_no_weights(published, tmp_path):
    gone = tmp_path / "gone.pt"
    registry = load_registry({"tiny": published}, checkpoints={"TINY": str(gone)})
    assert list(registry.models.values()) == published.models
    assert registry.local_checkpoint(published.models[0]).path == gone
    with pytest.raises(CheckpointError, match=r"^TINY: .*gone\.pt: there is no such file or folder$"):
        registry.model("TINY")


def test_the_users_weights_are_read_once_for_all_models_of_the_checkpoint(
    published, own_weights, monkeypatch
):
    registry = load_registry({"tiny": published}, checkpoints={"TINY": own_weights.named})
    read = []
    digest_of = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda *facts: read.append(facts) or digest_of(*facts))
    for name in ("TINY", "TINY_ML", "TINY"):
        registry.model(name)
    assert len(read) == 1


def test_models_of_other_checkpoints_keep_their_weights(published, own_weights, make_plugin):
    registry = load_registry(
        {"tiny": published, "other": make_plugin("OTHER")}, checkpoints={"TINY": own_weights.named}
    )
    assert registry.model("OTHER") is registry.models["OTHER"]
    assert registry.local_checkpoint(registry.models["OTHER"]) is None


def test_only_a_checkpoint_that_has_weights_can_be_given_others(published, make_plugin):
    plugins = {"tiny": published, "other": make_plugin("OTHER")}
    reasons = {"OTHER": "declares no weights that others could replace", "TINY_ML": "is unknown"}
    for name, reason in reasons.items():
        with pytest.raises(SettingError, match=f"^checkpoint '{name}' {reason}; with weights: TINY$"):
            load_registry(plugins, checkpoints={name: "net.pt"})


def test_a_variable_that_names_weights_for_a_model_without_any_is_not_passed_over(
    published, make_plugin, monkeypatch
):
    monkeypatch.setenv("AUDIOSCAN_OTHER", "net.pt")
    registry = load_registry({"tiny": published, "other": make_plugin("OTHER")})
    assert registry.model("TINY").name == "TINY"
    with pytest.raises(CheckpointError, match=r"^AUDIOSCAN_OTHER is set, but OTHER declares no weights"):
        registry.model("OTHER")


# What a plugin may not return


def changed(make_plugin, **hooks):
    """The family of a plugin some of whose hooks return something else, and its model."""
    namespace = {name: hookimpl(function) for name, function in hooks.items()}
    registry = load_registry({"faulty": type("Faulty", (make_plugin,), namespace)()})
    assert registry.failures == ()
    model = registry.model("TINY")
    return registry.family(model), model


def test_a_plugin_that_loads_nothing_is_named(make_plugin):
    family, model = changed(make_plugin, load=lambda self, checkpoint: None)
    with pytest.raises(PluginError, match=r"^plugin 'faulty': load returned nothing$"):
        family.load(model.checkpoint, Runtime())


def test_a_plugin_that_makes_no_inputs_is_named(make_plugin):
    family, _ = changed(make_plugin, preprocess=lambda self, encoder: None)
    with pytest.raises(PluginError, match=r"^plugin 'faulty': preprocess returned nothing$"):
        family.preprocess("encoder", WAVEFORM, WINDOWS)


def test_a_plugin_that_makes_another_number_of_inputs_than_windows_is_named(make_plugin):
    family, _ = changed(make_plugin, preprocess=lambda self, windows: np.zeros((len(windows) + 1, 4)))
    with pytest.raises(
        PluginError, match=r"^plugin 'faulty': preprocess returned 3 inputs \(ndarray\) for 2 windows$"
    ):
        family.preprocess("encoder", WAVEFORM, WINDOWS)


@pytest.mark.parametrize(
    ("inputs", "kind"), [({"input_values": WAVEFORM}, "dict"), ((each for each in WAVEFORM), "generator")]
)
def test_a_plugin_whose_inputs_cannot_be_sliced_is_named(make_plugin, inputs, kind):
    family, _ = changed(make_plugin, preprocess=lambda self: inputs)
    with pytest.raises(
        PluginError, match=rf"^plugin 'faulty': preprocess returned a {kind}; expected a list, "
    ):
        family.preprocess("encoder", WAVEFORM, WINDOWS)


@pytest.mark.parametrize(("states", "kind"), [(WAVEFORM, "ndarray"), ([WAVEFORM], "list")])
def test_a_plugin_that_does_not_say_which_layer_it_gives_is_named(make_plugin, states, kind):
    family, _ = changed(make_plugin, embed=lambda self: states)
    with pytest.raises(
        PluginError, match=rf"embed returned a {kind}; expected a mapping of layers to arrays"
    ):
        family.embed("encoder", WAVEFORM, LAYERS)


def test_a_plugin_that_embeds_nothing_is_named(make_plugin):
    family, _ = changed(make_plugin, embed=lambda self, batch: None)
    with pytest.raises(PluginError, match=r"^plugin 'faulty': embed returned nothing$"):
        family.embed("encoder", WAVEFORM, LAYERS)


def test_a_plugin_that_leaves_out_layers_is_named_with_the_layers(make_plugin):
    family, _ = changed(make_plugin, embed=lambda self, batch: {2: batch, "note": batch})
    message = r"^plugin 'faulty': embed left out layers \[-1, 4\]; it returned 2, 'note' \(FINAL is -1\)$"
    with pytest.raises(PluginError, match=message):
        family.embed("encoder", WAVEFORM, frozenset({2, 4, FINAL}))


def test_layers_that_nobody_asked_for_may_come_along(make_plugin):
    family, _ = changed(make_plugin, embed=lambda self, batch: {FINAL: "states", 7: "more"})
    assert family.embed("encoder", WAVEFORM, LAYERS)[FINAL] == "states"


def test_what_a_hook_raises_comes_through_as_it_is(make_plugin):
    def embed(self, batch):
        raise MemoryError("the device is full")

    family, _ = changed(make_plugin, embed=embed)
    with pytest.raises(MemoryError, match="the device is full"):
        family.embed("encoder", WAVEFORM, LAYERS)


# Commands


def command_of(name):
    class Commands:
        @hookimpl
        def register_commands(self, cli):
            @cli.command(name)
            def command():
                click.echo(f"{name} at your service")

    return Commands()


def test_a_plugin_adds_commands_and_only_its_own(tiny_plugin):
    registry = load_registry({"tiny": tiny_plugin, "a": command_of("annotate"), "b": command_of("backup")})
    added = {}
    for plugin in registry.plugins:
        group = click.Group()
        registry.register_commands(plugin, group)
        added[plugin.name] = list(group.commands)
    assert added == {"tiny": [], "a": ["annotate"], "b": ["backup"]}


@pytest.mark.parametrize(
    ("hook", "answer", "message"),
    [
        ("precision", "auto", "precision must be fp32, bf16 or fp16, not 'auto'"),
        ("precision", "double", "precision must be fp32, bf16 or fp16, not 'double'"),
        ("batch_size", 0, "batch_size must be 1 or more, not 0"),
    ],
)
def test_an_answer_that_makes_no_sense_is_the_plugins_fault(
    no_installed_plugins, make_plugin, hook, answer, message
):
    signatures = {
        "precision": lambda self, checkpoint, runtime: answer,
        "batch_size": lambda self, encoder, inputs, layers: answer,
    }
    odd = type("Odd", (make_plugin,), {hook: hookimpl(signatures[hook])})
    registry = load_registry({"odd": odd("TINY")})
    model = registry.model("TINY")
    family = registry.family(model)
    asked = {
        "precision": lambda: family.precision(model.checkpoint, Runtime()),
        "batch_size": lambda: family.batch_size("encoder", [], frozenset({FINAL})),
    }
    with pytest.raises(PluginError, match=f"plugin 'odd': {message}"):
        asked[hook]()
