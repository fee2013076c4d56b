"""Event lists of the DCASE challenges, with and without a header."""

import pytest

from audioscan_host.annotations import Annotation, read_annotations

HEADER = "filename\tonset\toffset\tevent_label\n"
DOG = Annotation("a.wav", 0.0, 1.0, "dog")


class TestReadingDcase:
    def test_reads_the_ground_truth_of_task_4(self, write):
        path = write(
            "events.tsv",
            HEADER + "Y00pbt6aJV8Y_350.000_360.000.wav\t0.000\t9.971\tVacuum_cleaner\n"
            "quiet.wav\t\t\t\n"
            "Y00pK0GMmE9s_70.000_80.000.wav\t0.430\t1.200\tSpeech\n",
        )
        assert read_annotations(path) == [
            Annotation("Y00pbt6aJV8Y_350.000_360.000.wav", 0.0, 9.971, "Vacuum_cleaner"),
            Annotation("Y00pK0GMmE9s_70.000_80.000.wav", 0.43, 1.2, "Speech"),
        ]

    @pytest.mark.parametrize(
        "content",
        [
            "event_label\tOnset\toffset\tfilename\tscore\ndog\t0.0\t1.0\ta.wav\t0.9\n",
            "file\tevent_onset\tevent_offset\tevent_label\na.wav\t0.0\t1.0\tdog\n",
            "a.wav\t0.0\t1.0\tdog\n",
            "\n\na.wav\t0.0\t1.0\tdog\r\n",
            "a.wav\t0.0\t1.0\tdog\tm\t0\n",
            "a.wav\thome\t0.0\t1.0\tdog\n",
            "a.wav\thome\t0.0\t1.0\tdog\tm\n",
        ],
        ids=["columns in another order", "names of dcase_util", "no header", "blank lines", "more after the label",
             "a scene", "a scene and more after the label"],
    )  # fmt: skip
    def test_reads_the_variants(self, write, content):
        assert read_annotations(write("events.tsv", content)) == [DOG]

    def test_a_list_without_files_is_named_like_its_recording(self, write):
        path = write("a.b.txt", "onset\toffset\tevent_label\n0.0\t1.0\tdog\n")
        assert read_annotations(path) == [Annotation("a.b", 0.0, 1.0, "dog")]

    def test_the_name_of_a_column_may_be_a_label(self, write):
        assert read_annotations(write("events.tsv", "a.wav\t0.0\t1.0\tonset\n"))[0].label == "onset"

    def test_with_a_header_a_recording_and_a_label_may_be_numbers(self, write):
        assert read_annotations(write("events.tsv", HEADER + "17\t0.5\t2.0\t3\n")) == [
            Annotation("17", 0.5, 2.0, "3")
        ]

    def test_a_date_is_a_recording_although_python_reads_it_as_a_number(self, write):
        path = write("events.tsv", "20240501_120000\t0.0\t1.0\tdog\n")
        assert read_annotations(path) == [Annotation("20240501_120000", 0.0, 1.0, "dog")]

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            ("a.wav\t1\t1\tdog", "line 2: offset (1.0) must be after onset (1.0)"),
            ("a.wav\t1\t\tdog", "line 2: offset must be a number of seconds, not ''"),
            ("a.wav\t1\t2,5\tdog", "line 2: offset must be a number of seconds, not '2,5': write decimals"),
            ("a.wav\t1\t2\t", "its one row does not name a sound"),
            ("\t1\t2\tdog", "line 2: filename is empty"),
            ("dog", "holds no annotations"),
        ],
    )
    def test_names_the_line_of_an_impossible_event(self, write, refused, row, reason):
        assert reason in refused(write("events.tsv", HEADER + row + "\n"))

    def test_names_the_line_without_a_header_too(self, write, refused):
        message = refused(write("events.tsv", "a.wav\t0.0\t1.0\tdog\na.wav\tsoon\t1.0\tdog\n"))
        assert "line 2: onset must be a number of seconds, not 'soon'" in message
        assert "its one row does not name a sound" in refused(write("events.tsv", "a.wav\t0.0\t1.0\n"))

    def test_does_not_guess_whether_a_number_is_an_offset_or_a_label(self, write, refused):
        message = refused(write("events.tsv", "a.wav\t0\t0.5\t2.0\tdog\n"))
        assert "line 1: '2.0' may be an offset or a label: write the header filename, onset" in message

    def test_names_the_missing_columns(self, write, refused):
        message = refused(write("events.tsv", "filename\tonset\tevent_label\na.wav\t1\tdog\n"))
        assert (
            "lacks offset; expected filename,onset,offset,event_label, found filename,onset,event_label"
            in message
        )
        assert "has filename more than once" in refused(write("events.tsv", "file\t" + HEADER))
