"""`suggest`: what it writes, `train` reads, and the loop goes on."""

import csv
import io
import wave

import numpy as np
import pytest

from audioscan_host import Windowing, suggest, train
from audioscan_host.annotations import Role, read_annotations
from audioscan_host.annotations.matching import annotations_of
from audioscan_host.detector import load
from audioscan_host.errors import SettingError

WINDOWING = Windowing(8.0, 1.0)
RATE = 16_000
WINDOWS = ["--window", "8", "--hop", "1"]


@pytest.fixture
def folder(make_wav, tmp_path):
    """Four recordings of a minute, of which the first is labelled."""
    for number in range(4):
        make_wav(f"recordings/{number}.wav", seconds=60, seed=number)
    (tmp_path / "labels.csv").write_text("file,start,end,label\n0.wav,5,13,hiss\n0.wav,40,48,hiss\n")
    return tmp_path / "recordings"


@pytest.fixture
def detector(folder, tmp_path):
    train([folder], [tmp_path / "labels.csv"], "MEL", out=tmp_path / "hiss.detector", windowing=WINDOWING)
    return tmp_path / "hiss.detector"


def learned(detector):
    """Positive and negative windows."""
    counts = load(detector).training["labels"]["hiss"]
    return counts["positive"], counts["negative"]


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_the_table_asks_for_windows_and_tells_what_nobody_heard(run, folder, detector):
    done = run("suggest", "recordings", "--detector", detector, "--labels", "labels.csv", "--n", 6)
    table = rows(done.stdout)
    assert list(table[0]) == ["file", "start", "end", "label", "role", "score", "why", "recorded_at"]
    asked = [row for row in table if row["role"] == "soft"]
    assert len(asked) == 6
    assert all(float(row["end"]) - float(row["start"]) == 8 for row in asked)
    assert {row["label"] for row in asked} == {"hiss"}
    assert {row["why"] for row in asked} == {"uncertain", "novel", "random"}
    assert len({row["file"] for row in asked}) == 3  # the first recording is labelled
    rest = [row for row in table if row["role"] == "unlabelled"]
    assert [(row["file"], row["start"], row["end"]) for row in rest] == [
        (file, "0.000", "60.000") for file in sorted({row["file"] for row in asked})
    ]
    assert "6 windows to label in 3 recordings" in done.stderr


def test_the_same_command_asks_for_the_same(run, folder, detector):
    command = ["suggest", "recordings", "--detector", detector]
    first = run(*command).stdout
    assert run(*command).stdout == first
    assert run(*command, "--seed", 1).stdout != first


def test_what_was_answered_is_learned_and_not_asked_again(run, folder, detector, tmp_path):
    command = ["suggest", "recordings", "--detector", detector, "--labels", "labels.csv"]
    run(*command, "--out", "next.csv")
    text = (tmp_path / "next.csv").read_text()
    assert text.count(",soft,") == 10
    # As written, it changes nothing.
    train_command = ["train", "recordings", "--labels", "labels.csv", "--model", "MEL", *WINDOWS, "--out"]
    run(*train_command, "before.detector")
    run(*train_command, "unchanged.detector", "--labels", "next.csv")
    before, unchanged = (learned(tmp_path / f"{name}.detector") for name in ("before", "unchanged"))
    assert unchanged == before

    answered = text.replace(",soft,", ",positive,", 4).replace(",soft,", ",negative,")
    (tmp_path / "next.csv").write_text(answered)
    run(*train_command, "after.detector", "--labels", "next.csv")
    assert learned(tmp_path / "after.detector") == (before[0] + 4, before[1] + 6)

    again = rows(run(*command, "--labels", "next.csv").stdout)
    known = [(row["file"], float(row["start"])) for row in rows(answered) if row["role"] != "unlabelled"]
    for row in again:
        if row["role"] == "soft":
            assert all(row["file"] != file or abs(float(row["start"]) - start) >= 8 for file, start in known)


