"""Starting is quick: what is heavy is imported by what needs it, and a model's library by its plugin."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = ["audioscan_ui.command", "starlette", "uvicorn", "anyio", "h11"]
RAY = ["audioscan_ray.executor", "ray", "grpc"]
LIBRARIES_OF_MODELS = ["torch", "torchaudio", "torchvision", "transformers", "timm"]
HEAVY = [
    *LIBRARIES_OF_MODELS,
    "numpy",
    "scipy",
    "sklearn",
    "av",
    "soxr",
    "array_api_compat",
    "matplotlib",
]


@pytest.fixture
def run(tmp_path):
    """Run a program in a Python where every model's library can be imported; what it prints, line by line."""
    for library in LIBRARIES_OF_MODELS:
        (tmp_path / "libraries" / library).mkdir(parents=True)
        (tmp_path / "libraries" / library / "__init__.py").touch()

    path = os.pathsep.join([str(tmp_path / "libraries"), *filter(None, [os.environ.get("PYTHONPATH")])])

    def run(program, **environment):
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONPATH": path, **environment},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return run


def imported(program, watched):
    """A program that ends with the names of those of `watched` that were imported."""
    return f"import sys\n{program}\nprint(' '.join(sorted(set({watched}) & set(sys.modules))) or 'none')"


def command(*arguments):
    return f"from audioscan_host.cli.main import main\nmain({list(arguments)}, standalone_mode=False)"


def test_what_is_watched_for_would_be_seen(run):
    assert run(imported("import torch, timm", HEAVY)) == ["timm torch"]


@pytest.mark.slow
def test_no_module_of_the_host_imports_a_models_library(run):
    program = """
import importlib, pkgutil, audioscan_host
for module in pkgutil.walk_packages(audioscan_host.__path__, "audioscan_host."):
    if not module.name.endswith("__main__"):
        print(importlib.import_module(module.name).__name__)
for name in audioscan_host.__all__:
    getattr(audioscan_host, name)
"""
    *modules, found = run(imported(program, LIBRARIES_OF_MODELS))
    assert {"audioscan_host.journeys.embed", "audioscan_host.cli.main"} <= set(modules)
    assert found == "none"


def test_importing_the_package_imports_none_of_its_modules(run):
    program = "import sys, audioscan_host\nprint([name for name in sys.modules if 'audioscan_host.' in name])"
    assert run(program) == ["[]"]


def test_what_reads_no_label_files_imports_none_of_their_readers(run):
    program = """
import sys, audioscan_host.journeys.scan, audioscan_host.journeys.embed, audioscan_host.cli.options
print([name for name in sys.modules if name.startswith("audioscan_host.annotations")])
"""
    assert run(program) == ["[]"]


def test_what_a_plugin_author_imports_is_light(run):
    program = "from audioscan_host import FINAL, Checkpoint, HiddenStates, Inputs, Model, Runtime, hookimpl"
    assert run(imported(program, HEAVY)) == ["none"]


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["models"], "MEL"),
        (["models", "--json"], '"name": "MEL"'),
        (["plugins"], "audioscan-mel"),
        (["--help"], "Commands:"),
        (["scan", "--help"], "--threshold"),
    ],
)
def test_listing_and_help_import_nothing_heavy(run, arguments, shown):
    *lines, found = run(imported(command(*arguments), HEAVY), AUDIOSCAN_PLUGINS="mel")
    assert shown in "\n".join(lines)
    assert found == "none"


@pytest.mark.parametrize("arguments", [["models"], ["plugins"], ["--help"], ["ui", "--help"]], ids=" ".join)
def test_where_the_review_page_is_installed_its_server_is_imported_by_serving_alone(run, arguments):
    server = [*HEAVY, *(name for name in PAGE if name != "audioscan_ui.command")]
    *lines, found = run(imported(command(*arguments), server), AUDIOSCAN_PLUGINS="mel,ui")
    assert lines
    assert found == "none"


def test_the_package_imports_no_page(run):
    assert run(imported("import audioscan_host, audioscan_ui", PAGE)) == ["none"]
    assert run(imported("import audioscan_ui.application", PAGE)) != ["none"]


@pytest.mark.parametrize("arguments", [["models"], ["plugins"], ["--help"], ["scan", "--help"]], ids=" ".join)
def test_where_the_executor_on_ray_is_installed_ray_is_imported_by_computing_alone(run, arguments):
    *lines, found = run(imported(command(*arguments), [*HEAVY, *RAY]), AUDIOSCAN_PLUGINS="mel,ray")
    assert lines
    assert found == "none"


