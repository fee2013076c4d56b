"""Installed plugins are found, and one that does not work is set aside with a reason that a reader understands.

The plugins here are distributions as pip lays them out: a module, and the metadata that names it.
"""

import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from audioscan_host import Runtime
from audioscan_host.plugins import hookspecs, import_watch
from audioscan_host.plugins.discovery import Discovery, Failure, discover
from audioscan_host.plugins.registry import Registry

HOOKS = """
from audioscan_host import FINAL, Checkpoint, Model, hookimpl

def checkpoint(name):
    return Checkpoint(name, "none", "1", 0, 16000, 0.1, 0.1, "MIT", 0)

def model(name):
    return Model(name, checkpoint(name), (FINAL,), 2, "of a test")

@hookimpl
def load(checkpoint, runtime):
    return f"encoder of {checkpoint.name}"

@hookimpl
def preprocess(encoder, waveform, windows):
    return [0] * len(windows)

@hookimpl
def embed(encoder, batch, layers):
    return {}
"""


def family(*names: str) -> str:
    """The source of a plugin that works and has these models."""
    models = ", ".join(f"model({name!r})" for name in names)
    return f"{HOOKS}\n@hookimpl\ndef register_models():\n    return [{models}]\n"


Install = Callable[..., None]


@pytest.fixture
def install(tmp_path, monkeypatch) -> Iterator[Install]:
    """Install a plugin: `install("good", source)`; nothing else that is installed is loaded."""
    folder = tmp_path / "installed"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    installed = []

    def install(
        name: str,
        source: str | None,
        *,
        distribution: str = "",
        module: str = "",
        points_to: str = "",
        version: str = "1.0",
        requires: str = "",
    ) -> None:
        distribution = distribution or f"audioscan-{name}"
        module = module or f"plugin_of_a_test_{name}"
        if source is not None:
            (folder / f"{module}.py").write_text(source)
        metadata = folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
            + (f"Requires-Dist: {requires}\n" if requires else "")
        )
        (metadata / "entry_points.txt").write_text(f"[audioscan_host]\n{name} = {points_to or module}\n")
        installed.append(name)
        monkeypatch.setenv("AUDIOSCAN_PLUGINS", ",".join(installed))

    yield install
    for module in [name for name in sys.modules if name.startswith("plugin_of_a_test_")]:
        del sys.modules[module]


def working(discovery: Discovery) -> dict[str, list[str]]:
    return {plugin.name: [model.name for model in plugin.models] for plugin in discovery.plugins}


def encoder_of(discovery: Discovery, model: str) -> object:
    """What the plugin of that model loads: a sign that its hooks are called."""
    registry = Registry(discovery)
    found = registry.model(model)
    return registry.family(found).load(found.checkpoint, Runtime())


def test_an_installed_plugin_is_found_with_its_models_its_distribution_and_version(install):
    install("good", family("GOOD", "GOOD_ML"), distribution="audioscan-of-a-test", version="2.3")
    discovery = discover()
    (plugin,) = discovery.plugins
    assert plugin.name == "good"
    assert (plugin.origin.distribution, plugin.origin.version) == ("audioscan-of-a-test", "2.3")
    assert str(plugin.origin) == "audioscan-of-a-test 2.3"
    assert [model.name for model in plugin.models] == ["GOOD", "GOOD_ML"]
    assert discovery.failures == ()
    assert encoder_of(discovery, "GOOD") == "encoder of GOOD"


def test_an_entry_point_may_name_an_object_in_a_module(install):
    source = f"""{HOOKS}
class Family:
    @hookimpl
    def register_models(self):
        return [model("INSIDE")]
    load, preprocess, embed = map(staticmethod, (load, preprocess, embed))
plugin = Family()
"""
    install("object", source, points_to="plugin_of_a_test_object:plugin")
    discovery = discover()
    assert working(discovery) == {"object": ["INSIDE"]}
    assert encoder_of(discovery, "INSIDE") == "encoder of INSIDE"


def test_plugins_come_in_the_order_of_their_names_whatever_the_order_of_installation(install):
    for name in ("pear", "apple", "mango"):
        install(name, family(name.upper()))
    assert list(working(discover())) == ["apple", "mango", "pear"]


