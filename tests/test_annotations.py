"""Label files are read as they are written, and what is wrong in one is named with its line."""

from pathlib import Path

import pytest

from audioscan_host.annotations import Annotation, Role, positive_labels, read_annotations
from audioscan_host.errors import AnnotationError


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refused(path: Path) -> str:
    with pytest.raises(AnnotationError) as caught:
        read_annotations(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


class TestReadingCsv:
    def test_reads_spans_points_and_roles(self, tmp_path):
        path = write(
            tmp_path,
            "labels.csv",
            "file,start,end,label,role\nday.wav,1.5,3,call,\nday.wav,9,,call,Soft\nb.wav,0,2,rain,negative\n",
        )
        assert read_annotations(path) == [
            Annotation("day.wav", 1.5, 3.0, "call"),
            Annotation("day.wav", 9.0, None, "call", Role.SOFT),
            Annotation("b.wav", 0.0, 2.0, "rain", Role.NEGATIVE),
        ]

    def test_takes_columns_in_any_order_and_ignores_others(self, tmp_path):
        path = write(tmp_path, "labels.csv", "Label,score,END,start,file\ncall,0.9,3,1,day.wav\n")
        assert read_annotations(path) == [Annotation("day.wav", 1.0, 3.0, "call")]

    @pytest.mark.parametrize(
        "content",
        [
            b"\xef\xbb\xbffile,start,end,label\nd.wav,1,2,caf\xc3\xa9\n",
            b"file,start,end,label\r\nd.wav,1,2,caf\xc3\xa9\r\n",
            b"\n\nfile,start,end,label\n\nd.wav,1,2,caf\xc3\xa9\n,,,\n",
            b"file,start,end,label\nd.wav,1,2,caf\xc3\xa9,,\n",
        ],
        ids=["byte order mark", "CRLF", "blank lines", "cells that a spreadsheet left over"],
    )
    def test_reads_what_other_programs_write(self, tmp_path, content):
        assert read_annotations(write(tmp_path, "l.csv", content)) == [Annotation("d.wav", 1.0, 2.0, "café")]

    def test_reads_quoted_cells(self, tmp_path):
        path = write(tmp_path, "l.csv", 'file,start,end,label\n"a, b.wav",1,2,"call ""x"""\n')
        assert read_annotations(path) == [Annotation("a, b.wav", 1.0, 2.0, 'call "x"')]

    def test_goes_by_the_content_and_not_by_the_suffix(self, tmp_path):
        assert (
            read_annotations(write(tmp_path, "l.txt", "file,start,end,label\nd.wav,1,2,x\n"))[0].file
            == "d.wav"
        )
        assert read_annotations(write(tmp_path, "l.csv", "1\t2\tx\n"))[0].label == "x"

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            ("d.wav,5.0,3.0,x,", "line 7: end (3.0) must be after start (5.0)"),
            ("d.wav,5,5,x,", "line 7: end (5.0) must be after start (5.0): leave end empty for a point"),
            ("d.wav,-1,3,x,", "line 7: start must be 0 s or later, not -1"),
            ("d.wav,0,inf,x,", "line 7: end must be 0 s or later, not inf"),
            ("d.wav,nan,3,x,", "line 7: start must be 0 s or later, not nan"),
            ("d.wav,,3,x,", "line 7: start must be a number of seconds, not ''"),
            ("d.wav,0:30,3,x,", "line 7: start must be a number of seconds, not '0:30'"),
            (
                'd.wav,1,"3,5",x,',
                "line 7: end must be a number of seconds, not '3,5': write decimals with a point, 3.5",
            ),
            ("d.wav,1,3,,", "line 7: label is empty"),
            (",1,3,x,", "line 7: file is empty"),
            ("d.wav,1,3,x,maybe", "line 7: role must be one of positive, soft, negative, not 'maybe'"),
            ("d.wav,1,3,x,soft,y", "line 7: 6 cells, but the header has 5: put a cell that holds a comma"),
            ('d.wav,1,3,"x"y,soft', "line 7: "),
        ],
    )
    def test_names_the_line_of_an_impossible_row(self, tmp_path, row, reason):
        good = "d.wav,1,2,x,\n"
        path = write(tmp_path, "labels.csv", "file,start,end,label,role\n" + good * 5 + row + "\n" + good)
        assert f"labels.csv, {reason}" in refused(path)

    def test_names_the_missing_columns(self, tmp_path):
        message = refused(write(tmp_path, "l.csv", "file,onset,end\nd.wav,1,2\n"))
        assert "the header lacks start, label" in message
        assert "found file,onset,end" in message

    def test_says_that_semicolons_are_not_commas(self, tmp_path):
        message = refused(write(tmp_path, "l.csv", "file;start;end;label\nd.wav;1;2;x\n"))
        assert "separate the columns by commas" in message

    def test_refuses_a_column_that_is_there_twice(self, tmp_path):
        assert "has label more than once" in refused(write(tmp_path, "l.csv", "file,start,end,label,label\n"))


