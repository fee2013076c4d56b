"""What the pages of the documentation say is so."""

import ast
import dataclasses
import importlib.util
import inspect
import os
import re
import sqlite3
import subprocess
import sys
import types
import zipfile
from contextlib import closing
from pathlib import Path

import click
import numpy as np
import pytest

from audioscan_host import Windows
from audioscan_host.annotations import Role, read_annotations
from audioscan_host.annotations.formats import FORMATS
from audioscan_host.classifier import ClassifierSettings, Statistics, fit
from audioscan_host.classifier.settings import ClassifierKind
from audioscan_host.cli.main import main
from audioscan_host.detector import Detector, detector_json, save
from audioscan_host.evidence import Evidence
from audioscan_host.models.model import Checkpoint, Model, Runtime
from audioscan_host.models.pooling import Pooling
from audioscan_host.plugins import hookspecs
from audioscan_host.testing import CHECKS

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
TOOLS = ROOT / "tools"
PAGES = sorted(DOCS.glob("*.md"))
TUTORIAL = DOCS / "writing-a-plugin.md"
REFERENCE = DOCS / "plugin-reference.md"


def _tool(name: str) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(name, TOOLS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


shown_output = _tool("shown_output")
command_reference = _tool("command_reference")

BLOCKS = [block for page in PAGES for block in shown_output.blocks(page)]


def _blocks(language: str):
    return [
        pytest.param(block, id=f"{block.page}:{block.line}") for block in BLOCKS if block.language == language
    ]


def _headings(text: str) -> set[str]:
    found = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", heading.lower()).strip()) for heading in found}


# All pages


def test_every_fence_is_a_block_that_the_tests_know():
    fences = sum(page.read_text(encoding="utf-8").count("\n```") for page in PAGES)
    assert fences == 2 * len(BLOCKS)
    known = {"python", "console", "toml", "text", "csv", "tsv", "sql", "yaml"}
    assert {block.language for block in BLOCKS} <= known


def test_a_block_that_is_not_run_says_why():
    for block in BLOCKS:
        if block.marker:
            assert re.fullmatch(r"not run: \w.{9,}", block.marker), (block.page, block.line)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_pages_and_headings_that_are_there(page):
    text = page.read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)]+))?\)", text):
        linked = page.parent / target if target else page
        assert linked.is_file(), target
        if anchor:
            assert anchor in _headings(linked.read_text(encoding="utf-8")), (target, anchor)


def test_every_page_is_in_the_navigation_and_no_other():
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    named = re.findall(r"^ +- .+: ([\w-]+\.md)$", text, re.MULTILINE)
    assert sorted(named) == [page.name for page in PAGES]


def test_files_of_the_source_folder_that_pages_name_are_there():
    named = set()
    for page in PAGES:
        if page.name == "architecture.md":  # its paths begin in the package: test_architecture.py
            continue
        prose = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
        named |= set(re.findall(r"`((?:core|plugins|docs|benchmarks|tests)/[\w/.-]+)`", prose))
    assert len(named) >= 5
    assert [name for name in named if not (ROOT / name).exists()] == []


# Commands


@pytest.fixture
def only_the_page(monkeypatch):
    """Of all plugins the one that adds a command."""
    monkeypatch.setenv("AUDIOSCAN_PLUGINS", "ui")


@pytest.mark.parametrize("block", _blocks("console"))
def test_commands_and_their_options_exist(block, only_the_page):
    lines = shown_output.commands(block.code)
    assert lines
    for line in lines:
        words = [word for word in line.words if not re.fullmatch(r"[A-Z_]+=\S*", word)]
        if words[0] == "audioscan-host":
            _parse(words[1:])
        elif words[0] == "pip":
            folders = [word for word in words[2:] if word.startswith("./plugins")]
            assert all((ROOT / folder).is_dir() for folder in folders)
        elif words[0] == "make":
            assert f"\n{words[1]}:" in (ROOT / "Makefile").read_text(encoding="utf-8")


def _parse(words):
    """As click does before it calls the command."""
    context = main.make_context("audioscan-host", list(words))
    command = main
    while isinstance(command, click.Group):
        name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        context = command.make_context(name, rest, parent=context)


def test_a_wrong_option_is_found(no_installed_plugins):
    with pytest.raises(click.NoSuchOption):
        _parse(["scan", "a.wav", "--detector", "a.detector", "--treshold", "0.5"])
    with pytest.raises(click.UsageError):
        _parse(["cache", "inform"])