BROKEN = {
    "an import that is not there": (
        "import a_library_that_is_not_installed",
        "ModuleNotFoundError: No module named 'a_library_that_is_not_installed'",
    ),
    "a syntax error": ("def load(:\n", "SyntaxError: invalid syntax"),
    "an exit on import": ("raise SystemExit('this machine will not do')", "SystemExit: this machine will not do"),
    "an interrupt of its own": ("raise KeyboardInterrupt('no GPU')", "KeyboardInterrupt: no GPU"),
    "what is no Exception": ("class Stop(BaseException): pass\nraise Stop('here')", "Stop: here"),
    "an exit on import without a word": ("import sys\nsys.exit()", "SystemExit"),
    "an error on import": ("raise RuntimeError('two\\nlines')", "RuntimeError: two lines"),
    "an unknown hook": (
        family("BAD") + "@hookimpl\ndef emebd(encoder):\n    return {}\n",
        "it has a hook 'emebd', which the contract does not know; did you mean embed?",
    ),
    "a hook with a wrong argument": (
        family("BAD") + "@hookimpl\ndef select_layers(model, states):\n    return []\n",
        "select_layers has no argument 'states' (did you mean hidden_states?); it may take model, hidden_states",
    ),
    "a wrapper that is no generator": (
        family("BAD") + "@hookimpl(wrapper=True)\ndef select_layers(model):\n    return []\n",
        "select_layers is marked as a wrapper but has no yield",
    ),
    "no hooks": ("def load(checkpoint, runtime):\n    return None\n", "it has no hooks; there is a function load"),
    "an error while it registers its models": (
        HOOKS + "@hookimpl\ndef register_models():\n    raise KeyError('weights.json')\n",
        "KeyError: 'weights.json'",
    ),
    "a model that is declared wrongly": (
        HOOKS + "@hookimpl\ndef register_models():\n    return [Model('BAD', checkpoint('BAD'), (5,), 2, 'bad')]\n",
        "model 'BAD': layers must be",
    ),
    "models that are none": (
        HOOKS + "@hookimpl\ndef register_models():\n    return ['BAD']\n",
        "register_models must return Model objects, not 'BAD'",
    ),
    "a model that is not in a list": (
        HOOKS + "@hookimpl\ndef register_models():\n    return model('BAD')\n",
        "register_models must return a list of Model objects, not Model(name='B",
    ),
    "no embed hook": (
        family("BAD").replace("@hookimpl\ndef embed", "def embed"),
        "it registers models but lacks the hook embed",
    ),
    "no hook of a family": (
        family("BAD").replace("@hookimpl\ndef load", "def load")
        .replace("@hookimpl\ndef preprocess", "def preprocess")
        .replace("@hookimpl\ndef embed", "def embed"),
        "it registers models but lacks the hooks load, preprocess, embed",
    ),
    "a wrapper in place of a hook": (
        family("BAD").replace("@hookimpl\ndef embed(encoder, batch, layers):\n    return {}",
                              "@hookimpl(wrapper=True)\ndef embed():\n    return (yield)"),
        "it registers models but lacks the hook embed",
    ),
    "one model twice": (family("BAD", "BAD"), "model 'BAD' is already registered by this plugin"),
    "a later contract": (
        "CONTRACT_VERSION = 99\n" + family("BAD"),
        "built for version 99 of the plugin contract; this host has version 1: upgrade audioscan-host",
    ),
    "an older contract than the host knows": (
        "CONTRACT_VERSION = 0\n" + family("BAD"),
        "built for version 0 of the plugin contract; this host has version 1: upgrade the plugin",
    ),
    "a contract that is no number": (
        "CONTRACT_VERSION = '1'\n" + family("BAD"),
        "CONTRACT_VERSION must be a whole number, not '1'",
    ),
    "models that are a number": (
        HOOKS + "@hookimpl\ndef register_models():\n    return 5\n",
        "register_models must return a list of Model objects, not 5",
    ),
    "models that are a text": (
        HOOKS + "@hookimpl\ndef register_models():\n    return 'BAD'\n",
        "register_models must return a list of Model objects, not 'BAD'",
    ),
    "a model whose description is no text": (
        HOOKS + "@hookimpl\ndef register_models():\n"
        "    return [Model('BAD', checkpoint('BAD'), (FINAL,), 2, b'bad')]\n",
        "model 'BAD': description must be a text, not b'bad'",
    ),
    "weights that cannot tell whether they are there": (
        HOOKS + "from dataclasses import replace\n@hookimpl\ndef register_models():\n"
        "    c = replace(checkpoint('BAD'), weights='bad.pt')\n"
        "    return [Model('BAD', c, (FINAL,), 2, 'bad')]\n",
        "model 'BAD': weights must be as audioscan_host.models.weights.Weights describes them: "
        "'bad.pt' lacks path, files, sha256, at, pull",
    ),
    "a hook for the models of others that is no wrapper": (
        "from audioscan_host import hookimpl\n@hookimpl\ndef filter_waveform(waveform):\n    return waveform\n",
        "it has the hook filter_waveform but registers no models; what is meant for the models of others "
        "is a wrapper",
    ),
    "a revision of its wrappers that is no number": (
        "from audioscan_host import hookimpl\nWRAPPER_REVISION = '1.0'\n"
        "@hookimpl(wrapper=True)\ndef embed():\n    return (yield)\n",
        "WRAPPER_REVISION must be a whole number, or None for wrappers that change no embedding, not '1.0'",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("source", "reason"), BROKEN.values(), ids=BROKEN.keys())
def test_a_plugin_that_does_not_work_is_set_aside_with_its_reason_and_the_others_work(
    install, source, reason
):
    install("alpha", family("ALPHA"))
    install("broken", source, distribution="audioscan-broken", version="0.7")
    install("omega", family("OMEGA"))
    discovery = discover()
    assert working(discovery) == {"alpha": ["ALPHA"], "omega": ["OMEGA"]}
    (failure,) = discovery.failures
    assert (failure.name, str(failure.origin)) == ("broken", "audioscan-broken 0.7")
    assert reason in failure.reason
    assert "\n" not in failure.reason
    assert encoder_of(discovery, "ALPHA") == "encoder of ALPHA"
    registry = Registry(discover())
    omega = registry.model("OMEGA")
    assert registry.family(omega).embed("encoder", [0], frozenset()) == {}


def test_the_traceback_of_a_plugin_that_was_set_aside_leads_to_the_line_that_raised(install):
    install("broken", "def prepare():\n    raise OSError('no room')\n\nprepare()\n")
    (failure,) = discover().failures
    assert 'plugin_of_a_test_broken.py", line 2, in prepare' in failure.traceback
    assert failure.traceback.rstrip().endswith("OSError: no room")
    assert "Traceback" not in repr(failure)


def test_a_module_that_is_not_there_is_the_failure_of_its_plugin(install):
    install("gone", None)
    install("good", family("GOOD"))
    discovery = discover()
    assert working(discovery) == {"good": ["GOOD"]}
    assert [failure.name for failure in discovery.failures] == ["gone"]
    assert "plugin_of_a_test_gone" in discovery.failures[0].reason


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot interrupt itself there")
@pytest.mark.parametrize(
    "then", ["", "except KeyboardInterrupt: pass", "except KeyboardInterrupt: raise ValueError"]
)
def test_an_interrupt_of_the_user_ends_the_program_whatever_a_plugin_makes_of_it(install, then):
    kill = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)"
    install(
        "first", f"try:\n    import os, signal; os.kill(os.getpid(), signal.SIGINT)\n{then}" if then else kill
    )
    install("second", family("B"))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            discover()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_in_another_thread_a_plugins_interrupt_is_its_own(install):
    install("first", "raise KeyboardInterrupt")
    with ThreadPoolExecutor() as pool:
        assert [failure.reason for failure in pool.submit(discover).result().failures] == [
            "KeyboardInterrupt"
        ]