@pytest.mark.parametrize("form", ["audacity", "raven", "tsv"])
def test_every_format_says_what_the_table_says(run, folder, detector, tmp_path, form):
    common = ["suggest", "recordings", "--detector", detector, "--n", 8]
    run(*common, "--out", "next.csv")
    out = tmp_path / ("next.tsv" if form == "tsv" else "next")
    run(*common, "--format", form, "--out", out)
    recordings = sorted(folder.iterdir())
    as_table, as_other = (annotations_of(recordings, [path]) for path in (tmp_path / "next.csv", out))

    def places(annotations):
        return sorted((a.start, a.end, a.label, a.role) for a in annotations)

    for recording in recordings:
        assert places(as_other[recording]) == places(as_table[recording])
    assert {a.role for a in read_annotations(tmp_path / "next.csv")} == {Role.SOFT, Role.UNLABELLED}


def test_a_detector_of_several_labels_asks_for_each_or_for_those_wanted(run, folder, tmp_path):
    labels = tmp_path / "both.csv"
    labels.write_text("file,start,end,label\n0.wav,5,13,hiss\n0.wav,40,48,door\n")
    train([folder], [labels], "MEL", out=tmp_path / "both.detector", windowing=WINDOWING)
    command = ["suggest", "recordings", "--detector", "both.detector", "--labels", labels]
    asked = [row["label"] for row in rows(run(*command).stdout) if row["role"] == "soft"]
    assert sorted(asked) == ["door"] * 5 + ["hiss"] * 5
    asked = [row["label"] for row in rows(run(*command, "--label", "door").stdout) if row["role"] == "soft"]
    assert asked == ["door"] * 10


def test_where_all_is_labelled_it_says_so(folder, detector, tmp_path):
    with pytest.raises(SettingError, match="labelled already"):
        suggest([folder / "0.wav"], detector, labels=[tmp_path / "labels.csv"])


def test_digital_silence_is_never_asked_for(folder, detector, write_wav):
    """Nothing is to be learned from it, however far it is from all that was learned from."""
    with wave.open(str(folder / "1.wav")) as file:
        noise = file.readframes(20 * RATE)
    with wave.open(str(folder / "gated.wav"), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(noise + bytes(2 * 200 * RATE) + noise)
    found = suggest([folder / "gated.wav"], detector, n=100).suggestions
    assert 4 <= len(found) <= 6
    for each in found:
        silent = min(each.end, 220) - max(each.start, 20)
        assert silent < 4
    write_wav(folder / "silence.wav", np.zeros(60 * RATE))
    with pytest.raises(SettingError, match="labelled already, or digital silence"):
        suggest([folder / "silence.wav"], detector)


def test_labels_of_other_recordings_are_told_and_change_nothing(run, folder, detector, make_wav):
    """As after training on one folder, where the next is not labelled yet."""
    make_wav("new/8.wav", seconds=60, seed=8)
    without = run("suggest", "new", "--detector", detector, "--n", 4)
    done = run("suggest", "new", "--detector", detector, "--labels", "labels.csv", "--n", 4)
    assert done.stdout == without.stdout
    assert done.stdout.count(",soft,") == 4
    assert "labels.csv: names none of the recordings given, but others such as 0.wav" in done.stderr


def test_a_damaged_recording_does_not_end_it(run, folder, detector):
    (folder / "4.wav").write_bytes(b"not audio")
    done = run("suggest", "recordings", "--detector", detector, expect=1)
    assert done.stdout.count(",soft,") == 10
    assert "4.wav" in done.stderr


def test_wrong_usage_is_one_line(run, folder, detector):
    assert (
        "does not know the label 'bark'"
        in run("suggest", "recordings", "--detector", detector, "--label", "bark", expect=1).stderr
    )
    with pytest.raises(SettingError, match="n must be 1"):
        suggest([folder], detector, n=0)
