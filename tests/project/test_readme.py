"""What the README shows works as it stands there."""

import importlib.util
import re
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from audioscan_host import Windowing, embed
from audioscan_host.plugins.registry import load_registry

ROOT = Path(__file__).resolve().parents[2]

SPEC = importlib.util.spec_from_file_location("shown_output", ROOT / "tools" / "shown_output.py")
shown_output = importlib.util.module_from_spec(SPEC)
sys.modules["shown_output"] = shown_output  # dataclasses look there
SPEC.loader.exec_module(shown_output)


@pytest.fixture(scope="module")
def blocks():
    return re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def test_the_plugin_of_the_readme_embeds_and_measures_what_it_says(blocks, make_wav, tmp_path):
    source = next(block for block in blocks if "audioscan_loudness.py" in block)
    plugin = types.ModuleType("audioscan_loudness")
    exec(source, plugin.__dict__)  # noqa: S102 - the README's own text
    registry = load_registry({"loudness": plugin})
    assert registry.failures == ()
    recording = make_wav(seconds=3)  # noise of standard deviation 0.1: -20 dB
    result = embed(
        [recording], ["LOUDNESS"], windowing=Windowing(2, 1), registry=registry, cache_dir=tmp_path / "c"
    )
    with np.load(result.stored[0].path) as archive:
        np.testing.assert_allclose(archive["embeddings"][:, 0], -20, atol=0.2)


def test_the_script_of_the_readme_runs(blocks, make_wav, tmp_path, monkeypatch, capsys):
    script = next(block for block in blocks if "audioscan_host.train(" in block)
    rows = []
    for i in range(4):  # twelve places: there are figures from ten on
        path = make_wav(f"recordings/{i}.wav", seconds=60, seed=i)
        rows += [f"{path.name},{start},{start + 6},hiss" for start in (5, 25, 45)]
    (tmp_path / "labels.csv").write_text("\n".join(["file,start,end,label", *rows]))
    make_wav("new.wav", seconds=40, seed=9)
    monkeypatch.chdir(tmp_path)
    exec(script, {})  # noqa: S102 - the README's own text
    assert "average_precision" in capsys.readouterr().out
    assert (tmp_path / "cry.detector").is_file()


def _commands(page):
    """The commands of the console blocks of a page, with what is shown below them."""
    console = [block.code for block in shown_output.blocks(page) if block.language == "console"]
    return [command for code in console for command in shown_output.commands(code)]


def test_the_output_that_the_readme_shows_is_that_of_getting_started_whose_commands_are_run():
    run = [command for command in _commands(ROOT / "docs" / "getting-started.md") if command.shown]
    shown = [command for command in _commands(ROOT / "README.md") if command.shown]
    assert [command.words[:2] for command in shown] == [
        ["head", "-5"],
        ["audioscan-host", "train"],
        ["audioscan-host", "scan"],
    ]
    assert [command for command in shown if command not in run] == []


def test_a_newcomer_comes_to_a_detector_by_the_demo_and_its_folder():
    words = [command.words for command in _commands(ROOT / "README.md")]
    assert words[:3] == [["make", "demo"], [".", ".venv/bin/activate"], ["cd", "audioscan-demo"]]


def test_what_the_readme_points_to_is_there():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!http)([^)#]+)\)", text)
    assert len(targets) >= 3
    for target in targets:
        assert (ROOT / target).exists(), target


def test_every_command_of_the_readme_exists():
    from audioscan_host.cli.main import BUILT_IN

    named = set(
        re.findall(r"audioscan-host (?!>|-)([a-z-]+)", (ROOT / "README.md").read_text(encoding="utf-8"))
    )
    assert {"models", "train", "scan", "embed"} <= named
    assert named <= {*BUILT_IN, "ui"}  # which the plugin of the review page adds
