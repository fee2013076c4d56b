"""Real cries and speech, laid into recordings: train on eight, scan four, as a user would."""

import csv
import os
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss

MODEL, LABEL = "MEL", "baby_cry"
WINDOWS = ("--window", "8", "--hop", "1")


def run(*arguments, cwd, expect=0):
    """The command line in a process of its own."""
    command = [sys.executable, "-c", "from audioscan_host.cli.main import main; main()", *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == expect, done.stderr
    return done


@pytest.fixture(scope="module")
def journey(scenes, tmp_path_factory):
    """Train on the first eight recordings and scan the last four, once for all tests."""
    folder = tmp_path_factory.mktemp("journey")
    recordings = sorted(scenes.glob("*.wav"))
    cache = ["--cache-dir", folder / "cache"]
    train = ["train", *recordings[:8], "--labels", scenes / "labels.csv", "--model", MODEL, *WINDOWS, *cache]
    run(*train, "--label", LABEL, "--out", "cry.detector", cwd=folder)
    scan = ["scan", *recordings[8:], "--detector", "cry.detector", *cache]
    run(*scan, "--scores", "scores.csv", "--out", "regions.csv", cwd=folder)
    return folder, train, scan


def rows(path):
    with Path(path).open(newline="") as file:
        return list(csv.DictReader(file))


def events(scenes, name):
    return [
        (float(row["start"]), float(row["end"]))
        for row in rows(scenes / "labels.csv")
        if row["file"] == name and row["label"] == LABEL
    ]


def truth(window, spans):
    """1, 0 or None by the rule of the design, written out a second time."""
    start, end = window
    overlaps = [min(end, b) - max(start, a) for a, b in spans]
    if any(o >= 0.5 * min(end - start, b - a) for o, (a, b) in zip(overlaps, spans, strict=True)):
        return 1
    return None if any(o > 0 for o in overlaps) else 0


def test_unseen_recordings_are_found_and_the_probabilities_mean_what_they_say(journey, scenes):
    folder, _, _ = journey
    labels, probabilities = [], []
    for row in rows(folder / "scores.csv"):
        spans = events(scenes, Path(row["file"]).name)
        label = truth((float(row["start"]), float(row["end"])), spans)
        if label is not None:
            labels.append(label)
            probabilities.append(float(row["probability"]))
    assert len(labels) > 600
    assert average_precision_score(labels, probabilities) >= 0.97
    assert brier_score_loss(labels, probabilities) <= 0.05


def test_nearly_every_event_is_inside_a_region_and_regions_are_where_events_are(journey, scenes):
    folder, _, _ = journey
    regions = [
        (Path(r["file"]).name, float(r["start"]), float(r["end"])) for r in rows(folder / "regions.csv")
    ]
    names = sorted({name for name, _, _ in regions})
    every = [(name, a, b) for name in names for a, b in events(scenes, name)]
    middles = [any(n == name and s <= (a + b) / 2 <= e for n, s, e in regions) for name, a, b in every]
    hits = [any(n == name and a < e and b > s for n, a, b in every) for name, s, e in regions]
    assert len(names) == 4
    assert np.mean(middles) >= 0.9
    assert np.mean(hits) >= 0.9


def test_the_same_commands_again_give_the_same_bytes_without_decoding(journey, monkeypatch):
    folder, train, scan = journey
    files = ["cry.detector", "regions.csv", "scores.csv"]
    before = {name: (folder / name).read_bytes() for name in files}
    for name in files:
        (folder / name).rename(folder / f"first.{name}")
    # What decodes is taken away, and a run that needs it fails.
    (folder / "sitecustomize.py").write_text(
        "import av\ndef gone(*a, **k): raise RuntimeError('decoding')\nav.open = gone\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)
    broken = run("embed", scan[1], "--model", MODEL, "--hop", "2", cwd=folder, expect=1)
    assert "decoding" in broken.stderr

    run(*train, "--label", LABEL, "--out", "cry.detector", cwd=folder)
    run(*scan, "--scores", "scores.csv", "--out", "regions.csv", cwd=folder)
    assert {name: (folder / name).read_bytes() for name in files} == before


def with_zeros(source, target, seconds, zeros):
    """The first seconds of a recording, and then zeros."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(source)) as file:
        settings, samples = file.getparams(), file.readframes(round(seconds * file.getframerate()))
    with wave.open(str(target), "wb") as file:
        file.setparams(settings)
        file.writeframes(samples + bytes(2 * round(zeros * settings.framerate)))


def scanned(folder, detector, name):
    """The rows of regions and of scores of a recording in that folder."""
    cache = ["--cache-dir", folder / "cache"]
    run("scan", name, "--detector", detector, "--out", "r.csv", "--scores", "s.csv", *cache, cwd=folder)
    return (folder / "r.csv").read_bytes(), (folder / "s.csv").read_bytes().splitlines()


@pytest.mark.parametrize("reading", ["windows", "stretches"])
@pytest.mark.parametrize("zeros", [3.0, 90.0])
def test_zeros_after_a_recording_change_no_byte_of_its_regions(journey, scenes, tmp_path, zeros, reading):
    folder, train, _ = journey
    name, detector = "scene_09.wav", folder / f"{reading}.detector"
    if not detector.exists():
        run(*train, "--label", LABEL, "--reading", reading, "--out", detector, cwd=folder)
    for place, appended in (("as it is", 0), ("longer", zeros)):
        with_zeros(scenes / name, tmp_path / place / name, 240, appended)
    regions, scores = scanned(tmp_path / "as it is", detector, name)
    longer, more_scores = scanned(tmp_path / "longer", detector, name)
    assert len(regions.splitlines()) > 3
    assert longer == regions
    assert more_scores[: len(scores)] == scores
    assert len(more_scores) == len(scores) + zeros


@pytest.mark.parametrize("seconds", [233.7, 200.6, 130.7])
def test_zeros_after_a_recording_that_ends_between_two_windows_change_its_regions_by_next_to_nothing(
    journey, scenes, tmp_path, seconds
):
    """Its last window, which ends with it, scores its last seconds, and is of the background; with the zeros there is none."""
    name, detector = "scene_09.wav", journey[0] / "cry.detector"
    found = []
    for folder, appended in (("as it is", 0), ("longer", 90)):
        with_zeros(scenes / name, tmp_path / folder / name, seconds, appended)
        scanned(tmp_path / folder, detector, name)
        found.append(
            [[float(r[c]) for c in ("start", "end", "score")] for r in rows(tmp_path / folder / "r.csv")]
        )
    regions, longer = map(np.array, found)
    edges, moved = regions[:, :2], abs(longer[:, :2] - regions[:, :2])
    assert len(regions) >= 3
    assert (moved[edges <= seconds - 8] == 0).all()  # before the last window begins
    assert (moved <= 2).all()  # two steps
    if seconds < 233:  # where nothing is found in the last window, none moves
        assert (edges <= seconds - 8).all()
    np.testing.assert_allclose(longer[:, 2], regions[:, 2], atol=0.005)


def test_every_format_has_the_same_regions(journey):
    folder, _, scan = journey
    expected = [(float(r["start"]), float(r["end"])) for r in rows(folder / "regions.csv")]
    one = scan[:2] + scan[5:]
    first = [
        (float(r["start"]), float(r["end"]))
        for r in rows(folder / "regions.csv")
        if r["file"] == str(scan[1])
    ]
    audacity = run(*one, "--format", "audacity", cwd=folder).stdout
    raven = run(*one, "--format", "raven", cwd=folder).stdout
    dcase = run(*scan, "--format", "tsv", cwd=folder).stdout
    assert [tuple(map(float, line.split("\t")[:2])) for line in audacity.splitlines()] == first
    assert [tuple(map(float, line.split("\t")[3:5])) for line in raven.splitlines()[1:]] == first
    assert [tuple(map(float, line.split("\t")[1:3])) for line in dcase.splitlines()[1:]] == expected


def test_a_format_of_one_file_a_recording_fills_a_folder(journey):
    folder, _, scan = journey
    run(*scan, "--format", "raven", "--out", "tables", cwd=folder)
    assert sorted(p.name for p in (folder / "tables").iterdir()) == [
        f"scene_{i:02d}.Table.1.selections.txt" for i in range(8, 12)
    ]


def test_the_real_phone_containers_are_scanned(journey, shared_data):
    folder, _, _ = journey
    containers = sorted((shared_data / "containers").iterdir())
    assert len(containers) == 24
    done = run(
        "scan", shared_data / "containers", "--detector", "cry.detector", "--scores", "phone.csv", cwd=folder
    )
    assert "in 24 recordings" in done.stderr
    assert {row["file"] for row in rows(folder / "phone.csv")} == set(map(str, containers))
