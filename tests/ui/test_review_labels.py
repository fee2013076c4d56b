"""What was judged as labels: only that, and exactly that, whatever else is known of a recording."""

import itertools
import time
import wave
from pathlib import Path

import numpy as np
import pytest

from audioscan_host import Annotation, Role, scan, train
from audioscan_host.annotations import read_annotations, read_review
from audioscan_host.annotations.corrections import corrected
from audioscan_host.annotations.window_labels import window_labels
from audioscan_host.output.label_files import FORMATS
from audioscan_host.windows import Windowing
from audioscan_ui.results.found_corrected import found_corrected
from audioscan_ui.results.review_file import csv_text
from audioscan_ui.results.review_labels import Judged, review_labels
from audioscan_ui.session.verdicts import Found, Origin, Verdict, VerdictRole

SHA = "a" * 64
WINDOWS = {SHA: 2.0}
FILE = Path("/recordings/day.wav")
IDS = itertools.count()
TIMES = np.arange(0, 58.5, 0.5)

POSITIVE, ABSENT, SOFT = VerdictRole.POSITIVE, VerdictRole.ABSENT, VerdictRole.SOFT
ODD = ["one, two", 'a "cry"', "two\nlines", "🦉", "ää; |x|", "=1+1"]


def found(start, end, role, label="cry", *, was=None, origin=Origin.FOUND):
    """A verdict on a region; `was` is what it was like, where that differs."""
    seen = Found(*(was or (start, end, label)))
    return Verdict(f"{next(IDS):032x}", 1, start, end, label, role, 0.8, SHA, origin, seen)


def drawn(start, end, label="cry", role=POSITIVE):
    return Verdict(f"{next(IDS):032x}", 1, start, end, label, role, None, None, Origin.DRAWN, None)


def rows(*verdicts, known=(), duration=60.0):
    (written,) = review_labels([Judged(FILE, verdicts, duration)], WINDOWS, {FILE: known}).values()
    return written


def plain(annotations, *roles):
    return [(a.start, a.end, a.label, a.role.value) for a in annotations if not roles or a.role in roles]


def known(start, end, role=Role.POSITIVE, label="cry"):
    return Annotation("day.wav", start, end, label, role)


def windows(annotations, label="cry"):
    return window_labels(annotations, label, TIMES, 2.0).tolist()


# --- what a verdict is


def test_each_verdict_has_its_role_and_the_rest_is_unlabelled():
    verdicts = found(4, 8, POSITIVE), found(10, 13, ABSENT), found(20, 23, SOFT), drawn(30, 31.5)
    assert plain(rows(*verdicts)) == [
        (4, 8, "cry", "positive"),
        (10, 13, "cry", "absent"),
        (20, 23, "cry", "soft"),
        (30, 31.5, "cry", "positive"),
        (0, 60, "", "unlabelled"),
    ]


def test_a_relabelled_region_is_the_other_sound_alone():
    assert plain(rows(found(4, 8, POSITIVE, "bark", was=(4, 8, "cry")))) == [
        (4, 8, "bark", "positive"),
        (0, 60, "", "unlabelled"),
    ]


def test_what_was_cut_off_a_region_is_absent():
    trimmed = rows(found(5, 7, POSITIVE, was=(4, 9, "cry")))
    assert plain(trimmed, Role.ABSENT) == [(4, 5, "cry", "absent"), (7, 9, "cry", "absent")]


def test_what_was_cut_off_and_accepted_as_another_span_is_not_absent():
    split = rows(found(4, 5, POSITIVE, was=(4, 9, "cry")), drawn(7, 9))
    assert plain(split, Role.ABSENT) == [(5, 7, "cry", "absent")]


def test_a_rejected_region_shorter_than_a_window_stands_for_the_windows_that_hold_it():
    assert plain(rows(found(10, 11, ABSENT)), Role.ABSENT) == [(9, 12, "cry", "absent")]
    assert plain(rows(found(0.5, 1, ABSENT)), Role.ABSENT) == [(0, 2.5, "cry", "absent")]


def test_a_span_that_was_drawn_to_say_that_nothing_is_there_is_no_longer_than_that():
    assert plain(rows(drawn(10, 11, role=ABSENT)), Role.ABSENT) == [(10, 11, "cry", "absent")]


def test_recordings_without_a_verdict_are_not_written():
    assert review_labels([], WINDOWS) == {}


def test_the_rest_of_a_recording_whose_length_is_not_known_is_all_of_it():
    assert rows(drawn(1, 2), duration=None)[-1].end > 1e8


# --- beside what label files say


