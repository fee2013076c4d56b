"""Tables of other programs are known by their columns: BirdNET, Kaleidoscope, DCASE few-shot, crowsetta, plain CSV."""

from pathlib import Path

import pytest

from audioscan_host.annotations import Annotation, Role, read_annotations
from audioscan_host.annotations.reading import read_label_file

REAL = Path(__file__).parents[3] / "shared" / "labels"


def real(name: str) -> Path:
    """A file as people have it, where such are there."""
    path = REAL / name
    if not path.is_file():
        pytest.skip("the label files of other projects are not there")
    return path


class TestBirdnet:
    HEADER = "Start (s),End (s),Scientific name,Common name,Confidence"

    def test_a_result_is_about_the_recording_that_it_names(self, write):
        path = write(
            "all.csv", f"{self.HEADER},File\n0.0,3.0,Turdus merula,Eurasian Blackbird,0.71,/d/day.wav\n"
        )
        assert read_annotations(path) == [Annotation("/d/day.wav", 0.0, 3.0, "Eurasian Blackbird")]

    def test_a_result_without_a_file_is_named_like_its_recording_and_has_scores(self, write):
        read = read_label_file(
            write("day.csv", f"{self.HEADER}\n3.0,6.0,Turdus merula,Eurasian Blackbird,0.71\n")
        )
        assert read.annotations == [Annotation("day", 3.0, 6.0, "Eurasian Blackbird")]
        assert read.has_scores
        assert read.format == "BirdNET CSV"

    def test_a_result_without_a_row_says_that_nothing_was_found(self, write):
        read = read_label_file(write("day.csv", f"{self.HEADER}\n"))
        assert read.heard_nothing
        assert [a.role for a in read.annotations] == [Role.NEGATIVE]

    def test_the_table_for_r_is_read(self, write):
        header = "filepath,start,end,scientific_name,common_name,confidence,lat,lon,week"
        path = write("all.csv", f"{header}\nday.wav,0,3,Turdus merula,Eurasian Blackbird,0.7,-1,-1,-1\n")
        assert read_annotations(path) == [Annotation("day.wav", 0.0, 3.0, "Eurasian Blackbird")]

    def test_an_end_before_its_start_is_named_with_its_line(self, write, refused):
        path = write("day.csv", f"{self.HEADER}\n3.0,1.0,x,y,0.7\n")
        assert "line 2: end (s) (1.0) must be after start (s) (3.0)" in refused(path)


class TestKaleidoscope:
    HEADER = "INDIR,FOLDER,IN FILE,CHANNEL,OFFSET,DURATION,Fmin,AUTO ID*,MANUAL ID"

    def test_what_a_person_named_goes_before_what_the_program_did(self, write):
        rows = "C:\\bats,night 1,a.wav,0,1.5,0.25,40,PIPPIP,NYCLEI\n,,b.wav,0,,2,40,PIPPIP,\n"
        read = read_label_file(write("id.csv", f"{self.HEADER}\n{rows}"))
        assert read.annotations == [Annotation("C:/bats/night 1/a.wav", 1.5, 1.75, "NYCLEI")]
        assert read.unnamed == 1

    def test_where_nobody_named_anything_the_programs_names_count_but_for_noid(self, write):
        rows = "/bats,,a.wav,0,1.5,0.25,40,PIPPIP,\n/bats,,a.wav,0,7,0.5,40,NoID,\n"
        read = read_label_file(write("id.csv", f"{self.HEADER}\n{rows}"))
        assert read.annotations == [Annotation("/bats/a.wav", 1.5, 1.75, "PIPPIP")]
        assert read.unnamed == 1

    def test_names_what_is_missing(self, write, refused):
        assert "no column MANUAL ID or AUTO ID" in refused(
            write("id.csv", "IN FILE,OFFSET,DURATION\na.wav,0,1\n")
        )
        row = ",,,0,1.5,0.25,40,PIPPIP,\n"
        assert "line 2: IN FILE is empty" in refused(write("id.csv", f"{self.HEADER}\n{row}"))


