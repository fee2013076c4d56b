"""Results in the session's folder, and that nobody's file is written over."""

import csv
import json

import pytest

from audioscan_host import OutputError
from audioscan_host.annotations import read_annotations
from audioscan_ui.events import Events
from audioscan_ui.results.kinds import KINDS, write_results
from audioscan_ui.results.own_files import OwnFiles
from audioscan_ui.results.review_file import write_review_file
from audioscan_ui.session.review_session import opened

FOUND = {"start": 4.0, "end": 8.0, "label": "cry"}


def verdict(number, **facts):
    plain = {
        "id": f"{number:032x}",
        "recording": 1,
        "start": 4.0,
        "end": 8.0,
        "label": "cry",
        "role": "positive",
        "score": 0.8,
        "detector": "a" * 64,
        "origin": "found",
        "found": FOUND,
    }
    return plain | facts


@pytest.fixture
def session(make_wav, tmp_path):
    for folder in ("north", "south"):
        (tmp_path / folder).mkdir()
        make_wav(f"{folder}/day.wav", seconds=30)
    with opened(tmp_path / "it.review", Events()) as session:
        session.add_recordings([tmp_path / "north", tmp_path / "south"])
        yield session


@pytest.fixture
def reviewed(session):
    session.act(
        {
            "id": "f" * 32,
            "kind": "judge",
            "add": [
                verdict(1),
                verdict(2, start=12.0, end=15.0, role="absent", found=FOUND | {"start": 12.0, "end": 15.0}),
                verdict(
                    3, recording=2, start=1.0, end=2.0, origin="drawn", found=None, score=None, detector=None
                ),
            ],
            "remove": [],
        }
    )
    return session


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_written_where_nothing_was_judged(session, kind):
    with pytest.raises(OutputError, match="nothing is judged yet"):
        write_results(session, kind)
    assert not (session.folder / "results").exists()


def test_labels_are_of_what_was_judged(reviewed):
    written = write_results(reviewed, "labels")
    assert written.files == ("results/labels.csv",)
    read = read_annotations(reviewed.folder / written.files[0])
    assert [(a.role.value, a.start, a.end) for a in read] == [
        ("positive", 4, 8),
        ("absent", 12, 15),
        ("unlabelled", 0, 1e9),
        ("positive", 1, 2),
        ("unlabelled", 0, 1e9),
    ]
    assert [a.file for a in read[2:4]] == [str(each.path) for each in reviewed.recordings]


@pytest.mark.parametrize(("kind", "suffix"), [("audacity", ".txt"), ("raven", ".Table.1.selections.txt")])
def test_a_file_for_each_recording_lies_as_the_recordings_do(reviewed, kind, suffix):
    written = write_results(reviewed, kind)
    assert written.files == (f"results/{kind}/north/day{suffix}", f"results/{kind}/south/day{suffix}")
    read = read_annotations(reviewed.folder / written.files[0])
    assert [(a.role.value, a.label) for a in read if a.label] == [("positive", "cry"), ("absent", "cry")]


def test_what_was_found_and_its_correction_come_together(reviewed):
    assert write_results(reviewed, "found_corrected").files == ("results/found.csv", "results/corrected.csv")


def test_the_table_of_precision_is_a_table(reviewed):
    written = write_results(reviewed, "precision")
    with (reviewed.folder / written.files[0]).open(encoding="utf-8", newline="") as stream:
        whole, tenth = csv.DictReader(stream)
    assert (whole["accepted"], whole["rejected"], whole["precision"]) == ("1", "1", "0.5000")
    assert (whole["low"], whole["high"]) == ("0.0945", "0.9055")
    assert (tenth["score_from"], tenth["score_to"]) == ("0.8", "0.9")


def test_the_next_results_replace_those_before(reviewed):
    first = write_results(reviewed, "labels")
    reviewed.act({"id": "e" * 32, "kind": "undo"})
    reviewed.act({"id": "d" * 32, "kind": "redo"})
    assert write_results(reviewed, "labels") == first
    assert [each.name for each in (reviewed.folder / "results").glob("*.csv")] == ["labels.csv"]


