"""CSV and TSV tables are read as they are written, and what is wrong in one is named with its line."""

import pytest

from audioscan_host.annotations import Annotation, Role, read_annotations
from audioscan_host.annotations.reading import read_label_file


class TestReadingCsv:
    def test_reads_spans_points_and_roles(self, write):
        path = write(
            "labels.csv",
            "file,start,end,label,role\nday.wav,1.5,3,call,\nday.wav,9,,call,Soft\nb.wav,0,2,rain,negative\n",
        )
        assert read_annotations(path) == [
            Annotation("day.wav", 1.5, 3.0, "call"),
            Annotation("day.wav", 9.0, None, "call", Role.SOFT),
            Annotation("b.wav", 0.0, 2.0, "rain", Role.NEGATIVE),
        ]

    def test_takes_columns_in_any_order_and_ignores_others(self, write):
        path = write("labels.csv", "Label,score,END,start,file\ncall,0.9,3,1,day.wav\n")
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
    def test_reads_what_other_programs_write(self, write, content):
        assert read_annotations(write("l.csv", content)) == [Annotation("d.wav", 1.0, 2.0, "café")]

    def test_reads_quoted_cells(self, write):
        path = write("l.csv", 'file,start,end,label\n"a, b.wav",1,2,"call ""x"""\n')
        assert read_annotations(path) == [Annotation("a, b.wav", 1.0, 2.0, 'call "x"')]

    def test_goes_by_the_content_and_not_by_the_suffix(self, write):
        assert read_annotations(write("l.txt", "file,start,end,label\nd.wav,1,2,x\n"))[0].file == "d.wav"
        assert read_annotations(write("l.csv", "1\t2\tx\n"))[0].label == "x"

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            ("d.wav,5.0,3.0,x,", "line 7: end (3.0) must be after start (5.0)"),
            ("d.wav,5,5,x,", "line 7: end (5.0) must be after start (5.0): leave end empty for a point"),
            ("d.wav,-1,3,x,", "line 7: start must be 0 s or later, not -1"),
            ("d.wav,0,inf,x,", "line 7: end must be 0 s or later, not inf"),
            ("d.wav,nan,3,x,", "line 7: start must be 0 s or later, not nan"),
            ("d.wav,,3,x,", "line 7: start must be a number of seconds, not ''"),
            ("d.wav,0:75,80,x,", "line 7: start must be a number of seconds, not '0:75'"),
            ("d.wav,0:30,3,x,", "line 7: end (3.0) must be after start (30.0)"),
            (
                'd.wav,1,"3,5",x,',
                "line 7: end must be a number of seconds, not '3,5': write decimals with a point, 3.5",
            ),
            (",1,3,x,", "line 7: file is empty"),
            (
                "d.wav,1,3,x,maybe",
                "line 7: role must be one of positive, soft, absent, negative, unlabelled, not 'maybe'",
            ),
            ("d.wav,1,3,x,soft,y", "line 7: 6 cells, but the header has 5: put a cell that holds a comma"),
            ('d.wav,1,3,"x"y,soft', "line 7: "),
        ],
    )
    def test_names_the_line_of_an_impossible_row(self, write, refused, row, reason):
        good = "d.wav,1,2,x,\n"
        path = write("labels.csv", "file,start,end,label,role\n" + good * 5 + row + "\n" + good)
        assert f"labels.csv, {reason}" in refused(path)

    @pytest.mark.parametrize(
        ("cell", "seconds"),
        [
            ("0:30", 30.0),
            ("1:02.5", 62.5),
            ("75:00", 4500.0),
            ("1:02:03", 3723.0),
            ("-0.01", 0.0),
            ("-0", 0.0),
        ],
    )
    def test_reads_minutes_and_hours_and_a_drag_from_before_the_beginning(self, write, cell, seconds):
        path = write("l.csv", f"file,start,end,label\nd.wav,{cell},2:00:00,x\n")
        assert read_annotations(path) == [Annotation("d.wav", seconds, 7200.0, "x")]

    @pytest.mark.parametrize("name", ["filename", "File_Name", "filepath", "path", "recording", "audio_file"])
    @pytest.mark.parametrize("delimiter", [",", "\t"])
    def test_the_column_of_the_recordings_may_have_another_name(self, write, name, delimiter):
        text = f"start,end,label,{name},role\n1,2,x,d.wav,soft\n".replace(",", delimiter)
        assert read_annotations(write("l.csv", text)) == [Annotation("d.wav", 1.0, 2.0, "x", Role.SOFT)]

    def test_of_two_such_columns_the_one_named_file_counts(self, write):
        path = write("l.csv", "path,start,end,label,file\n/x,1,2,x,d.wav\n")
        assert read_annotations(path)[0].file == "d.wav"

    def test_a_table_without_files_is_about_the_recording_that_it_is_named_like(self, write):
        path = write("day 1.csv", "start,end,label,role\n1,2,x,soft\n3,,y,\n")
        assert read_annotations(path) == [
            Annotation("day 1", 1.0, 2.0, "x", Role.SOFT),
            Annotation("day 1", 3.0, None, "y"),
        ]

    @pytest.mark.parametrize(
        "header", ["start,end,label,wav", "onset_s,offset_s,label,wav", "time,duration,label,"]
    )
    def test_a_column_of_recordings_under_a_name_that_nobody_knows_is_not_passed_over(
        self, write, refused, header
    ):
        message = refused(write("day.csv", f"{header}\n1,2,x,other.WAV\n"))
        assert "line 2: " in message
        assert "names a recording, it seems ('other.WAV'): call it file" in message

    @pytest.mark.parametrize("delimiter", [",", "\t"])
    def test_a_row_without_a_label_is_skipped_with_a_count(self, write, refused, delimiter):
        rows = [
            "file,start,end,label,role",
            "d.wav,1,2,,",
            "d.wav,3,4,x,",
            "d.wav,5,6,,soft",
            "d.wav,7,8,,negative",
        ]
        read = read_label_file(write("l.csv", "\n".join(rows).replace(",", delimiter)))
        assert read.unnamed == 2
        assert read.annotations == [
            Annotation("d.wav", 3.0, 4.0, "x"),
            Annotation("d.wav", 7.0, 8.0, "", Role.NEGATIVE),
        ]
        path = write("l.csv", "\n".join(rows[:2]).replace(",", delimiter))
        assert "its one row does not name a sound: name it, or leave the file out" in refused(path)

    def test_names_the_missing_columns(self, write, refused):
        message = refused(write("l.csv", "file,onset,end\nd.wav,1,2\n"))
        assert "the header lacks start, label" in message
        assert "found file,onset,end" in message

    def test_says_that_semicolons_are_not_commas(self, write, refused):
        message = refused(write("l.csv", "file;start;end;label\nd.wav;1;2;x\n"))
        assert "separate the columns by commas" in message

    def test_refuses_a_column_that_is_there_twice(self, write, refused):
        assert "has label more than once" in refused(write("l.csv", "file,start,end,label,label\n"))