def test_a_model_name_belongs_to_the_first_plugin_by_name(install):
    install("zebra", family("SHARED"))
    install("ant", family("SHARED", "ANT"))
    discovery = discover()
    assert working(discovery) == {"ant": ["SHARED", "ANT"]}
    (failure,) = discovery.failures
    assert failure.name == "zebra"
    assert failure.reason == "model 'SHARED' is already registered by plugin 'ant'"


def test_a_plugin_that_was_set_aside_leaves_its_model_names_to_others(install):
    install("ant", "CONTRACT_VERSION = 99\n" + family("SHARED"))
    install("zebra", family("SHARED"))
    assert working(discover()) == {"zebra": ["SHARED"]}


def test_of_two_plugins_of_one_name_the_first_by_its_module_is_used(install):
    install("same", family("SECOND"), distribution="a-plugin", module="plugin_of_a_test_second")
    install("same", family("FIRST"), distribution="b-plugin", module="plugin_of_a_test_first")
    discovery = discover()
    assert working(discovery) == {"same": ["FIRST"]}
    (failure,) = discovery.failures
    assert (failure.name, failure.origin.distribution) == ("same", "a-plugin")
    assert failure.reason == "another plugin has this name: b-plugin 1.0"


def test_the_plugin_of_the_distribution_that_is_called_like_it_is_before_another_of_its_name(install):
    install("same", family("FIRST"), distribution="b-plugin", module="plugin_of_a_test_first")
    install("same", family("SECOND"), module="plugin_of_a_test_second")
    discovery = discover()
    assert working(discovery) == {"same": ["SECOND"]}
    assert discovery.failures[0].reason == "another plugin has this name: audioscan-same 1.0"


