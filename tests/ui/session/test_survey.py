"""What is found out of recordings and label files in the background."""

import json
import time

import pytest

from audioscan_host import Windowing, embed
from audioscan_ui.events import Events
from audioscan_ui.session.review_session import opened
from audioscan_ui.session.survey import SurveyOrder, survey
from audioscan_ui.session.surveyor import surveyed


def looked_at(session, cache=None):
    survey(session.survey_order(cache), lambda facts: session.take_survey(json.loads(json.dumps(facts))))


def test_label_files_are_counted_by_role_and_by_recording(open_session, sound, tmp_path):
    (tmp_path / "labels.csv").write_text(
        "file,start,end,label,role\na.wav,0,0.2,cry,positive\na.wav,0.4,0.6,knock,absent\nx.wav,0,1,cry,positive\n"
    )
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "b.txt").write_text("0.1\t0.2\tbell\n")
    with open_session() as session:
        session.add_recordings([sound("a.wav", 1), sound("b.wav", 2)])
        session.add_label_files([tmp_path / "labels.csv", tmp_path / "more", tmp_path / "labels.csv"])
        looked_at(session)
        first, second = session.label_files
        assert (first.counts, list(first.labels)) == ({"positive": 2, "absent": 1}, ["cry", "knock"])
        assert (second.name, list(second.labels), second.problem) == ("more", ["bell"], None)
        assert [each.annotated for each in session.recordings] == [2, 1]


def test_a_label_file_that_cannot_be_used_says_why_and_the_others_count(open_session, sound, tmp_path):
    (tmp_path / "bad.csv").write_text("file,start,end,label\na.wav,2,1,cry\n")
    (tmp_path / "good.csv").write_text("file,start,end,label\na.wav,0,1,cry\n")
    with open_session() as session:
        session.add_recordings([sound("a.wav")])
        session.add_label_files([tmp_path / "bad.csv", tmp_path / "good.csv"])
        looked_at(session)
        bad, good = session.label_files
        assert "bad.csv" in bad.problem
        assert good.problem is None
        assert session.recording(1).annotated == 1


def test_models_whose_embeddings_are_in_the_cache_are_named(open_session, sound, tmp_path):
    first, second = sound("a.wav", 1, seconds=3), sound("b.wav", 2, seconds=3)
    embed([first], ["MEL"], windowing=Windowing(1, 0.5), cache_dir=tmp_path / "cache")
    with open_session() as session:
        session.add_recordings([first, second])
        looked_at(session, str(tmp_path / "cache"))
        assert [list(each.embedded) for each in session.recordings] == [["MEL"], []]
        session.recordings[0].path = first.rename(first.with_name("moved.wav"))
        looked_at(session, str(tmp_path / "cache"))
        assert list(session.recording(1).embedded) == ["MEL"]


def test_an_order_is_read_as_it_was_written(open_session, sound, tmp_path):
    with open_session() as session:
        session.add_recordings([sound("a b.wav")])
        order = session.survey_order(str(tmp_path))
        assert SurveyOrder.of_json(order.to_json().encode()) == order


@pytest.mark.slow
def test_it_begins_by_itself_and_looks_again_at_what_is_new(sound, tmp_path, wait_until, heard):
    events = Events()
    events.add(heard)
    with opened(tmp_path / "it.review", events) as session, surveyed(session, events, None):
        session.add_recordings([sound("a.wav")])
        wait_until(lambda: session.recording(1).duration == 1.0)
        wait_until(lambda: session.recording(1).digest)
        (tmp_path / "labels.csv").write_text("file,start,end,label\na.wav,0,1,cry\n")
        session.add_label_files([tmp_path / "labels.csv"])
        wait_until(lambda: session.recording(1).annotated == 1)
        wait_until(lambda: len(heard.of("state")) > 3)
    with opened(tmp_path / "it.review", Events()) as session:
        assert session.recording(1).digest


@pytest.mark.slow
def test_it_ends_at_once(sound, tmp_path, heard):
    events = Events()
    with opened(tmp_path / "it.review", events) as session:
        session.add_recordings([sound("a.wav")])
        begin = time.monotonic()
        with surveyed(session, events, None):
            time.sleep(0.3)
        assert time.monotonic() - begin < 3
