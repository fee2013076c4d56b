"""URLs with the manners of a path."""

import pickle
from pathlib import Path, PurePosixPath

import fsspec
import pytest

from audioscan_host.errors import SettingError
from audioscan_host.remote_path import RemotePath, is_url, path_of, written_path

SIGNED = "https://me:pw@host/a%20b/x.wav?id=1&X-Amz-Signature=5ec"


@pytest.fixture
def folder():
    """A folder in memory: `x.txt`, `below/y.txt`."""
    memory = fsspec.filesystem("memory")
    memory.pipe("/folder/x.txt", b"one\ntwo\n")
    memory.pipe("/folder/below/y.txt", b"y" * 100)
    yield path_of("memory://folder")
    memory.rm("/folder", recursive=True)


def test_urls_are_told_from_paths():
    assert is_url("s3://b/x.wav")
    assert not any(map(is_url, ["x.wav", "C:\\x.wav", "c:/x.wav", "//host/x.wav", Path("s3:/b")]))
    assert isinstance(path_of("s3://b/x.wav"), RemotePath)
    assert type(path_of("night/x.wav")) is type(Path())
    assert path_of("file:///data/a%20b.wav") == Path("/data/a b.wav")


def test_it_has_the_parts_of_a_path():
    path = path_of("s3://bucket/site/night.tar.flac")
    assert path.parts == ("s3:", "bucket", "site", "night.tar.flac")
    assert (path.name, path.stem, path.suffix) == ("night.tar.flac", "night.tar", ".flac")
    assert list(map(str, path.parents)) == ["s3://bucket/site", "s3://bucket"]
    assert path.parent.parent.parent == path_of("s3://bucket")
    assert path.relative_to(path_of("s3://bucket")) == PurePosixPath("site/night.tar.flac")
    assert path.is_relative_to(path.parent)
    assert not path.is_relative_to(path_of("s3://other"))
    assert isinstance(path, Path)


def test_paths_are_joined_to_it():
    folder = path_of("s3://bucket/site/")
    assert str(folder / "a.wav") == "s3://bucket/site/a.wav"
    assert str(folder / "x" / "../a.wav") == "s3://bucket/site/a.wav"
    assert str(folder.joinpath("x", "a.wav")) == "s3://bucket/site/x/a.wav"
    assert folder / "/data/a.wav" == Path("/data/a.wav")
    assert folder / "gs://b/a.wav" == path_of("gs://b/a.wav")
    assert str((folder / "a.wav").with_suffix(".csv")) == "s3://bucket/site/a.csv"
    assert str(path_of("https://h/d") / "a b.wav") == "https://h/d/a%20b.wav"


def test_credentials_are_kept_for_the_way_there_and_never_shown():
    path = path_of(SIGNED)
    assert path.url == SIGNED
    assert str(path) == "https://host/a%20b/x.wav?id=1"
    for text in (repr(path), f"{path}", path.as_posix(), path.as_uri(), *path.parts):
        assert "pw" not in text
        assert "5ec" not in text
    assert path.parts == ("https:", "host", "a b", "x.wav")
    assert path.parent.url == "https://me:pw@host/a%20b"  # others of the folder are reached the same way


def test_it_is_the_same_when_it_was_sent_and_is_another_than_any_local_path():
    path = path_of(SIGNED)
    sent = pickle.loads(pickle.dumps(path))  # noqa: S301 - made here
    assert (sent, sent.url, hash(sent)) == (path, path.url, hash(path))
    assert path_of("s3://b/x") != Path("s3:/b/x")
    assert path_of("s3://b/x") != path_of("s3://b/y")
    assert sorted([path_of("s3://b/x"), Path("/a")]) == sorted([Path("/a"), path_of("s3://b/x")])


@pytest.mark.parametrize("url", ["zip://a.wav::s3://b/a.zip", "simplecache::s3://b/a.wav"])
def test_urls_that_are_chained_are_refused(url):
    with pytest.raises(SettingError, match="::"):
        RemotePath(url)


def test_a_url_that_names_nothing_is_refused():
    with pytest.raises(SettingError, match="s3://: names no file: expected a URL such as"):
        path_of("s3://")


def test_the_operating_system_never_gets_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = path_of("s3://b/x.wav")
    for write in (path.mkdir, path.unlink, path.touch, lambda: path.write_text("x"), lambda: path.open("ab")):
        with pytest.raises(OSError, match="lies behind a URL, which is only read"):
            write()
    with pytest.raises(SettingError, match="results are written to this machine"):
        written_path("s3://b/x.csv")
    assert not list(tmp_path.iterdir())


def test_files_are_read(folder):
    path = folder / "x.txt"
    assert path.read_text() == "one\ntwo\n"
    assert path.read_bytes() == b"one\ntwo\n"
    with path.open(encoding="utf-8") as file:
        assert list(file) == ["one\n", "two\n"]
    assert path.stat().st_size == 8
    assert path.pieces([(0, 3), (4, 7)]) == [b"one", b"two"]


def test_what_is_there_is_told(folder):
    assert folder.is_dir()
    assert not folder.is_file()
    assert folder.exists()
    assert (folder / "x.txt").is_file()
    assert not (folder / "none").exists()
    assert sorted(map(str, folder.iterdir())) == ["memory://folder/below", "memory://folder/x.txt"]
    assert sorted(map(str, folder.files_below())) == ["memory://folder/below/y.txt", "memory://folder/x.txt"]
    with pytest.raises(FileNotFoundError, match="No such file"):
        (folder / "none").open("rb")


def test_an_s3_is_read(s3):
    filesystem, bucket = fsspec.url_to_fs(s3)
    filesystem.pipe(f"{bucket}/a//b.bin", bytes(range(256)) * 1000)
    (path,) = path_of(s3).files_below()
    assert str(path) == f"{s3}/a//b.bin"
    assert path.read_bytes() == bytes(range(256)) * 1000
    assert path.facts().version
    assert path_of(s3).is_dir()
    with pytest.raises(FileNotFoundError):
        (path_of(s3) / "none.wav").open("rb")


def test_what_a_store_tells_is_never_what_it_told_before(s3):
    filesystem, bucket = fsspec.url_to_fs(s3)
    filesystem.pipe(f"{bucket}/a.wav", b"one")
    path = path_of(f"{s3}/a.wav")
    assert filesystem.ls(bucket)  # is kept by the backend
    before = path.facts()
    client = filesystem.s3
    fsspec.asyn.sync(filesystem.loop, client.put_object, Bucket=bucket, Key="a.wav", Body=b"three")
    fsspec.asyn.sync(filesystem.loop, client.put_object, Bucket=bucket, Key="b.wav", Body=b"new")
    assert path.facts().size == 5
    assert path.facts().version != before.version
    assert path.read_bytes() == b"three"
    assert len(list(path_of(s3).files_below())) == 2


def test_a_file_that_changes_while_it_is_read_is_an_error(s3):
    filesystem, bucket = fsspec.url_to_fs(s3)
    filesystem.pipe(f"{bucket}/a.wav", bytes(2**20))
    with path_of(f"{s3}/a.wav").open("rb") as file:
        file.read(10)
        filesystem.pipe(f"{bucket}/a.wav", b"\1" * 2**20)
        with pytest.raises(OSError, match=r"Etag .* no longer exists"):
            file.read()
