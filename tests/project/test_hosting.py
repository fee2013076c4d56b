"""What the files for a public host promise is so: claims are run, versions agree, commands are the same everywhere."""

import ast
import re
import shlex
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
HOST = "."
PLUGINS = sorted(f"plugins/{path.parent.name}" for path in ROOT.glob("plugins/*/pyproject.toml"))

SYSTEMS = {
    "ubuntu-latest": "Operating System :: POSIX :: Linux",
    "macos-latest": "Operating System :: MacOS",
    "windows-latest": "Operating System :: Microsoft :: Windows",
}
"""Machine of a workflow -> the claim that a run on it allows."""

EVERYWHERE = "Operating System :: OS Independent"
PYTHON = "Programming Language :: Python :: "


def _text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def _project(folder):
    return tomllib.loads(_text(f"{folder}/pyproject.toml"))["project"]


def _workflow(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _steps(job, key):
    return [step[key] for step in job["steps"] if key in step]


# What is claimed is run


def _runs():
    """Distribution -> the pairs of system and Python on which the workflow tests it."""
    found = {folder: set() for folder in [HOST, *PLUGINS]}
    for job in _workflow(ROOT / ".github" / "workflows" / "ci.yml")["jobs"].values():
        commands = "\n".join(_steps(job, "run"))
        if "make test" in commands:
            tested = [HOST, *PLUGINS]
        elif "pytest" in commands:
            tested = [word.split("[")[0] for word in re.findall(r'-e "?([\w./\[\]-]+)', commands)]
        else:
            continue
        matrix = job["strategy"]["matrix"]
        assert job["runs-on"] == "${{ matrix.os }}"
        assert "${{ matrix.python }}" in [each.get("python-version") for each in _steps(job, "with")]
        for folder in tested:
            found[folder] |= {(system, python) for system in matrix["os"] for python in matrix["python"]}
    return found


@pytest.mark.parametrize("folder", [HOST, *PLUGINS])
def test_the_pythons_that_are_claimed_are_those_that_are_tested(folder):
    claimed = {each.removeprefix(PYTHON) for each in _project(folder)["classifiers"] if PYTHON + "3." in each}
    assert claimed == {python for _, python in _runs()[folder]}
    assert _project(folder)["requires-python"] == f">={min(claimed, key=_number)}"


def _number(version):
    return tuple(map(int, version.split(".")))


@pytest.mark.parametrize("folder", [HOST, *PLUGINS])
def test_the_systems_that_are_claimed_are_those_that_are_tested(folder):
    claimed = {each for each in _project(folder)["classifiers"] if each.startswith("Operating System")}
    systems = {system for system, _ in _runs()[folder]}
    assert claimed == ({EVERYWHERE} if systems == SYSTEMS.keys() else {SYSTEMS[system] for system in systems})


def test_nothing_but_linux_tests_what_needs_torch():
    others = {
        folder for folder, runs in _runs().items() if {system for system, _ in runs} != {"ubuntu-latest"}
    }
    assert others == {HOST, "plugins/mel", "plugins/ui"}


def test_nox_tests_the_same_pythons():
    (constant,) = [
        node.value
        for node in ast.parse(_text("noxfile.py")).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PYTHONS"
    ]
    assert set(ast.literal_eval(constant)) == {python for _, python in _runs()[HOST]}


# Workflows


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_read_and_no_more_unless_it_publishes(path):
    workflow = _workflow(path)
    assert workflow["permissions"] == {"contents": "read"}
    more = {name: job["permissions"] for name, job in workflow["jobs"].items() if "permissions" in job}
    assert more == ({"publish": {"id-token": "write"}} if path.name == "release.yml" else {})


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_to_a_major_version(path):
    used = [action for job in _workflow(path)["jobs"].values() for action in _steps(job, "uses")]
    assert len(used) >= 4
    for action in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@(v\d+|release/v\d+)", action), action


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_job_ends_at_some_time(path):
    assert all(0 < job["timeout-minutes"] <= 120 for job in _workflow(path)["jobs"].values())


def test_only_a_tag_publishes_and_only_what_was_built_of_it():
    workflow = _workflow(ROOT / ".github" / "workflows" / "release.yml")
    assert workflow[True] == {"push": {"tags": ["v*"]}}  # YAML reads `on` as true
    build, publish = workflow["jobs"]["build"], workflow["jobs"]["publish"]
    assert (publish["needs"], publish["environment"]) == ("build", "pypi")
    assert any("GITHUB_REF_NAME#v" in command for command in _steps(build, "run"))
    uploaded, downloaded = _steps(build, "with")[-1], _steps(publish, "with")[0]
    assert (uploaded["name"], uploaded["path"]) == (downloaded["name"], downloaded["path"])


def test_nothing_for_the_host_says_where_packages_come_from():
    files = [
        *ROOT.glob(".github/**/*.yml"),
        ROOT / "noxfile.py",
        ROOT / "Makefile",
        ROOT / ".pre-commit-config.yaml",
    ]
    assert len(files) >= 8
    for path in files:
        found = re.findall(r"index-url|find-links|://(?!github\.com/)\S+", path.read_text(encoding="utf-8"))
        assert found == [], path


# One command, wherever it is started


def _make_commands():
    """Target -> its commands, without the folder of programs and with variables put in."""
    text = _text("Makefile")
    variables = dict(re.findall(r"^(\w+) [?:]= ?(.+)$", text, re.MULTILINE))
    found = {}
    for target, recipe in re.findall(r"^(\w+):.*\n((?:\t.+\n)+)", text, re.MULTILINE):
        lines = [line for line in recipe.splitlines() if not line.startswith("\t@")]
        found[target] = [_command(line.replace("$(BIN)/", ""), variables) for line in lines]
    return found


def _command(line, variables):
    while match := re.search(r"\$\((\w+)\)", line):
        line = line.replace(match[0], variables[match[1]])
    return [word for word in shlex.split(line) if not re.fullmatch(r"[A-Z_0-9]+=\S*", word)]


def _nox_commands():
    """Session -> its commands, with the lists that it names put in."""
    tree = ast.parse(_text("noxfile.py"))
    lists = {
        ast.unparse(node.targets[0]): ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.List)
    }
    found = {}
    for function in [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.decorator_list]:
        calls = [call for call in ast.walk(function) if isinstance(call, ast.Call)]
        runs = [call for call in calls if ast.unparse(call.func) == "session.run"]
        found[function.name] = [_words(call.args, lists) for call in runs]
    return found


