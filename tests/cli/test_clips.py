"""`audioscan-host clips`: its options, what it says, and how it ends."""

import csv
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile as sf

RATE = 16_000


@pytest.fixture
def found(make_wav, tmp_path):
    """What a scan of two recordings wrote."""
    for number in range(2):
        make_wav(f"day/{number}.wav", seconds=20, seed=number)
    rows = [f"day/{n % 2}.wav,{n},{n}.5,{'cry' if n < 8 else 'dog'},0.{n}" for n in range(1, 10)]
    (tmp_path / "found.csv").write_text("\n".join(["file,start,end,label,score", *rows, ""]))
    return tmp_path / "found.csv"


def names(folder):
    return sorted(path.name for path in folder.iterdir() if path.suffix not in {".csv", ".html", ".jsonl"})


def test_each_place_becomes_a_file_and_a_row(run, found, tmp_path):
    done = run("clips", "found.csv", "--out", "out")
    assert done.stdout == ""
    assert "9 clips of 2 recordings: out" in done.stderr
    assert len(names(tmp_path / "out")) == 9
    with (tmp_path / "out" / "clips.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["role"] == "positive"]
    assert sorted(row["file"] for row in rows) == names(tmp_path / "out")
    assert not (tmp_path / "out" / "clips.html").exists()


def test_options_choose_and_shape(run, found, tmp_path):
    run("clips", "found.csv", "--out", "a", "--label", "dog", "--format", "flac", "--pad", 0.25)
    assert names(tmp_path / "a") == ["0_0008.000-0008.500_dog_0.80.flac", "1_0009.000-0009.500_dog_0.90.flac"]
    assert {sf.info(path).frames for path in (tmp_path / "a").glob("*.flac")} == {RATE}
    run("clips", "found.csv", "--out", "b", "--top", 2, "--length", 1.5, "--rate", 8000, "--mono", "--sheet")
    assert names(tmp_path / "b") == ["0_0008.000-0008.500_dog_0.80.wav", "1_0009.000-0009.500_dog_0.90.wav"]
    assert {(sf.info(path).frames, sf.info(path).samplerate) for path in (tmp_path / "b").glob("*.wav")} == {
        (12_000, 8000)
    }
    assert (tmp_path / "b" / "clips.html").read_text().count("<audio") == 2
    run("clips", "found.csv", "--out", "c", "--merge-gap", 1.6, "--label", "cry")
    assert names(tmp_path / "c") == ["0_0002.000-0006.500_cry_0.60.wav", "1_0001.000-0007.500_cry_0.70.wav"]


def test_the_same_seed_draws_the_same_sample(run, found, tmp_path):
    drawn = []
    for number, seed in enumerate((1, 1, 2)):
        run("clips", "found.csv", "--out", f"{number}", "--sample", 3, "--seed", seed)
        drawn.append(names(tmp_path / f"{number}"))
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(drawn[0]) == 3


def test_a_copy_keeps_what_the_recording_is(run, found, tmp_path):
    run("clips", "found.csv", "--out", "out", "--copy", "--top", 1)
    assert names(tmp_path / "out") == ["1_0009.000-0009.500_dog_0.90.wav"]
    with (tmp_path / "out" / "clips.csv").open() as file:
        row = next(csv.DictReader(file))
    start, end = (round(float(row[name]) * RATE) for name in ("clip_start", "clip_end"))
    whole, _ = sf.read(tmp_path / "day" / "1.wav")
    np.testing.assert_array_equal(sf.read(tmp_path / "out" / row["file"])[0], whole[start:end])


def test_wrong_usage_is_one_line(run, found):
    assert (
        "leave --format out"
        in run("clips", "found.csv", "--out", "a", "--copy", "--format", "wav", expect=2).stderr
    )
    assert (
        "leave pad out" in run("clips", "found.csv", "--out", "a", "--pad", 1, "--length", 2, expect=2).stderr
    )
    assert "there are: cry, dog" in run("clips", "found.csv", "--out", "a", "--label", "cat", expect=1).stderr
    assert "Error: cannot read no.csv" in run("clips", "no.csv", "--out", "a", expect=1).stderr


def test_the_table_is_not_written_over_what_was_found(run, found, tmp_path):
    (tmp_path / "day" / "clips.csv").write_text("file,start,end,label\n0.wav,1,2,cry\n")
    done = run("clips", "day/clips.csv", "--out", "day", expect=2)
    assert "is read by this command" in done.stderr


def test_recordings_that_cannot_be_read_are_named_at_the_end(run, found, tmp_path):
    (tmp_path / "day" / "0.wav").write_bytes(b"not audio")
    (tmp_path / "found.csv").write_text(found.read_text() + "day/gone.wav,1,2,cry,0.5\n")
    done = run("clips", "found.csv", "--out", "out", expect=1)
    assert "5 clips of 1 recording: out" in done.stderr
    last = done.stderr.splitlines()[-3:]
    assert last[0] == "2 of 3 recordings could not be read:"
    assert "day/gone.wav: there is no such recording" in last[1]
    assert "day/0.wav: is not an audio or video file" in last[2]


@pytest.mark.slow
def test_an_interrupted_run_keeps_whole_clips_and_goes_on(found, tmp_path):
    """By Ctrl-C, while hundreds of clips are cut."""
    rows = [f"day/0.wav,{n / 100},{n / 100 + 5},cry,0.5" for n in range(400)]
    found.write_text("\n".join(["file,start,end,label,score", *rows, ""]))
    command = [sys.executable, "-m", "audioscan_host", "clips", "found.csv", "--out", "out"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as running:
        while len(list((tmp_path / "out").glob("*.wav"))) < 20:
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "what was finished is kept" in said
    there = list((tmp_path / "out").glob("*.wav"))
    assert 20 <= len(there) < 400
    assert {sf.info(path).frames for path in there} == {5 * RATE}
    assert not list((tmp_path / "out").glob(".*.tmp"))
    before = {path: path.stat().st_mtime_ns for path in there}
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert len(list((tmp_path / "out").glob("*.wav"))) == 400
    assert sum(path.stat().st_mtime_ns != before[path] for path in there) <= 1
