"""The Python blocks of the pages run, and give the numbers that they should."""

import __future__

import importlib
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import click
import librosa
import numpy as np
import pytest
from click.testing import CliRunner
from packaging.requirements import Requirement

from audioscan_host import (
    FINAL,
    AnnotationError,
    CheckpointError,
    Runtime,
    Windowing,
    embed,
    load_registry,
    train,
)
from audioscan_host.annotations import read_annotations
from audioscan_host.annotations.reading import LabelReader
from audioscan_host.audio import decode

pytestmark = pytest.mark.slow

DOCS = Path(__file__).resolve().parents[2] / "docs"

SPEC = importlib.util.spec_from_file_location("shown_output", DOCS.parent / "tools" / "shown_output.py")
shown_output = importlib.util.module_from_spec(SPEC)
sys.modules["shown_output"] = shown_output  # dataclasses look there
SPEC.loader.exec_module(shown_output)

PAGES = sorted(DOCS.glob("*.md"))
PYTHON = {
    page: [block for block in shown_output.blocks(page) if block.language == "python" and not block.marker]
    for page in PAGES
}
TUTORIAL = DOCS / "writing-a-plugin.md"
PACKAGING = DOCS / "packaging-a-plugin.md"


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """Import a module that a page shows; the blocks of all pages that are modules lie in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    names = []
    for block in [block for blocks in PYTHON.values() for block in blocks if block.module]:
        block.write(tmp_path)
        names.append(block.imported_as)
    yield importlib.import_module
    for name in names:
        sys.modules.pop(name, None)


@pytest.fixture
def folder(modules, make_wav, tmp_path):
    """What the scripts of the pages work on."""
    rows = []
    for i in range(4):  # twelve places: there are figures from ten on
        path = make_wav(f"recordings/{i}.wav", seconds=60, seed=i)
        rows += [f"{path.name},{start},{start + 2},knock" for start in (5, 25, 45)]
    make_wav("recordings/unseen.wav", seconds=40, seed=9)
    (tmp_path / "labels.csv").write_text("\n".join(["file,start,end,label", *rows]))
    embed(["recordings/unseen.wav"], ["MEL"], cache_dir=tmp_path / "cache")
    train(["recordings"], ["labels.csv"], "MEL", out="cry.detector", cache_dir=tmp_path / "cache")
    return tmp_path


@pytest.mark.parametrize("page", [page for page in PAGES if PYTHON[page]], ids=lambda page: page.name)
def test_the_scripts_of_a_page_run(page, folder, capsys):
    stream = np.random.default_rng(0).normal(size=(3, 20, 256)).astype(np.float32)
    namespace = {"parts": list(stream)}  # of MEL's embeddings
    scripts = [block for block in PYTHON[page] if not block.module]
    for block in scripts:
        # Signatures name types that a reader need not import.
        flags = __future__.annotations.compiler_flag
        exec(compile(block.code, f"{page.name}:{block.line}", "exec", flags), namespace)  # noqa: S102
    if any("print(" in block.code for block in scripts):
        assert capsys.readouterr().out
    if "trained" in namespace:
        assert all(report.figures is not None for report in namespace["trained"].reports)


def test_every_module_of_the_pages_is_tested_here():
    text = Path(__file__).read_text(encoding="utf-8")
    for blocks in PYTHON.values():
        for block in blocks:
            tested = f'"{block.imported_as}"' in text or f'"{block.module}"' in text
            assert tested or not block.module or block.imported_as == "audioscan_shape.encoder"


# The plugin that the page goes through


@pytest.fixture
def shape(modules, no_installed_plugins):
    return load_registry({"shape": modules("audioscan_shape")})


def test_the_plugin_gives_the_numbers_of_librosa(shape, make_wav, tmp_path):
    recording = make_wav(seconds=5)
    result = embed([recording], ["SHAPE"], windowing=Windowing(2, 0.25), registry=shape)
    waveform = np.concatenate(list(decode(recording, 16_000)))
    with np.load(result.stored[0].path) as archive:
        assert len(archive["timestamps"]) == 13
        for start, found in zip(archive["timestamps"], archive["embeddings"], strict=True):
            window = waveform[round(start * 16_000) : round((start + 2) * 16_000)]
            frames = {"y": window, "n_fft": 512, "hop_length": 160, "center": False}
            steps = [
                librosa.feature.spectral_centroid(sr=16_000, **frames)[0] / 1000,
                librosa.feature.spectral_bandwidth(sr=16_000, **frames)[0] / 1000,
                librosa.feature.spectral_flatness(**frames)[0],
            ]
            expected = [*(s.mean() for s in steps), *(s.std() for s in steps)]
            np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_the_pyproject_of_the_page_packs_the_package_and_names_the_entry_point(tmp_path):
    (block,) = [b for b in shown_output.blocks(PACKAGING) if b.code.startswith("# pyproject.toml")]
    tmp_path.joinpath("pyproject.toml").write_text(block.code, encoding="utf-8")
    tmp_path.joinpath("README.md").touch()
    shown = [b for b in PYTHON[TUTORIAL] if b.module.startswith("audioscan_shape/")]
    for module in shown:
        module.write(tmp_path)
    tmp_path.joinpath("audioscan_shape", "py.typed").touch()
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "dist"]
    subprocess.run(build, cwd=tmp_path, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("dist/*.whl")
    assert wheel.name == "audioscan_shape-0.1.0-py3-none-any.whl"
    assert wheel.name in PACKAGING.read_text(encoding="utf-8")
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
        points = archive.read("audioscan_shape-0.1.0.dist-info/entry_points.txt").decode()
    assert packed == {"audioscan_shape/py.typed", *(module.module for module in shown)}
    assert points == "[audioscan_host]\nshape = audioscan_shape\n"


def test_the_pyproject_of_the_page_depends_on_what_the_package_imports():
    (block,) = [b for b in shown_output.blocks(PACKAGING) if b.code.startswith("# pyproject.toml")]
    asked = {Requirement(each).name for each in tomllib.loads(block.code)["project"]["dependencies"]}
    shown = [b.code for b in PYTHON[TUTORIAL] if b.module.startswith("audioscan_shape/")]
    imported = set(re.findall(r"^ *(?:import|from) (\w+)", "\n".join(shown), re.MULTILINE))
    assert asked == {name.replace("_", "-") for name in imported - {"audioscan_shape"}}


def test_the_module_that_declares_imports_nothing_heavy(modules, tmp_path):
    program = "import sys, audioscan_shape; sys.exit('numpy' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    assert subprocess.run([sys.executable, "-c", program], env=environment, check=False).returncode == 0


def test_the_tests_that_the_page_proposes_pass(modules, tmp_path):
    site = tmp_path / "site-packages"
    site.mkdir()
    shown_output.write_plugin(TUTORIAL, "shape", site)
    environment = {**os.environ, "PYTHONPATH": str(site), "AUDIOSCAN_PLUGINS": "shape"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_shape.py"]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout
    assert "skipped" not in done.stdout


# The plugin on torch


@pytest.fixture
def mynet(modules, no_installed_plugins, tmp_path):
    """Its registry, with random weights, and the network that has them."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("torchaudio")
    torch.manual_seed(1)
    network = modules("audioscan_mynet.encoder").MyNet().eval()
    torch.save(network.state_dict(), tmp_path / "mynet.pth")
    plugin = modules("audioscan_mynet")
    return load_registry({"mynet": plugin}, checkpoints={"MYNET": str(tmp_path / "mynet.pth")}), network