def _words(arguments, lists):
    words = []
    for argument in arguments:
        if not isinstance(argument, ast.Starred):
            words.append(ast.literal_eval(argument))
        elif (name := ast.unparse(argument.value)) != "session.posargs":
            words += lists[name]
    return words


@pytest.mark.parametrize(
    ("target", "session"),
    [
        (name, "tests" if name == "test" else name)
        for name in ("quick", "test", "lint", "types", "imports", "docs")
    ],
)
def test_make_and_nox_run_the_same(target, session):
    commands = _make_commands()[target]
    assert commands
    assert _nox_commands()[session] == commands


def test_the_systems_without_make_run_the_fast_tests_of_make():
    host = _workflow(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]["host"]
    assert shlex.split(_steps(host, "run")[-1]) == _make_commands()["quick"][0]


def test_the_change_is_held_to_what_the_workflow_runs():
    commands = {line for line in _text(".ci/run").splitlines() if line.startswith("make ")}
    jobs = _workflow(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]
    assert commands == {"make check", "make test"}
    assert commands <= {command for job in jobs.values() for command in _steps(job, "run")}


def test_where_a_change_is_held_to_the_tests_none_is_skipped_for_want_of_a_browser_or_a_package():
    assert "\nexport AUDIOSCAN_NEED_ALL=1\n" in _text(".ci/run")
    steps = _workflow(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]["tests"]["steps"]
    (tests,) = [step for step in steps if step.get("run") == "make test"]
    assert tests["env"] == {"AUDIOSCAN_NEED_ALL": "1"}


def test_coverage_is_measured_of_every_package():
    measured = tomllib.loads(_text("pyproject.toml"))["tool"]["coverage"]["run"]["source_pkgs"]
    packages = [f"audioscan_{Path(folder).name}" for folder in PLUGINS]
    assert sorted(measured) == sorted(["audioscan_host", *packages])


def test_ruff_before_a_commit_is_the_ruff_of_make_check():
    (repository,) = yaml.safe_load(_text(".pre-commit-config.yaml"))["repos"]
    pinned = re.search(r"^ruff==(\S+)$", _text("constraints.txt"), re.MULTILINE)
    assert repository["rev"] == f"v{pinned[1]}"
    assert [hook["id"] for hook in repository["hooks"]] == ["ruff-format", "ruff-check"]


# What tells people what to do


def test_the_citation_is_of_this_version():
    citation = yaml.safe_load(_text("CITATION.cff"))
    project = _project(HOST)
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()  # what CFF 1.2.0 requires
    assert citation["cff-version"] == "1.2.0"
    assert (citation["version"], citation["license"]) == (project["version"], project["license"])
    assert citation["type"] == "software"
    assert citation["title"].startswith(project["name"])
    assert citation["authors"] == [{"name": "The audioscan-host developers"}]


def test_the_supported_series_is_that_of_this_version():
    major, minor, _ = _project(HOST)["version"].split(".")
    assert f"| {major}.{minor}.x | yes |" in _text("SECURITY.md")


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob(".github/ISSUE_TEMPLATE/*.yml")), ids=lambda path: path.name
)
def test_a_form_for_issues_has_what_the_host_asks_of_one(path):
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    if path.name == "config.yml":
        assert form == {"blank_issues_enabled": True}
        return
    assert {"name", "description", "body"} <= form.keys()
    asked = [part for part in form["body"] if part["type"] != "markdown"]
    identities = [part["id"] for part in asked]
    assert len(identities) == len(set(identities)) >= 4
    assert all(part["attributes"]["label"] for part in asked)


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "SECURITY.md", ".github/pull_request_template.md"])
def test_make_targets_and_files_that_are_named_are_there(name):
    text = _text(name)
    targets = set(re.findall(r"`make (\w+)", text))
    assert targets <= _make_commands().keys() | {"demo", "install", "check"}
    folder = (ROOT / name).parent
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
        assert (folder / target).exists(), target


def test_the_version_policy_names_what_is_public():
    import audioscan_host.testing
    import audioscan_host.weights

    policy = _text("CONTRIBUTING.md").split("## Versions")[1].split("\n## ")[0]
    for module in (audioscan_host.testing, audioscan_host.weights):
        assert f"`{module.__name__}`" in policy
    assert "`audioscan_host.__all__`" in policy