@pytest.mark.parametrize(
    "group", ["audioscan-host", "audioscan_hosts", "Audioscan_Host", "audioscan_host.plugins"]
)
def test_an_entry_point_in_a_group_of_nearly_the_right_name_is_told(install, tmp_path, monkeypatch, group):
    install("mine", family("MINE"))
    (entry_points,) = (tmp_path / "installed").glob("*/entry_points.txt")
    entry_points.write_text(
        f"[console_scripts]\naudioscan-host = nothing\n\n[{group}]\nmine = plugin_of_a_test_mine\n"
    )
    monkeypatch.delenv("AUDIOSCAN_PLUGINS")
    told = {failure.name: failure.reason for failure in discover().failures}
    assert told == {
        "audioscan-mine": f"its entry point is in the group {group!r}; the host looks into 'audioscan_host'"
    }


def test_a_plugin_built_for_this_contract_may_say_so(install):
    install("good", "CONTRACT_VERSION = 1\n" + family("GOOD"))
    assert working(discover()) == {"good": ["GOOD"]}


# Versions


@pytest.mark.parametrize(("built_for", "works"), [(1, False), (2, True), (3, True), (4, True), (5, False)])
def test_plugins_built_for_older_versions_work_from_the_oldest_on_that_the_host_knows(
    install, monkeypatch, built_for, works
):
    monkeypatch.setattr(hookspecs, "OLDEST_CONTRACT_VERSION", 2)
    monkeypatch.setattr(hookspecs, "CONTRACT_VERSION", 4)
    install("aged", f"CONTRACT_VERSION = {built_for}\n" + family("AGED"))
    discovery = discover()
    assert working(discovery) == ({"aged": ["AGED"]} if works else {})
    if not works:
        assert f"version {built_for} of the plugin contract; this host has versions 2 to 4" in str(
            discovery.failures
        )


@pytest.mark.filterwarnings("default::FutureWarning")
def test_a_hook_that_is_going_away_works_and_its_plugin_is_told_what_to_write_instead(install, monkeypatch):
    @hookspecs.hookspec(warn_on_impl=FutureWarning("choose is select_layers from version 2 on"))
    def choose(model):
        pass

    monkeypatch.setattr(hookspecs, "choose", choose, raising=False)
    install("aged", family("AGED") + "@hookimpl\ndef choose(model):\n    return []\n")
    install("good", family("GOOD"))
    discovery = discover()
    assert working(discovery) == {"aged": ["AGED"], "good": ["GOOD"]}
    told = "warns while it is imported: FutureWarning: choose is select_layers from version 2 on"
    assert {plugin.name: plugin.faults for plugin in discovery.plugins} == {"aged": (told,), "good": ()}


def test_a_plugin_whose_distribution_is_for_another_host_is_set_aside_and_not_even_imported(install):
    install("later", "raise SystemExit('imported')", requires="audioscan-host>=99,<100")
    install("good", family("GOOD"), requires="audioscan-host>=0.1")
    discovery = discover()
    assert working(discovery) == {"good": ["GOOD"]}
    (failure,) = discovery.failures
    assert failure.reason.startswith("audioscan-later 1.0 is not for audioscan-host ")
    assert failure.reason.endswith(
        "it asks for audioscan-host>=99,<100: pip install --upgrade audioscan-host audioscan-later"
    )


# What a plugin should not do while it is imported


def faults(discovery: Discovery) -> dict[str, tuple[str, ...]]:
    return {each.name: each.faults for each in (*discovery.plugins, *discovery.failures) if each.faults}