def test_the_plugin_on_torch_gives_what_its_network_gives(mynet, make_wav):
    import torch
    from torchaudio.compliance import kaldi

    registry, network = mynet
    recording = make_wav(seconds=3)
    result = embed(
        [recording],
        ["MYNET", "MYNET_ML"],
        windowing=Windowing(2, 1),
        registry=registry,
        runtime=Runtime("cpu"),
    )
    waveform = torch.from_numpy(np.concatenate(list(decode(recording, 16_000)))[16_000:])
    with torch.inference_mode():
        states = network.first(kaldi.fbank(waveform[None], num_mel_bins=80, sample_frequency=16_000)[None])
        layers = [states := block(states)[0] for block in network.blocks]
        final = network.norm(states).mean(1)[0]
        four = torch.cat([layer.mean(1)[0] for layer in layers])
    for stored, expected in zip(result.stored, (final, four), strict=True):
        with np.load(stored.path) as archive:
            np.testing.assert_allclose(archive["embeddings"][1], expected, atol=1e-5)


def test_the_plugin_on_torch_declares_its_size_and_refuses_other_weights(mynet, tmp_path):
    import torch

    registry, network = mynet
    model = registry.model("MYNET")
    assert model.checkpoint.parameters == sum(weights.numel() for weights in network.parameters())
    assert model.layers == (FINAL,)
    torch.save({"first.weight": torch.zeros(2)}, tmp_path / "mynet.pth")
    with pytest.raises(CheckpointError, match="not the weights of MYNET"):
        registry.family(model).load(model.checkpoint, Runtime("cpu"))