class TestReadingTsv:
    def test_reads_the_columns_of_the_csv_between_tabs(self, write):
        path = write(
            "labels.txt",
            "File\tlabel\tstart\tend\trole\tscore\n"
            "a, b.wav\tcall, far\t1.5\t3\t\t0.9\n"
            'day.wav\t"say ""hi"""\t9\t\tsoft\n',
        )
        assert read_annotations(path) == [
            Annotation("a, b.wav", 1.5, 3.0, "call, far"),
            Annotation("day.wav", 9.0, None, 'say "hi"', Role.SOFT),
        ]

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            ("d.wav\t5\t3\tx", "line 3: end (3.0) must be after start (5.0)"),
            (
                "d.wav\t1,5\t3\tx",
                "line 3: start must be a number of seconds, not '1,5': write decimals with a point",
            ),
            ("d.wav\t1\t3\tx\ty", "line 3: 5 cells, but the header has 4"),
            ('d.wav\t1\t3\t"x\nd.wav\t1\t3\tx"', "line 4: a quoted cell runs over several lines"),
            ('d.wav\t1\t3\t"x', "check the double quotes"),
        ],
    )
    def test_names_the_line_of_an_impossible_row(self, write, refused, row, reason):
        path = write("l.tsv", f"file\tstart\tend\tlabel\nd.wav\t1\t2\tx\n{row}\n")
        assert reason in refused(path)

    def test_names_the_missing_columns(self, write, refused):
        message = refused(write("l.tsv", "file\tstart\tstop\tname\nd.wav\t1\t2\tx\n"))
        assert "the header lacks end, label" in message
        assert "found file,start,stop,name" in message

    def test_says_that_commas_are_not_tabs(self, write, refused):
        message = refused(write("l.tsv", "file\tstart,end,label\nd.wav\t1,2,x\n"))
        assert "separate the columns by tabs" in message
