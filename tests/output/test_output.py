"""Every format is written as those who read it expect."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from types import MappingProxyType

import numpy as np
import pytest

from audioscan_host.annotations import read_annotations
from audioscan_host.annotations.reading import read_label_file
from audioscan_host.cli.scan import scan
from audioscan_host.cli.search import search
from audioscan_host.errors import AnnotationError
from audioscan_host.output import FORMATS
from audioscan_host.output.saving import save_regions
from audioscan_host.output.scores import ScoreTable
from audioscan_host.regions import Region

DAY = [Region(3.0, 5.5, "call", 0.93), Region(10.25, 12.0, "song", 0.5)]
NIGHT = [Region(0.0, 1.0, "call", 1.0)]
AWKWARD = 'a, "b"\tc\r\nd\u2028e'


def written(name: str, regions: Mapping[str, Sequence[Region]]) -> str:
    stream = io.StringIO(newline="")
    FORMATS[name].write(stream, regions)
    return stream.getvalue()


def read_back(
    tmp_path, name: str, regions: Mapping[str, Sequence[Region]], stem: str = "results"
) -> list[tuple]:
    path = tmp_path / f"{stem}{FORMATS[name].suffix}"
    path.write_bytes(written(name, regions).encode())
    return [(a.file, a.start, a.end, a.label) for a in read_annotations(path)]


class TestEveryFormat:
    def test_is_known_by_the_name_that_the_command_line_takes(self):
        assert list(FORMATS) == ["csv", "json", "audacity", "raven", "tsv"]
        assert all(name == each.name for name, each in FORMATS.items())

    def test_says_whether_several_recordings_fit_one_file(self):
        assert [name for name, each in FORMATS.items() if not each.one_file] == ["audacity", "raven"]

    @pytest.mark.parametrize("name", FORMATS)
    def test_gives_the_same_bytes_every_time_with_plain_line_ends(self, name):
        text = written(name, {"day.wav": DAY})
        assert text == written(name, {"day.wav": list(DAY)})
        assert "\r" not in text
        assert text.endswith("\n")

    @pytest.mark.parametrize("name", FORMATS)
    def test_takes_scores_of_single_precision(self, name):
        regions = [Region(np.float64(3), np.float64(5.5), "call", np.float32(0.93)), DAY[1]]
        assert written(name, {"day.wav": regions}) == written(name, {"day.wav": DAY})

    @pytest.mark.parametrize("name", ["audacity", "raven"])
    def test_of_one_recording_refuses_several(self, name):
        with pytest.raises(ValueError, match="holds one recording, not 2"):
            written(name, {"day.wav": DAY, "night.wav": NIGHT})

    def test_is_listed_without_importing_numpy(self):
        code = (
            "import sys, audioscan_host.output as o; sys.exit(len(o.FORMATS) != 5 or 'numpy' in sys.modules)"
        )
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class TestCsv:
    def test_is_a_row_for_each_region_of_each_file(self):
        assert written("csv", {"day.wav": DAY, "b/night.wav": NIGHT}) == (
            "file,start,end,label,score,recorded_at\n"
            "day.wav,3.000,5.500,call,0.930000,\n"
            "day.wav,10.250,12.000,song,0.500000,\n"
            "b/night.wav,0.000,1.000,call,1.000000,\n"
        )

    def test_is_a_header_alone_where_nothing_was_found(self):
        assert (
            written("csv", {"day.wav": []})
            == written("csv", {})
            == "file,start,end,label,score,recorded_at\n"
        )

    def test_keeps_awkward_names_in_quotes(self):
        rows = list(
            csv.reader(io.StringIO(written("csv", {"x,y.wav": [Region(0, 1, AWKWARD, 0.5)]}), newline=""))
        )
        assert rows[1:] == [["x,y.wav", "0.000", "1.000", AWKWARD, "0.500000", ""]]

    def test_reads_back_as_annotations(self, tmp_path):
        assert read_back(tmp_path, "csv", {"day.wav": DAY, "b/night.wav": NIGHT}) == [
            ("day.wav", 3.0, 5.5, "call"),
            ("day.wav", 10.25, 12.0, "song"),
            ("b/night.wav", 0.0, 1.0, "call"),
        ]


class TestJson:
    def test_lists_the_regions_of_each_file(self):
        assert json.loads(written("json", {"day.wav": DAY, "quiet.wav": []})) == {
            "format": "audioscan-host regions",
            "version": 1,
            "recordings": [
                {
                    "file": "day.wav",
                    "regions": [
                        {"start": 3.0, "end": 5.5, "label": "call", "score": 0.93, "recorded_at": None},
                        {"start": 10.25, "end": 12.0, "label": "song", "score": 0.5, "recorded_at": None},
                    ],
                },
                {"file": "quiet.wav", "regions": []},
            ],
        }

    def test_is_valid_where_nothing_was_scanned(self):
        assert json.loads(written("json", {}))["recordings"] == []

    def test_keeps_awkward_names(self):
        document = json.loads(written("json", {"é\n.wav": [Region(0, 1, AWKWARD, 0.5)]}))
        assert document["recordings"][0]["file"] == "é\n.wav"
        assert document["recordings"][0]["regions"][0]["label"] == AWKWARD

    def test_rounds_as_the_tables_do(self):
        document = json.loads(written("json", {"d": [Region(1 / 3, 2 / 3, "x", 2 / 3)]}))
        assert document["recordings"][0]["regions"] == [
            {"start": 0.333, "end": 0.667, "label": "x", "score": 0.666667, "recorded_at": None}
        ]


class TestAudacity:
    def test_is_start_end_and_label_between_tabs(self):
        assert written("audacity", {"day.wav": DAY}) == "3.000\t5.500\tcall\n10.250\t12.000\tsong\n"

    def test_is_empty_where_nothing_was_found(self):
        assert written("audacity", {"day.wav": []}) == ""

    def test_keeps_a_label_on_its_line(self):
        assert written("audacity", {"d": [Region(0, 1, AWKWARD, 0.5)]}) == '0.000\t1.000\ta, "b" c d e\n'

    def test_reads_back_as_annotations_of_the_file_it_is_named_like(self, tmp_path):
        assert read_back(tmp_path, "audacity", {"x/day.wav": DAY}, stem="day") == [
            ("day", 3.0, 5.5, "call"),
            ("day", 10.25, 12.0, "song"),
        ]


class TestRaven:
    def test_has_the_columns_and_values_of_a_selection_table(self):
        rows = [line.split("\t") for line in written("raven", {"field/day.wav": DAY}).splitlines()]
        # The first seven are the columns of a table that Raven saves, in its order.
        assert rows[0] == [
            "Selection",
            "View",
            "Channel",
            "Begin Time (s)",
            "End Time (s)",
            "Low Freq (Hz)",
            "High Freq (Hz)",
            "Begin File",
            "Annotation",
            "Score",
        ]
        assert rows[1:] == [
            ["1", "Spectrogram 1", "1", "3.000", "5.500", "0", "8000", "day.wav", "call", "0.930000"],
            ["2", "Spectrogram 1", "1", "10.250", "12.000", "0", "8000", "day.wav", "song", "0.500000"],
        ]

    def test_is_a_header_alone_where_nothing_was_found(self):
        assert written("raven", {"day.wav": []}).count("\n") == written("raven", {}).count("\n") == 1

    def test_writes_no_quotes_and_keeps_a_row_on_its_line(self):
        rows = written("raven", {"a\tb.wav": [Region(0, 1, AWKWARD, 0.5)]}).split("\n")
        assert len(rows) == 3
        assert rows[1].split("\t")[7:9] == ["a b.wav", 'a, "b" c d e']


class TestDcase:
    def test_is_an_event_list_as_in_task_4(self):
        assert written("tsv", {"day.wav": DAY, "quiet.wav": [], "night.wav": NIGHT}) == (
            "filename\tonset\toffset\tevent_label\n"
            "day.wav\t3.000\t5.500\tcall\n"
            "day.wav\t10.250\t12.000\tsong\n"
            "night.wav\t0.000\t1.000\tcall\n"
        )

    def test_reads_back_with_the_parser_that_sed_eval_uses(self):
        # dcase_util reads event lists with csv.reader and the tab it finds.
        text = written("tsv", {"d.wav": [Region(0, 1, AWKWARD, 0.5)]})
        assert list(csv.reader(io.StringIO(text), delimiter="\t"))[1] == [
            "d.wav",
            "0.000",
            "1.000",
            'a, "b" c d e',
        ]


class TestScores:
    def test_is_a_row_for_each_window_and_label(self):
        stream = io.StringIO(newline="")
        table = ScoreTable(stream)
        scores = {"call": np.array([0.25, 1 / 3], dtype=np.float32), "song": np.array([0.0, 1.0])}
        table.add("day.wav", np.array([0.0, 0.5]), 8.0, 8.5, scores)
        table.add("x,y.wav", np.array([0.0]), 8.0, 3.25, {"call": np.array([0.5])})
        assert stream.getvalue() == (
            "file,start,end,label,probability,recorded_at\n"
            "day.wav,0.000,8.000,call,0.250000,\n"
            "day.wav,0.000,8.000,song,0.000000,\n"
            "day.wav,0.500,8.500,call,0.333333,\n"
            "day.wav,0.500,8.500,song,1.000000,\n"
            '"x,y.wav",0.000,3.250,call,0.500000,\n'
        )

    def test_is_a_header_alone_where_nothing_was_scanned(self):
        stream = io.StringIO()
        ScoreTable(stream)
        assert stream.getvalue() == "file,start,end,label,probability,recorded_at\n"

    def test_refuses_probabilities_that_do_not_fit_the_windows(self):
        with pytest.raises(ValueError, match="zip"):
            ScoreTable(io.StringIO()).add("d", np.zeros(2), 8.0, 9.0, {"call": np.zeros(1)})


class TestWhenItWasRecorded:
    BEGAN = datetime(2024, 5, 1, 23, 59, 58, tzinfo=timezone(timedelta(hours=-3.5)))
    FOUND = (Region(3.0, 5.5, "call", 0.93, BEGAN + timedelta(seconds=3)),)

    def test_is_the_last_column_of_a_table_in_iso_8601(self):
        rows = list(csv.DictReader(io.StringIO(written("csv", {"day.wav": self.FOUND}))))
        assert list(rows[0].items())[-1] == ("recorded_at", "2024-05-02T00:00:01.000-03:30")

    def test_has_no_zone_where_that_is_not_known(self):
        found = [Region(0.0, 1.0, "call", 1.0, datetime(2024, 5, 1, 4, 30, 0, 999_600))]
        assert written("csv", {"day.wav": found}).endswith(",2024-05-01T04:30:01.000\n")

    def test_is_a_member_of_each_region_of_a_document(self):
        (recording,) = json.loads(written("json", {"day.wav": self.FOUND}))["recordings"]
        assert recording["regions"][0]["recorded_at"] == "2024-05-02T00:00:01.000-03:30"

    def test_is_that_of_each_window_beside_its_probability(self):
        stream = io.StringIO(newline="")
        scores = {"call": np.array([0.25, 0.5])}
        ScoreTable(stream).add("d", np.array([0.0, 2.25]), 8.0, 60.0, scores, recorded_at=self.BEGAN)
        told = [row["recorded_at"] for row in csv.DictReader(io.StringIO(stream.getvalue()))]
        assert told == ["2024-05-01T23:59:58.000-03:30", "2024-05-02T00:00:00.250-03:30"]

    @pytest.mark.parametrize("name", ["csv", "audacity", "raven", "tsv"])
    def test_changes_nothing_where_results_are_read_back_as_labels(self, tmp_path, name):
        timeless = [Region(3.0, 5.5, "call", 0.93)]
        with_time = read_back(tmp_path, name, {"day.wav": self.FOUND}, "day")
        assert with_time == read_back(tmp_path, name, {"day.wav": timeless}, "day")
        assert [each[1:] for each in with_time] == [(3.0, 5.5, "call")]


class TestAFolderOfFiles:
    def test_recordings_that_differ_only_in_folder_or_suffix_have_files_of_their_own(self, tmp_path):
        names = ["a/day.wav", "a/day.mp4", "b/day.wav", "b/night.wav"]
        regions = {str(tmp_path / name): [Region(i, i + 1, "call", 0.9)] for i, name in enumerate(names)}
        save_regions(regions, FORMATS["audacity"], tmp_path / "out")
        written = {
            path.relative_to(tmp_path / "out").as_posix(): path.read_text()[0]
            for path in (tmp_path / "out").rglob("*.txt")
        }
        assert written == {"a/day.wav.txt": "0", "a/day.mp4.txt": "1", "b/day.txt": "2", "b/night.txt": "3"}

    def test_one_recording_has_its_file_in_a_folder_that_is_there_as_several_have(self, tmp_path):
        save_regions({"day.wav": [Region(1, 2, "call", 0.9)]}, FORMATS["audacity"], tmp_path)
        assert (tmp_path / "day.txt").read_text() == "1.000\t2.000\tcall\n"

    def test_a_name_that_leaves_no_room_for_the_formats_suffix_costs_its_own_file_and_is_named(
        self, tmp_path
    ):
        long = "n" * 251 + ".wav"  # 255 bytes, the most that file systems take
        regions = {name: [Region(1, 2, "call", 0.9)] for name in ("a.wav", long, "b.wav")}
        (unwritten,) = save_regions(regions, FORMATS["raven"], tmp_path)
        assert sorted(path.name[0] for path in tmp_path.iterdir()) == ["a", "b"]
        assert unwritten.startswith(str(tmp_path / "n"))
        assert unwritten.endswith("cannot be written: File name too long")

    def test_a_name_of_255_bytes_fits_where_the_suffix_is_no_longer_than_its_own(self, tmp_path):
        names = ["n" * 251 + ".wav", "a.wav"]
        assert save_regions({name: [] for name in names}, FORMATS["audacity"], tmp_path) == ()
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "n" * 251 + ".txt"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are always text")
class TestNamesThatAreNotUtf8:
    NAME = os.fsdecode(b"k\xe4uz.wav")
    REGIONS = MappingProxyType({NAME: (Region(1, 2, "call", 0.9),)})

    @pytest.mark.parametrize("name", ["csv", "tsv", "raven"])
    def test_they_are_written_as_the_file_system_has_them_and_read_back(self, tmp_path, name):
        out = tmp_path / f"found{FORMATS[name].suffix}"
        save_regions(self.REGIONS, FORMATS[name], out)
        assert b"k\xe4uz.wav" in out.read_bytes()
        assert [each.file for each in read_label_file(out).annotations] == [self.NAME]

    def test_json_has_them_as_text_that_every_reader_takes(self, tmp_path):
        save_regions(self.REGIONS, FORMATS["json"], tmp_path / "found.json")
        document = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
        assert document["recordings"][0]["file"] == self.NAME

    def test_a_file_a_recording_has_such_a_name_itself(self, tmp_path):
        save_regions(self.REGIONS, FORMATS["audacity"], tmp_path)
        assert [os.fsencode(path.name) for path in tmp_path.iterdir()] == [b"k\xe4uz.txt"]

    def test_labels_that_are_not_are_refused_as_ever(self, tmp_path):
        (tmp_path / "labels.csv").write_bytes(b"file,start,end,label\nk\xe4uz.wav,1,2,k\xe4uz\n")
        with pytest.raises(AnnotationError, match="line 2: not UTF-8 text"):
            read_label_file(tmp_path / "labels.csv")


class TestATerminal:
    """What is text on a terminal and what would change it: `docs/security.md`."""

    REGIONS = MappingProxyType({"d\x1b[2J.wav": (Region(1, 2, "c\x9b31m", 0.9),)})

    class Screen(io.StringIO):
        def isatty(self):
            return True

    @pytest.mark.parametrize("name", ["csv", "tsv", "raven"])
    def test_escapes_are_written_out_on_it_and_raw_elsewhere(self, monkeypatch, name):
        written = {}
        for stream in (self.Screen(newline=""), io.StringIO(newline="")):
            monkeypatch.setattr(sys, "stdout", stream)
            save_regions(self.REGIONS, FORMATS[name], None)
            written[stream.isatty()] = stream.getvalue()
        assert "d\x1b[2J.wav" in written[False]
        assert "c\x9b31m" in written[False]
        assert written[True] == written[False].replace("\x1b", r"\x1b").replace("\x9b", r"\x9b")

    def test_json_has_none_anywhere(self):
        stream = io.StringIO()
        FORMATS["json"].write(stream, self.REGIONS)
        assert stream.getvalue().replace("\n", "").isprintable()
        assert json.loads(stream.getvalue())["recordings"][0]["file"] == "d\x1b[2J.wav"


@pytest.mark.parametrize(("command", "more"), [(scan, ["parquet"]), (search, [])])
def test_the_command_line_offers_every_format(command, more):
    (offered,) = [option.type.choices for option in command.params if option.name == "format_name"]
    assert list(offered) == ["csv", "json", "audacity", "raven", "tsv", *more] == [*FORMATS, *more]