# The tutorial


def test_make_recordings_labels_what_it_makes(modules, tmp_path):
    modules("make_recordings")
    for folder, count in (("labelled", 8), ("new", 4)):
        recordings = sorted((tmp_path / folder).glob("*.wav"))
        assert len(recordings) == count
        annotations = read_annotations(tmp_path / f"{folder}.csv")
        assert {tmp_path / a.file for a in annotations} == set(recordings)
        assert sum(a.label == "knock" for a in annotations) == 8 * count


# A plugin of commands alone


def test_the_command_of_the_page_says_how_long_recordings_are(modules, no_installed_plugins, make_wav):
    registry = load_registry({"recordings": modules("audioscan_recordings")})
    (plugin,) = registry.plugins
    group = click.Group()
    registry.register_commands(plugin, group)
    done = CliRunner().invoke(group, ["how-long", str(make_wav("a.wav", 3)), str(make_wav("b.wav", 4.5))])
    assert done.output == "7.5 s\n"


def test_the_format_of_the_page_is_read(modules, no_installed_plugins, tmp_path):
    registry = load_registry({"notebook": modules("audioscan_notebook")})
    reader = LabelReader(registry.label_formats())
    path = tmp_path / "notes.txt"
    path.write_text("FIELD NOTEBOOK day.wav\n12.5-19.0 cry\n64-65 cry (soft)\n")
    assert [(a.file, a.start, a.end, a.label, a.role) for a in read_annotations(path, reader=reader)] == [
        ("day.wav", 12.5, 19.0, "cry", "positive"),
        ("day.wav", 64.0, 65.0, "cry", "soft"),
    ]
    path.write_text("FIELD NOTEBOOK day.wav\nsoon cry\n")
    with pytest.raises(AnnotationError, match="line 2: expected START-END LABEL"):
        read_annotations(path, reader=reader)


def test_the_plugin_of_the_page_understands_its_address(modules, no_installed_plugins):
    kinds = load_registry({"elsewhere": modules("audioscan_elsewhere")}).executor_kinds()
    assert kinds.addresses == ("local", "elsewhere")
    assert kinds.at("elsewhere").name == "Elsewhere"


# Wrappers


def test_the_wrapper_of_the_page_takes_noise_away_for_every_family(modules, no_installed_plugins, make_wav):
    plain = load_registry({"shape": modules("audioscan_shape")})
    wrapped = load_registry({"denoise": modules("audioscan_denoise"), "shape": modules("audioscan_shape")})
    assert (plain.wrappers, wrapped.wrappers) == ((), ("denoise revision 1",))
    recording = make_wav(seconds=5)
    files = [embed([recording], ["SHAPE"], registry=registry).stored[0].path for registry in (plain, wrapped)]
    assert files[0] != files[1]
    before, after = (np.load(file)["embeddings"] for file in files)
    assert not np.allclose(before, after, rtol=0.1)


def test_the_wrapper_that_measures_changes_nothing_and_tells_how_long_it_took(
    modules, no_installed_plugins, make_wav, caplog
):
    registry = load_registry({"timing": modules("audioscan_timing"), "shape": modules("audioscan_shape")})
    assert registry.wrappers == ()
    with caplog.at_level("INFO", "audioscan_host"):
        embed([make_wav(seconds=12)], ["SHAPE"], registry=registry)
    assert "embed: 5 windows in" in caplog.text


@pytest.mark.parametrize("length", [*range(1, 30), 40])
def test_the_passes_of_a_window_are_joined_to_the_window(modules, length):
    passes = modules("audioscan_fixed.passes")
    window = np.arange(length, dtype=np.float32)
    cut = passes.cut(window, fixed=10)
    assert cut.shape == (-(-length // 10), 10)
    np.testing.assert_array_equal(passes.join(cut[:, :, np.newaxis], length, fixed=10)[:, 0], window)
    # Of a network with a time step for five samples: the first of them in each.
    joined = passes.join(cut[:, ::5, np.newaxis], length, fixed=10)[:, 0]
    assert len(joined) == round(length / 5)
    assert (np.diff(joined) > 0).all()
