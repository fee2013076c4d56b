"""A recording keeps its number, and so its verdicts, wherever its file goes."""

import json
import os

import pytest

from audioscan_host import OutputError, RecordingError
from audioscan_ui.problems import Problem
from audioscan_ui.session.survey import survey


def looked_at(session):
    """The session after a survey, which reads the content of all files."""
    survey(session.survey_order(None), lambda facts: session.take_survey(json.loads(json.dumps(facts))))
    session.keep()
    return session


def paths(session):
    return [each.path.name for each in session.recordings]


@pytest.fixture
def three(open_session, sound):
    """A session of three recordings that was closed again."""
    files = [sound(f"{name}.wav", seed) for seed, name in enumerate("abc")]
    with open_session() as session:
        session.add_recordings(files)
        looked_at(session)
    return files


def test_recordings_are_numbered_as_they_are_named(open_session, sound):
    with open_session() as session:
        session.add_recordings([sound("b.wav", 1), sound("a.wav", 2)])
        session.add_recordings([sound("a.wav", 2), sound("c.wav", 3)])
        assert paths(session) == ["b.wav", "a.wav", "c.wav"]
        assert [each.number for each in session.recordings] == [1, 2, 3]
        assert session.recording(3).path.name == "c.wav"
        with pytest.raises(Problem, match="no recording 4; it has 3") as refused:
            session.recording(4)
        assert refused.value.status == 404


def test_a_folder_stands_for_the_recordings_in_it(open_session, sound, tmp_path):
    sound("day/b.wav", 1)
    sound("day/deep/a.wav", 2)
    (tmp_path / "day" / "notes.txt").write_text("none")
    with open_session() as session:
        session.add_recordings([tmp_path / "day"])
        assert paths(session) == ["b.wav", "a.wav"]


def test_a_file_that_was_renamed_keeps_its_number(open_session, three):
    moved = three[1].rename(three[1].with_name("z.wav"))
    with open_session() as session:
        session.add_recordings([three[0], moved, three[2]])
        assert paths(session) == ["a.wav", "z.wav", "c.wav"]


