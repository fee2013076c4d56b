"""`--labels-as durations` on the commands that take labels: what Sonic Visualiser writes is read as it is meant."""

import json

import pytest

from audioscan_host.annotations.labels_as import LabelsAs
from audioscan_host.cli.options import LABELS_AS

TRAIN = ["--labels", "labels", "--model", "MEL", "--window", "8", "--hop", "1"]


@pytest.fixture
def folder(make_wav, tmp_path):
    """Four recordings of a minute; in each a hiss from 5 to 15 s and from 40 to 52 s, by start and duration."""
    (tmp_path / "labels").mkdir()
    for number in range(4):
        make_wav(f"recordings/{number}.wav", seconds=60, seed=number)
        (tmp_path / "labels" / f"{number}.txt").write_text("5\t10\thiss\n40\t12\thiss\n")


def test_the_words_are_those_that_label_files_know():
    assert tuple(LabelsAs) == LABELS_AS


def test_train_names_every_file_that_needs_it(run, folder):
    message = run("train", "recordings", *TRAIN, "--out", "x.detector", expect=1).stderr
    assert message.count("--labels-as durations") == 4
    assert all(
        f"{number}.txt, line 2: end (12.0) must be after start (40.0)" in message for number in range(4)
    )


def test_train_and_evaluate_and_suggest_read_durations(run, folder):
    trained = run("train", "recordings", *TRAIN, "--labels-as", "durations", "--out", "x.detector", "--json")
    windows = json.loads(trained.stdout)["labels"]["hiss"]["windows"]
    # Half of 8 s in 5 to 15 s: starts from 1 to 11; in 40 to 52 s: from 36 to 48.
    assert windows["positive"] == 4 * (11 + 13)
    judged = run("evaluate", "recordings", *TRAIN, "--labels-as", "durations", "--json")
    assert json.loads(judged.stdout)["labels"]["hiss"]["folds"]
    asked = run(
        "suggest",
        "recordings",
        "--detector",
        "x.detector",
        "--labels",
        "labels/0.txt",
        "--labels-as",
        "durations",
    )
    assert "to label in" in asked.stderr
    assert "must be one of" not in asked.stderr


def test_suggest_says_so_too(run, folder):
    run("train", "recordings", *TRAIN, "--labels-as", "durations", "--out", "x.detector")
    asked = run("suggest", "recordings", "--detector", "x.detector", "--labels", "labels", expect=1)
    assert "--labels-as durations" in asked.stderr