def test_what_a_plugin_prints_while_it_is_imported_stays_out_of_the_results_and_is_named(install, capsys):
    source = "import sys\nprint('Loading ...')\nsys.stdout.buffer.write(b'raw')\n"
    install("noisy", source + family("NOISY"))
    install("quiet", family("QUIET"))
    discovery = discover()
    sys.stdout.write("a result\n")
    assert capsys.readouterr().out == "a result\n"
    assert working(discovery) == {"noisy": ["NOISY"], "quiet": ["QUIET"]}
    assert faults(discovery) == {"noisy": ("prints while it is imported: 'Loading ...'",)}
    assert discovery.plugins[0].printed == "Loading ...\nraw"


def test_what_a_plugin_printed_before_it_failed_is_kept(install, capsys):
    install("noisy", "print('no licence found')\nraise SystemExit(3)")
    (failure,) = discover().failures
    assert (failure.reason, failure.printed) == ("SystemExit: 3", "no licence found\n")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("closing", ["sys.stdout.close()", "sys.stdout = sys.stderr", "sys.stdout.detach()"])
def test_a_plugin_that_takes_stdout_away_takes_it_from_nobody_else(install, capsys, closing):
    install("taker", f"import sys\nprint('mine')\n{closing}\n" + family("TAKER"))
    discovery = discover()
    sys.stdout.write("a result\n")
    assert capsys.readouterr().out == "a result\n"
    assert working(discovery) == {"taker": ["TAKER"]}
    assert discovery.plugins[0].printed == "mine\n"


@pytest.mark.filterwarnings("default::UserWarning")
def test_a_plugin_that_warns_while_it_is_imported_is_named_and_works(install):
    install("wary", "import warnings\nwarnings.warn('no\\nGPU')\n" + family("WARY"))
    install("calm", family("CALM"))
    discovery = discover()
    assert working(discovery) == {"calm": ["CALM"], "wary": ["WARY"]}
    assert faults(discovery) == {"wary": ("warns while it is imported: UserWarning: no GPU",)}


def test_the_filters_of_warnings_that_a_plugin_sets_stay(install):
    install("filters", "import warnings\nwarnings.filterwarnings('ignore', 'of a library')\n" + family("F"))
    shown = warnings.showwarning
    discover()
    assert warnings.showwarning is shown
    warnings.warn("of a library", UserWarning, stacklevel=1)  # would be an error here


def test_a_plugin_that_is_slow_to_import_is_named_with_its_time_and_works(install, monkeypatch):
    monkeypatch.setattr(import_watch, "SLOW", 0.25)
    install("slow", "import time\ntime.sleep(0.3)\n" + family("SLOW"))
    discovery = discover()
    assert working(discovery) == {"slow": ["SLOW"]}
    (plugin,) = discovery.plugins
    assert plugin.seconds >= 0.3
    assert plugin.faults == (f"took {plugin.seconds:.1f} s to import, which every command waits for",)


# Hooks alone


def test_a_plugin_may_have_hooks_without_models(install):
    source = "from audioscan_host import hookimpl\n@hookimpl\ndef register_commands(cli):\n    pass\n"
    install("commands", source)
    assert working(discover()) == {"commands": []}


@pytest.mark.parametrize("returned", ["[]", "None"])
def test_hooks_of_a_family_without_a_model_do_not_take_over_other_families(install, returned):
    """`load` of such a plugin would be asked for every checkpoint there is."""
    install("good", family("GOOD"))
    install(
        "hollow",
        f"{HOOKS}\n@hookimpl\ndef register_models():\n    return {returned}\n".replace(
            "encoder of", "hollow"
        ),
    )
    discovery = discover()
    assert encoder_of(discovery, "GOOD") == "encoder of GOOD"
    (failure,) = discovery.failures
    assert failure.name == "hollow"


# What else may lie about in an environment


@pytest.mark.parametrize("metadata", [None, "", "Metadata-Version: 2.1\n"])
def test_a_distribution_without_a_name_hinders_no_plugin(install, tmp_path, metadata):
    """An uninstallation that was interrupted leaves one."""
    install("good", family("GOOD"))
    install("rest", family("REST"), distribution="audioscan-rest")
    file = tmp_path / "installed" / "audioscan_rest-1.0.dist-info" / "METADATA"
    if metadata is None:
        file.unlink()
    else:
        file.write_text(metadata)
    discovery = discover()
    assert working(discovery)["good"] == ["GOOD"]
    found = [*discovery.plugins, *discovery.failures]
    assert sorted(each.name for each in found) == ["good", "rest"]
    assert all((str(each.origin), each.origin.distribution, each.origin.version) for each in found)