def test_verdicts_leave_a_file_that_covers_the_recording_its_edges_and_its_rest():
    by_hand = [known(10.2, 10.8), known(15.1, 15.4)]
    accepted = rows(found(9, 16, POSITIVE), known=by_hand)
    assert windows(corrected(by_hand, accepted)) == windows(by_hand)


def test_a_rejected_region_overrules_the_sound_in_it_and_no_other():
    by_hand = [known(10.2, 10.8), known(12.4, 13)]
    both = corrected(by_hand, rows(found(10, 11, ABSENT), known=by_hand))
    assert plain(both, Role.POSITIVE) == [(12.4, 13, "cry", "positive")]
    assert windows(both) == windows([known(12.4, 13)])


def test_a_sound_at_a_point_beside_a_rejected_region_stays():
    by_hand = [known(12.0, None), known(40, None)]
    both = corrected(by_hand, rows(found(10, 11, ABSENT), known=by_hand))
    assert plain(both, Role.POSITIVE) == [(12, None, "cry", "positive"), (40, None, "cry", "positive")]


def test_a_minute_that_somebody_heard_costs_a_verdict_only_its_own_span():
    heard = [known(0, 60, Role.ABSENT), known(0, 60, Role.UNLABELLED, "")]
    both = corrected(heard, rows(drawn(10, 12), known=heard))
    assert plain(both, Role.ABSENT) == [(0, 10, "cry", "absent"), (12, 60, "cry", "absent")]
    rejected = corrected(heard, rows(found(10, 11, ABSENT), known=heard))
    assert windows(rejected) == windows(heard)


def test_a_long_sound_loses_what_was_rejected_of_it():
    both = corrected([known(0, 30)], rows(found(10, 14, ABSENT), known=[known(0, 30)]))
    assert plain(both, Role.POSITIVE) == [(0, 10, "cry", "positive"), (14, 30, "cry", "positive")]


def test_edges_that_a_person_placed_replace_those_of_a_label_file():
    by_hand = [known(9.5, 12.5)]
    both = corrected(by_hand, rows(found(10, 12, POSITIVE, was=(9, 13, "cry")), known=by_hand))
    assert plain(both, Role.POSITIVE) == [(10, 12, "cry", "positive")]


def test_that_nobody_can_tell_is_said_of_a_labelled_sound_too():
    both = corrected([known(10, 12)], rows(found(10, 12, SOFT), known=[known(10, 12)]))
    assert plain(both, Role.POSITIVE, Role.SOFT) == [(10, 12, "cry", "soft")]


def test_labels_of_other_sounds_are_left_alone():
    by_hand = [known(10, 12, label="bark")]
    both = corrected(by_hand, rows(found(10, 12, ABSENT), known=by_hand))
    assert plain(both, Role.POSITIVE) == [(10, 12, "bark", "positive")]


def test_what_a_sparse_file_and_a_review_know_is_added_up():
    sparse = [known(40, 42), known(0, 60, Role.UNLABELLED, "")]
    both = corrected(sparse, rows(found(10, 14, POSITIVE), known=sparse))
    said = windows(both)
    assert [said[int(at / 0.5)] for at in (10, 12, 40)] == [1, 1, 1]
    assert 0 not in said


def test_a_review_of_thousands_of_regions_beside_thousands_of_labels_takes_seconds():
    verdicts = [found(3 * n, 3 * n + 1, ABSENT if n % 2 else POSITIVE) for n in range(4000)]
    by_hand = [known(3 * n + 0.2, 3 * n + 0.9) for n in range(0, 4000, 2)]
    began = time.perf_counter()
    rows(*verdicts, known=by_hand, duration=12_000)
    assert time.perf_counter() - began < 5


# --- found and corrected


def written_review(folder, *verdicts):
    before, after = found_corrected([Judged(FILE, verdicts)])
    for name, part in (("found.csv", before), ("corrected.csv", after)):
        (folder / name).write_text(csv_text(part), encoding="utf-8")
    return folder / "found.csv", folder / "corrected.csv"


REVIEW = {
    "accepted": lambda: [found(4, 8, POSITIVE)],
    "rejected": lambda: [found(10, 11, ABSENT), found(20, 25, ABSENT)],
    "all kinds": lambda: [
        found(4, 8, POSITIVE),
        found(10, 11, ABSENT),
        found(20, 25, POSITIVE, was=(18, 26, "cry")),
        found(30, 33, POSITIVE, "bark", was=(30, 33, "cry")),
        found(40, 43, SOFT),
        drawn(50, 51),
    ],
    "drawn alone": lambda: [drawn(50, 51)],
}


