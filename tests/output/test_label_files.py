"""Labels in every format that they are written in: read, written and read again they are the same."""

from pathlib import Path

import pytest

from audioscan_host.annotations import Annotation, Role, read_annotations
from audioscan_host.errors import OutputError
from audioscan_host.notes import Notes
from audioscan_host.output import FORMATS as FORMATS_OF_RESULTS
from audioscan_host.output.label_files import FORMATS, save_labels

DAY = [
    Annotation("day.wav", 0.0, 600.0, "", Role.UNLABELLED),
    Annotation("day.wav", 12.5, 19.000001, "cry"),
    Annotation("day.wav", 20.0, 21.0, 'say "hi", ñ'),
    Annotation("day.wav", 80.0, 95.0, "cry", Role.NEGATIVE),
    Annotation("day.wav", 120.0, 131.0, "cry", Role.ABSENT),
    Annotation("day.wav", 140.0, 141.0, "a b", Role.SOFT),
]
POINT = Annotation("day.wav", 64.2, None, "cry")
BOX = Annotation("day.wav", 70.0, 71.0, "cry", low=200.0, high=4000.123456)


def written(tmp_path, name, annotations, tell=None):
    """What is read from what is written of what is read."""
    path = tmp_path / f"day{FORMATS[name].suffix}"
    save_labels({Path("day.wav"): annotations}, name, path, tell or Notes())
    return read_annotations(path)


def plain(annotations):
    return [(a.start, a.end, a.label, a.role, a.low, a.high) for a in annotations]


def test_the_formats_are_those_of_results_that_are_label_files():
    assert list(FORMATS) == [name for name in FORMATS_OF_RESULTS if name != "json"]
    for name, each in FORMATS.items():
        assert (each.suffix, each.one_file) == (
            FORMATS_OF_RESULTS[name].suffix,
            FORMATS_OF_RESULTS[name].one_file,
        )


@pytest.mark.parametrize("name", ["csv", "audacity", "tsv"])
def test_spans_of_every_role_read_back_as_they_were(tmp_path, name):
    assert plain(written(tmp_path, name, DAY)) == plain(DAY)


def test_a_selection_table_reads_back_too_with_the_frequencies_that_a_selection_must_have(tmp_path):
    notes = Notes()
    found = written(tmp_path, "raven", [*DAY, BOX], notes)
    assert found == [*DAY, BOX]
    assert [(a.low, a.high) for a in found] == [(0.0, 8000.0)] * len(DAY) + [(200.0, 4000.123456)]
    assert "6 annotations without frequencies, which get 0 to 8000 Hz" in notes.told()[0].message


@pytest.mark.parametrize("name", ["csv", "audacity", "raven"])
def test_points_and_frequencies_are_kept_where_the_format_has_them(tmp_path, name):
    found = written(tmp_path, name, [POINT, BOX])
    assert [(a.start, a.end) for a in found] == [(64.2, None), (70.0, 71.0)]
    assert (found[1].low, found[1].high) == (200.0, 4000.123456)


@pytest.mark.parametrize(("low", "high"), [(None, 300.0), (300.0, None)])
@pytest.mark.parametrize("name", ["csv", "audacity"])
def test_one_frequency_alone_is_kept(tmp_path, name, low, high):
    (found,) = written(tmp_path, name, [Annotation("day.wav", 1.0, 2.0, "cry", low=low, high=high)])
    assert (found.low, found.high) == (low, high)


def test_a_csv_file_keeps_sources_and_any_label(tmp_path):
    annotations = [
        Annotation("day.wav", 1.0, 2.0, 'a\nb, "c"', source="pond, May"),
        Annotation("day.wav", 3.0, None, "cry (soft)x", Role.SOFT, "hill"),
    ]
    assert written(tmp_path, "csv", annotations) == annotations


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_written_and_read_twice_is_the_same(tmp_path, name):
    once = written(tmp_path, name, [*DAY, POINT, BOX])
    assert plain(written(tmp_path, name, once)) == plain(once)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("csv", None),
        ("audacity", "1 sources, 1 line breaks in labels, which become blanks"),
        (
            "raven",
            "1 sources, 1 line breaks in labels, which become blanks, 2 annotations without frequencies",
        ),
        ("tsv", "1 points, which are left out, 1 frequencies, 1 sources, 1 line breaks in labels"),
    ],
)
def test_what_a_format_cannot_hold_is_told(tmp_path, name, told):
    notes = Notes()
    annotations = [POINT, BOX, Annotation("day.wav", 1.0, 2.0, "a\nb", source="pond")]
    found = written(tmp_path, name, annotations, notes)
    assert len(found) == (2 if name == "tsv" else 3)
    said = [note.message for note in notes.told()]
    assert (
        said == [] if told is None else set(told.split(", ")) <= set(said[0].partition(": ")[2].split(", "))
    )


@pytest.mark.parametrize("name", ["audacity", "raven"])
def test_a_format_of_one_recording_has_a_file_for_each_that_has_annotations(tmp_path, name):
    places = {tmp_path / f"{i}.wav": [BOX] for i in "ab"} | {tmp_path / "c.wav": []}
    assert save_labels(places, name, tmp_path / "out", Notes()) == 2
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        f"{i}{FORMATS[name].suffix}" for i in "ab"
    ]


def test_nothing_to_write_is_refused(tmp_path):
    with pytest.raises(OutputError, match="nothing to write"):
        save_labels({tmp_path / "a.wav": []}, "audacity", tmp_path / "out", Notes())