def test_the_package_imports_nothing_of_ray_and_of_stores_elsewhere(run):
    elsewhere = [*RAY, "fsspec", "s3fs", "pyarrow"]
    assert run(imported("import audioscan_host, audioscan_ray", elsewhere)) == ["none"]
    assert run(imported("from audioscan_host import embed, scan, train", elsewhere)) == ["none"]
    assert run(imported("import audioscan_ray.executor", ["ray"])) == ["none"]


@pytest.mark.slow
def test_models_are_listed_as_quickly_with_the_page_installed(run):
    program = (
        f"import time\nbegin = time.perf_counter()\n{command('models')}\nprint(time.perf_counter() - begin)"
    )
    seconds = {"mel": [], "mel,ui": []}
    for _ in range(9):
        for plugins, taken in seconds.items():
            taken.append(float(run(program, AUDIOSCAN_PLUGINS=plugins)[-1]))
    # The shortest of each: what else the machine does can only add to it.
    assert min(seconds["mel,ui"]) < 1.15 * min(seconds["mel"]) + 0.01


@pytest.fixture
def labelled(make_wav, tmp_path):
    """A recording of noise and its labels, in the folder that programs run in."""
    make_wav("x.wav", seconds=60)
    rows = [f"x.wav,{at},{at + 4},hiss\n" for at in range(5, 55, 10)]
    (tmp_path / "labels.csv").write_text("file,start,end,label\n" + "".join(rows))


TRAIN = ["train", "x.wav", "--labels", "labels.csv", "--model", "MEL", "--window", "2", "--out", "x.detector"]


@pytest.mark.slow
@pytest.mark.usefixtures("labelled")
def test_training_and_a_second_scan_import_no_models_library(run):
    scan = ["scan", "x.wav", "--detector", "x.detector", "--out", "found.csv"]
    # What the first of each embeds is in the cache for the second.
    for arguments in (TRAIN, TRAIN, scan, scan):
        assert run(imported(command(*arguments), LIBRARIES_OF_MODELS), AUDIOSCAN_PLUGINS="mel")[-1] == "none"


@pytest.mark.slow
@pytest.mark.usefixtures("labelled")
def test_a_scan_by_a_logistic_detector_does_without_scikit_learn(run):
    run(command(*TRAIN), AUDIOSCAN_PLUGINS="mel")
    scan = command("scan", "x.wav", "--detector", "x.detector", "--out", "found.csv")
    heavy = {*HEAVY, "skops", "joblib", "pandas"} - {"numpy", "av", "soxr", "array_api_compat"}
    assert run(imported(scan, heavy), AUDIOSCAN_PLUGINS="mel") == ["none"]
    assert "sklearn" in run(imported("from audioscan_host import train; import sklearn", heavy))[-1]


def policy_at_import(library, program):
    """A program that prints how threads wait, as the environment says when the library is first imported."""
    return f"""
import os, sys
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == {library!r}:
            print("policy:", os.environ.get("OMP_WAIT_POLICY"))
sys.meta_path.insert(0, Watch())
{program}
"""


@pytest.mark.slow
@pytest.mark.usefixtures("labelled")
@pytest.mark.parametrize(
    ("before", "found"),
    [
        ('os.environ.pop("OMP_WAIT_POLICY", None)', "PASSIVE"),
        ('os.environ["OMP_WAIT_POLICY"] = "ACTIVE"', "ACTIVE"),
    ],
)
def test_threads_that_wait_sleep_unless_the_user_wants_otherwise(run, before, found):
    # OpenMP reads the variable once, when scikit-learn loads it.
    train = policy_at_import("sklearn", f"{before}\n{command(*TRAIN)}")
    assert [line for line in run(train, AUDIOSCAN_PLUGINS="mel") if "policy" in line] == [f"policy: {found}"]


@pytest.mark.slow
def test_threads_of_the_tests_sleep_while_they_wait_too(run):
    conftest = str(Path(__file__).parents[1] / "conftest.py")
    program = (
        'import os, runpy\nos.environ.pop("OMP_WAIT_POLICY", None)\nrunpy.run_path({!r})\nimport sklearn'
    )
    assert run(policy_at_import("sklearn", program.format(conftest))) == ["policy: PASSIVE"]


@pytest.mark.parametrize(("arguments", "code"), [(["--version"], 0), (["scan"], 2), (["check", "NONE"], 2)])
def test_python_m_is_the_command_line_with_its_exit_codes(arguments, code):
    command = [sys.executable, "-m", "audioscan_host", *arguments]
    done = subprocess.run(
        command, env={**os.environ, "AUDIOSCAN_PLUGINS": "mel"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    if code:
        assert "python -m audioscan_host" in done.stderr or "unknown model" in done.stderr
    else:
        assert done.stdout.startswith("audioscan-host ")
