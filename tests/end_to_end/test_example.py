"""The example of a third-party plugin, installed beside the host from wheels: found, checked, used, taken away.

The tests run in their order, in one environment and one folder.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = "examples/audioscan-example"

CACHE = ["--cache-dir", "cache"]
SCAN = ["scan", "new.wav", "--detector", "tone.detector", *CACHE]


@pytest.fixture(scope="module")
def environment(wheel_of, new_environment):
    """The host, the example, and what the example's own tests need."""
    return new_environment(wheel_of("."), wheel_of(EXAMPLE), "pytest>=8.3")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where recordings, cache and detector lie."""
    return tmp_path_factory.mktemp("example")


@pytest.fixture
def host(environment, folder):
    """Run the installed command in the folder; its exit code is checked."""

    def run(*arguments, expect=0):
        done = environment.run("audioscan-host", *arguments, cwd=folder)
        assert done.returncode == expect, done.stdout + done.stderr
        return done

    return run


@pytest.fixture(scope="module")
def trained(environment, folder, labelled_tones):
    """What `train` said; the detector is in the folder."""
    train = ["train", *labelled_tones(folder), "--labels", "labels.csv", "--model", "WAVELETS", *CACHE]
    done = environment.run(
        "audioscan-host", *train, "--window", 2, "--hop", 0.5, "--out", "tone.detector", cwd=folder
    )
    assert done.returncode == 0, done.stderr
    return done


def test_it_is_found_as_the_package_says(host):
    listed = json.loads(host("models", "--json").stdout)
    assert listed["failures"] == listed["warnings"] == []
    (model,) = listed["models"]
    assert (model["name"], model["plugin"], model["dim"]) == ("WAVELETS", "example", 64)
    (plugin,) = json.loads(host("plugins", "--json").stdout)["plugins"]
    assert (plugin["plugin"], plugin["models"], plugin["warnings"]) == ("example", ["WAVELETS"], [])
    assert (plugin["distribution"], plugin["version"]) == ("audioscan-example", "0.1.0")


def test_it_keeps_the_contract(host):
    findings = json.loads(host("check", "WAVELETS", "--json").stdout)["findings"]
    assert len(findings) > 20
    assert {finding["state"] for finding in findings} == {"passed"}


def test_its_own_tests_pass(environment, tmp_path):
    # Without its package, so that the installed one is tested.
    shutil.copytree(ROOT / EXAMPLE, tmp_path / "example", ignore=shutil.ignore_patterns("audioscan_example"))
    done = environment.run("python", "-m", "pytest", "-v", "example", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "test_conformance[WAVELETS-" in done.stdout
    assert "test_levels_are_those_of_the_definition" in done.stdout
    assert "SKIPPED" not in done.stdout


def test_a_detector_is_trained_and_finds_the_sound(host, folder, trained, regions_in):
    assert "detector of tone by WAVELETS" in trained.stdout + trained.stderr
    assert "embedding:" in trained.stderr
    host(*SCAN, "--out", "regions.csv")
    np.testing.assert_allclose(regions_in(folder / "regions.csv"), [(12, 16), (41, 45)], atol=1.5)


def test_uninstalling_takes_its_model_away_and_nothing_else(host, folder, trained, environment, wheel_of):
    regions = host(*SCAN).stdout
    stored = {path: path.stat().st_mtime_ns for path in (folder / "cache" / "w2v").rglob("*.npz")}
    assert len(stored) == 4

    removed = environment.run("python", "-m", "pip", "uninstall", "-y", "audioscan-example")
    assert removed.returncode == 0, removed.stderr
    try:
        listing = host("models")
        assert listing.stdout == ""
        assert listing.stderr.startswith("no models: install a plugin")
        refused = host(*SCAN, expect=1)
        wanted = "tone.detector: needs WAVELETS of the plugin example (audioscan-example 0.1.0)"
        assert refused.stderr.startswith(f"Error: {wanted}, which is not installed")
        assert len(refused.stderr.splitlines()) == 1
        assert {path: path.stat().st_mtime_ns for path in stored} == stored
    finally:
        environment.install("--no-deps", wheel_of(EXAMPLE))

    again = host(*SCAN)
    assert again.stdout == regions
    assert "embedding:" not in again.stderr
    assert {path: path.stat().st_mtime_ns for path in (folder / "cache" / "w2v").rglob("*.npz")} == stored
