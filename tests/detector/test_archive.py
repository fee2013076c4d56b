import io
import zipfile

import numpy as np
import pytest

from audioscan_host.detector import archive
from audioscan_host.errors import DetectorError

MEMBERS = {"b": b"two", "a": b"one", "c/d": b""}


def zipped(members, compression=zipfile.ZIP_STORED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as file:
        for name, content in members:
            file.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize("sealed", [True, False])
def test_members_come_back(sealed):
    assert archive.read(archive.write(MEMBERS, sealed=sealed), sealed=sealed) == MEMBERS


def test_the_order_of_members_does_not_show():
    assert archive.write(MEMBERS) == archive.write(dict(reversed(MEMBERS.items())))


def test_a_sealed_archive_is_an_ordinary_zip():
    with zipfile.ZipFile(io.BytesIO(archive.write(MEMBERS, sealed=True))) as file:
        assert file.testzip() is None
        assert len(file.comment) == 64


def test_every_changed_byte_is_noticed():
    data = archive.write(MEMBERS, sealed=True)
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1
        with pytest.raises(DetectorError):
            archive.read(bytes(changed), sealed=True)


def test_a_compressed_member_is_refused():
    with pytest.raises(DetectorError, match="more content than it holds"):
        archive.read(zipped([("a", bytes(10**7))], zipfile.ZIP_DEFLATED))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_twice_is_refused():
    with pytest.raises(DetectorError, match="twice"):
        archive.read(zipped([("a", b"1"), ("a", b"2")]))


def test_a_directory_that_is_too_large_is_refused_before_it_is_read(monkeypatch):
    data = zipped([(str(n), b"") for n in range(100)])
    monkeypatch.setattr(archive, "_MOST_DIRECTORY", 1000)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with pytest.raises(DetectorError, match="directory"):
        archive.read(data)


@pytest.mark.parametrize("data", [b"", b"PK", b"some text " * 20], ids=["empty", "short", "text"])
def test_what_is_no_zip_is_refused(data):
    for sealed in (True, False):
        with pytest.raises(DetectorError):
            archive.read(data, sealed=sealed)


@pytest.mark.parametrize(
    "array", [np.arange(6.0).reshape(2, 3), np.zeros(0), np.float64(3), np.zeros(2, "u1,f8")]
)
def test_arrays_come_back(array):
    found = archive.read_array(archive.write_array(array))
    assert found.dtype == array.dtype
    assert np.array_equal(found, array)


def test_an_array_that_declares_more_than_it_holds_takes_no_memory():
    stream = io.BytesIO()
    header = {"shape": (2**50,), "fortran_order": False, "descr": "<f8"}
    np.lib.format.write_array_header_1_0(stream, header)
    with pytest.raises(DetectorError, match="another size"):
        archive.read_array(stream.getvalue() + bytes(8))


def test_an_array_of_objects_is_refused():
    stream = io.BytesIO()
    np.save(stream, np.array([None, {}], dtype=object), allow_pickle=True)
    with pytest.raises(DetectorError, match="objects"):
        archive.read_array(stream.getvalue())


@pytest.mark.parametrize("data", [b"", b"\x93NUMPY\x09\x00", b"\x93NUMPY\x01\x00\xff\xff{}"])
def test_what_is_no_array_is_refused(data):
    with pytest.raises(DetectorError, match="cannot be read"):
        archive.read_array(data)