def test_commands_that_the_text_names_exist(only_the_page):
    for page in PAGES:
        for words in re.findall(r"`audioscan-host ([a-z][^`]*)`", page.read_text(encoding="utf-8")):
            name, *rest = words.split()
            command = main.get_command(click.Context(main), name)
            assert command is not None, words
            if isinstance(command, click.Group) and rest:
                command = command.commands[rest[0]]
            options = {option for each in command.params for option in each.opts}
            assert {word for word in rest if word.startswith("--")} <= options, words


def test_the_reference_of_commands_is_that_of_the_command_line():
    """`python tools/command_reference.py` renews it."""
    # In a process of its own: click keeps the --help of a command that was called by itself before.
    program = "import sys, command_reference; sys.stdout.buffer.write(command_reference.page().encode())"
    environment = {**os.environ, "AUDIOSCAN_PLUGINS": "", "PYTHONPATH": str(TOOLS), "COLUMNS": "40"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True)
    assert (DOCS / "commands.md").read_text(encoding="utf-8") == done.stdout.decode()


@pytest.mark.slow
def test_what_pages_show_as_output_is_what_the_commands_print(tmp_path):
    """`python tools/shown_output.py` renews it. Times differ, and the last digits from machine to machine."""
    compared = 0
    for page, command, printed in shown_output.run(tmp_path):
        if command.shown:
            expected = shown_output.renewed(command.shown, printed)
            assert len(command.shown) == len(expected), (page.name, command.written)
            for shown, real in zip(command.shown, expected, strict=True):
                assert _alike(shown, real), f"{page.name}: {command.written}\n{shown}\n{real}"
            compared += 1
    assert compared > 10


_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[+-]\d+)?")


def _alike(shown, real):
    if re.search(r"/s\)| ms$", shown):
        return _NUMBER.sub("", shown) == _NUMBER.sub("", real)
    pairs = zip(_NUMBER.findall(shown), _NUMBER.findall(real), strict=False)
    close = all(abs(float(a) - float(b)) <= max(0.05, 0.05 * abs(float(b))) for a, b in pairs)
    return close and _NUMBER.sub("0", shown).split() == _NUMBER.sub("0", real).split()


# The reference of plugins


def _signatures():
    """Hook -> its arguments and result, as the page writes them."""
    found = {}
    for block in shown_output.blocks(REFERENCE):
        if block.language == "python" and block.code.startswith("def ") and block.code.endswith(": ...\n"):
            (function,) = ast.parse(block.code).body
            found[function.name] = (ast.unparse(function.args), ast.unparse(function.returns))
    return found


def test_the_signatures_of_all_hooks_are_those_of_the_contract():
    tree = ast.parse(inspect.getsource(hookspecs))
    specified = {
        node.name: (ast.unparse(node.args), ast.unparse(node.returns))
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and any("hookspec" in ast.unparse(d) for d in node.decorator_list)
    }
    assert len(specified) >= 8
    assert _signatures() == specified


def test_every_hook_has_a_heading_and_a_row():
    text = REFERENCE.read_text(encoding="utf-8")
    for hook in _signatures():
        assert f"\n### {hook}\n" in text
        assert f"| [`{hook}`](#{hook}) |" in text


@pytest.mark.parametrize("declared", [Checkpoint, Model, Runtime, Windows])
def test_every_field_is_explained(declared):
    text = REFERENCE.read_text(encoding="utf-8")
    section = text.split(f"\n### {declared.__name__}\n")[1].split("\n#")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", section, re.MULTILINE)
    assert [name for name, _ in rows] == [field.name for field in dataclasses.fields(declared)]
    assert all(len(explanation) > 10 for _, explanation in rows)


def test_every_check_is_in_the_table_with_its_promise_and_what_it_comes_after():
    section = REFERENCE.read_text(encoding="utf-8").split("\n## The checks\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([\w-]+)` \| (.+) \| (.+) \|$", section, re.MULTILINE)
    told = [(name, promise, tuple(re.findall(r"`([\w-]+)`", after))) for name, promise, after in rows]
    assert told == [(check.name, check.promise, check.after) for check in CHECKS]


@pytest.mark.parametrize("page", [TUTORIAL, REFERENCE], ids=lambda page: page.name)
def test_the_pages_name_the_version_of_the_contract(page):
    named = re.findall(r"CONTRACT_VERSION = (\d+)", page.read_text(encoding="utf-8"))
    assert named
    assert set(named) == {str(hookspecs.CONTRACT_VERSION)}


def test_every_pooling_is_explained():
    (row,) = re.findall(r"^\| `pooling` \| (.+) \|$", REFERENCE.read_text(encoding="utf-8"), re.MULTILINE)
    assert all(f'`"{pooling}"`' in row for pooling in Pooling)


# File formats


