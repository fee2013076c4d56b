"""What is no label file that is read is refused by its own name, in one line, and quickly."""

import os
from pathlib import Path

import pytest

from audioscan_host.annotations import file_content
from audioscan_host.annotations.reading import read_label_file
from audioscan_host.errors import AnnotationError


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("0 7812 h#\n7812 9507 sh\n9507 10610 iy\n", "a transcription as TIMIT's, whose times are samples"),
        ('{"annotations": [], "from_name": "x"}', "is JSON of Label Studio"),
        ('{"what": 1}', "is JSON of a kind that is not known"),
        ('[{"what": 1}]', "is JSON of a kind that is not known"),
        ("[]", "is JSON of a kind that is not known"),
        ('<?xml version="1.0"?>\n<!DOCTYPE sonic-visualiser>\n<sv></sv>\n', "is XML of Sonic Visualiser"),
        ("<html></html>", "is XML of a kind that is not known"),
        ("{\\rtf1\\ansi 1\t2\tcall}", "is formatted text (RTF): save it as plain text"),
        (
            "file,start_time,end_time,blackbird\na.wav,0,3,1\n",
            "a table of clips with a column for each class",
        ),
        (b"PK\x03\x04\x14\x00", "is not a text file but an Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "is not a text file but an Excel workbook of before 2007"),
        (b"RIFF\x00\x00\x10WAVE", "is not a text file but a recording"),
        (b"ooBinaryFile\x08TextGrid", "is not a text file but a binary file of Praat's"),
        (b"MATLAB 5.0 MAT-file", "is not a text file but a MATLAB file"),
    ],
)
def test_a_format_that_is_not_read_is_named(write, refused, content, reason):
    assert reason in refused(write("labels.txt", content))


@pytest.mark.skipif(os.name != "posix", reason="there are no such devices")
@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_device_is_refused_unread(refused, device):
    assert refused(Path(device)) == f"cannot read {device}: it is a device or a pipe; give a file"


@pytest.mark.skipif(os.name != "posix", reason="there are no named pipes")
def test_a_pipe_is_refused_unread(tmp_path, refused):
    os.mkfifo(tmp_path / "labels.csv")
    assert "it is a device or a pipe" in refused(tmp_path / "labels.csv")


def test_a_link_to_a_file_is_read_and_a_loop_of_links_is_refused(tmp_path, write, refused):
    path = write("day.txt", "1\t2\tcall\n")
    (tmp_path / "link.txt").symlink_to(path)
    assert len(read_label_file(tmp_path / "link.txt").annotations) == 1
    (tmp_path / "loop.txt").symlink_to(tmp_path / "loop.txt")
    assert "cannot read" in refused(tmp_path / "loop.txt")


def test_a_path_with_a_nul_is_refused(refused):
    assert "cannot read 'a\\x00b'" in refused(Path("a\0b"))


def test_no_more_is_read_than_a_label_file_may_have(write, refused, monkeypatch):
    monkeypatch.setattr(file_content, "LARGEST", 2**20)
    path = write("large.txt", b"1\t2\tcall\n" * (2**20 // 9 + 1))
    assert "is larger than 1 MiB: it is no label file" in refused(path)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_damaged_utf_16_is_refused(write, encoding):
    bom = b"" if encoding == "utf-16" else {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}[encoding]
    content = bom + 'File type = "ooTextFile"\n'.encode(encoding) + b"\x00"
    with pytest.raises(AnnotationError, match="is UTF-16 text, and damaged"):
        read_label_file(write("day.TextGrid", content))