def test_a_damaged_list_of_entry_points_hinders_no_plugin(install, tmp_path):
    install("good", family("GOOD"))
    damaged = tmp_path / "installed" / "audioscan_damaged-1.0.dist-info"
    damaged.mkdir()
    (damaged / "METADATA").write_text("Metadata-Version: 2.1\nName: audioscan-damaged\nVersion: 1.0\n")
    (damaged / "entry_points.txt").write_text("[audioscan_host]\nno equals sign here\n")
    assert working(discover()) == {"good": ["GOOD"]}


# AUDIOSCAN_PLUGINS


def test_only_the_plugins_that_the_environment_names_are_loaded(install, monkeypatch):
    install("one", family("ONE"))
    install("two", family("TWO"))
    install("three", "raise SystemExit('loaded though nobody asked')")
    monkeypatch.setenv("AUDIOSCAN_PLUGINS", " two , one,")
    discovery = discover()
    assert working(discovery) == {"one": ["ONE"], "two": ["TWO"]}
    assert discovery.failures == ()
    assert "three" in discovery.left_out
    assert not {"one", "two"} & set(discovery.left_out)


@pytest.mark.parametrize("value", ["", " ", ","])
def test_an_empty_environment_variable_loads_no_plugin(install, monkeypatch, value):
    install("one", family("ONE"))
    monkeypatch.setenv("AUDIOSCAN_PLUGINS", value)
    discovery = discover()
    assert (discovery.plugins, discovery.failures) == ((), ())


def test_without_the_environment_variable_all_installed_plugins_are_loaded(install, monkeypatch):
    install("one", family("ONE_OF_A_TEST"))
    install("two", family("TWO_OF_A_TEST"))
    monkeypatch.delenv("AUDIOSCAN_PLUGINS")
    assert {"one", "two"} <= set(working(discover()))


def test_a_plugin_that_the_environment_names_but_nobody_installed_is_reported(install, monkeypatch):
    install("one", family("ONE"))
    monkeypatch.setenv("AUDIOSCAN_PLUGINS", "one,huberd")
    discovery = discover()
    assert working(discovery) == {"one": ["ONE"]}
    assert discovery.failures == (
        Failure("huberd", "AUDIOSCAN_PLUGINS names it, but no such plugin is installed"),
    )


# Plugins that are handed over


def test_a_plugin_that_is_handed_over_is_loaded_after_the_installed_ones(install, tiny_plugin, monkeypatch):
    install("zebra", family("ZEBRA"))
    assert list(working(discover({"ant": tiny_plugin}))) == ["zebra", "ant"]
    monkeypatch.setenv("AUDIOSCAN_PLUGINS", "")
    assert working(discover({"ant": tiny_plugin})) == {"ant": ["TINY", "TINY_ML"]}


def test_a_plugin_that_is_handed_over_does_not_replace_an_installed_one(install, tiny_plugin):
    install("tiny", family("INSTALLED"), distribution="audioscan-tiny")
    discovery = discover({"tiny": tiny_plugin})
    assert working(discovery) == {"tiny": ["INSTALLED"]}
    (failure,) = discovery.failures
    assert failure.reason == "another plugin has this name: audioscan-tiny 1.0"
    assert str(failure.origin) == "not installed"
    assert failure.origin.distribution == failure.origin.version == ""


def test_any_object_with_hooks_can_be_a_plugin_even_one_that_cannot_be_a_key(
    no_installed_plugins, tiny_plugin
):
    class Unhashable(type(tiny_plugin)):
        def __eq__(self, other):
            return self is other

        __hash__ = None

    discovery = discover({"one": tiny_plugin, "two": Unhashable("OTHER")})
    assert encoder_of(discovery, "TINY") == "encoder of TINY"


def test_the_name_of_the_host_is_no_danger_in_a_plugin(no_installed_plugins, tiny_plugin, make_plugin):
    discovery = discover({"audioscan_host": make_plugin("OTHER"), "tiny": tiny_plugin})
    assert encoder_of(discovery, "TINY") == "encoder of TINY"
