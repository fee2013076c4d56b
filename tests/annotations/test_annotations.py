"""A label file of any format is known by its content, and what is none is refused in one line."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from audioscan_host.annotations import Annotation, Role, marked, positive_labels, read_annotations
from audioscan_host.annotations.reading import read_label_files
from audioscan_host.errors import AnnotationError

SAMPLES = {
    "csv": 'file,start,end,label,role\nday.wav,1.25,3.5,call,\n"a, b.wav",9,,call,soft\n',
    "tsv": "file\tstart\tend\tlabel\nday.wav\t1.25\t3.5\tcall\n",
    "audacity": "1.25\t3.5\tcall\n\\\t100.0\t200.0\n4.0\t4.0\tcall\n",
    "raven": "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tBegin File\tAnnotation\n"
    "1\tSpectrogram 1\t1\t1.25\t3.5\tday.wav\tcall\n",
    "dcase": "filename\tonset\toffset\tevent_label\nday.wav\t1.25\t3.5\tcall\n",
    "dcase without header": "day.wav\t1.25\t3.5\tcall\nday.wav\t5.25\t7.5\tsong\n",
}

FOREIGN = {
    "few-shot": "Audiofilename,Starttime,Endtime,Q\nday.wav,1.25,3.5,POS\nday.wav,5,7,UNK\n",
    "kaleidoscope": "INDIR,FOLDER,IN FILE,OFFSET,DURATION,MANUAL ID\n/a,b,day.wav,1.25,2.25,call\n",
    "birdnet": "Start (s),End (s),Scientific name,Common name,Confidence\n0.0,3.0,Parus major,Great Tit,0.9\n",
    "plain csv": "1.25,3.5,call\n4:05,4:06.5,call\n",
    "subtitles": "1\n00:00:01,250 --> 00:00:03,500\ncall\n\n2\n00:00:04,000 --> 00:00:05,000\ncall\n",
    "webvtt": "WEBVTT\n\n00:01.250 --> 00:03.500\ncall\n",
    "textgrid": 'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n5\n<exists>\n1\n"IntervalTier"\n"birds"\n0\n5\n'
    '2\n0\n1.25\n""\n1.25\n3.5\n"call"\n',
    "avianz": '[{"Operator": "a", "Reviewer": "b", "Duration": 60}, [1.25, 3.5, 0, 0, [{"species": "x", "certainty": 90}]]]',
    "elan": '<ANNOTATION_DOCUMENT><TIME_ORDER><TIME_SLOT TIME_SLOT_ID="a" TIME_VALUE="1250"/></TIME_ORDER><TIER><ANNOTATION>'
    '<ALIGNABLE_ANNOTATION ANNOTATION_ID="x" TIME_SLOT_REF1="a" TIME_SLOT_REF2="a"><ANNOTATION_VALUE>call</ANNOTATION_VALUE>'
    "</ALIGNABLE_ANNOTATION></ANNOTATION></TIER></ANNOTATION_DOCUMENT>",
    "whombat": '{"data": {"collection_type": "annotation_set", "recordings": [{"uuid": "r", "path": "day.wav", "duration": 9}], '
    '"tags": [{"id": 0, "key": "species", "value": "x"}], "clips": [{"uuid": "c", "recording": "r", "start_time": 0, "end_time": '
    '5}], "sound_events": [{"uuid": "e", "recording": "r", "geometry": {"type": "BoundingBox", "coordinates": [1.25, 0, 3.5, 9]}'
    '}], "sound_event_annotations": [{"sound_event": "e", "tags": [0]}], "clip_annotations": [{"clip": "c"}]}}',
}
"""What other programs write, small."""


def read_or_refused(path: Path) -> list[Annotation]:
    """Anything else than annotations or one line that names the file is a fault."""
    try:
        return read_annotations(path)
    except AnnotationError as error:
        message = str(error)
    assert "\n" not in message
    assert path.name in message
    return []


class TestRecognising:
    @pytest.mark.parametrize("suffix", [".csv", ".txt", ".tsv", ".db", ".wav", ""])
    @pytest.mark.parametrize("name", SAMPLES)
    def test_goes_by_the_content_and_not_by_the_suffix(self, write, name, suffix):
        first = read_annotations(write(f"day{suffix}", SAMPLES[name]))[0]
        file = "day" if name == "audacity" else "day.wav"
        assert first == Annotation(file, 1.25, 3.5, "call")

    def test_an_event_list_is_not_an_audacity_track(self, write):
        [event] = read_annotations(write("x.txt", "a.wav\t0.0\t1.0\tdog\n"))
        [label] = read_annotations(write("x.txt", "0.0\t1.0\tdog\n"))
        assert (event.file, label.file) == ("a.wav", "x")
        assert (event.start, event.end, event.label) == (label.start, label.end, label.label)

    @pytest.mark.parametrize("name", SAMPLES)
    @pytest.mark.parametrize("ends", ["\r\n", "\r"])
    def test_any_end_of_line_will_do(self, write, name, ends):
        whole = read_annotations(write("day.txt", SAMPLES[name]))
        assert read_annotations(write("day.txt", SAMPLES[name].replace("\n", ends))) == whole

    def test_a_database_is_known_by_its_first_bytes(self, tmp_path, refused):
        path = tmp_path / "labels.csv"
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE places (id INTEGER)")
        assert "is a database without the table processed" in refused(path)


class TestDamagedFiles:
    @pytest.mark.parametrize("name", FOREIGN)
    def test_what_is_damaged_here_is_read_when_it_is_whole(self, write, name):
        assert read_annotations(write("day.txt", FOREIGN[name]))

    @pytest.mark.parametrize("name", [*SAMPLES, *FOREIGN])
    def test_a_file_that_is_cut_off_is_read_or_refused(self, write, name):
        content = {**SAMPLES, **FOREIGN}[name].encode()
        for size in range(len(content)):
            read_or_refused(write("cut.txt", content[:size]))

    @pytest.mark.parametrize("seed", range(30))
    def test_a_file_with_wrong_bytes_is_read_or_refused(self, write, seed):
        rng = random.Random(seed)  # noqa: S311 - the seed is the point
        for sample in [*SAMPLES.values(), *FOREIGN.values()]:
            content = bytearray(sample.encode())
            for _ in range(rng.randrange(1, 6)):
                content[rng.randrange(len(content))] = rng.choice(
                    b'\t\n\r",;\\ -.0e_x\x00\xff' + bytes([rng.randrange(256)])
                )
            for annotation in read_or_refused(write("wrong.txt", bytes(content))):
                assert annotation.start >= 0
                assert annotation.end is None or annotation.end > annotation.start
                assert annotation.file
                assert annotation.label or annotation.role is Role.UNLABELLED

    @pytest.mark.parametrize("seed", range(10))
    def test_binary_content_is_refused(self, write, seed):
        content = random.Random(seed).randbytes(4000)  # noqa: S311 - the seed is the point
        assert read_or_refused(write("binary.txt", content)) == []

    @pytest.mark.parametrize("name", SAMPLES)
    def test_columns_in_a_wrong_order_are_refused(self, write, refused, name):
        delimiter = "," if name == "csv" else "\t"
        header = [] if name in ("audacity", "dcase without header") else SAMPLES[name].splitlines()[:1]
        row = SAMPLES[name].splitlines()[len(header)].split(delimiter)
        path = write("day.txt", "\n".join([*header, delimiter.join(row[::-1])]) + "\n")
        assert refused(path)


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
                "is none of the label files: expected CSV or TSV with the header file,start,end,label, Audacity",
            ),
            (b"dog\tcat\tbird\n", "found 'dog\\tcat\\tbird'"),
            (b"filename\tonset\toffset\tevent_label\n", "holds no annotations"),
            (
                b'{"format": "audioscan-host regions",\n',
                "is JSON of audioscan-host, which is not read back: write the result with",
            ),
        ],
    )
    def test_says_what_is_wrong_with_the_file(self, write, refused, content, reason):
        assert reason in refused(write("labels.csv", content))

    def test_says_that_the_file_is_missing(self, tmp_path, refused):
        assert "cannot read" in refused(tmp_path / "none.csv")

    def test_says_that_a_folder_is_no_file(self, tmp_path, refused):
        assert "cannot read" in refused(tmp_path)


class TestSeveralFiles:
    """Whoever has many label files reads of all that is wrong with them at once."""

    def test_every_file_with_something_wrong_is_named(self, write, tmp_path):
        write("a.txt", "2\t1\tcall\n")
        write("b.txt", "1\t2\tcall\n")
        write("c.csv", "file,start,end,label\n")
        with pytest.raises(AnnotationError) as caught:
            read_label_files([tmp_path])
        message = str(caught.value)
        assert message.startswith("2 label files cannot be used: ")
        assert "a.txt, line 1: end (1.0) must be after start (2.0)" in message
        assert "c.csv holds no annotations" in message
        assert "b.txt" not in message

    def test_of_one_alone_nothing_is_added(self, write, tmp_path):
        write("a.txt", "2\t1\tcall\n")
        with pytest.raises(AnnotationError, match=r"^[^;]*a.txt, line 1: end"):
            read_label_files([tmp_path])


class TestNoCall:
    @pytest.mark.parametrize("label", ["nocall", "NoCall", "no call", "no_call"])
    def test_a_place_where_nothing_was_heard_is_negative(self, write, label):
        path = write("day.txt", f"0\t5\t{label}\n5\t10\tcall\n")
        assert read_annotations(path) == [
            Annotation("day", 0.0, 5.0, label, Role.NEGATIVE),
            Annotation("day", 5.0, 10.0, "call"),
        ]

    def test_what_a_person_says_of_its_role_stands(self, write):
        path = write("l.csv", "file,start,end,label,role\nday,0,5,nocall,unlabelled\n")
        assert read_annotations(path)[0].role is Role.UNLABELLED


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


class TestMarkedRoles:
    """Formats without a column for the role have it at the end of the label."""

    @pytest.mark.parametrize("role", Role)
    @pytest.mark.parametrize("name", ["day.txt", "day.tsv", "day.csv", "day.raven.txt"])
    def test_every_format_reads_what_marks_the_role(self, tmp_path, name, role):
        text = {
            "day.txt": "1\t2\t{}\n",
            "day.tsv": "filename\tonset\toffset\tevent_label\nday.wav\t1\t2\t{}\n",
            "day.csv": "file,start,end,label\nday.wav,1,2,{}\n",
            "day.raven.txt": "Begin Time (s)\tEnd Time (s)\tAnnotation\n1\t2\t{}\n",
        }[name]
        path = tmp_path / name
        path.write_text(text.format(marked("cry", role)))
        (found,) = read_annotations(path)
        assert (found.label, found.role) == ("cry", role)

    def test_an_unlabelled_place_needs_no_label(self, tmp_path):
        assert marked("", Role.UNLABELLED) == "(unlabelled)"
        audacity = tmp_path / "day.txt"
        audacity.write_text("0\t60\t(unlabelled)\n")
        table = tmp_path / "day.csv"
        table.write_text("file,start,end,label,role\nday,0,60,,unlabelled\n")
        assert read_annotations(audacity) == read_annotations(table)
        assert read_annotations(table) == [Annotation("day", 0, 60, "", Role.UNLABELLED)]

    def test_the_column_of_the_role_goes_first(self, tmp_path):
        path = tmp_path / "day.csv"
        path.write_text("file,start,end,label,role\nday,0,6,cry (soft),negative\n")
        assert read_annotations(path) == [Annotation("day", 0, 6, "cry (soft)", Role.NEGATIVE)]

    def test_an_absent_place_needs_a_label(self, tmp_path):
        path = tmp_path / "day.csv"
        path.write_text("file,start,end,label,role\nday,0,6,,absent\n")
        with pytest.raises(AnnotationError, match="its one row does not name a sound"):
            read_annotations(path)

    @pytest.mark.parametrize("label", ["cry (loud)", "(soft)", "cry (soft) 2", "soft"])
    def test_another_text_is_the_label(self, tmp_path, label):
        path = tmp_path / "day.txt"
        path.write_text(f"1\t2\t{label}\n")
        assert read_annotations(path) == [Annotation("day", 1, 2, label)]


@pytest.mark.parametrize(
    "text",
    [
        "file,start,end,label,score\na.wav,1,2,cry,0.25\na.wav,3,4,cry,\na.wav,5,6,cry,n/a\na.wav,7,8,cry,inf\n",
        "Begin File\tBegin Time (s)\tEnd Time (s)\tAnnotation\tScore\n"
        "a.wav\t1\t2\tcry\t0.25\na.wav\t3\t4\tcry\t\na.wav\t5\t6\tcry\tn/a\na.wav\t7\t8\tcry\tinf\n",
        "Begin Path\tBegin Time (s)\tEnd Time (s)\tCommon Name\tConfidence\n"
        "a.wav\t1\t2\tcry\t0.25\na.wav\t3\t4\tcry\t\na.wav\t5\t6\tcry\tn/a\na.wav\t7\t8\tcry\tinf\n",
    ],
    ids=["csv", "raven", "birdnet"],
)
def test_a_score_is_kept_where_it_is_a_number(tmp_path, text):
    path = tmp_path / "found.txt"
    path.write_text(text)
    assert [each.score for each in read_annotations(path)] == [0.25, None, None, None]


def test_a_score_does_not_make_another_annotation():
    """A selection that two views of a table show is one, and a corrected scan keeps its regions."""
    assert Annotation("a.wav", 1, 2, "cry", score=0.5) == Annotation("a.wav", 1, 2, "cry")
