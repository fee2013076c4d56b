"""Who writes a plugin for the first time is told what is wrong with its hooks, and what to write instead."""

import functools
import types

import pluggy
import pytest

from audioscan_host import hookimpl
from audioscan_host.plugins import hookspecs
from audioscan_host.plugins.discovery import Plugin, discover

pytestmark = pytest.mark.usefixtures("no_installed_plugins")

UNMARKED = "without @hookimpl (from audioscan_host import hookimpl)"
HOOKS = "register_models, precision, load, batch_size, filter_waveform, preprocess, embed, select_layers"


def module(source):
    """A plugin that is a module, of this source."""
    made = types.ModuleType("plugin_of_a_test")
    exec(f"from audioscan_host import hookimpl\n{source}", made.__dict__)  # noqa: S102
    return made


def found(plugin):
    """The plugin that works, or the failure."""
    discovery = discover({"mine": plugin})
    (each,) = [*discovery.plugins, *discovery.failures]
    return each


def faults(plugin):
    """What is told of a plugin that works."""
    works = found(plugin)
    assert isinstance(works, Plugin), works
    return works.faults


def reason(plugin):
    """Why it was set aside: a line that its author can read, without anything of pluggy's."""
    failure = found(plugin)
    assert failure.last_line == f"audioscan_host.errors.PluginError: {failure.reason}"
    for foreign in ("\n", "pluggy", "hookspec", "Validation", " at 0x", "plugin_of_a_test", __file__):
        assert foreign not in failure.reason
    return failure.reason


def unmarked(*names):
    """A function for each hook that anybody would expect to be called, if it were marked."""
    return {name: eval(f"lambda self, {ARGUMENTS[name]}: None") for name in names}  # noqa: S307


ARGUMENTS = {
    "register_models": "",
    "precision": "checkpoint, runtime",
    "load": "checkpoint, runtime",
    "batch_size": "encoder, inputs, layers",
    "filter_waveform": "waveform, windows",
    "preprocess": "encoder, waveform, windows",
    "embed": "encoder, batch, layers",
    "select_layers": "model, hidden_states",
    "read_labels": "",
    "register_executors": "",
    "register_commands": "cli",
}


@pytest.fixture
def family(make_plugin):
    """An object with all that a family needs, but for what is given in its place: `family(embed=...)`."""

    def family(**members):
        return type("Family", (make_plugin,), members)("MINE")

    return family


# A mark that was forgotten


@pytest.mark.parametrize("hook", ["load", "preprocess", "embed"])
def test_a_hook_of_a_family_that_is_not_marked_is_told_from_one_that_is_not_there(family, hook):
    lacks = f"it registers models but lacks the hook {hook}"
    assert reason(family(**{hook: None})) == lacks
    assert reason(family(**unmarked(hook))) == f"{lacks}; there is a function {hook}, but {UNMARKED}"


def test_of_several_hooks_that_are_lacking_those_are_named_that_are_there_without_a_mark(family):
    assert reason(family(load=None, **unmarked("preprocess", "embed"))) == (
        "it registers models but lacks the hooks load, preprocess, embed; "
        f"there are functions preprocess, embed, but {UNMARKED}"
    )


def test_functions_that_a_plugin_is_not_set_aside_for_are_not_named_in_the_reason(family):
    helper = unmarked("precision")
    assert reason(family(embed=None, **helper)) == "it registers models but lacks the hook embed"
    assert UNMARKED not in reason(family(register_models=None, **helper))


def test_models_whose_registration_is_not_marked_are_told_from_hooks_without_models(family):
    has = "it has the hooks load, preprocess, embed but registers no models; "
    assert reason(family(register_models=None)).startswith(f"{has}what is meant for the models of others")
    assert reason(family(**unmarked("register_models"))) == (
        f"{has}there is a function register_models, but {UNMARKED}"
    )


def test_a_plugin_without_a_single_mark_is_told_which_functions_would_be_hooks():
    plugin = module(
        "def load(checkpoint, runtime):\n    pass\ndef embed():\n    pass\ndef helper():\n    pass"
    )
    assert reason(plugin) == f"it has no hooks; there are functions load, embed, but {UNMARKED}"
    assert reason(module("load = 5")) == (
        "it has no hooks; they are marked with `from audioscan_host import hookimpl`"
    )


def test_the_mark_of_another_host_is_none(family):
    embed = pluggy.HookimplMarker("another_host")(lambda self, encoder, batch, layers: {})
    assert reason(family(embed=embed)).endswith(f"there is a function embed, but {UNMARKED}")


