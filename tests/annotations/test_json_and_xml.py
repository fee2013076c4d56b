"""whombat's AOEF, AviaNZ's `.data` and ELAN's `.eaf`: what they say of who listened where is kept."""

import json
from pathlib import Path

import pytest

from audioscan_host.annotations import Annotation, Role, read_annotations
from audioscan_host.annotations.reading import read_label_file

REAL = Path(__file__).parents[3] / "shared" / "labels"


def aoef(**members):
    """An annotation project of one recording of 60 s, and a clip of its first 10 s."""
    data = {
        "uuid": "p",
        "collection_type": "annotation_project",
        "tags": [
            {"id": 0, "key": "call", "value": "social"},
            {"id": 1, "key": "species", "value": "Myotis myotis"},
        ],
        "recordings": [
            {"uuid": "r", "path": "site/a.wav", "duration": 60.0, "samplerate": 8000, "channels": 1}
        ],
        "clips": [
            {"uuid": "c", "recording": "r", "start_time": 0.0, "end_time": 10.0},
            {"uuid": "d", "recording": "r", "start_time": 10.0, "end_time": 20.0},
        ],
        "sound_events": [
            {"uuid": f"e{i}", "recording": "r", "geometry": {"type": kind, "coordinates": coordinates}}
            for i, (kind, coordinates) in enumerate(
                [
                    ("BoundingBox", [1.5, 20_000, 2.5, 30_000]),
                    ("TimeInterval", [3, 4.25]),
                    ("TimeStamp", 5.5),
                    ("Polygon", [[[6, 100], [6.75, 200], [6.5, 300]]]),
                    ("Point", [8, 100]),
                ]
            )
        ],
        "sound_event_annotations": [
            {"uuid": f"a{i}", "sound_event": f"e{i}", "tags": tags}
            for i, tags in enumerate([[0, 1], [1], [0], [1], []])
        ],
        "clip_annotations": [
            {"uuid": "ca", "clip": "c", "sound_events": ["a0", "a1", "a2", "a3", "a4"]},
            {"uuid": "cb", "clip": "d", "sound_events": []},
        ],
    }
    return json.dumps({"version": "1.1.0", "created_on": "2024-10-07", "data": data | members})


class TestWhombat:
    def test_sound_events_are_spans_and_points_and_clips_say_where_somebody_listened(self, write):
        read = read_label_file(write("export.json", aoef()))
        file = "site/a.wav"
        assert read.annotations == [
            Annotation(file, 1.5, 2.5, "Myotis myotis"),
            Annotation(file, 3.0, 4.25, "Myotis myotis"),
            Annotation(file, 5.5, None, "social"),
            Annotation(file, 6.0, 6.75, "Myotis myotis"),
            Annotation(file, 10.0, 20.0, "nocall", Role.NEGATIVE),
            Annotation(file, 20.0, 60.0, "", Role.UNLABELLED),
        ]
        assert read.unnamed == 1

    def test_a_task_that_is_not_completed_says_nothing_of_its_clip(self, write):
        tasks = [{"uuid": "t", "clip": "d", "status_badges": [{"state": "assigned"}]}]
        found = read_annotations(write("export.json", aoef(annotation_tasks=tasks)))
        assert [a for a in found if a.role is not Role.POSITIVE] == [
            Annotation("site/a.wav", 10.0, 60.0, "", Role.UNLABELLED)
        ]

    def test_predictions_are_no_labels(self, write, refused):
        text = aoef(sound_event_annotations=[], sound_event_predictions=[{"uuid": "x"}])
        assert "holds predictions and no annotations" in refused(write("export.json", text))

    @pytest.mark.parametrize(
        "members",
        [
            {"recordings": []},
            {"tags": [{"id": 0}]},
            {"sound_events": 7},
            {"clip_annotations": [{"clip": "none"}]},
            {
                "sound_events": [
                    {"uuid": "e0", "recording": "r", "geometry": {"type": "Polygon", "coordinates": []}}
                ]
            },
        ],
    )
    def test_what_is_missing_is_one_line(self, write, refused, members):
        assert "not as whombat writes it" in refused(write("export.json", aoef(**members)))

    def test_a_file_that_is_cut_off_is_one_line(self, write, refused):
        assert "line 1: not JSON" in refused(write("export.json", aoef()[:-20]))

    def test_reads_what_people_have(self):
        path = REAL / "soundevent_aoef" / "example_evaluation_set.json"
        if not path.is_file():
            pytest.skip("the label files of other projects are not there")
        found = read_annotations(path)
        positive = [a for a in found if a.role is Role.POSITIVE]
        assert len(positive) == 86
        assert positive[0].label == "Diclidurus albus"
        assert positive[0].start == pytest.approx(2.2304061)
        assert positive[0].end == pytest.approx(2.2341465)
        first = positive[0].file
        unlabelled = [(a.start, a.end) for a in found if a.file == first and a.role is Role.UNLABELLED]
        assert unlabelled[0] == (0.0, 2.0)  # its clip is from 2 s on


META = {"Operator": "a", "Reviewer": "b", "Duration": 60.0, "noiseLevel": None}
"""What a file of AviaNZ begins with."""