@pytest.mark.parametrize("kind", REVIEW)
@pytest.mark.parametrize("label", ["cry", "bark"])
def test_the_host_reads_found_and_corrected_as_it_reads_the_labels(tmp_path, kind, label):
    verdicts = REVIEW[kind]()
    read = read_review(*written_review(tmp_path, *verdicts), 2.0)
    assert windows(read, label) == windows(rows(*verdicts), label)


# --- what training makes of it


def counts(recordings, labels, cache, **options):
    result = train(
        recordings, labels, "MEL", only=["knock"], windowing=Windowing(2, 0.5), cache_dir=cache, **options
    )
    (report,) = result.reports
    return report.counts


@pytest.fixture
def judged_four(scene, tmp_path):
    """A recording of which a detector found many regions and a person judged four, the labels of another one, and the truth."""
    recording = scene.recordings[3]
    scanned = scan(
        [recording], scene.detector, only=["knock"], thresholds={"knock": 0.05}, cache_dir=scene.cache
    ).recordings[0]
    regions = scanned.regions[:11]
    assert len(regions) == 11
    labels = tmp_path / "others.csv"
    lines = scene.labels.read_text(encoding="utf-8").splitlines(keepends=True)
    labels.write_text("".join(line for line in lines if recording.name not in line), encoding="utf-8")
    return recording, labels, regions


def test_only_the_four_regions_of_eleven_that_were_judged_are_learned(judged_four, scene, tmp_path):
    recording, others, regions = judged_four
    knocks = [found(r.start, r.end, POSITIVE, "knock") for r in regions[:2]]
    wrong = [found(r.start, r.end, ABSENT, "knock") for r in regions[2:4]]
    window = {SHA: 2.0}

    by_page = tmp_path / "labels.csv"
    judged = [Judged(recording, [*knocks, *wrong], scanned_duration(recording))]
    by_page.write_text(csv_text(review_labels(judged, window)), encoding="utf-8")

    by_hand = tmp_path / "by hand.csv"
    lines = ["file,start,end,label,role", f"{recording},0,180,,unlabelled"]
    lines += [f"{recording},{region.start},{region.end},knock,positive" for region in regions[:2]]
    for region in regions[2:4]:
        # The windows of 2 s that hold the region found it.
        start, end = region.start, region.end
        if end - start < 2:
            start, end = region.end - 2, region.start + 2
        lines.append(f"{recording},{start},{end},knock,absent")
    by_hand.write_text("\n".join(lines), encoding="utf-8")

    before, after = found_corrected(judged)
    for name, part in (("found.csv", before), ("corrected.csv", after)):
        (tmp_path / name).write_text(csv_text(part), encoding="utf-8")

    every = scene.recordings
    without = counts(every, [others], scene.cache)
    page = counts(every, [others, by_page], scene.cache)
    assert page == counts(every, [others, by_hand], scene.cache)
    assert page == counts(
        every, [others], scene.cache, from_regions=[(tmp_path / "found.csv", tmp_path / "corrected.csv")]
    )
    assert page["positive"] > without["positive"]
    assert page["negative"] > without["negative"]


def scanned_duration(recording):
    with wave.open(str(recording)) as reader:
        return reader.getnframes() / reader.getframerate()


# --- labels of all kinds come back


@pytest.mark.parametrize("name", ["labels", "found"])
def test_labels_with_anything_in_them_come_back_as_they_were(tmp_path, name):
    verdicts = [found(10 * n + 1, 10 * n + 4, POSITIVE, label) for n, label in enumerate(ODD)]
    judged = [Judged(FILE, verdicts, 60.0)]
    written = review_labels(judged, WINDOWS) if name == "labels" else found_corrected(judged)[0]
    file = tmp_path / "labels.csv"
    file.write_text(csv_text(written), encoding="utf-8", newline="")
    read = read_annotations(file)
    assert [a.label for a in read if a.role is Role.POSITIVE] == ODD
    assert {a.file for a in read} == {str(FILE)}


@pytest.mark.parametrize("form", ["audacity", "raven"])
def test_programs_without_line_breaks_get_a_blank_for_them(tmp_path, form):
    verdicts = [found(10 * n + 1, 10 * n + 4, POSITIVE, label) for n, label in enumerate(ODD)]
    file = tmp_path / f"day{FORMATS[form].suffix}"
    with file.open("w", encoding="utf-8", newline="") as stream:
        FORMATS[form].write(stream, {str(FILE): rows(*verdicts)})
    read = read_annotations(file)
    assert [a.label for a in read if a.role is Role.POSITIVE] == [label.replace("\n", " ") for label in ODD]
    assert [a.role.value for a in read if not a.label] == ["unlabelled"]
