"""Plugins as pip lays them out, beside the real command: each fault is told, and nothing else suffers from it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
PROGRAM = "from audioscan_host.cli.main import main; main()"

FAMILY = """
import audioscan_host
from audioscan_host import FINAL, Checkpoint, Model, hookimpl

CHECKPOINT = Checkpoint("{name}", "none", "1", 0, 16000, 0.1, 0.1, "MIT", 0)

@hookimpl
def register_models():
    return [Model("{name}", CHECKPOINT, (FINAL,), 1, "the power of a window")]

@hookimpl
def load(checkpoint, runtime):
    import numpy
    return numpy

@hookimpl
def preprocess(encoder, waveform, windows):
    return encoder.stack([waveform[start : start + windows.length] for start in windows.starts])

@hookimpl
def embed(encoder, batch, layers):
    return {{FINAL: (batch ** 2).mean(1)[:, None, None]}}
"""

SOURCES = {  # plugin -> what stands before its hooks, or in place of them
    "first": FAMILY.format(name="SHARED"),
    "second": FAMILY.format(name="SHARED"),
    "leaves": "raise SystemExit('no licence on this machine')",
    "prints": "print('{not json')\n" + FAMILY.format(name="PRINTS"),
    "warns": "import warnings\nwarnings.warn('an old library')\n" + FAMILY.format(name="WARNS"),
    "slow": "import time\ntime.sleep(5)\n" + FAMILY.format(name="SLOW"),
    "future": "CONTRACT_VERSION = 99\n" + FAMILY.format(name="FUTURE"),
    "other_host": FAMILY.format(name="OTHER_HOST"),
    "rubbish": "from audioscan_host import hookimpl\n@hookimpl\ndef register_models():\n    return {'a': 1}\n",
}
SET_ASIDE = {
    "second": "model 'SHARED' is already registered by plugin 'first'",
    "leaves": "SystemExit: no licence on this machine",
    "future": "built for version 99 of the plugin contract; this host has version 1: upgrade audioscan-host",
    "other_host": "it asks for audioscan-host>=99: pip install --upgrade audioscan-host audioscan-other-host",
    "rubbish": "register_models must return Model objects, not 'a'",
}
WARNED = {
    "prints": "prints while it is imported: '{not json'",
    "warns": "warns while it is imported: UserWarning: an old library",
    "slow": "s to import, which every command waits for",
}
WORKING = {"first": "SHARED", "prints": "PRINTS", "warns": "WARNS", "slow": "SLOW", "mel": "MEL"}


class Site:
    """A folder with distributions of plugins, and the command that finds them there."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.plugins = {"mel"}

    def install(self, name, source, *, version="1.0", requires=""):
        self.plugins.add(name)
        (self.folder / f"audioscan_{name}.py").write_text(source, encoding="utf-8")
        metadata = self.folder / f"audioscan_{name}-{version}.dist-info"
        metadata.mkdir()
        lines = ["Metadata-Version: 2.1", f"Name: audioscan-{name.replace('_', '-')}", f"Version: {version}"]
        lines += [f"Requires-Dist: {requires}"] if requires else []
        (metadata / "METADATA").write_text("\n".join([*lines, "", "A plugin of a test.", ""]))
        (metadata / "entry_points.txt").write_text(f"[audioscan_host]\n{name} = audioscan_{name}\n")

    def uninstall(self, name):
        self.plugins.remove(name)
        (self.folder / f"audioscan_{name}.py").unlink()
        shutil.rmtree(next(self.folder.glob(f"audioscan_{name}-*.dist-info")))

    def run(self, *arguments, expect=0):
        """The command, in the folder's parent; only MEL and the plugins of here are loaded."""
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *map(str, arguments)],
            cwd=self.folder.parent,
            env={
                **os.environ,
                "PYTHONPATH": str(self.folder),
                "AUDIOSCAN_PLUGINS": ",".join(sorted(self.plugins)),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert done.returncode == expect, done.stdout + done.stderr
        return done


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path / "site")


@pytest.fixture(scope="module")
def crowded(tmp_path_factory):
    """All of the faulty plugins at once, beside MEL and two that work."""
    site = Site(tmp_path_factory.mktemp("crowded") / "site")
    for name, source in SOURCES.items():
        site.install(name, source, requires="audioscan-host>=99" if name == "other_host" else "")
    return site


# Faulty plugins


def test_every_model_that_works_is_listed_as_valid_json_and_every_fault_is_named(crowded):
    done = crowded.run("models", "--json")
    listed = json.loads(done.stdout)
    assert {model["plugin"]: model["name"] for model in listed["models"]} == WORKING
    reasons = {failure["plugin"]: failure["reason"] for failure in listed["failures"]}
    assert reasons.keys() == SET_ASIDE.keys()
    warned = {each["plugin"]: each["warning"] for each in listed["warnings"]}
    assert warned.keys() == WARNED.keys()
    for found, expected in ((reasons, SET_ASIDE), (warned, WARNED)):
        for name, sentence in expected.items():
            assert sentence in found[name]
    assert float(warned["slow"].split()[1]) >= 5