class TestFewShot:
    def test_pos_is_positive_neg_absent_and_unk_soft(self, write):
        rows = "a.wav,15, 20,POS\na.wav,21,24,NEG\na.wav,30,34.5,UNK\n"
        assert read_annotations(write("a.csv", f"Audiofilename,Starttime,Endtime,Q\n{rows}")) == [
            Annotation("a.wav", 15.0, 20.0, "Q"),
            Annotation("a.wav", 21.0, 24.0, "Q", Role.ABSENT),
            Annotation("a.wav", 30.0, 34.5, "Q", Role.SOFT),
        ]

    def test_each_class_is_a_column(self, write):
        path = write("a.csv", "Audiofilename,Starttime,Endtime,GIG,SQT\na.wav,0,1,POS,UNK\n")
        assert read_annotations(path) == [
            Annotation("a.wav", 0.0, 1.0, "GIG"),
            Annotation("a.wav", 0.0, 1.0, "SQT", Role.SOFT),
        ]

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            (
                "Audiofilename,Starttime,Endtime,Q\na.wav,0,1,YES\n",
                "line 2: Q must be one of POS, NEG, UNK, not 'YES'",
            ),
            ("Audiofilename,Starttime,Endtime\na.wav,0,1\n", "the header has no class"),
            (
                "Audiofilename,Starttime,Endtime,Q\na.wav,1,1,POS\n",
                "line 2: endtime (1.0) must be after starttime",
            ),
            ("Audiofilename,Starttime,Endtime,Q\n,0,1,POS\n", "line 2: Audiofilename is empty"),
        ],
    )
    def test_names_the_line_of_an_impossible_row(self, write, refused, text, reason):
        assert reason in refused(write("a.csv", text))

    def test_reads_what_the_challenge_publishes(self):
        found = read_annotations(real("dcase_few_shot/ref.csv"))
        assert [(a.file, a.start, a.end, a.label) for a in found] == [
            ("#423-487.wav", 15, 20, "Q_1"),
            ("#423-487.wav", 21, 24, "Q_1"),
            ("#423-487.wav", 30, 34, "Q_1"),
        ]


class TestSequences:
    def test_a_generic_sequence_names_its_recordings(self, write):
        path = write(
            "all.csv",
            "label,onset_s,offset_s,onset_sample,offset_sample,notated_path,annot_path,sequence,annotation\n"
            "sh,0.488,0.594,7812,9507,sa1.wav,sa1.phn,0,0\n",
        )
        assert read_annotations(path) == [Annotation("sa1.wav", 0.488, 0.594, "sh")]

    @pytest.mark.parametrize(
        "text",
        [
            "onset_s,offset_s,label\n1,2,a\n",
            ",name,start_seconds,stop_seconds\n0,a,1,2\n",
            "start,end,label\n1,2,a\n",
            "start\tend\tlabel\n1\t2\ta\n",
            "time,duration,label\n1,1,a\n",
        ],
    )
    def test_a_table_without_files_is_about_the_recording_that_it_is_named_like(self, write, text):
        assert read_annotations(write("bird 1.csv", text)) == [Annotation("bird 1", 1.0, 2.0, "a")]
        read = read_label_file(write("bird 1.csv", text.splitlines()[0] + "\n"))
        assert read.heard_nothing

    def test_a_sequence_in_samples_alone_is_refused_by_its_name(self, write, refused):
        path = write("a.csv", "label,onset_sample,offset_sample,notated_path\nsh,7812,9507,sa1.wav\n")
        assert "a table in samples at a rate that it does not say" in refused(path)

    @pytest.mark.parametrize(
        ("name", "count", "first"),
        [
            ("generic_csv/timit-dr1-fvmh0-phn.csv", 128, ("sa1.wav", 0.0, 0.488, "h#")),
            ("simple_csv/bl26lb16_190412_0721.20144_annotations.csv", 79, (None, 23331.875, 23395.5, "e")),
            ("simple_csv/BBY15-4___20150907_211645.csv", 1, (None, 156.910343, 174.360898, None)),
        ],
    )
    def test_reads_what_people_have(self, name, count, first):
        found = read_annotations(real(name))
        file, start, end, label = first
        assert len(found) == count
        assert (found[0].start, found[0].end) == pytest.approx((start, end))
        assert found[0].file == (file or Path(name).stem)
        assert label is None or found[0].label == label


class TestPlainCsv:
    @pytest.mark.parametrize(
        ("text", "file"),
        [("1,2,a\n3,3,a\n", "day"), ("x.wav,1,2,a\nx.wav,3,,a\n".replace("3,,", "3,3,"), "x.wav")],
    )
    def test_columns_without_a_header_are_known_by_their_times(self, write, text, file):
        path = write("day.csv", text)
        assert read_annotations(path) == [Annotation(file, 1.0, 2.0, "a"), Annotation(file, 3.0, None, "a")]

    def test_times_may_be_minutes(self, write):
        assert read_annotations(write("day.csv", "0:05,1:10.5,a\n")) == [Annotation("day", 5.0, 70.5, "a")]

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("1,2,a\n1,2,a,b\n", "line 2: 4 cells, but the first row has 3"),
            ("x.wav,1,2,a\n,1,2,a\n", "line 2: file is empty"),
            ("1,2,a\nx,2,a\n", "line 2: start must be a number of seconds"),
            ("17,0.5,2.0,dog\n", "the header lacks"),  # a recording 17, or a start: nobody knows
        ],
    )
    def test_names_the_line_of_an_impossible_row(self, write, refused, text, reason):
        assert reason in refused(write("day.csv", text))
