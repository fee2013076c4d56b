"""A scan's result and its corrected copy: what stayed is positive, what is gone absent, the rest not known."""

from pathlib import Path

import numpy as np
import pytest

from audioscan_host.annotations import Annotation, Role, read_review
from audioscan_host.annotations.window_labels import window_labels
from audioscan_host.errors import AnnotationError
from audioscan_host.output import FORMATS
from audioscan_host.output.saving import save_regions
from audioscan_host.regions import Region

HEADER = "file,start,end,label,score\n"


def csv_file(path: Path, *rows: str) -> Path:
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows))
    return path


def spans(annotations: list[Annotation], role: Role) -> list[tuple[str, float, float | None]]:
    return [(a.file, a.start, a.end) for a in annotations if a.role is role]


def review(tmp_path: Path, found: list[str], corrected: list[str]) -> list[Annotation]:
    before, after = csv_file(tmp_path / "found.csv", *found), csv_file(tmp_path / "corrected.csv", *corrected)
    return read_review(before, after, 8.0)


def test_a_region_that_is_gone_is_absent_and_one_that_stayed_positive(tmp_path):
    reviewed = review(
        tmp_path,
        ["a.wav,10,20,cry,0.9", "a.wav,40,52,cry,0.6", "b.wav,5,15,cry,0.7"],
        ["a.wav,10,20,cry,0.9"],
    )
    assert spans(reviewed, Role.POSITIVE) == [("a.wav", 10, 20)]
    assert spans(reviewed, Role.ABSENT) == [("a.wav", 40, 52), ("b.wav", 5, 15)]


def test_nobody_heard_the_rest_of_the_recordings(tmp_path):
    reviewed = review(tmp_path, ["a.wav,10,20,cry,0.9", "a.wav,40,52,cry,0.6"], ["a.wav,10,20,cry,0.9"])
    labels = window_labels(reviewed, "cry", np.arange(60.0), 8.0)
    assert np.flatnonzero(labels == 1).tolist() == [10, 11, 12]
    assert np.flatnonzero(labels == 0).tolist() == [40, 41, 42, 43, 44]


def test_all_may_be_gone(tmp_path):
    assert spans(review(tmp_path, ["a.wav,10,20,cry,0.9"], []), Role.ABSENT) == [("a.wav", 10, 20)]
    nothing = tmp_path / "nothing.txt"
    nothing.write_text("")
    assert spans(read_review(tmp_path / "found.csv", nothing, 8.0), Role.ABSENT) == [("a.wav", 10, 20)]


def test_a_removed_region_is_negative_though_another_label_was_found_in_its_place(tmp_path):
    reviewed = review(
        tmp_path,
        ["a.wav,10,20,cry,0.9", "a.wav,10,20,speech,0.8", "a.wav,40,50,cry,0.7"],
        ["a.wav,10,20,speech,0.8", "a.wav,40,50,speech,"],
    )
    # That at 40 s was relabelled: its new label says that it is no cry.
    assert spans(reviewed, Role.ABSENT) == [("a.wav", 10, 20)]
    times = np.arange(0.0, 60.0, 1.0)
    assert (window_labels(reviewed, "cry", times, 8.0) == 0)[[11, 41]].all()
    assert (window_labels(reviewed, "speech", times, 8.0) == 1)[[11, 41]].all()


def test_a_removed_region_denies_its_own_label_alone(tmp_path):
    """A false cry may be speech: nobody has said that it is not."""
    reviewed = review(tmp_path, ["a.wav,10,20,cry,0.9", "a.wav,40,50,speech,0.8"], ["a.wav,40,50,speech,0.8"])
    times = np.arange(0.0, 60.0, 1.0)
    assert np.flatnonzero(window_labels(reviewed, "cry", times, 8.0) == 0).tolist() == [
        10,
        11,
        12,
        40,
        41,
        42,
    ]
    speech = window_labels(reviewed, "speech", times, 8.0)
    assert np.flatnonzero(speech == 1).tolist() == [40, 41, 42]
    assert not (speech == 0).any()


def test_what_was_cut_off_is_absent(tmp_path):
    reviewed = review(
        tmp_path, ["a.wav,10,40,cry,0.9"], ["a.wav,15,18,cry,", "a.wav,17,20,cry,", "a.wav,38,44,cry,"]
    )
    assert spans(reviewed, Role.ABSENT) == [("a.wav", 10, 15), ("a.wav", 20, 38)]


def test_a_region_of_another_name_is_a_positive_of_that_one_and_no_negative(tmp_path):
    reviewed = review(tmp_path, ["a.wav,10,20,cry,0.9"], ["a.wav,10,20,door,0.9"])
    assert [(a.label, a.role) for a in reviewed[:-1]] == [("door", Role.POSITIVE)]


def test_a_short_region_that_is_gone_makes_the_windows_negative_that_hold_it(tmp_path):
    reviewed = review(tmp_path, ["a.wav,20,22,cry,0.9"], [])
    labels = window_labels(reviewed, "cry", np.arange(60.0), 8.0)
    assert np.flatnonzero(labels == 0).tolist() == list(range(14, 21))


def test_a_copy_of_another_result_is_refused(tmp_path):
    with pytest.raises(AnnotationError, match=r"corrected.csv names 'b.wav', which .*found.csv does not"):
        review(tmp_path, ["a.wav,20,22,cry,0.9"], ["b.wav,1,2,cry,"])


@pytest.mark.parametrize("name", ["csv", "audacity", "raven", "tsv"])
def test_every_format_that_is_a_label_file_can_be_corrected(tmp_path, name):
    regions = {
        "a.wav": [Region(10, 20, "cry", 0.9), Region(40, 52, "cry", 0.6)],
        "b.wav": [Region(5, 15, "cry", 0.7)],
    }
    corrected = {"a.wav": [Region(10, 20, "cry", 0.9)], "b.wav": []}
    form = FORMATS[name]
    before, after = tmp_path / f"found{form.suffix}", tmp_path / f"corrected{form.suffix}"
    save_regions(regions, form, before)
    save_regions(corrected, form, after)
    assert before.is_dir() is not form.one_file
    reviewed = read_review(before, after, 8.0)
    assert [(Path(a.file).stem, a.start) for a in reviewed if a.role is Role.POSITIVE] == [("a", 10)]
    assert [(Path(a.file).stem, a.start) for a in reviewed if a.role is Role.ABSENT] == [
        ("a", 40),
        ("b", 5),
    ]