def test_the_table_of_plugins_and_its_exit_code_suffer_from_none_of_them(crowded):
    done = crowded.run("plugins")
    lines = {line.split()[0]: line for line in done.stdout.partition("\n\n")[0].splitlines()[2:]}
    assert lines.keys() == {*SOURCES, "mel"}
    for name, reason in SET_ASIDE.items():
        assert reason in lines[name]
        assert " set aside " in lines[name]
    for name, model in WORKING.items():
        assert (" warning " if name in WARNED else " works ") in lines[name]
        assert lines[name].endswith(model)
    assert "Traceback" not in done.stdout + done.stderr
    assert done.stderr == ""


def test_a_model_that_works_embeds_beside_them_and_the_list_of_models_tells_of_them(crowded, make_wav):
    recording = make_wav(seconds=10)
    done = crowded.run("embed", recording, "--model", "PRINTS", "--model", "MEL", "--json")
    assert [each["model"] for each in json.loads(done.stdout)] == ["PRINTS", "MEL"]
    told = crowded.run("models").stderr
    for name, sentence in SET_ASIDE.items():
        assert any(name in line and sentence in line for line in told.splitlines()), name
    for name, sentence in WARNED.items():
        assert any(
            line.startswith(f"warning: plugin {name}: ") and sentence in line for line in told.splitlines()
        )


# Plugins around all models


def test_an_installed_denoiser_has_embeddings_of_its_own_in_the_cache(site, make_wav):
    recording = make_wav(seconds=20)
    embed = ["embed", recording, "--model", "MEL", "--json"]

    def file():
        return json.loads(site.run(*embed).stdout)[0]["file"]

    plain = file()
    site.install("denoise", (EXAMPLES / "denoise.py").read_text(encoding="utf-8"))
    denoised = file()
    assert denoised != plain
    assert Path(denoised).read_bytes() != Path(plain).read_bytes()
    assert "in cache keys as 'denoise revision 1'" in site.run("plugins").stdout
    site.install("timing", (EXAMPLES / "timing.py").read_text(encoding="utf-8"))
    assert file() == denoised
    site.uninstall("denoise")
    assert file() == plain


def test_an_installed_timer_tells_its_times_on_stderr(site, make_wav):
    site.install("timing", (EXAMPLES / "timing.py").read_text(encoding="utf-8"))
    done = site.run("embed", make_wav(seconds=20), "--model", "MEL", "--reading", "windows", "--json")
    assert "embed: 13 windows in 0." in done.stderr
    json.loads(done.stdout)


def test_a_command_of_a_plugin_works_and_stands_in_help_under_its_name(site):
    source = (
        "from audioscan_host import hookimpl\n"
        "@hookimpl\n"
        "def register_commands(cli):\n"
        "    @cli.command('hello')\n"
        "    def hello():\n"
        "        '''Say hello.'''\n"
        "        print('hello')\n"
    )
    site.install("greeter", source)
    assert "Commands of the plugin greeter:\n  hello " in site.run("--help").stdout
    assert site.run("hello").stdout == "hello\n"


# Uninstalling


def test_what_an_uninstalled_plugin_leaves_is_used_again_when_it_is_back(site, make_wav, tmp_path):
    site.install("power", FAMILY.format(name="POWER"))
    recordings = [make_wav(f"{i}.wav", seconds=40, seed=i) for i in range(2)]
    rows = [f"{path.name},{start},{start + 6},hiss" for path in recordings for start in (5, 25)]
    (tmp_path / "labels.csv").write_text("\n".join(["file,start,end,label", *rows]))
    train = ["train", *recordings, "--labels", "labels.csv", "--classifier", "logistic", "--window", 2]
    site.run(*train, "--model", "POWER", "--out", "power.detector")
    site.run(*train, "--model", "MEL", "--out", "mel.detector")
    scan = ["scan", recordings[0], "--threshold", 0, "--detector"]
    before = site.run(*scan, "power.detector")
    cache = {
        path: path.stat().st_mtime_ns for path in (Path(os.environ["AUDIOSCAN_CACHE"]) / "w2v").rglob("*.npz")
    }
    assert len(cache) == 4

    site.uninstall("power")
    refused = site.run(*scan, "power.detector", expect=1)
    assert refused.stderr.count("\n") == 1
    assert "needs POWER of the plugin power (audioscan-power 1.0), which is not installed" in refused.stderr
    assert "Traceback" not in refused.stderr
    site.run(*scan, "mel.detector")
    assert site.run("cache", "verify").stdout == "6 files read, 0 damaged\n"  # two of silence

    site.install("power", FAMILY.format(name="POWER"))
    again = site.run(*scan, "power.detector")
    assert again.stdout == before.stdout
    assert "embedding" not in again.stderr
    assert {path: path.stat().st_mtime_ns for path in cache} == cache