@pytest.mark.parametrize("kind", [staticmethod, classmethod])
def test_methods_of_every_kind_are_seen(family, kind):
    embed = kind(lambda *arguments: {})
    assert reason(family(embed=embed)).endswith(f"there is a function embed, but {UNMARKED}")


def test_a_method_of_an_object_under_the_name_of_a_hook_is_seen():
    plugin = module("class Encoder:\n    def embed(self):\n        pass\nembed = Encoder().embed")
    assert reason(plugin) == f"it has no hooks; there is a function embed, but {UNMARKED}"


@pytest.mark.parametrize("hook", ["embed", "precision"])
def test_a_marked_function_that_is_another_hook_by_its_specname_is_not_called_unmarked(family, hook):
    @hookimpl(specname="register_commands")
    def other(self, cli):
        pass

    plugin = family(**{hook: other})
    if hook == "embed":
        assert reason(plugin) == "it registers models but lacks the hook embed"
    else:
        assert faults(plugin) == ()


def test_a_wrapper_in_place_of_a_hook_is_not_called_unmarked(family):
    @hookimpl(wrapper=True)
    def embed(self):
        return (yield)

    assert reason(family(embed=embed)) == "it registers models but lacks the hook embed"


def test_looking_for_forgotten_marks_asks_nothing_of_the_plugin(family):
    def computed(self):
        raise RuntimeError("asked")

    def listed(self):  # pluggy itself asks for what is listed, in some versions
        return {*object.__dir__(self)} - {"embed", "precision"}

    hidden = {"__dir__": listed, "precision": property(computed)}
    assert (
        reason(family(embed=property(computed), **hidden)) == "it registers models but lacks the hook embed"
    )


@pytest.mark.filterwarnings("default::UserWarning")
@pytest.mark.parametrize(
    "hook",
    [
        "precision",
        "batch_size",
        "filter_waveform",
        "select_layers",
        "read_labels",
        "register_executors",
        "register_commands",
    ],
)
def test_an_optional_hook_that_is_not_marked_is_told_and_its_plugin_works(family, hook):
    told = (
        f"{hook} is a function with the name and arguments of a hook, but {UNMARKED}: the host never calls it"
    )
    plugin = found(family(**unmarked(hook)))
    assert [model.name for model in plugin.models] == ["MINE", "MINE_ML"]
    assert plugin.faults == (f"warns while it is imported: UserWarning: {told}",)


@pytest.mark.filterwarnings("default::UserWarning")
def test_a_whole_family_without_marks_beside_a_command_is_told():
    names = ("register_models", "load", "preprocess", "embed")
    source = "".join(f"def {name}({ARGUMENTS[name]}):\n    pass\n" for name in names)
    plugin = found(module(f"{source}@hookimpl\ndef register_commands(cli):\n    pass"))
    assert len(plugin.faults) == len(names)


@pytest.mark.parametrize(
    "helper",
    [
        lambda predictions, labels: 0.5,
        lambda *scores: 0.5,
        functools.partial(round, 0.5),
        0.5,
    ],
)
def test_what_merely_has_the_name_of_an_optional_hook_is_the_plugins_own(family, helper):
    assert faults(family(precision=staticmethod(helper) if callable(helper) else helper)) == ()


def test_a_helper_with_the_name_of_a_hook_that_is_marked_elsewhere_is_not_told(family):
    @hookimpl(specname="precision")
    def of_the_contract(self, checkpoint, runtime):
        return self.precision(runtime)

    assert faults(family(of_the_contract=of_the_contract, precision=lambda self, runtime: "fp32")) == ()


# Hooks and arguments that the contract does not know


@pytest.mark.parametrize(
    ("name", "mend"),
    [
        ("lod", "did you mean load?"),
        ("EMBED", "did you mean embed?"),
        ("preproces", "did you mean preprocess?"),
        ("register_model", "did you mean register_models?"),
        ("teardown", f"the hooks are {HOOKS}, read_labels, register_executors, register_commands"),
    ],
)
def test_a_hook_that_the_contract_does_not_know_is_named_with_the_one_that_may_be_meant(family, name, mend):
    told = f"it has a hook '{name}', which the contract does not know; {mend}"
    assert reason(family(**{name: hookimpl(lambda self: None)})) == told
    assert reason(family(mine=hookimpl(lambda self: None, specname=name))) == told
    assert reason(module(f"@hookimpl\ndef {name}():\n    pass")) == told


def test_a_hook_of_another_contract_may_be_there_where_it_is_marked_optional(family):
    optional = hookimpl(lambda self: None, optionalhook=True)
    assert found(family(lod=optional)).models
    assert reason(family(lod=optional, preproces=hookimpl(lambda self: None))) == (
        "it has a hook 'preproces', which the contract does not know; did you mean preprocess?"
    )