class TestAvianz:
    def test_certainty_is_the_role_and_what_is_not_known_has_no_name(self, write):
        segments = [
            [1.5, 3, 100, 8000, [{"species": "Kiwi (Little Spotted)", "certainty": 100, "filter": "M"}]],
            [4, 5, 0, 0, [{"species": "Kiwi", "certainty": 50}, {"species": "Morepork", "certainty": 100}]],
            [6, 7, 0, 0, [{"species": "Don't Know", "certainty": 0}]],
            [8, 9, 0, 0, []],
        ]
        read = read_label_file(write("day.wav.data", json.dumps([META, *segments])))
        assert read.annotations == [
            Annotation("day.wav", 1.5, 3.0, "Kiwi (Little Spotted)"),
            Annotation("day.wav", 4.0, 5.0, "Kiwi", Role.SOFT),
            Annotation("day.wav", 4.0, 5.0, "Morepork"),
        ]
        assert read.unnamed == 2

    def test_the_first_version_has_names_alone(self, write):
        text = json.dumps([[-1, "a", "b", -1], [1.5, 3, 0, 0, "Kiwi?"], [4, 5, 0, 0, ["Kiwi", "Morepork?"]]])
        assert read_annotations(write("day.wav.data", text)) == [
            Annotation("day.wav", 1.5, 3.0, "Kiwi", Role.SOFT),
            Annotation("day.wav", 4.0, 5.0, "Kiwi"),
            Annotation("day.wav", 4.0, 5.0, "Morepork", Role.SOFT),
        ]

    def test_a_reviewed_recording_without_a_segment_is_negative(self, write):
        read = read_label_file(write("day.wav.data", json.dumps([META])))
        assert read.heard_nothing
        assert [(a.file, a.role) for a in read.annotations] == [("day.wav", Role.NEGATIVE)]

    @pytest.mark.parametrize(
        ("segment", "reason"),
        [
            ([1, 2], "not as AviaNZ writes it"),
            ([1, 2, 0, 0, [7]], "not as AviaNZ writes it"),
            (["1", 2, 0, 0, []], "start must be a number of seconds, not '1'"),
            ([True, 2, 0, 0, []], "start must be a number of seconds, not 'True'"),
            ([3, 2, 0, 0, []], "end (2.0) must be after start (3.0)"),
        ],
    )
    def test_what_is_wrong_is_one_line(self, write, refused, segment, reason):
        assert reason in refused(write("day.wav.data", json.dumps([META, segment])))


EAF = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2024-05-01T10:00:00+01:00" FORMAT="3.0" VERSION="3.0">
  <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">
    <MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/x/day%201.mp4" MIME_TYPE="video/mp4" RELATIVE_MEDIA_URL="./day%201.mp4"/>
    <MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/x/day%201.wav" MIME_TYPE="audio/x-wav" RELATIVE_MEDIA_URL="./day%201.wav"/>
  </HEADER>
  <TIME_ORDER>
    <TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="1500"/>
    <TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="2750"/>
    <TIME_SLOT TIME_SLOT_ID="ts3"/>
  </TIME_ORDER>
  <TIER LINGUISTIC_TYPE_REF="default" TIER_ID="calls">
    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
      <ANNOTATION_VALUE>cry &amp; call</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
  </TIER>
  <TIER LINGUISTIC_TYPE_REF="sub" PARENT_REF="calls" TIER_ID="who">
    <ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a2" ANNOTATION_REF="a1">
      <ANNOTATION_VALUE>Anna</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>
  </TIER>
</ANNOTATION_DOCUMENT>
"""


class TestElan:
    def test_every_tier_is_read_and_references_have_the_times_of_what_they_refer_to(self, write):
        assert read_annotations(write("x.eaf", EAF)) == [
            Annotation("./day 1.wav", 1.5, 2.75, "cry & call"),
            Annotation("./day 1.wav", 1.5, 2.75, "Anna"),
        ]

    def test_a_document_without_a_medium_is_named_like_its_recording(self, write):
        text = "\n".join(line for line in EAF.splitlines() if "MEDIA_DESCRIPTOR" not in line)
        assert {a.file for a in read_annotations(write("x.eaf", text))} == {"x"}

    @pytest.mark.parametrize(
        ("change", "to", "reason"),
        [
            ('REF2="ts2"', 'REF2="ts3"', "annotation a1: has no time: align it in ELAN"),
            ('VALUE="2750"', 'VALUE="1000"', "annotation a1: end (1.0) must be after start (1.5)"),
            ('VALUE="2750"', 'VALUE="soon"', "annotation a1: a time must be a number of milliseconds"),
            (
                'ANNOTATION_REF="a1"',
                'ANNOTATION_REF="a2"',
                "annotation a2: refers to an annotation that is not there",
            ),
            ("</TIER>", "", "not XML that can be read"),
        ],
    )
    def test_what_is_wrong_is_one_line(self, write, refused, change, to, reason):
        assert reason in refused(write("x.eaf", EAF.replace(change, to)))

    def test_entities_that_make_much_of_little_are_refused_unread(self, write, refused):
        bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
        text = EAF.replace("<ANNOTATION_DOCUMENT", f"{bomb}<ANNOTATION_DOCUMENT", 1).replace("Anna", "&b;")
        assert "has no DOCTYPE" in refused(write("x.eaf", text))
