"""What a scan writes reads back as positive annotations: the same files, times and labels."""

import io
from pathlib import Path

import pytest

from audioscan_host.annotations import Annotation, read_annotations
from audioscan_host.output import FORMATS
from audioscan_host.output.saving import save_regions
from audioscan_host.regions import Region

LABELS = [
    "call", "a b", "a, b", 'say "hi"', '"quoted"', '"', "it's", "café ñ 鳥 🐦", "5", "1.5", "nan", "-3", "a;b", "\\",
    "#1", "file", "onset", "=SUM(A1)", "a/b\\c", "NFD e\u0301", "\ufeffx", "x" * 500,
]  # fmt: skip
FILES = [
    "day.wav", "two words.wav", "a, b.wav", 'the "day".wav', '"day".wav', "it's.wav", "grün/鳥 🐦.wav", "2024.05.01.wav",
    "20240501_120000.wav", "17", "3.5", "a;b.wav", "#1.wav", "onset.wav", "file", "Selection.wav", "a'b`c.mp4",
]  # fmt: skip


def read_back(
    tmp_path: Path, name: str, regions: dict[str, list[Region]], table: str = "results"
) -> list[Annotation]:
    stream = io.StringIO(newline="")
    FORMATS[name].write(stream, regions)
    path = tmp_path / (table + FORMATS[name].suffix)
    path.write_bytes(stream.getvalue().encode())
    return read_annotations(path)


def regions_of(labels: list[str]) -> list[Region]:
    return [Region(i + 1 / 3, i + 10.0625, label, 0.5) for i, label in enumerate(labels)]


def expected(file: str, labels: list[str]) -> list[Annotation]:
    return [
        Annotation(file, round(i + 1 / 3, 3), float(f"{i + 10.0625:.3f}"), x) for i, x in enumerate(labels)
    ]


class TestWhatAScanWrites:
    @pytest.mark.parametrize("name", ["csv", "tsv"])
    @pytest.mark.parametrize("first", range(len(FILES)))
    def test_tables_of_several_recordings_keep_files_and_labels(self, tmp_path, name, first):
        # Each file comes first once, and each label: the first row is what a format is recognised by.
        files = FILES[first:] + FILES[:first]
        labels = LABELS[first:] + LABELS[:first]
        found = read_back(tmp_path, name, {file: regions_of(labels) for file in files})
        assert found == [a for file in files for a in expected(file, labels)]

    @pytest.mark.parametrize("file", FILES)
    @pytest.mark.parametrize("first", range(0, len(LABELS), 3))
    def test_a_selection_table_keeps_the_name_of_its_recording_and_labels(self, tmp_path, file, first):
        labels = LABELS[first:] + LABELS[:first]
        found = read_back(tmp_path, "raven", {file: regions_of(labels)})
        assert found == expected(Path(file).name, labels)

    @pytest.mark.parametrize("first", range(len(LABELS)))
    def test_an_audacity_track_keeps_labels_and_is_named_like_its_recording(self, tmp_path, first):
        labels = LABELS[first:] + LABELS[:first]
        found = read_back(tmp_path, "audacity", {"x/the day.wav": regions_of(labels)}, "the day")
        assert found == expected("the day", labels)

    @pytest.mark.parametrize("name", ["audacity", "raven"])
    def test_a_folder_of_files_names_each_recording(self, tmp_path, name):
        recordings = ["a/day.wav", "a/day.mp4", "b/tag, ñ 1.Table.wav"]
        regions = {
            str(tmp_path / file): [Region(i, i + 1.0, "call", 0.9)] for i, file in enumerate(recordings)
        }
        save_regions(regions, FORMATS[name], tmp_path / "out")
        found = {
            a.start: a.file for path in (tmp_path / "out").rglob("*.txt") for a in read_annotations(path)
        }
        names = [Path(file).name for file in recordings]
        names[2:] = [Path(names[2]).stem] if name == "audacity" else names[2:]
        assert [found[i] for i in range(3)] == names

    @pytest.mark.parametrize("name", ["csv", "tsv", "raven", "audacity"])
    def test_a_break_in_a_label_is_kept_or_becomes_a_space(self, tmp_path, name):
        [found] = read_back(tmp_path, name, {"day.wav": [Region(0, 1, "a\tb\r\nc\u2028d", 0.5)]})
        assert found.label == ("a\tb\r\nc\u2028d" if name == "csv" else "a b c d")
