"""`audioscan-host plugins`, and the commands that plugins add: everything is listed, with what is wrong with it."""

import json

import click
import pytest

from audioscan_host import hookimpl
from audioscan_host.plugins import discovery
from audioscan_host.plugins.registry import load_registry


class Point:
    """An entry point of a plugin that is not installed."""

    dist = None

    def __init__(self, name, load):
        self.name, self.value, self.load = name, f"audioscan_{name}", load


@pytest.fixture
def install(monkeypatch):
    """Make these the only plugins: name -> what its import does or gives."""

    def install(**loads):
        points = [
            Point(name, load if callable(load) else lambda load=load: load) for name, load in loads.items()
        ]
        monkeypatch.setattr(discovery, "_installed", lambda: discovery._Installed(points, []))

    return install


def broken():
    raise ImportError("no libbroken\nsee the manual of libbroken")


def noisy_and_broken():
    print("a licence is needed")  # noqa: T201
    raise SystemExit(2)


def table(done):
    """The rows by plugin: the cells, which no cell's own spaces cut at two."""
    lines = done.stdout.partition("\n\n")[0].splitlines()
    return {cells[0]: cells for cells in ([*filter(None, line.split("  "))] for line in lines[2:])}


class TestTable:
    def test_it_shows_where_a_plugin_comes_from_its_models_and_the_time_of_its_import(self, run):
        cells = [cell.strip() for cell in table(run("plugins"))["mel"]]
        assert cells[1].startswith("audioscan-mel ")
        assert (cells[2], *cells[4:]) == ("audioscan_mel", "works", "MEL")
        assert cells[3].endswith(" ms")

    def test_a_failure_is_shown_with_its_reason_and_the_last_line_of_its_traceback(
        self, run, install, tiny_plugin
    ):
        install(broken=broken, tiny=tiny_plugin)
        done = run("plugins")
        reason = "ImportError: no libbroken see the manual of libbroken"
        assert table(done)["broken"][-2:] == ["set aside", reason]
        assert table(done)["tiny"][-1] == "TINY, TINY_ML"
        assert done.stdout.endswith("\n\nbroken: see the manual of libbroken\n")
        assert "Traceback" not in done.stdout

    def test_verbose_shows_the_traceback_and_what_was_printed(self, run, install):
        install(broken=broken, noisy=noisy_and_broken)
        text = run("plugins", "--verbose").stdout
        assert text.count("Traceback (most recent call last)") == 2
        assert 'raise ImportError("no libbroken' in text
        assert "noisy: prints while it is imported: 'a licence is needed'" in text
        assert "noisy printed:\na licence is needed\n" in text

    def test_wrappers_are_shown_with_what_they_do_to_the_cache(self, run, install):
        class Wrapper:
            @hookimpl(wrapper=True)
            def embed(self):
                return (yield)

        revised = type("Revised", (Wrapper,), {"WRAPPER_REVISION": 2})()
        harmless = type("Harmless", (Wrapper,), {"WRAPPER_REVISION": None})()
        install(revised=revised, harmless=harmless)
        rows = table(run("plugins"))
        assert rows["revised"][-1] == "no models; wraps embed (in cache keys as 'revised revision 2')"
        assert rows["harmless"][-1] == "no models; wraps embed (changes no embeddings)"

    def test_without_plugins_it_says_what_to_do(self, run, install):
        install()
        done = run("plugins")
        assert done.stdout == ""
        assert "install one, such as audioscan-mel" in done.stderr


def test_json_has_all_of_it(run, install, tiny_plugin):
    install(broken=broken, noisy=noisy_and_broken, tiny=tiny_plugin)
    listed = json.loads(run("plugins", "--json").stdout)
    (works,) = listed["plugins"]
    assert works.pop("import_ms") >= 0
    assert works == {
        "plugin": "tiny",
        "distribution": "",
        "version": "",
        "module": "audioscan_tiny",
        "models": ["TINY", "TINY_ML"],
        "commands": [],
        "addresses": [],
        "wraps": [],
        "cache_key": None,
        "warnings": [],
        "printed": "",
    }
    failed, noisy = listed["failures"]
    assert failed["reason"] == "ImportError: no libbroken see the manual of libbroken"
    assert failed["last_line"] == "see the manual of libbroken"
    assert failed["traceback"].startswith("Traceback (most recent call last)")
    assert (failed["plugin"], failed["module"]) == ("broken", "audioscan_broken")
    assert failed["import_ms"] >= 0
    assert noisy["printed"] == "a licence is needed\n"


# Commands of plugins


def adding(*names, module="Adding"):
    class Adding:
        @hookimpl
        def register_commands(self, cli):
            for name in names:
                text = f"{name} of {module}"
                help_text = f"Do {name} of {module}."
                cli.add_command(
                    click.Command(name, callback=lambda text=text: click.echo(text), help=help_text)
                )

    return Adding()


def test_commands_stand_in_help_under_the_name_of_their_plugin(run, install, tiny_plugin):
    install(birds=adding("annotate", "backup"), owls=adding("count"), tiny=tiny_plugin)
    text = run("--help").stdout
    _, built_in, birds, owls = text.split("Commands")
    assert "annotate" not in built_in
    assert birds.split() == (
        "of the plugin birds: annotate Do annotate of Adding. backup Do backup of Adding.".split()
    )
    assert owls.split() == "of the plugin owls: count Do count of Adding.".split()
    assert run("backup").stdout == "backup of Adding\n"


def test_a_built_in_command_cannot_be_replaced_and_whoever_tries_is_told(run, install):
    install(birds=adding("scan", "annotate"))
    told = "its command 'scan' is ignored: a built-in command has the name"
    done = run("--help")
    assert done.stderr == f"plugin birds: {told}\n"
    assert done.stdout.count("\n  scan ") == 1
    assert "Do scan" not in done.stdout
    assert "RECORDING..." in run("scan", "--help").stdout
    assert run("plugins").stdout.endswith(f"\n\nbirds: {told}\n")
    assert json.loads(run("plugins", "--json").stdout)["plugins"][0]["warnings"] == [told]


def test_of_two_plugins_with_one_command_the_first_has_it_and_the_other_is_told(run, install):
    install(birds=adding("count", module="Birds"), owls=adding("count", module="Owls"))
    assert run("count").stdout == "count of Birds\n"
    assert (
        run("--help").stderr == "plugin owls: its command 'count' is ignored: plugin 'birds' has the name\n"
    )


@pytest.mark.parametrize(
    "error", [RuntimeError("no menu"), SystemExit("no menu"), KeyboardInterrupt("no menu")]
)
def test_a_plugin_whose_commands_fail_leaves_the_others(run, install, error):
    class Broken:
        @hookimpl
        def register_commands(self, cli):
            cli.add_command(click.Command("half"))
            raise error

    install(bad=Broken(), birds=adding("count"))
    done = run("--help")
    assert "scan" in done.stdout
    assert "half" not in done.stdout
    assert run("count").stdout == "count of Adding\n"
    assert done.stderr == f"plugin bad: its commands are ignored: register_commands raised {error!r}\n"


def test_plugins_are_loaded_once_for_a_command_line(run, monkeypatch):
    loads = []

    def load():
        loads.append(1)
        return load_registry({"a": adding("annotate"), "b": adding("backup")})

    monkeypatch.setattr("audioscan_host.cli.main.load_registry", load)
    assert "backup" in run("--help").stdout
    assert len(loads) == 1
