"""What a detector meets in the field, through the command line: nothing, too much, short files, few labels."""

import csv
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
import soxr
from sklearn.metrics import average_precision_score

MODEL, LABEL = "MEL", "baby_cry"
RATE = 16_000
LEARNT_FROM = 60
"""Cries of the 90 that are laid into the scenes; the others are in what is scanned alone."""


def run(*arguments, cwd):
    """The command line in a process of its own."""
    command = [sys.executable, "-c", "from audioscan_host.cli.main import main; main()", *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 0, done.stderr
    return done


def rows(path):
    with Path(path).open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def clips(shared_data, tmp_path_factory):
    """Two folders of cries: for the scenes, and others."""
    folder = tmp_path_factory.mktemp("clips")
    found = sorted((shared_data / "baby_cry").rglob("*.wav"))
    found = [found[i] for i in np.random.default_rng(0).permutation(len(found))]
    for name, some in (("learned", found[:LEARNT_FROM]), ("others", found[LEARNT_FROM:])):
        (folder / name).mkdir()
        for clip in some:
            (folder / name / clip.name).symlink_to(clip)
    return folder


@pytest.fixture(scope="module")
def make_scenes(shared_data, clips):
    def make(folder, cries, *arguments):
        pools = [f"--clips={LABEL}={clips / cries}", f"--clips=speech={shared_data / 'speech'}"]
        command = [sys.executable, shared_data / "make_scenes.py", folder, *pools, *map(str, arguments)]
        subprocess.run(command, check=True, timeout=120)
        return folder

    return make


@pytest.fixture(scope="module")
def folder(make_scenes, tmp_path_factory):
    """A detector learned from eight scenes, and four others to scan."""
    folder = tmp_path_factory.mktemp("field")
    make_scenes(folder / "learned", "learned", "--recordings", 8)
    make_scenes(folder / "unseen", "others", "--recordings", 4, "--seed", 1)
    train = ["train", "learned", "--labels", "learned/labels.csv", "--model", MODEL, "--label", LABEL]
    run(*train, "--out", "cry.detector", "--cache-dir", "cache", cwd=folder)
    return folder


def scanned(folder, name, detector="cry.detector"):
    """Rows of regions and of window scores."""
    found = [f"{name}.csv", f"{name}.scores.csv"]
    scan = ["scan", name, "--detector", detector, "--cache-dir", "cache"]
    run(*scan, "--out", found[0], "--scores", found[1], cwd=folder)
    return tuple(rows(folder / each) for each in found)


def seconds(found):
    return sum(float(row["end"]) - float(row["start"]) for row in found)


def judged(folder, name, scores):
    """Average precision of windows: half or more of the window or of the cry decides, what touches one is left out."""
    events = [row for row in rows(folder / name / "labels.csv") if row["label"] == LABEL]
    labels, probabilities = [], []
    for row in scores:
        start, end = float(row["start"]), float(row["end"])
        spans = [(float(e["start"]), float(e["end"])) for e in events if e["file"] == Path(row["file"]).name]
        overlaps = [(min(end, b) - max(start, a), min(end - start, b - a)) for a, b in spans]
        on = any(overlap >= shorter / 2 for overlap, shorter in overlaps)
        if on or not any(overlap > 0 for overlap, _ in overlaps):
            labels.append(on)
            probabilities.append(float(row["probability"]))
    return average_precision_score(labels, probabilities)


def write(path, samples):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.round(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


def read(path):
    with wave.open(str(path), "rb") as file:
        assert file.getframerate() == RATE
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32767


@pytest.fixture(scope="module")
def quiet(folder, make_scenes):
    """Six recordings of four minutes without any event."""
    return make_scenes(folder / "quiet", "others", "--recordings", 6, "--events", 0, "--seed", 5)


def test_nothing_is_found_in_recordings_without_the_sound(folder, quiet):
    regions, scores = scanned(folder, "quiet")
    assert len({row["file"] for row in scores}) == 6
    assert seconds(regions) <= 6  # of 1440: 15 an hour


def test_a_recording_full_of_the_sound_is_found_nearly_whole(folder, quiet, clips):
    """Cries that were not learned from, one after the other for two minutes, in the noise of a recording without any."""
    (folder / "full").mkdir()
    cries = []
    for path in sorted((clips / "others").iterdir())[:18]:
        with wave.open(str(path), "rb") as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32767
            cries.append(soxr.resample(samples / np.abs(samples).max(), file.getframerate(), RATE))
    full = (
        0.3 * np.concatenate(cries)[: 120 * RATE]
    )  # -10 dB, the middle of the levels that were learned from
    noise = read(folder / "quiet" / "scene_00.wav")[: len(full)]
    write(folder / "full" / "full.wav", full + noise)
    regions, scores = scanned(folder, "full")
    assert np.mean([float(row["probability"]) >= 0.5 for row in scores]) >= 0.6
    assert seconds(regions) >= 0.6 * 120


def test_files_of_a_minute_are_as_good_as_long_ones(folder):
    (folder / "minutes").mkdir()
    labels = [["file", "start", "end", "label"]]
    for path in sorted((folder / "unseen").glob("*.wav")):
        samples = read(path)
        for minute in range(4):
            name = f"{path.stem}_{minute}.wav"
            write(folder / "minutes" / name, samples[minute * 60 * RATE : (minute + 1) * 60 * RATE])
            for row in rows(folder / "unseen" / "labels.csv"):
                start, end = (float(row[side]) - 60 * minute for side in ("start", "end"))
                if row["file"] == path.name and end > 0 and start < 60:
                    labels.append([name, max(start, 0), min(end, 60), row["label"]])
    with (folder / "minutes" / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows(labels)
    long, short = (judged(folder, name, scanned(folder, name)[1]) for name in ("unseen", "minutes"))
    assert long >= 0.97
    assert short >= long - 0.01


def test_five_labels_are_a_beginning(folder):
    """Five cries and ten places without one, in as many recordings; of the rest nobody has said anything."""
    learned = rows(folder / "learned" / "labels.csv")
    some = [["file", "start", "end", "label", "role"]]
    for number, name in enumerate(sorted({row["file"] for row in learned})):
        own = [row for row in learned if row["file"] == name]
        cry = next(row for row in own if row["label"] == LABEL)
        said = [row for row in own if row["label"] == "speech"][:2]
        if number < 5:
            some.append([name, cry["start"], cry["end"], LABEL, ""])
        for row in said[: 2 if number < 2 else 1]:
            at = float(row["start"])
            some += [[name, max(0, at - 4), at + 4, LABEL, "absent"]]
        some.append([name, 0, 240, "", "unlabelled"])
    with (folder / "few.csv").open("w", newline="") as file:
        csv.writer(file).writerows(some)
    train = [
        "train",
        "learned",
        "--labels",
        "few.csv",
        "--model",
        MODEL,
        "--label",
        LABEL,
        "--out",
        "few.detector",
    ]
    done = run(*train, "--cache-dir", "cache", cwd=folder)
    assert "no figures" in done.stderr + done.stdout
    assert judged(folder, "unseen", scanned(folder, "unseen", "few.detector")[1]) >= 0.9
