"""Audacity labels belong to the recording that their file is named like."""

import pytest

from audioscan_host.annotations import Annotation, read_annotations
from audioscan_host.annotations.reading import read_label_file


class TestReadingAudacity:
    def test_reads_the_examples_of_the_manual(self, write):
        # https://manual.audacityteam.org/man/importing_and_exporting_labels.html
        path = write(
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

    def test_names_the_recording_by_the_whole_stem(self, write):
        assert read_annotations(write("2024.05.01 a.txt", "1\t2\tx\r\n"))[0].file == "2024.05.01 a"

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
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
    def test_names_the_line_of_an_impossible_label(self, write, refused, line, reason):
        path = write("day.txt", f"1\t2\tcall\n\\\t100\t200\n{line}\n")
        assert f"day.txt, {reason}" in refused(path)

    def test_says_how_to_mend_decimal_commas_from_the_first_line_on(self, write, refused):
        assert "line 1: start" in refused(write("day.txt", "3,5\t4,5\tcall\n"))

    def test_reads_the_event_list_of_one_recording(self, write):
        # The example of https://tut-arg.github.io/sed_eval/generated/sed_eval.io.load_event_list.html
        path = write("office.ann", "21.64715\t23.00552\talert\n36.91184\t38.27021\talert\n")
        assert read_annotations(path)[0] == Annotation("office", 21.64715, 23.00552, "alert")

    def test_ignores_a_score_after_the_label(self, write):
        assert read_annotations(write("day.txt", "1\t2\tcall\t0.93\n")) == [
            Annotation("day", 1.0, 2.0, "call")
        ]

    def test_does_not_guess_whether_a_number_is_a_start_or_a_recording(self, write, refused):
        message = refused(write("day.txt", "0\t1\tcall\n17\t0.5\t2.0\tdog\n"))
        assert "line 2: '17' may be a start or a recording" in message
        assert "write the header filename, onset, offset, event_label" in message

    @pytest.mark.parametrize("line", ["1.0\t2.0\t", "1.0\t2.0", "1.0\t2.0\t \t0.9"])
    def test_a_label_without_text_is_skipped_with_a_count(self, write, refused, line):
        read = read_label_file(write("day.txt", f"1\t2\tcall\n{line}\n{line}\n"))
        assert read.annotations == [Annotation("day", 1.0, 2.0, "call")]
        assert read.unnamed == 2
        assert "its one row does not name a sound" in refused(write("day.txt", f"{line}\n"))

    def test_a_label_may_be_a_number(self, write):
        assert read_annotations(write("day.txt", "1\t2\t3\n"))[0].label == "3"
