"""Selection tables of Raven and of the programs that write like it."""

import pytest

from audioscan_host.annotations import Annotation, Role, read_annotations
from audioscan_host.annotations.reading import read_label_file

PLAIN = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)"


@pytest.fixture
def table(write):
    """Write a table by its rows."""
    return lambda name, *rows: write(name, "\n".join(rows) + "\n")


class TestReadingRaven:
    @pytest.mark.parametrize(
        "name",
        [
            "day 1.Table.1.selections.txt",
            "day 1.Table.12.selections.txt",
            "day 1.selections.txt",
            "day 1.txt",
        ],
    )
    def test_a_table_without_a_file_belongs_to_the_recording_it_is_named_like(self, table, name):
        path = table(
            name,
            f"{PLAIN}\tSpecies",
            "1\tSpectrogram 1\t1\t3.361\t5.012\t1200.5\t4100.0\tNOCA",
            "2\tSpectrogram 1\t1\t9.5\t9.5\t0.0\t8000.0\tAMRO",
        )
        assert read_annotations(path) == [
            Annotation("day 1", 3.361, 5.012, "NOCA"),
            Annotation("day 1", 9.5, None, "AMRO"),
        ]

    def test_the_rows_of_several_views_and_channels_are_one_selection(self, table):
        rows = [
            f"{number}\t{view}\t{channel}\t{start}\t{start + 1}\t0\t8000\tcall"
            for number, start in ((1, 0.1), (2, 5.5))
            for view in ("Waveform 1", "Spectrogram 1")
            for channel in (1, 2)
        ]
        found = read_annotations(table("day.txt", f"{PLAIN}\tAnnotation", *rows))
        assert found == [Annotation("day", 0.1, 1.1, "call"), Annotation("day", 5.5, 6.5, "call")]

    def test_the_offset_in_the_file_goes_before_the_time_in_the_sequence(self, table):
        path = table(
            "site.Table.1.selections.txt",
            f"{PLAIN}\tBegin Path\tBegin File\tFile Offset (s)\tAnnotation",
            "1\tSpectrogram 1\t1\t12.0\t14.5\t0\t8000\tC:\\site\\a.wav\ta.wav\t12.0\tcall",
            "2\tSpectrogram 1\t1\t3612.3\t3613.4\t0\t8000\tC:\\site\\b.wav\tb.wav\t12.3\tcall",
        )
        assert read_annotations(path) == [
            Annotation("C:\\site\\a.wav", 12.0, 14.5, "call"),
            Annotation("C:\\site\\b.wav", 12.3, 13.4, "call"),
        ]

    def test_reads_what_birdnet_writes(self, table):
        path = table(
            "day.BirdNET.selection.table.txt",
            f"{PLAIN}\tCommon Name\tSpecies Code\tConfidence\tBegin Path\tFile Offset (s)",
            "1\tSpectrogram 1\t1\t3.0\t6.0\t0\t12000\tNorthern Cardinal\tnorcar\t0.91\t/data/day.wav\t3.0",
        )
        assert read_annotations(path) == [Annotation("/data/day.wav", 3.0, 6.0, "Northern Cardinal")]

    @pytest.mark.parametrize("end_of_line", ["\n", "\r\n", "\r"])
    def test_takes_the_first_column_of_labels_that_is_filled_in(self, tmp_path, end_of_line):
        path = tmp_path / "day.txt"
        lines = [f"{PLAIN}\tLabel\tSpecies\tAnnotation", "1\tSpectrogram 1\t1\t0\t1\t0\t8000\tx\tNOCA"]
        path.write_bytes(end_of_line.join([*lines, ""]).encode())
        assert read_annotations(path) == [Annotation("day", 0.0, 1.0, "NOCA")]

    def test_takes_quotes_and_commas_as_they_are(self, table):
        path = table("day.txt", f"{PLAIN}\tAnnotation", '1\tSpectrogram 1\t1\t0\t1\t0\t8000\t"a, b')
        assert read_annotations(path)[0].label == '"a, b'

    @pytest.mark.parametrize(
        ("columns", "row", "reason"),
        [
            ("\tAnnotation", "0\t1\t0\t8000\t", "its one row does not name a sound: name it"),
            (
                "\tAnnotation",
                "0\tone\t0\t8000\tx",
                "line 2: end time (s) must be a number of seconds, not 'one'",
            ),
            (
                "\tAnnotation",
                "2\t1\t0\t8000\tx",
                "line 2: end time (s) (1.0) must be after begin time (s) (2.0)",
            ),
            ("\tAnnotation", "0\t1\t0\t8000\tx\ty", "line 2: 9 cells, but the header has 8"),
            ("\tNotes", "0\t1\t0\t8000\tx", "no column of labels (found selection,view,channel"),
            ("\tAnnotation\tAnnotation", "0\t1\t0\t8000\tx\tx", "has annotation more than once"),
            (
                "\tAnnotation\tFile Offset (s)",
                "62.0\t63\t0\t8000\tx\t2.0",
                "line 2: file offset (s) (2.0) is not begin time (s) (62.0), so there are several recordings",
            ),
            (
                "\tAnnotation\tBegin File\tEnd File",
                "0\t1\t0\t8000\tx\ta.wav\tb.wav",
                "line 2: the selection runs from 'a.wav' into 'b.wav'",
            ),
        ],
    )
    def test_names_the_line_of_an_impossible_selection(self, table, refused, columns, row, reason):
        assert reason in refused(table("day.txt", PLAIN + columns, f"1\tSpectrogram 1\t1\t{row}"))

    def test_refuses_several_recordings_without_their_offsets(self, table, refused):
        row = "1\tSpectrogram 1\t1\t0\t1\t0\t8000\tx"
        path = table("day.txt", f"{PLAIN}\tAnnotation\tBegin File", f"{row}\ta.wav", f"{row}\tb.wav")
        assert "line 3: a table of several recordings needs the column File Offset (s)" in refused(path)

    def test_names_a_missing_time(self, table, refused):
        message = refused(table("day.txt", "Selection\tView\tChannel\tAnnotation", "1\tS\t1\tx"))
        assert "lacks begin time (s), end time (s)" in message

    @pytest.mark.parametrize("name", ["day.Table.1.selections.txt", "day.txt"])
    def test_a_table_without_selections_says_that_nothing_is_in_its_recording(self, table, name):
        read = read_label_file(table(name, f"{PLAIN}\tSpecies\t"))
        (nothing,) = read.annotations
        assert (nothing.file, nothing.start, nothing.role) == ("day", 0.0, Role.NEGATIVE)
        assert nothing.end is not None
        assert nothing.end > 24 * 3600 * 365
        assert read.heard_nothing

    def test_a_scan_without_regions_says_nothing_where_it_is_corrected(self, table):
        assert read_annotations(table("day.txt", f"{PLAIN}\tAnnotation"), may_be_empty=True) == []

    def test_a_selection_without_a_name_is_skipped_with_a_count(self, table):
        named, unnamed = "1\tSpectrogram 1\t1\t0\t1\t0\t8000\tWOTH", "2\tSpectrogram 1\t1\t4\t5\t0\t8000\t"
        read = read_label_file(
            table("day.txt", f"{PLAIN}\tSpecies", named, unnamed, unnamed.replace("2", "3", 1))
        )
        assert read.annotations == [Annotation("day", 0.0, 1.0, "WOTH")]
        assert read.unnamed == 2

    @pytest.mark.parametrize("named_first", [True, False])
    def test_of_a_selection_named_in_one_view_and_not_in_the_other_there_is_one(self, table, named_first):
        rows = ["1\tWaveform 1\t1\t0.5\t1\t0\t8000\tWOTH", "1\tSpectrogram 1\t1\t0.5\t1\t0\t8000\t"]
        read = read_label_file(table("day.txt", f"{PLAIN}\tSpecies", *(rows if named_first else rows[::-1])))
        assert read.annotations == [Annotation("day", 0.5, 1.0, "WOTH")]
        assert read.unnamed == 0
