"""No command writes its result over what it reads."""

import pytest

LABELS = "file,start,end,label\n" + "".join(
    f"{i}.wav,{s},{s + 3},hiss\n" for i in range(2) for s in (4, 20, 40)
)
MEL = ["--model", "MEL", "--window", "2"]


@pytest.fixture
def folder(run, make_wav, tmp_path):
    """Recordings 0 and 1, labels and a detector."""
    for i in range(2):
        make_wav(f"recordings/{i}.wav", seconds=60, seed=i)
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "all.csv").write_text(LABELS)
    run("train", "recordings", "--labels", "labels/all.csv", *MEL, "--out", "hiss.detector")
    return tmp_path


SCAN = ["scan", "recordings", "--detector", "hiss.detector"]
SUGGEST = ["suggest", "recordings/0.wav", "--detector", "hiss.detector"]
SEARCH = ["search", "recordings", "--like", "labels/../recordings/0.wav@4-7", *MEL]


@pytest.mark.parametrize(
    ("arguments", "kept", "complaint"),
    [
        ([*SCAN, "--out", "recordings/1.wav"], "recordings/1.wav", "is one of the recordings"),
        (
            [*SCAN, "--scores", "recordings/../recordings/1.wav"],
            "recordings/1.wav",
            "is one of the recordings",
        ),
        ([*SCAN, "--out", "hiss.detector"], "hiss.detector", "is read by this command"),
        (
            ["train", "recordings", "--labels", "labels/all.csv", *MEL, "--out", "labels/all.csv"],
            "labels/all.csv",
            "is read by this command",
        ),
        (
            [*SUGGEST, "--labels", "labels", "--out", "labels/all.csv"],
            "labels/all.csv",
            "is read by this command",
        ),
        ([*SUGGEST, "--out", "recordings/0.wav"], "recordings/0.wav", "is one of the recordings"),
        ([*SEARCH, "--out", "recordings/1.wav"], "recordings/1.wav", "is one of the recordings"),
    ],
)
def test_what_is_read_is_not_written_over(run, folder, arguments, kept, complaint):
    before = (folder / kept).read_bytes()
    done = run(*arguments, expect=2)
    assert complaint in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert (folder / kept).read_bytes() == before


def test_two_results_are_two_files(run, folder):
    done = run(*SCAN, "--out", "found.csv", "--scores", "./found.csv", expect=2)
    assert "found.csv: is asked for twice" in done.stderr
    assert not (folder / "found.csv").exists()


def test_an_earlier_result_is_replaced_wherever_it_lies(run, folder):
    for _ in range(2):
        run(*SCAN, "--out", "recordings/found.csv", "--scores", "scores.csv")
        run("train", "recordings", "--labels", "labels", *MEL, "--out", "hiss.detector")
    assert (folder / "recordings" / "found.csv").read_text().startswith("file,start,end,label,score")


def test_annotations_that_begin_after_the_recording_are_told(run, folder):
    (folder / "late.csv").write_text(LABELS + "0.wav,4000,7000,hiss\n")
    done = run("train", "recordings", "--labels", "late.csv", *MEL, "--out", "late.detector")
    assert (
        "recordings/0.wav: lasts 60 s, but 1 of its annotations begins later, the first at 4000 s"
        in done.stderr
    )
    assert "1.wav: lasts" not in done.stderr


def test_a_recording_that_a_corrected_result_does_not_name_is_told(run, folder):
    found = "file,start,end,label,score\n0.wav,4,7,hiss,0.9\n1.wav,4,7,hiss,0.9\n1.wav,20,23,hiss,0.8\n"
    (folder / "found.csv").write_text(found)
    (folder / "corrected.csv").write_text("".join(found.splitlines(keepends=True)[:2]))
    train = ["train", "recordings", "--labels", "labels", *MEL, "--out", "new.detector"]
    done = run(*train, "--from-regions", "found.csv", "corrected.csv")
    assert (
        "corrected.csv: has nothing of 1.wav: all 2 places that were found there count as wrong; where nobody has "
        "looked at that recording, take it out of found.csv too"
    ) in done.stderr
