"""Where the recordings of label files are."""

import pytest

from audioscan_host.annotations import Role
from audioscan_host.cutting.found import read_found
from audioscan_host.errors import AnnotationError
from audioscan_host.notes import About, Notes


@pytest.fixture
def notes():
    return Notes()


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Recordings in `site`, from whose parent a person works."""
    for name in ("site/day.wav", "site/night.wav", "site/deep/day.wav"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"sound")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path, *rows, header="file,start,end,label"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *rows, ""]))
    return path


def found_in(paths, recordings=None, tell=None):
    found = read_found(paths, recordings, tell or Notes())
    return {path.resolve(): places for path, places in found.places.items()}, dict(found.missing)


def test_a_recording_is_seen_from_the_label_file_and_from_the_current_folder(site):
    beside = write(
        site / "site" / "found.csv", "day.wav,1,2,cry", "deep/day.wav,3,4,cry", "site/night.wav,5,6,cry"
    )
    places, missing = found_in([beside])
    assert {path: places[path][0].start for path in places} == {
        site / "site/day.wav": 1, site / "site/deep/day.wav": 3, site / "site/night.wav": 5,
    }  # fmt: skip
    assert not missing


def test_a_name_may_lack_its_suffix_as_those_of_audacity_do(site):
    label_file = site / "site" / "day.txt"
    label_file.write_text("1\t2\tcry\n")
    assert list(found_in([label_file])[0]) == [site / "site/day.wav"]
    (site / "site" / "day.mp3").write_bytes(b"sound")
    with pytest.raises(AnnotationError, match="fits both"):
        found_in([label_file])


def test_what_is_nowhere_is_named_and_the_others_are_found(site):
    places, missing = found_in(
        [write(site / "found.csv", "site/day.wav,1,2,cry", "day.wav,1,2,cry", "x/no.wav,3,4,cry")]
    )
    assert list(places) == [site / "site/day.wav"]  # and day.wav is none that only has its name
    assert list(missing) == ["day.wav", "x/no.wav"]
    assert "no such recording" in missing["x/no.wav"]
    assert "--recordings" in missing["x/no.wav"]


def test_recordings_that_lie_elsewhere_are_matched_as_those_of_train(site, notes):
    label_file = write(
        site / "other" / "found.csv", "/gone/deep/day.wav,1,2,cry", "night.wav,1,2,cry", "no.wav,1,2,cry"
    )
    recordings = [site / "site/deep/day.wav", site / "site/night.wav"]
    places, missing = found_in([label_file], recordings, notes)
    # The first is found by its name alone, since no other recording is called so.
    assert list(places) == [site / "site/deep/day.wav", site / "site/night.wav"]
    assert not missing  # nobody asked for others
    (note,) = [note for note in notes.told() if note.about is About.LEFT_OUT]
    assert "1 of its recordings" in note.message
    assert "not among those given" in note.message
    with pytest.raises(AnnotationError, match="no name fits"):
        found_in([label_file], [site / "site/deep/other.wav"])


def test_two_spellings_and_two_files_are_one_recording_and_one_place(site):
    first = write(site / "a.csv", "site/day.wav,1,2,cry", "site/deep/../day.wav,3,4,cry")
    second = write(site / "site/b.csv", "day.wav,5,6,cry", "day.wav,5,6,cry")
    (places,) = found_in([first, second])[0].values()
    assert [place.start for place in places] == [1, 3, 5]


def test_a_folder_stands_for_its_label_files_and_one_without_any_place_is_no_error(site):
    (site / "found").mkdir()
    (site / "found" / "day.txt").write_text("")
    write(site / "found" / "b.csv", "site/night.wav,5,6,cry")
    assert list(found_in([site / "found"])[0]) == [site / "site/night.wav"]


def test_of_a_scan_the_rest_is_unlabelled_and_of_labels_it_is_not(site):
    scan = write(site / "scan.csv", "site/day.wav,1,2,cry,0.9", header="file,start,end,label,score")
    labels = write(site / "labels.csv", "site/night.wav,1,2,cry")
    places, _ = found_in([scan, labels])
    assert [each.role for each in places[site / "site/day.wav"]] == [Role.POSITIVE, Role.UNLABELLED]
    assert [each.role for each in places[site / "site/night.wav"]] == [Role.POSITIVE]
