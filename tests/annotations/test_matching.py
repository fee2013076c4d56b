"""Annotations find the recording they belong to, or an error names both sides; later files win."""

import logging
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from audioscan_host.annotations import Annotation
from audioscan_host.annotations.matching import annotated, match_recordings
from audioscan_host.annotations.window_labels import window_labels
from audioscan_host.errors import AnnotationError
from audioscan_host.notes import About


def of(file: str, start: float = 1.0) -> Annotation:
    return Annotation(file, start, start + 1, "call")


class TestMatchingRecordings:
    def test_finds_a_path_from_the_label_files_folder(self, tmp_path):
        recordings = [tmp_path / "a" / "day.wav", tmp_path / "b" / "day.wav"]
        matched = match_recordings([of("day.wav")], recordings, tmp_path / "b" / "labels.csv")
        assert matched.by_recording == {recordings[0]: [], recordings[1]: [of("day.wav")]}

    def test_finds_a_path_from_the_current_folder(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        recordings = [Path("a/day.wav"), Path("b/day.wav")]
        matched = match_recordings([of("./a/../b/day.wav")], recordings, Path("/elsewhere/labels.csv"))
        assert matched.by_recording[Path("b/day.wav")] == [of("./a/../b/day.wav")]

    def test_finds_an_absolute_path(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        file = str(tmp_path / "day.wav")
        matched = match_recordings([of(file)], [Path("day.wav")], Path("/elsewhere/labels.csv"))
        assert matched.by_recording == {Path("day.wav"): [of(file)]}

    @pytest.mark.parametrize("file", ["day.wav", "b/day.wav", "b\\day.wav", "./b/day.wav", "b/day"])
    def test_finds_the_end_of_a_path(self, tmp_path, file):
        recordings = [tmp_path / "a" / "night.wav", tmp_path / "b" / "day.wav"]
        matched = match_recordings([of(file), of("gone.wav")], recordings, Path("/elsewhere/labels.csv"))
        assert matched.by_recording == {recordings[0]: [], recordings[1]: [of(file)]}
        assert matched.elsewhere == [of("gone.wav")]
        assert not matched.by_name_only

    def test_finds_an_audacity_file_by_its_stem_next_to_it_first(self, tmp_path):
        recordings = [tmp_path / "a" / "2024.05.wav", tmp_path / "b" / "2024.05.wav"]
        matched = match_recordings([of("2024.05")], recordings, tmp_path / "a" / "2024.05.txt")
        assert matched.by_recording[recordings[0]] == [of("2024.05")]

    def test_keeps_the_order_of_recordings_and_of_annotations(self, tmp_path):
        recordings = [tmp_path / name for name in ("c.wav", "a.wav", "b.wav")]
        annotations = [of("a.wav", 5), of("c.wav", 1), of("a.wav", 2)]
        matched = match_recordings(annotations, recordings, tmp_path / "l.csv")
        assert list(matched.by_recording) == recordings
        assert matched.by_recording[recordings[1]] == [of("a.wav", 5), of("a.wav", 2)]

    def test_takes_the_ways_to_write_an_accent_for_the_same(self, tmp_path):
        recording = tmp_path / unicodedata.normalize("NFD", "café.wav")
        file = unicodedata.normalize("NFC", "café.wav")
        assert match_recordings([of(file)], [recording], tmp_path / "l.csv").by_recording[recording]

    @pytest.mark.parametrize("file", ["day.wav", "day"])
    def test_refuses_a_name_that_fits_two_recordings(self, tmp_path, file):
        recordings = [tmp_path / "a" / "day.wav", tmp_path / "b" / "day.wav"]
        with pytest.raises(
            AnnotationError, match=r"fits both .*a/day.wav and .*b/day.wav: write its folder too"
        ):
            match_recordings([of(file)], recordings, tmp_path / "labels.csv")

    def test_does_not_take_another_folders_file_of_the_same_name(self, tmp_path):
        recordings = [tmp_path / "b" / "1.wav", tmp_path / "b" / "2.wav"]
        matched = match_recordings([of("a/1.wav"), of("b/2.wav")], recordings, Path("/elsewhere/labels.csv"))
        assert matched.by_recording == {recordings[0]: [], recordings[1]: [of("b/2.wav")]}
        assert matched.elsewhere == [of("a/1.wav")]

    def test_finds_a_collection_that_moved(self, tmp_path):
        recordings = [tmp_path / "a" / "1.wav", tmp_path / "b" / "1.wav", tmp_path / "b" / "2.wav"]
        annotations = [of("D:\\field\\a\\1.wav"), of("D:\\field\\b\\1.wav"), of("D:\\field\\a\\2.wav")]
        matched = match_recordings(annotations, recordings, tmp_path / "labels.csv")
        assert matched.by_recording == {
            recordings[0]: annotations[:1],
            recordings[1]: annotations[1:2],
            recordings[2]: [],
        }
        assert matched.elsewhere == annotations[2:]
        assert matched.by_name_only

    def test_finds_moved_files_by_name_alone(self, tmp_path):
        recording = tmp_path / "new" / "day.wav"
        matched = match_recordings([of("/old/place/day.wav")], [recording], tmp_path / "labels.csv")
        assert matched.by_recording == {recording: [of("/old/place/day.wav")]}
        assert matched.by_name_only

    def test_refuses_two_moved_files_for_one_recording(self, tmp_path):
        with pytest.raises(AnnotationError, match=r"'/x/day.wav' and '/y/day.wav' both have the name"):
            match_recordings([of("/x/day.wav"), of("/y/day.wav")], [tmp_path / "day.wav"], tmp_path / "l.csv")

    def test_shows_both_sides_when_nothing_fits(self, tmp_path):
        with pytest.raises(
            AnnotationError, match=r"l.csv names 'night.wav', but .* such as .*day.wav: no name fits"
        ):
            match_recordings([of("night.wav")], [tmp_path / "day.wav"], tmp_path / "l.csv")

    def test_takes_one_recording_given_twice_for_one(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        recordings = [Path("day.wav"), tmp_path / "day.wav"]
        assert (
            list(match_recordings([of("day.wav")], recordings, Path("l.csv")).by_recording) == recordings[:1]
        )


class TestNamesThatDifferInTheirSuffix:
    """A last try: the one recording that is called so, whatever its suffix and case, and what a label file has behind it."""

    @pytest.mark.parametrize(
        ("file", "recording"),
        [
            ("r0.wav", "r0.flac"),
            ("r0.wav", "R0.WAV"),
            ("r0.csv", "r0.wav"),
            ("C:\\x\\r0.wav", "r0.flac"),
            ("X.audacity", "X.wav"),
            ("X.Table.1.selections", "X.wav"),
            ("X.BirdNET.results", "X.wav"),
            ("X.BirdNET.selection.table", "X.flac"),
            ("X.wav", "x.MP3"),
            ("2024.05.01.labels", "2024.05.01.wav"),
            ("day_annotations", "day.wav"),
        ],
    )
    def test_finds_the_only_one(self, tmp_path, file, recording):
        recordings = [tmp_path / recording, tmp_path / "other.wav"]
        matched = match_recordings([of(file)], recordings, tmp_path / "labels" / "l.csv")
        assert matched.by_recording[recordings[0]] == [of(file)]
        assert matched.by_stem == {file: recordings[0]}
        assert not matched.by_name_only

    @pytest.mark.parametrize(
        ("files", "names"),
        [
            (["r0.wav"], ["r0.flac", "R0.mp3"]),  # two recordings may be meant
            (["r0.wav", "r0.csv"], ["r0.flac"]),  # two files may mean it
            (["r0.flac", "r0.csv"], ["r0.flac"]),  # another means it by its whole name
            (["2024.05.01"], ["2024.05.wav"]),  # the end of a date is no suffix
            (["day 2.wav"], ["day.wav"]),
        ],
    )
    def test_takes_none_where_it_is_not_the_only_one(self, tmp_path, files, names):
        recordings = [tmp_path / name for name in [*names, "known.wav"]]
        annotations = [of(file) for file in [*files, "known.wav"]]
        assert match_recordings(annotations, recordings, tmp_path / "l.csv").by_stem == {}

    def test_goes_by_the_folder_where_the_label_file_names_it(self, tmp_path):
        recordings = [tmp_path / folder / "r0.flac" for folder in ("a", "b")]
        annotations = [of("a/r0.wav"), of("b/r0.wav"), of("c/r0.wav")]
        matched = match_recordings(annotations, recordings, Path("/elsewhere/l.csv"))
        assert matched.by_stem == {"a/r0.wav": recordings[0], "b/r0.wav": recordings[1]}
        assert matched.elsewhere == annotations[2:]

    def test_does_not_take_another_folders_file_once_folders_agree(self, tmp_path):
        recordings = [tmp_path / "b" / "1.flac", tmp_path / "b" / "2.wav"]
        matched = match_recordings([of("a/1.wav"), of("b/2.wav")], recordings, Path("/elsewhere/l.csv"))
        assert matched.by_stem == {}
        assert matched.elsewhere == [of("a/1.wav")]

    def test_a_label_file_means_the_recording_beside_it(self, tmp_path):
        recordings = [tmp_path / folder / "X.wav" for folder in ("a", "b")]
        matched = match_recordings([of("X.audacity")], recordings, tmp_path / "b" / "X.audacity.txt")
        assert matched.by_stem == {"X.audacity": recordings[1]}

    def test_is_told_once_for_all_label_files(self, tmp_path):
        for name in ("x", "y", "z"):
            (tmp_path / f"{name}.audacity.txt").write_text("1\t2\tcall\n")
        (tmp_path / "x.wav").touch()
        notes = []
        recordings = [tmp_path / f"{name}.wav" for name in ("x", "y", "z")]
        annotated(
            recordings, [tmp_path / f"{name}.audacity.txt" for name in ("x", "y", "z")], tell=notes.append
        )
        (note,) = notes
        assert "'x.audacity' is taken for" in note.message
        assert "and 2 more recordings likewise" in note.message

    def test_a_file_that_leads_nowhere_at_all_is_no_error(self, tmp_path):
        (tmp_path / "loop").symlink_to(tmp_path / "loop")
        for file in ("loop/a.wav", "a\0b.wav", "x" * 5000):
            matched = match_recordings([of(file), of("day.wav")], [tmp_path / "day.wav"], tmp_path / "l.csv")
            assert matched.elsewhere == [of(file)]


class TestAnnotated:
    def test_a_table_without_a_row_makes_its_recording_negative_and_is_told(self, tmp_path):
        header = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tSpecies\n"
        (tmp_path / "quiet.Table.1.selections.txt").write_text(header)
        (tmp_path / "call.Table.1.selections.txt").write_text(header + "1\tSpectrogram 1\t1\t2\t3\tcall\n")
        quiet, call, other = (tmp_path / f"{name}.wav" for name in ("quiet", "call", "other"))
        notes = []
        found = annotated([quiet, call, other], sorted(tmp_path.glob("*.txt")), tell=notes.append)
        assert list(found) == [quiet, call]  # of the other one nobody has said anything
        times = np.arange(0.0, 60.0)
        assert (window_labels(found[quiet], "call", times, 1.0) == 0).all()
        assert (window_labels(found[quiet], "another", times, 1.0) == 0).all()
        (note,) = [note for note in notes if note.about is About.LABELS]
        assert (
            "quiet.Table.1.selections.txt: holds no label, so somebody listened and heard nothing"
            in note.message
        )

    def test_all_files_that_name_none_of_the_recordings_are_named_at_once(self, tmp_path):
        for name in ("a", "b", "day"):
            (tmp_path / f"{name}.txt").write_text("1\t2\tcall\n")
        with pytest.raises(AnnotationError) as caught:
            annotated([tmp_path / "day.wav"], [tmp_path / f"{name}.txt" for name in ("a", "b", "day")])
        assert str(caught.value).startswith("2 label files cannot be used: ")
        assert "a.txt names 'a', but" in str(caught.value)
        assert "b.txt names 'b', but" in str(caught.value)

    def test_rows_that_name_no_sound_are_told_with_their_number(self, tmp_path):
        (tmp_path / "a.txt").write_text("1\t2\tcall\n3\t4\t\n5\t6\t\n")
        (tmp_path / "b.txt").write_text("1\t2\t\n3\t4\tcall\n")
        notes = []
        recordings = [tmp_path / "a.wav", tmp_path / "b.wav"]
        found = annotated(recordings, [tmp_path / "a.txt", tmp_path / "b.txt"], tell=notes.append)
        assert [len(each) for each in found.values()] == [1, 1]
        (note,) = notes
        assert "a.txt and 1 more file: 3 rows name no sound and are skipped" in note.message

    def test_later_files_win_in_each_recording_by_itself(self, tmp_path, caplog):
        a, b = tmp_path / "a.wav", tmp_path / "b.wav"
        first, second = tmp_path / "first.csv", tmp_path / "a.txt"
        first.write_text(
            "file,start,end,label\na.wav,1,3,call\na.wav,5,7,call\na.wav,1,3,rain\nb.wav,1,3,call\n"
        )
        second.write_text("2\t4\tcall\n")
        with caplog.at_level(logging.INFO):
            found = annotated([a, b], [first, second])
        assert found == {
            a: [
                Annotation("a.wav", 5.0, 7.0, "call"),
                Annotation("a.wav", 1.0, 3.0, "rain"),
                Annotation("a", 2.0, 4.0, "call"),
            ],
            b: [Annotation("b.wav", 1.0, 3.0, "call")],
        }
        assert "a.txt: replaces 1 annotations of the files before it" in caplog.text
        assert len(annotated([a, b], [second, first])[a]) == 3

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("file,start,end,label,score\nday.wav,1,2,call,0.9\n", True),
            ('"file","start","end","label","Score"\nday.wav,1,2,call,0.9\n', True),
            ("Begin Time (s)\tEnd Time (s)\tAnnotation\tScore\n1\t2\tcall\t0.9\n", True),
            ("file,start,end,label\nday.wav,1,2,score\n", False),
            ("1\t2\tscore\n", False),
            ("file,start,end,label,role,score\nday.wav,1,2,call,,0.9\nday.wav,0,60,,unlabelled,\n", False),
            ("file,start,end,label,role,score\nday.wav,1,2,call,soft,0.9\n", False),
        ],
    )
    def test_a_list_that_was_found_and_says_nothing_of_the_rest_is_told(self, tmp_path, caplog, text, told):
        path = tmp_path / "day.txt"
        path.write_text(text)
        annotated([tmp_path / "day.wav"], [path])
        lines = [message for message in caplog.messages if "has scores" in message]
        assert len(lines) == told
        assert all(line.startswith(f"{path}: has scores") and "role unlabelled" in line for line in lines)

    def test_many_lists_that_were_found_are_one_line(self, tmp_path, caplog):
        for i in range(3):
            (tmp_path / f"{i}.csv").write_text(f"file,start,end,label,score\n{i}.wav,1,2,call,0.9\n")
        recordings = [tmp_path / f"{i}.wav" for i in range(3)]
        annotated(recordings, [tmp_path / f"{i}.csv" for i in range(3)])
        (line,) = [message for message in caplog.messages if "has scores" in message]
        assert line.startswith(f"{tmp_path / '0.csv'} and 2 more files: has scores")

    def test_a_file_given_twice_counts_once(self, tmp_path):
        label_file = tmp_path / "day.txt"
        label_file.write_text("1\t3\tcall\n2\t4\tcall\n9\t9\tcall\n")
        day = tmp_path / "day.wav"
        assert annotated([day], [label_file, label_file]) == annotated([day], [label_file])
