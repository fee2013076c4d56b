"""`audioscan-host new-plugin` writes a package that works as it is, under names that nothing else has."""

import ast
import dataclasses
import importlib
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import yaml  # comes with mkdocs
from packaging.requirements import Requirement

from audioscan_host import CONTRACT_VERSION, FINAL, CheckpointError, Runtime
from audioscan_host.errors import SettingError
from audioscan_host.models.weights import LocalWeights
from audioscan_host.plugins.registry import load_registry
from audioscan_host.skeleton import PluginNames
from audioscan_host.skeleton.names import LONGEST
from audioscan_host.skeleton.writing import required

ROOT = Path(__file__).resolve().parents[2]
COMMAND_LINE = "from audioscan_host.cli.main import main; main()"
LONG_NAME = "-".join(["name"] * 8)
HOOKS = ["register_models", "load", "preprocess", "embed"]
MODELS = {(): ["MY_MODEL"], ("--torch",): ["MY_MODEL", "MY_MODEL_ML"]}

both_kinds = pytest.mark.parametrize(
    "kind", [pytest.param((), id="numpy"), pytest.param(("--torch",), id="torch")]
)


@pytest.fixture
def generated(run, tmp_path):
    """`generated("my-model", "--torch")` is the folder that the command wrote."""

    def generate(name, *kind):
        run("new-plugin", name, *kind)
        return tmp_path / PluginNames.parse(name).distribution

    return generate


@pytest.fixture
def imported(monkeypatch):
    """`imported(folder)` are the modules of a generated package: the plugin's, and the encoder's."""
    names = ["audioscan_my_model", "audioscan_my_model.encoder"]

    def import_both(folder):
        monkeypatch.syspath_prepend(folder)
        return [importlib.import_module(name) for name in names]

    yield import_both
    for name in names:
        sys.modules.pop(name, None)


def read_toml(path):
    return tomllib.loads(path.read_text(encoding="utf-8"))


