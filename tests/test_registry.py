"""Models by name, and hooks that reach the family of a model and no other."""

import click
import numpy as np
import pytest

from audioscan_host import FINAL, Model, Runtime, Windows, hookimpl
from audioscan_host.errors import PluginError, UnknownModelError
from audioscan_host.registry import load_registry

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
    plugin.models.append(Model("BACKWARDS", plugin.checkpoint, (4, FINAL, 0, 4), 8, "layers out of order"))
    registry = load_registry({"tiny": plugin})
    model = registry.model("BACKWARDS")
    states = {layer: object() for layer in (FINAL, 0, 1, 4)}
    assert registry.family(model).select_layers(model, states) == [states[n] for n in (4, FINAL, 0, 4)]


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
    with pytest.raises(PluginError, match=r"^plugin 'faulty': preprocess returned 3 inputs for 2 windows$"):
        family.preprocess("encoder", WAVEFORM, WINDOWS)


def test_a_plugin_that_embeds_nothing_is_named(make_plugin):
    family, _ = changed(make_plugin, embed=lambda self, batch: None)
    with pytest.raises(PluginError, match=r"^plugin 'faulty': embed returned nothing$"):
        family.embed("encoder", WAVEFORM, LAYERS)


def test_a_plugin_that_leaves_out_layers_is_named_with_the_layers(make_plugin):
    family, _ = changed(make_plugin, embed=lambda self, batch: {2: batch, 7: batch})
    with pytest.raises(PluginError, match=r"^plugin 'faulty': embed left out layers \[-1, 4\]$"):
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