def test_a_folder_that_was_moved_keeps_all_numbers(open_session, three, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    for number, path in enumerate(three):
        path.rename(tmp_path / "elsewhere" / f"{9 - number}.wav")
    with open_session() as session:
        session.add_recordings([tmp_path / "elsewhere"])
        assert paths(session) == ["9.wav", "8.wav", "7.wav"]


def test_two_files_that_swapped_their_names_keep_their_numbers(open_session, three):
    first, second, _ = three
    third = first.rename(first.with_name("passing"))
    second.rename(first)
    third.rename(second)
    os.utime(first, (1, 1))
    os.utime(second, (1, 1))
    with open_session() as session:
        session.add_recordings(three)
        assert paths(session) == ["b.wav", "a.wav", "c.wav"]


def test_a_new_file_under_an_old_name_is_a_new_recording_where_the_old_one_is_named_too(
    open_session, three, sound
):
    old = three[0].rename(three[0].with_name("old.wav"))
    new = sound("a.wav", 99)
    os.utime(new, (1, 1))
    with open_session() as session:
        session.add_recordings([new, old])
        assert paths(session) == ["old.wav", "b.wav", "c.wav", "a.wav"]


def test_a_copy_is_another_recording(open_session, three, sound):
    with open_session() as session:
        session.add_recordings([sound("copy.wav", 0)])
        assert paths(session) == ["a.wav", "b.wav", "c.wav", "copy.wav"]


def test_copies_keep_their_numbers_too_where_all_of_them_move(open_session, sound):
    with open_session() as session:
        session.add_recordings([sound("one.wav"), sound("two.wav")])
        looked_at(session)
        moved = [each.path.rename(each.path.with_name(f"moved-{each.name}")) for each in session.recordings]
    with open_session() as session:
        session.add_recordings(moved)
        assert paths(session) == ["moved-one.wav", "moved-two.wav"]


def test_recordings_that_move_together_with_the_session_are_found(open_session, sound, tmp_path):
    (tmp_path / "before").mkdir()
    with open_session("before/it.review") as session:
        session.add_recordings([sound("before/a.wav")])
    (tmp_path / "before").rename(tmp_path / "after")
    with open_session("after/it.review") as session:
        assert session.recording(1).path == tmp_path / "after" / "a.wav"
        assert session.recording(1).path.exists()


def test_other_content_under_the_name_of_a_judged_recording_is_told(
    open_session, three, sound, verdict, judge
):
    with open_session() as session:
        judge(session, add=[verdict(recording=1)])
        before = session.recording(1).digest
        for seed, path in enumerate(three[:2]):
            sound(path.name, 50 + seed)
            os.utime(path, (1, 1))
        looked_at(session)
        assert "content has changed" in session.recording(1).problem
        assert session.recording(1).digest == before
        assert session.recording(2).problem is None  # nobody judged it: it is what it is now
        sound("a.wav", 0)
        looked_at(session)
        assert session.recording(1).problem is None


def test_a_file_that_goes_and_comes_back(open_session, three):
    with open_session() as session:
        aside = three[0].rename(three[0].with_name("aside"))
        looked_at(session)
        assert "not there any more" in session.recording(1).problem
        assert session.recording(1).is_missing
        aside.rename(three[0])
        looked_at(session)
        assert session.recording(1).problem is None
        assert session.recording(1).duration == 1.0


def test_lengths_and_content_are_not_looked_for_again(open_session, three):
    told = []
    with open_session() as session:
        assert [each.duration for each in session.recordings] == [1.0, 1.0, 1.0]
        survey(session.survey_order(None), told.append)
    assert [facts for facts in told if "recording" in facts] == []


def test_a_file_that_is_no_recording_says_why(open_session, tmp_path):
    (tmp_path / "a.wav").write_text("no sound")
    with open_session() as session:
        session.add_recordings([tmp_path / "a.wav"])
        looked_at(session)
        assert "a.wav" in session.recording(1).problem
        assert session.recording(1).duration is None


def test_names_are_as_short_as_they_can_be_told_apart(open_session, sound):
    files = [
        sound("n/x/day.wav", 1),
        sound("s/x/day.wav", 2),
        sound("s/y/day.wav", 3),
        sound("s/y/night.wav", 4),
    ]
    with open_session() as session:
        session.add_recordings(files)
        assert [each.name for each in session.recordings] == [
            "n/x/day.wav",
            "s/x/day.wav",
            "y/day.wav",
            "night.wav",
        ]


def test_what_is_not_there_cannot_be_added(open_session, tmp_path):
    with open_session() as session:
        with pytest.raises(RecordingError, match="does not exist"):
            session.add_recordings([tmp_path / "nothing.wav"])
        assert session.recordings == ()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "cannot be read"),
        (b'{"version": 99}', "another version"),
        (b'{"version": 1, "recordings": [{}]}', "damaged"),
    ],
)
def test_a_session_that_cannot_be_read_is_left_as_it_is(open_session, tmp_path, content, reason):
    file = tmp_path / "it.review" / "session.json"
    file.parent.mkdir()
    file.write_bytes(content)
    with pytest.raises(OutputError, match=reason), open_session():
        pass
    assert file.read_bytes() == content


def test_what_can_be_found_again_may_be_missing_from_the_file(open_session, three):
    with open_session() as session:
        kept = session.folder / "session.json"
    facts = json.loads(kept.read_bytes())
    del facts["port"]
    for recording in facts["recordings"]:
        for name in ("beside", "size", "mtime_ns", "digest", "duration"):
            del recording[name]
    kept.write_text(json.dumps(facts))
    with open_session() as session:
        assert session.port == 0
        assert paths(session) == ["a.wav", "b.wav", "c.wav"]
        looked_at(session)
        assert all(each.digest and each.duration and not each.problem for each in session.recordings)