def steps_of(folder):
    """The steps of the only job of the generated workflow."""
    workflow = yaml.safe_load((folder / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    assert workflow[True] == ["push", "pull_request"]  # YAML 1.1 takes `on` for a truth value
    ((_, job),) = workflow["jobs"].items()
    assert set(job) == {"runs-on", "steps"}
    return job["steps"]


def imports_of(files):
    """The distributions whose modules files import, but for Python's and those that lie beside them."""
    found = set()
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                found.add(node.module)
    roots = {name.partition(".")[0] for name in found}
    return {root.replace("_", "-") for root in roots if not root.startswith("audioscan_my_model")}


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
    @pytest.mark.slow
    @both_kinds
    def test_it_installs_keeps_the_contract_and_passes_its_own_tests(self, generated, tmp_path, kind):
        folder, installed = generated("my-model", *kind), tmp_path / "installed"
        (folder / "audioscan_my_model" / "further.py").touch()
        quiet = ["--quiet", "--disable-pip-version-check"]
        offline = ["--no-deps", "--no-index", "--no-build-isolation"]
        python("-m", "pip", "install", *quiet, *offline, "--target", installed, folder, cwd=tmp_path)
        files = {path.name for path in (installed / "audioscan_my_model").iterdir() if path.is_file()}
        assert files == {"__init__.py", "encoder.py", "further.py", "py.typed"}

        models = python("-c", COMMAND_LINE, "models", cwd=tmp_path, path=installed)
        assert models.stderr == ""
        listed = [line.split()[:2] for line in models.stdout.splitlines()[2:]]
        assert listed == [[model, "my-model"] for model in MODELS[kind]]
        check = python("-c", COMMAND_LINE, "check", *MODELS[kind], cwd=tmp_path, path=installed)
        assert check.stderr.endswith("all passed\n")
        tests = python(
            "-m", "pytest", "-v", "-p", "no:cacheprovider", "-W", "error", cwd=folder, path=installed
        )
        for model in MODELS[kind]:
            assert f"test_conformance[{model}-" in tests.stdout
        assert "skipped" not in tests.stdout

    @both_kinds
    def test_it_is_these_files_and_the_licence_is_left_to_the_author(self, generated, kind):
        folder = generated("my-model", *kind)
        assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == {
            ".github/workflows/ci.yml",
            ".gitignore",
            "README.md",
            "audioscan_my_model/__init__.py",
            "audioscan_my_model/encoder.py",
            "audioscan_my_model/py.typed",
            "pyproject.toml",
            "tests/test_my_model.py",
        }
        assert "license" not in (folder / "pyproject.toml").read_text(encoding="utf-8")

    @both_kinds
    def test_it_is_for_this_contract_and_this_series_of_hosts(self, generated, kind):
        folder = generated("my-model", *kind)
        module = (folder / "audioscan_my_model" / "__init__.py").read_text(encoding="utf-8")
        assert f"\nCONTRACT_VERSION = {CONTRACT_VERSION}  #" in module
        own = HOOKS[:2] if kind else HOOKS
        assert re.findall(r"@hookimpl\ndef (\w+)", module) == own
        asked = read_toml(folder / "pyproject.toml")["project"]["dependencies"]
        assert asked[0] == "audioscan-host>=0.1,<0.2"

    @both_kinds
    def test_it_depends_on_what_its_files_import_and_on_nothing_else(self, generated, kind):
        folder = generated("my-model", *kind)
        project = read_toml(folder / "pyproject.toml")
        asked = {Requirement(each).name for each in project["project"]["dependencies"]}
        assert asked == imports_of(folder.glob("audioscan_my_model/*.py"))
        of_tests = {Requirement(each).name for each in project["dependency-groups"]["test"]}
        assert imports_of(folder.glob("tests/*.py")) <= asked | of_tests
        assert of_tests - asked - {"pytest"} <= imports_of(folder.glob("tests/*.py"))

    def test_it_asks_for_the_torch_that_audioscan_torch_asks_for(self, generated):
        theirs = read_toml(ROOT / "plugins" / "torch" / "pyproject.toml")["project"]
        bounds = {
            each.name: {bound.version for bound in each.specifier if bound.operator == ">="}
            for each in map(Requirement, theirs["dependencies"])
        }
        project = read_toml(generated("my-model", "--torch") / "pyproject.toml")
        asked = [*project["project"]["dependencies"], *project["dependency-groups"]["test"]]
        by_name = {each.name: each.specifier for each in map(Requirement, asked)}
        for library in ("torch", "torchaudio", "numpy"):
            assert {bound.version for bound in by_name[library]} == bounds[library]
        assert by_name["audioscan-torch"].contains(theirs["version"])

    @both_kinds
    def test_every_module_is_in_the_package_and_the_package_in_the_wheel(self, generated, kind):
        folder = generated("my-model", *kind)
        package = folder / "audioscan_my_model"
        modules = {path for path in folder.rglob("*.py") if path.parent.name != "tests"}
        assert modules == set(package.glob("*.py"))
        wheel = read_toml(folder / "pyproject.toml")["tool"]["hatch"]["build"]["targets"]["wheel"]
        assert wheel == {"packages": [package.name]}

    @both_kinds
    def test_it_says_when_to_raise_a_revision_and_when_to_install_again(self, generated, kind):
        folder = generated("my-model", *kind)
        encoder = (folder / "audioscan_my_model" / "encoder.py").read_text(encoding="utf-8")
        assert "\nWhenever the numbers that come out of it change, raise `revision` of " in encoder
        readme = " ".join((folder / "README.md").read_text(encoding="utf-8").split())
        assert (
            "A change of `pyproject.toml`, such as its entry point or dependencies, needs `pip install -e .`"
            in readme
        )

    def test_it_points_to_the_page_that_explains_it(self, generated):
        folder = generated("my-model")
        (title, *_) = (ROOT / "docs" / "writing-a-plugin.md").read_text(encoding="utf-8").splitlines()
        for name in ("README.md", "audioscan_my_model/__init__.py"):
            assert f'page "{title.removeprefix("# ")}"' in (folder / name).read_text().replace("\n", " ")

    @pytest.mark.parametrize("name", ["x", "my-model", LONG_NAME])
    @pytest.mark.parametrize(
        "settings",
        [
            pytest.param(["--isolated"], id="ruff's own settings"),
            pytest.param(["--config", ROOT / "pyproject.toml", "--config", 'src=["."]'], id="the project's"),
        ],
    )
    @both_kinds
    def test_ruff_finds_nothing_to_change(self, generated, name, settings, kind):
        folder = generated(name, *kind)
        for task in (["format", "--check"], ["check"]):
            python("-m", "ruff", *task, "--no-cache", *settings, ".", cwd=folder)

    @both_kinds
    def test_the_next_steps_are_three_lines(self, run, tmp_path, kind):
        done = run("new-plugin", "my-model", *kind, "--out", "new folder")
        assert done.stdout.splitlines() == [
            f"pip install -e 'new folder{os.sep}audioscan-my-model'",
            f"audioscan-host check {' '.join(MODELS[kind])}",
            "audioscan-host models",
        ]
        assert (tmp_path / "new folder" / "audioscan-my-model" / "pyproject.toml").is_file()

    @both_kinds
    def test_what_the_name_became_is_said(self, run, kind):
        called = {(): "model MY_MODEL", ("--torch",): "models MY_MODEL and MY_MODEL_ML"}[kind]
        assert run("new-plugin", "My_Model", *kind).stderr == (
            "wrote 8 files into audioscan-my-model\n"
            f"plugin my-model, module audioscan_my_model, {called}; next:\n"
        )

    def test_a_package_that_has_to_be_installed_first_is_said(self, run, monkeypatch, no_installed_plugins):
        monkeypatch.setitem(sys.modules, "audioscan_torch", None)  # as if it were not installed
        assert "audioscan-torch" not in run("new-plugin", "my-model").stderr
        assert run("new-plugin", "other", "--torch").stderr.splitlines()[2:] == [
            "first install audioscan-torch, which is not here: pip install ./plugins/torch in the host's repository"
        ]

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


class TestInstallingFromTheHostsRepository:
    """The host is on no package index: what is to be installed first has to be right."""

    @both_kinds
    def test_the_workflow_installs_from_a_clone_what_pip_would_not_find(self, generated, kind):
        folder = generated("my-model", *kind)
        steps = steps_of(folder)
        (clone,) = (step for step in steps if "git clone" in step.get("run", ""))
        first, second = clone["run"].splitlines()
        target = first.split()[-1]
        named = [Path(each).relative_to(target) for each in second.removeprefix("pip install ").split()]
        found = {read_toml(ROOT / each / "pyproject.toml")["project"]["name"] for each in named}
        asked = read_toml(folder / "pyproject.toml")["project"]["dependencies"]
        assert found == {Requirement(each).name for each in asked if each.startswith("audioscan-")}
        runs = [step["run"] for step in steps if "run" in step]
        assert runs.index(clone["run"]) == 1
        assert runs[2:] == ["pip install -e . --group test", "pytest"]

    @both_kinds
    def test_the_workflow_is_one_of_github_whose_steps_each_use_or_run_something(self, generated, kind):
        steps = steps_of(generated("my-model", *kind))
        assert all(("uses" in step) != ("run" in step) for step in steps)
        for step in steps:
            values = {**step.get("env", {}), **step.get("with", {})}
            assert all(isinstance(value, str) for value in values.values())

    @pytest.mark.skipif(sys.platform == "win32", reason="the workflow runs on Linux")
    @pytest.mark.parametrize("address", ["", "file:///somewhere/host.git"])
    def test_the_workflow_ends_with_the_reason_where_no_repository_is_filled_in(
        self, generated, tmp_path, address
    ):
        (clone,) = (step for step in steps_of(generated("my-model")) if "env" in step)
        (variable,) = clone["env"]
        assert clone["env"] == {variable: ""}
        tools = tmp_path / "tools"
        tools.mkdir()
        for tool in ("git", "pip"):
            (tools / tool).write_text(f'#!/bin/sh\necho {tool} "$@"\n')
            (tools / tool).chmod(0o755)
        done = subprocess.run(
            ["bash", "-e", "-c", clone["run"]],
            env={"PATH": f"{tools}:{os.environ['PATH']}", variable: address},
            capture_output=True,
            text=True,
            check=False,
        )
        if address:
            assert done.returncode == 0
            assert done.stdout.splitlines() == [
                f"git clone --depth 1 {address} audioscan-host",
                "pip install ./audioscan-host",
            ]
        else:
            assert done.returncode != 0
            assert done.stdout == ""
            assert f"{variable}: say it in .github/workflows/ci.yml" in done.stderr

    @both_kinds
    def test_the_readme_says_what_the_environment_must_have(self, generated, kind):
        folder = generated("my-model", *kind)
        (line,) = re.findall(
            r"^In an environment that has (.*):$", (folder / "README.md").read_text(), re.MULTILINE
        )
        packages, folders = re.fullmatch(
            r"(.*) \(`pip install (.*)` in the host's repository\)", line
        ).groups()
        found = [read_toml(ROOT / each / "pyproject.toml")["project"]["name"] for each in folders.split()]
        assert packages == " and ".join(found)
        asked = read_toml(folder / "pyproject.toml")["project"]["dependencies"]
        assert found == [Requirement(each).name for each in asked if each.startswith("audioscan-")]


class TestWeightsOfTheTorchSkeleton:
    @pytest.mark.slow
    def test_they_are_as_many_as_declared_and_the_same_each_time(self, generated, imported):
        import torch

        plugin, encoder = imported(generated("my-model", "--torch"))
        before = torch.get_rng_state()
        first, second = (encoder.Encoder.load(plugin.CHECKPOINT, Runtime("cpu", "fp32")) for _ in range(2))
        assert torch.equal(torch.get_rng_state(), before)  # which belongs to whoever runs the plugin
        numbers = torch.nn.utils.parameters_to_vector(first.network.parameters())
        assert torch.equal(numbers, torch.nn.utils.parameters_to_vector(second.network.parameters()))
        assert len(numbers) == plugin.CHECKPOINT.parameters
        assert numbers.unique().numel() > 0.9 * len(numbers)

    @pytest.mark.slow
    def test_a_file_takes_their_place_as_the_comment_says_and_a_wrong_one_is_refused(
        self, generated, imported, tmp_path
    ):
        import torch

        folder = generated("my-model", "--torch")
        path = folder / "audioscan_my_model" / "encoder.py"
        text, swapped = re.subn(
            r"# (weights = torch\.load\(.*\))\n +weights = random_weights\(network\)", r"\1", path.read_text()
        )
        assert swapped == 1
        path.write_text(text)
        plugin, encoder = imported(folder)
        file = tmp_path / "my-model.pth"
        checkpoint = dataclasses.replace(plugin.CHECKPOINT, weights=LocalWeights(file, (file,)))

        def load():
            return encoder.Encoder.load(checkpoint, Runtime("cpu", "fp32"))

        weights = {
            name: tensor / 2 for name, tensor in encoder.random_weights(encoder.build_network()).items()
        }
        torch.save(weights, file)
        found = load().network.state_dict()
        assert all(torch.equal(found[name], tensor) for name, tensor in weights.items())

        (missing, *_) = weights
        torch.save({name: tensor for name, tensor in weights.items() if name != missing}, file)
        with pytest.raises(
            CheckpointError, match=f'^MY_MODEL: not its weights: RuntimeError: .*Missing .*"{missing}"'
        ) as error:
            load()
        assert len(str(error.value).splitlines()) == 1
        file.write_text("no weights")
        with pytest.raises(CheckpointError, match=r"^MY_MODEL: not its weights: UnpicklingError: "):
            load()

    def test_each_layer_is_what_torch_gives_as_the_input_or_output_of_a_block(self, generated, imported):
        import torch

        plugin, encoder = imported(generated("my-model", "--torch"))
        loaded = encoder.Encoder.load(plugin.CHECKPOINT, Runtime("cpu", "fp32"))
        seen = []
        _, transformer = loaded.network
        layers = frozenset({0, *plugin.CHECKPOINT.quartiles, FINAL})
        batch = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 7, 80)).astype(np.float32))
        states = loaded.embed(batch, layers)
        transformer.layers[0].register_forward_pre_hook(lambda _, given: seen.append(given[0]))
        for block in transformer.layers:
            block.register_forward_hook(lambda _, given, result: seen.append(result))
        seen.append(loaded.network(batch))
        for layer, expected in zip([0, 1, 2, 3, 4, FINAL], seen, strict=True):
            torch.testing.assert_close(states[layer], expected, atol=1e-5, rtol=1e-5)


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

    def test_the_refusal_knows_the_spellings_that_are_taken(self, run):
        refusal = run("new-plugin", "my--model", expect=2).stderr
        assert "single dashes (or _ or ., taken for dashes) between them" in refusal
        assert {PluginNames.parse(f"my{sign}model").plugin for sign in "-_."} == {"my-model"}

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
        PluginNames.parse("tiny-other").require_free(tiny_registry, ["TINY_OTHER"])
        with pytest.raises(SettingError, match="the plugin 'tiny' has a model TINY_ML already"):
            PluginNames.parse("tiny-ml").require_free(tiny_registry, ["TINY_ML"])

    def test_that_holds_for_each_of_its_models(self, run, monkeypatch, no_installed_plugins, make_plugin):
        plugin = make_plugin("OTHER")
        plugin.models = plugin.models[1:]
        registry = load_registry({"another": plugin})
        monkeypatch.setattr("audioscan_host.cli.new_plugin.load_registry", lambda: registry)
        done = run("new-plugin", "other", "--torch", expect=2)
        assert done.stderr == (
            "Error: the plugin 'another' has a model OTHER_ML already: choose another name\n"
        )
        run("new-plugin", "other")


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
    assert required("audioscan-host", version) == requirement