def test_a_result_that_somebody_changed_is_kept(reviewed):
    (first,) = write_results(reviewed, "labels").files
    (reviewed.folder / first).write_text("mine", encoding="utf-8")
    assert write_results(reviewed, "labels").files == ("results/labels-2.csv",)
    assert write_results(reviewed, "labels").files == ("results/labels-2.csv",)
    assert (reviewed.folder / first).read_text(encoding="utf-8") == "mine"


def test_files_that_belong_together_get_the_same_number(tmp_path):
    (tmp_path / "corrected.csv").write_text("somebody's", encoding="utf-8")
    written = OwnFiles(tmp_path).write({"found.csv": "a", "corrected.csv": "b"})
    assert [each.name for each in written] == ["found-2.csv", "corrected-2.csv"]


def test_a_folder_of_that_name_or_a_link_that_leads_nowhere_is_left_alone(tmp_path):
    (tmp_path / "labels.csv").mkdir()
    (tmp_path / "labels-2.csv").symlink_to(tmp_path / "gone.csv")
    assert [each.name for each in OwnFiles(tmp_path).write({"labels.csv": "a"})] == ["labels-3.csv"]
    assert not (tmp_path / "gone.csv").exists()


def test_a_damaged_list_of_what_was_written_costs_no_file(tmp_path):
    OwnFiles(tmp_path).write({"labels.csv": "a"})
    (tmp_path / ".written.json").write_text("{", encoding="utf-8")
    assert [each.name for each in OwnFiles(tmp_path).write({"labels.csv": "b"})] == ["labels-2.csv"]
    assert json.loads((tmp_path / ".written.json").read_text(encoding="utf-8")).keys() == {"labels-2.csv"}


def test_training_gets_the_review_beside_what_label_files_know(reviewed, tmp_path):
    labels = tmp_path / "by hand.csv"
    labels.write_text(
        "file,start,end,label\nnorth/day.wav,5,5.5,cry\nnorth/day.wav,13,13.5,cry\n", encoding="utf-8"
    )
    out = tmp_path / "review.csv"
    assert write_review_file(reviewed, out, [labels, tmp_path / "gone.csv"])
    read = [(a.role.value, a.start, a.end) for a in read_annotations(out) if "north" in a.file]
    assert read == [("absent", 12, 15), ("unlabelled", 0, 1e9)]
    assert write_review_file(reviewed, out)
    assert len([a for a in read_annotations(out) if "north" in a.file]) == 3


def test_training_gets_no_review_where_nothing_was_judged(session, tmp_path):
    assert not write_review_file(session, tmp_path / "review.csv")
    assert not (tmp_path / "review.csv").exists()


def test_training_gets_the_review_of_its_recordings_alone(reviewed, tmp_path):
    out = tmp_path / "review.csv"
    assert write_review_file(reviewed, out, only=[2])
    assert {a.file for a in read_annotations(out)} == {str(reviewed.recording(2).path)}
    assert not write_review_file(reviewed, tmp_path / "none.csv", only=[])


def test_the_page_can_ask_for_every_kind_and_is_told_what_to_do_with_it(serve, scene):
    server = serve(scene.recordings[0])
    status, _, answer = server.ask("POST", "api/results", {"kind": "labels"})
    assert (status, json.loads(answer)) == (
        422,
        {"problem": "nothing is judged yet: accept or reject some regions first"},
    )
    server.json("api/actions", {"id": "f" * 32, "kind": "judge", "add": [verdict(1)], "remove": []})
    for kind in KINDS:
        written = server.json("api/results", {"kind": kind})
        assert all((server.folder / file).is_file() for file in written["files"])
        assert written["sentence"].endswith(".")
    whole, tenth = server.json("api/results/precision")["rows"]
    assert (whole["detector"], whole["label"], whole["precision"]) == (None, "cry", 1.0)
    assert whole["high"] == tenth["high"] == 1.0
    assert server.ask("POST", "api/results", {"kind": ["labels"]})[0] == 422
