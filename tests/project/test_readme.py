"""What the README shows works as it stands there."""

import re
import types
from pathlib import Path

import numpy as np
import pytest

from audioscan_host import Windowing, embed
from audioscan_host.plugins.registry import load_registry

ROOT = Path(__file__).resolve().parents[2]


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
    assert named <= set(BUILT_IN)
