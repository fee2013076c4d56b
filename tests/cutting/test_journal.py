"""What a later run goes on from."""

import os

import pytest

from audioscan_host.cutting.journal import FILE, Journal, key_of
from audioscan_host.cutting.settings import ClipSettings
from audioscan_host.cutting.span import Span

SPAN = Span(1.0, 2.0, 1.0, fixed=False)


@pytest.fixture
def noted(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"a clip")
    Journal(tmp_path).note("a.wav", "key", 1.0, 2.5)
    return tmp_path


def test_a_clip_that_is_there_as_it_was_written_is_known(noted):
    assert Journal(noted).times_of("a.wav", "key") == (1.0, 2.5)


def test_a_clip_that_is_gone_another_or_cut_otherwise_is_not(noted):
    assert Journal(noted).times_of("a.wav", "other") is None
    assert Journal(noted).times_of("b.wav", "key") is None
    os.utime(noted / "a.wav", (1, 1))
    assert Journal(noted).times_of("a.wav", "key") is None
    (noted / "a.wav").unlink()
    assert Journal(noted).times_of("a.wav", "key") is None


def test_a_line_that_a_kill_cut_off_costs_its_clip_alone(noted):
    (noted / "b.wav").write_bytes(b"another")
    Journal(noted).note("b.wav", "key", 3.0, 4.0)
    text = (noted / FILE).read_text()
    (noted / FILE).write_text(text[:-9])
    journal = Journal(noted)
    assert journal.times_of("a.wav", "key") == (1.0, 2.5)
    assert journal.times_of("b.wav", "key") is None


@pytest.mark.parametrize("garbage", ["null\n", "[1]\n", "{}\n", '["a.wav", "key"]\n', "\xff\n"])
def test_other_content_is_passed_over(noted, garbage):
    with (noted / FILE).open("a") as file:
        file.write(garbage)
    assert Journal(noted).times_of("a.wav", "key") == (1.0, 2.5)


def test_the_key_changes_with_the_recording_the_span_and_the_settings(tmp_path):
    recording = tmp_path / "day.wav"
    recording.write_bytes(b"sound")
    keys = [
        key_of(recording, SPAN, ClipSettings()),
        key_of(recording, Span(1.0, 2.1, 1.0, fixed=False), ClipSettings()),
        *(
            key_of(recording, SPAN, settings)
            for settings in (ClipSettings("flac"), ClipSettings(mono=True), ClipSettings(rate=8000))
        ),
    ]
    recording.write_bytes(b"sound, edited")
    keys.append(key_of(recording, SPAN, ClipSettings()))
    assert len(set(keys)) == len(keys)