def _label_files():
    found = [block for block in shown_output.blocks(DOCS / "file-formats.md") if block.title]
    return [pytest.param(block, id=block.title) for block in found]


@pytest.mark.parametrize("block", _label_files())
def test_the_label_files_of_the_page_are_read(block, tmp_path):
    path = tmp_path / block.title
    if block.language == "sql":
        with closing(sqlite3.connect(path)) as database:
            database.executescript(block.code)
    else:
        path.write_text(block.code, encoding="utf-8")
    annotations = read_annotations(path)
    assert annotations[0].start in {12.5, 0}
    assert "cry" in {annotation.label for annotation in annotations}
    assert {Path(annotation.file).stem for annotation in annotations} <= {"day", "night", "night, 2nd"}
    if block.title.startswith(("labels", "day.txt")):
        assert (annotations[1].start, annotations[1].end) == (64.2, None)


def test_every_format_of_label_files_has_a_row_and_a_place_that_it_leads_to():
    section = (
        (DOCS / "file-formats.md").read_text(encoding="utf-8").split("## Label files")[1].split("\n## ")[0]
    )
    rows = re.findall(r"^\| (?:\[(.+?)\]\(#(.+?)\)|([^|\[]+?)) \| .+ \| .+ \|$", section, re.MULTILINE)
    named = {name or plain for name, _, plain in rows}
    assert {form.name for form in FORMATS} | {"8-cut"} == named - {"format"}
    headings = re.findall(r"^### (.+)$", section, re.MULTILINE)
    assert {place for _, place, _ in rows if place} <= {each.lower().replace(" ", "-") for each in headings}


def test_every_role_is_explained_and_shown(tmp_path):
    text = (DOCS / "file-formats.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", text.split("### Roles")[1].split("\n#")[0], re.MULTILINE) == list(
        Role
    )
    (shown,) = [block for block in BLOCKS if block.title == "roles.csv"]
    path = tmp_path / shown.title
    path.write_text(shown.code)
    assert {annotation.role for annotation in read_annotations(path)} == set(Role)


def _explained(table):
    """The names in the first column of a table of the page on file formats, by its heading."""
    text = (DOCS / "file-formats.md").read_text(encoding="utf-8")
    section = text.split(f"| {table} | is |")[1].split("\n\n")[0]
    rows = re.findall(r"^\| (`.+?) \|", section, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([\w./]+)`", row)}


def test_every_value_of_a_detectors_description_is_explained():
    assert _explained("in `detector.json`") == {"format", *detector_json._VALUES, "channel", "labels"}
    assert _explained("of each label") == {*detector_json._LABEL, "figures"}
    text = (DOCS / "file-formats.md").read_text(encoding="utf-8")
    assert f"| `format` | {detector_json.FORMAT}; " in text


def test_every_member_of_a_detector_is_explained(tmp_path):
    vectors = np.random.default_rng(0).normal(size=(6, 25, 3)).astype(np.float32)
    recordings = [Evidence.without_silence(each, 1.0) for each in vectors]
    statistics, labels = Statistics.of(recordings), [(each[:, 0] > 1).astype(np.int64) for each in vectors]
    classifiers = {
        kind: fit(
            recordings,
            labels,
            [np.arange(25.0)] * 6,
            statistics,
            window=8.0,
            settings=ClassifierSettings(kind, "isotonic"),
        ).classifier
        for kind in ClassifierKind
    }
    detector = Detector("M", 1, "1", 3, 8.0, 1.0, statistics, classifiers, dict.fromkeys(ClassifierKind), {})
    save(dataclasses.replace(detector, reference=vectors[0]), tmp_path / "x.detector")
    with zipfile.ZipFile(tmp_path / "x.detector") as archive:
        names = {re.sub(r"^1/", "0/", name) for name in archive.namelist()}
    assert names - {name for name in names if re.match(r"0/[12]\.", name)} == _explained("member") - {
        "0/1.nodes.npy",
        "1/...",
    }


# The site


@pytest.mark.slow
def test_the_site_builds_strictly_and_asks_nothing_of_the_network(tmp_path):
    pytest.importorskip("material", reason="mkdocs-material is not installed: make docs")
    pytest.importorskip("mkdocstrings", reason="mkdocstrings is not installed: make docs")
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--quiet",
        "--site-dir",
        tmp_path / "site",
    ]
    quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=quiet, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) > len(PAGES)  # and the one for what is not found
    fetched = re.compile(
        r"""<(?:script|img|iframe|link|source)\b[^>]*?(?:src|href)=["']?((?:https?:)?//[^"'\s>]+)"""
    )
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert fetched.findall(text) == []
        assert str(ROOT) not in text