class TestReadingAudacity:
    def test_reads_the_examples_of_the_manual(self, tmp_path):
        # https://manual.audacityteam.org/man/importing_and_exporting_labels.html
        path = write(
            tmp_path,
            "day.txt",
            "2.150000\t2.150000\tpoint label\n3.400000\t6.100000\tregion label\n"
            "1.000000\t1.000000\tThis point was clicked at 6928.456055 Hz\n\\\t6928.456055\t6928.456055\n"
            "4.000000\t4.500000\tLow frequency 1484.669312 Hz\n\\\t1484.669312\t2969.338523\n",
        )
        assert read_annotations(path) == [
            Annotation("day", 2.15, None, "point label"),
            Annotation("day", 3.4, 6.1, "region label"),
            Annotation("day", 1.0, None, "This point was clicked at 6928.456055 Hz"),
            Annotation("day", 4.0, 4.5, "Low frequency 1484.669312 Hz"),
        ]

    def test_names_the_recording_by_the_whole_stem(self, tmp_path):
        assert read_annotations(write(tmp_path, "2024.05.01 a.txt", "1\t2\tx\r\n"))[0].file == "2024.05.01 a"

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ("1.0\t2.0\t", "line 3: the label has no text"),
            ("1.0\t2.0", "line 3: the label has no text"),
            ("1.0", "line 3: expected start, end and label separated by tabs"),
            ("1.0\tcall", "line 3: end must be a number of seconds, not 'call'"),
            (
                "3,5\t4,5\tcall",
                "line 3: start must be a number of seconds, not '3,5': write decimals with a point, 3.5",
            ),
            ("2.0\t1.0\tcall", "line 3: end (1.0) must be after start (2.0)"),
            ("-2.0\t1.0\tcall", "line 3: start must be 0 s or later, not -2.0"),
        ],
    )
    def test_names_the_line_of_an_impossible_label(self, tmp_path, line, reason):
        path = write(tmp_path, "day.txt", f"1\t2\tcall\n\\\t100\t200\n{line}\n")
        assert f"day.txt, {reason}" in refused(path)

    def test_says_how_to_mend_decimal_commas_from_the_first_line_on(self, tmp_path):
        assert "line 1: start" in refused(write(tmp_path, "day.txt", "3,5\t4,5\tcall\n"))


class TestReadingSomethingElse:
    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "is empty"),
            (b" \n\n", "is empty"),
            (b"\xef\xbb\xbf", "is empty"),
            (b"file,start,end,label\n", "holds no annotations"),
            (b"RIFF\x00\x00\x10WAVE", "is not a text file"),
            ("file,start,end,label\nd.wav,1,2,x\n".encode("utf-16"), "is UTF-16 text: save it as UTF-8"),
            (b"file,start,end,label\nd.wav,1,2,caf\xe9\n", "line 2: not UTF-8 text"),
            (
                b"1.0 2.0 call\n",
                "is neither a CSV table with the header file,start,end,label nor an Audacity",
            ),
            (b"filename\tonset\toffset\tevent_label\n", "is neither a CSV table"),
        ],
    )
    def test_says_what_is_wrong_with_the_file(self, tmp_path, content, reason):
        assert reason in refused(write(tmp_path, "labels.csv", content))

    def test_says_that_the_file_is_missing(self, tmp_path):
        assert "cannot read" in refused(tmp_path / "none.csv")

    def test_says_that_a_folder_is_no_file(self, tmp_path):
        assert "cannot read" in refused(tmp_path)


class TestPositiveLabels:
    annotations = (
        Annotation("a.wav", 0, 1, "rain"),
        Annotation("a.wav", 2, 3, "call"),
        Annotation("b.wav", 2, 3, "wind", Role.NEGATIVE),
    )

    def test_are_those_that_a_positive_annotation_has(self):
        assert positive_labels(self.annotations) == ["call", "rain"]
        assert positive_labels(self.annotations, ["rain"]) == ["rain"]

    def test_a_label_without_one_is_refused_with_those_there_are(self):
        with pytest.raises(
            AnnotationError, match="no annotation has the label 'wind'; there are: call, rain"
        ):
            positive_labels(self.annotations, ["rain", "wind"])
        with pytest.raises(AnnotationError, match="no annotation is positive"):
            positive_labels(self.annotations[2:])