@pytest.mark.parametrize(
    ("signature", "told"),
    [
        (
            "load(checkpoint, run_time)",
            "load has no argument 'run_time' (did you mean runtime?); it may take checkpoint, runtime",
        ),
        ("load(checkpoint, gpu)", "load has no argument 'gpu'; it may take checkpoint, runtime"),
        (
            "embed(encoder, Batch, layrs)",
            "embed has no arguments 'Batch' (did you mean batch?) and 'layrs' (did you mean layers?); "
            "it may take encoder, batch, layers",
        ),
        (
            "embed(batch, batches)",  # the near one is taken
            "embed has no argument 'batches'; it may take encoder, batch, layers",
        ),
        ("register_models(names)", "register_models has no argument 'names'; it takes none"),
    ],
)
def test_an_argument_that_a_hook_does_not_have_is_named_with_those_that_it_has(family, signature, told):
    name, _, arguments = signature.removesuffix(")").partition("(")
    assert reason(module(f"@hookimpl\ndef {signature}:\n    pass")) == told
    method = eval(f"lambda self, {arguments}: None")  # noqa: S307
    assert reason(family(**{name: hookimpl(method)})) == told
    assert reason(family(mine=hookimpl(method, specname=name), **{name: None})) == told


@pytest.mark.parametrize("kind", ["wrapper", "hookwrapper"])
def test_an_argument_of_a_wrapper_is_named_as_that_of_a_hook(kind):
    plugin = module(f"@hookimpl({kind}=True)\ndef load(run_time):\n    return (yield)")
    assert reason(plugin) == (
        "load has no argument 'run_time' (did you mean runtime?); it may take checkpoint, runtime"
    )


@pytest.mark.parametrize("kind", ["wrapper", "hookwrapper"])
def test_a_wrapper_without_a_yield_is_told_what_it_lacks(kind):
    plugin = module(f"@hookimpl({kind}=True)\ndef load(runtime, seen=object()):\n    return None")
    assert reason(plugin) == (
        "load is marked as a wrapper but has no yield, which is where the hook that it wraps is called"
    )


def test_a_wrapper_of_both_kinds_is_told_to_be_one():
    plugin = module("@hookimpl(wrapper=True, hookwrapper=True)\ndef load():\n    return (yield)")
    assert reason(plugin) == "load is marked wrapper=True and hookwrapper=True; one of them will do"


def test_all_that_is_wrong_with_the_hooks_is_told_at_once(family):
    wrong = {"embed": hookimpl(lambda self, bach: {}), "lod": hookimpl(lambda self: None)}
    assert reason(family(**wrong)) == (
        "embed has no argument 'bach' (did you mean batch?); it may take encoder, batch, layers; "
        "it has a hook 'lod', which the contract does not know; did you mean load?"
    )


def test_what_pluggy_refuses_for_a_reason_of_its_own_is_told_in_its_words(family, monkeypatch):
    def refuse(manager):
        raise pluggy.PluginValidationError(manager, "refused\nfor once")

    monkeypatch.setattr(pluggy.PluginManager, "check_pending", refuse)
    assert found(family()).reason == "PluginValidationError: refused for once"


@pytest.mark.filterwarnings("default::FutureWarning")
@pytest.mark.parametrize(("other", "works"), [("cli", True), ("clip", False)])
def test_an_argument_that_is_going_away_is_told_whether_the_plugin_works_or_not(
    family, monkeypatch, other, works
):
    going = {"old": FutureWarning("write new in place of old")}

    @hookspecs.hookspec(warn_on_impl_args=going)
    def choose(old, new):
        pass

    monkeypatch.setattr(hookspecs, "choose", choose, raising=False)
    choosing = hookimpl(lambda self, old: None)
    commands = hookimpl(eval(f"lambda self, {other}: None"))  # noqa: S307
    plugin = found(family(choose=choosing, register_commands=commands))
    assert plugin.faults == ("warns while it is imported: FutureWarning: write new in place of old",)
    assert hasattr(plugin, "models") is works


def test_an_argument_with_a_default_is_never_passed_and_that_is_said():
    plugin = module("""
@hookimpl
def load(checkpoint, runtime=None, own=3):
    return own
""")
    assert reason(plugin) == (
        "load has a default for runtime, with which it is never passed: write runtime without one"
    )


def test_an_argument_of_the_authors_own_may_have_a_default():
    plugin = module("""
@hookimpl
def register_commands(cli, note="mine"):
    pass
""")
    assert faults(plugin) == ()
