"""`audioscan-host new-plugin` writes a package that works as it is, under names that nothing else has."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from audioscan_host import CONTRACT_VERSION
from audioscan_host.errors import SettingError
from audioscan_host.skeleton import PluginNames
from audioscan_host.skeleton.names import LONGEST
from audioscan_host.skeleton.writing import required_host

ROOT = Path(__file__).resolve().parents[1]
COMMAND_LINE = "from audioscan_host.cli.main import main; main()"
LONG_NAME = "-".join(["name"] * 8)


@pytest.fixture
def generated(run, tmp_path):
    """`generated("my-model")` is the folder that the command wrote."""

    def generate(name):
        run("new-plugin", name)
        return tmp_path / PluginNames.parse(name).distribution

    return generate


def python(*arguments, cwd, path=None):
    """Run Python in a folder, with one more on its path."""
    joined = os.pathsep.join(map(str, filter(None, [path, os.environ.get("PYTHONPATH")])))
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": joined, "AUDIOSCAN_PLUGINS": "my-model"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


class TestWhatIsWritten:
    def test_it_installs_keeps_the_contract_and_passes_its_own_tests(self, generated, tmp_path):
        folder, installed = generated("my-model"), tmp_path / "installed"
        quiet = ["--quiet", "--disable-pip-version-check"]
        offline = ["--no-deps", "--no-index", "--no-build-isolation"]
        python("-m", "pip", "install", *quiet, *offline, "--target", installed, folder, cwd=tmp_path)

        models = python("-c", COMMAND_LINE, "models", cwd=tmp_path, path=installed)
        assert models.stderr == ""
        assert models.stdout.splitlines()[2].split()[:2] == ["MY_MODEL", "my-model"]
        check = python("-c", COMMAND_LINE, "check", "MY_MODEL", cwd=tmp_path, path=installed)
        assert check.stderr.endswith("all passed\n")
        tests = python(
            "-m", "pytest", "-v", "-p", "no:cacheprovider", "-W", "error", cwd=folder, path=installed
        )
        assert "test_conformance[MY_MODEL-" in tests.stdout
        assert "skipped" not in tests.stdout

    def test_it_is_these_files_and_the_licence_is_left_to_the_author(self, generated):
        folder = generated("my-model")
        assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == {
            ".github/workflows/ci.yml",
            ".gitignore",
            "README.md",
            "audioscan_my_model.py",
            "audioscan_my_model_encoder.py",
            "pyproject.toml",
            "tests/test_my_model.py",
        }
        assert "license" not in (folder / "pyproject.toml").read_text(encoding="utf-8")

    def test_it_is_for_this_contract_and_this_series_of_hosts(self, generated):
        folder = generated("my-model")
        module = (folder / "audioscan_my_model.py").read_text(encoding="utf-8")
        assert f"\nCONTRACT_VERSION = {CONTRACT_VERSION}  #" in module
        assert re.findall(r"@hookimpl\ndef (\w+)", module) == [
            "register_models",
            "load",
            "preprocess",
            "embed",
        ]
        assert '"audioscan-host>=0.1,<0.2"' in (folder / "pyproject.toml").read_text(encoding="utf-8")

    def test_it_points_to_the_page_that_explains_it(self, generated):
        folder = generated("my-model")
        (title, *_) = (ROOT / "docs" / "writing-a-plugin.md").read_text(encoding="utf-8").splitlines()
        for name in ("README.md", "audioscan_my_model.py"):
            assert f'page "{title.removeprefix("# ")}"' in (folder / name).read_text().replace("\n", " ")

    @pytest.mark.parametrize("name", ["x", "my-model", LONG_NAME])
    @pytest.mark.parametrize(
        "settings",
        [
            pytest.param(["--isolated"], id="ruff's own settings"),
            pytest.param(["--config", ROOT / "pyproject.toml", "--config", 'src=["."]'], id="the project's"),
        ],
    )
    def test_ruff_finds_nothing_to_change(self, generated, name, settings):
        folder = generated(name)
        for task in (["format", "--check"], ["check"]):
            python("-m", "ruff", *task, "--no-cache", *settings, ".", cwd=folder)

    def test_the_next_steps_are_three_lines(self, run, tmp_path):
        done = run("new-plugin", "my-model", "--out", "new folder")
        assert done.stdout.splitlines() == [
            f"pip install -e 'new folder{os.sep}audioscan-my-model'",
            "audioscan-host check MY_MODEL",
            "audioscan-host models",
        ]
        assert (tmp_path / "new folder" / "audioscan-my-model" / "pyproject.toml").is_file()

    def test_a_folder_that_is_there_is_left_as_it_is(self, run, tmp_path):
        (tmp_path / "audioscan-my-model").mkdir()
        done = run("new-plugin", "my-model", expect=1)
        assert done.stderr == (
            "Error: audioscan-my-model is there already: remove it, or choose another name or --out\n"
        )
        assert not list((tmp_path / "audioscan-my-model").iterdir())

    def test_a_place_that_is_no_folder_is_said(self, run, tmp_path):
        (tmp_path / "file").touch()
        done = run("new-plugin", "my-model", "--out", "file", expect=1)
        assert done.stderr.startswith("Error: file")
        assert len(done.stderr.splitlines()) == 1


class TestNames:
    @pytest.mark.parametrize(
        "text",
        [
            "my-model",
            "My_Model",
            "MY-MODEL",
            "my.model",
            "audioscan-my-model",
            "audioscan_my_model",
            " my-model ",
        ],
    )
    def test_all_spellings_mean_one_plugin(self, text):
        names = PluginNames.parse(text)
        assert (names.plugin, names.distribution) == ("my-model", "audioscan-my-model")
        assert (names.module, names.model) == ("audioscan_my_model", "MY_MODEL")

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "-",
            "2fast",
            "my model",
            "my--model",
            "my-",
            "-my",
            "modèle",
            "a/b",
            "..",
            "audioscan-",
            "a" * 41,
        ],
    )
    def test_what_can_be_no_name_is_refused_in_one_line(self, run, tmp_path, text):
        done = run("new-plugin", "--", text, expect=2)
        assert done.stderr.startswith("Error: a plugin's name is made of")
        assert done.stderr.endswith(f"{text!r} is not\n")
        assert len(done.stderr.splitlines()) == 1
        assert not list(tmp_path.iterdir())

    def test_the_longest_name_is_taken(self):
        assert PluginNames.parse("a" * LONGEST).plugin == "a" * LONGEST
        assert len(LONG_NAME) == LONGEST - 1

    @pytest.mark.parametrize("name", ["host", "torch", "cache", "plugins"])
    def test_a_name_that_has_another_meaning_is_refused(self, run, name):
        done = run("new-plugin", f"audioscan-{name}", expect=2)
        assert done.stderr.startswith(f"Error: a plugin cannot be called {name!r}: ")

    def test_the_name_of_an_installed_plugin_is_refused(self, run, tmp_path):
        done = run("new-plugin", "MEL", expect=2)
        assert done.stderr == "Error: a plugin 'mel' is installed already: audioscan-mel 0.1.0\n"
        assert not list(tmp_path.iterdir())

    def test_the_name_of_a_plugin_that_was_not_loaded_is_refused_too(self, run, no_installed_plugins):
        done = run("new-plugin", "mel", expect=2)
        assert done.stderr == "Error: a module audioscan_mel is installed already: choose another name\n"

    def test_the_name_of_an_installed_model_is_refused(self, tiny_registry):
        PluginNames.parse("tiny-other").require_free(tiny_registry)
        with pytest.raises(SettingError, match="the plugin 'tiny' has a model TINY_ML already"):
            PluginNames.parse("tiny-ml").require_free(tiny_registry)


@pytest.mark.parametrize(
    ("version", "requirement"),
    [
        ("0.1.0", "audioscan-host>=0.1,<0.2"),
        ("0.12.3", "audioscan-host>=0.12,<0.13"),
        ("0.2.0rc1", "audioscan-host>=0.2.0rc1,<0.3"),
        ("1.4.2", "audioscan-host>=1.4,<2"),
        ("", "audioscan-host"),
    ],
)
def test_the_range_of_hosts_begins_with_this_one_and_ends_before_hooks_may_change(version, requirement):
    assert required_host(version) == requirement
