"""Which files a folder stands for, and by what a recording is known again."""

import errno
import hashlib
import logging
import os
import shutil
from dataclasses import replace
from pathlib import Path

import fsspec
import numpy as np
import pytest

from audioscan_host.cache.keys import Provenance, embeddings_key
from audioscan_host.errors import RecordingError
from audioscan_host.recordings import Recording, find_recordings, is_gone
from audioscan_host.remote.filesystem import filesystem_of
from audioscan_host.remote_path import path_of
from audioscan_host.windows import Windowing

MIB = 1 << 20


@pytest.fixture
def folder(tmp_path):
    """A folder with these files in it: `folder("b.wav", "deep/a.mp3")`."""

    def make(*names):
        root = tmp_path / "recordings"
        root.mkdir(exist_ok=True)
        for name in names:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).touch()
        return root

    return make


@pytest.fixture
def recording(tmp_path):
    """A file whose content can be changed while its time of change stays as it was."""

    class File:
        path = tmp_path / "a.wav"

        def write(self, content):
            self.path.write_bytes(content)
            os.utime(self.path, ns=(10**18, 10**18))
            return Recording.at(self.path)

    return File()


def test_a_folder_stands_for_the_media_files_in_it_and_below_it_by_path(folder):
    names = ["a/z.flac", "b.wav", "c/d/e.mp4", "c/d.ogg"]
    root = folder(*reversed(names))
    assert find_recordings([root]) == [
        root / "a" / "z.flac",
        root / "b.wav",
        root / "c" / "d" / "e.mp4",
        root / "c" / "d.ogg",
    ]


@pytest.mark.parametrize(
    "name", ["a.wav", "a.WAV", "a.Mp3", "two.dots.flac", "ä ö.ogg", "film.mkv", "a.opus"]
)
def test_a_media_file_in_a_folder_is_known_by_its_suffix_in_any_case(folder, name):
    assert find_recordings([folder(name)]) == [folder() / name]


@pytest.mark.parametrize(
    "name", ["notes.txt", "labels.csv", "wav", "a.wav.part", "a.wav~", "a.detector", "a.npz"]
)
def test_other_files_in_a_folder_are_left_out(folder, name):
    assert find_recordings([folder("a.wav", name)]) == [folder() / "a.wav"]


@pytest.mark.parametrize("name", [".a.wav", "._b.wav", ".trash/c.wav", "deep/.hidden/d.wav", ".wav"])
def test_hidden_files_and_folders_are_left_out(folder, name):
    assert find_recordings([folder("a.wav", name)]) == [folder() / "a.wav"]


def test_a_hidden_folder_that_is_named_itself_is_looked_into(folder):
    root = folder(".field/a.wav", ".field/.b.wav")
    assert find_recordings([root / ".field"]) == [root / ".field" / "a.wav"]


def test_a_folder_with_the_name_of_a_media_file_is_none(folder):
    assert find_recordings([folder("session.wav/take.wav")]) == [folder() / "session.wav" / "take.wav"]


def test_a_file_that_is_named_itself_may_have_any_suffix_and_be_hidden(folder):
    root = folder("sound.bin", ".a.wav")
    named = [root / "sound.bin", root / ".a.wav"]
    assert find_recordings(named) == named


def test_recordings_keep_the_order_in_which_they_were_given_and_come_once(folder):
    root = folder("a.wav", "b.wav", "sub/c.wav")
    given = [root / "b.wav", root / "sub", root, root / "b.wav", root]
    assert find_recordings(given) == [root / "b.wav", root / "sub" / "c.wav", root / "a.wav"]


@pytest.mark.skipif(os.name != "posix", reason="links need rights there")
class TestLinks:
    """M6: a folder with links to folders, as recorders' cards are gathered."""

    def test_links_to_folders_are_followed(self, folder, tmp_path):
        root = folder("a.wav")
        (tmp_path / "card").mkdir()
        (tmp_path / "card" / "deep").mkdir()
        (tmp_path / "card" / "deep" / "b.wav").touch()
        (root / "card1").symlink_to(tmp_path / "card")
        assert find_recordings([root]) == [root / "a.wav", root / "card1" / "deep" / "b.wav"]

    def test_a_folder_that_is_itself_a_link_is_looked_into(self, folder, tmp_path):
        (tmp_path / "link").symlink_to(folder("a.wav"))
        assert find_recordings([tmp_path / "link"]) == [tmp_path / "link" / "a.wav"]

    def test_loops_end_and_each_recording_comes_once_under_its_own_path(self, folder):
        root = folder("z/a.wav", "b.wav", "y/c.wav")
        (root / "all").symlink_to(root)
        (root / "z" / "up").symlink_to("..")
        (root / "y" / "across").symlink_to(root / "z")
        (root / "a_link").symlink_to(root / "z")
        (root / "nowhere").symlink_to(root / "gone")
        (root / "self").symlink_to(root / "self")
        assert find_recordings([root]) == [root / "b.wav", root / "y" / "c.wav", root / "z" / "a.wav"]

    def test_many_folders_that_link_to_each_other_take_no_time(self, folder):
        root = folder(*(f"{number}/a.wav" for number in range(12)))
        for number in range(12):
            for other in range(12):
                (root / f"{number}" / f"to{other}").symlink_to(root / f"{other}")
        assert len(find_recordings([root])) == 12

    def test_hidden_links_are_left_out(self, folder, tmp_path):
        root = folder("a.wav")
        (tmp_path / "card").mkdir()
        (tmp_path / "card" / "b.wav").touch()
        (root / ".card").symlink_to(tmp_path / "card")
        assert find_recordings([root]) == [root / "a.wav"]

    def test_a_loop_of_links_as_a_recording_is_one_line(self, tmp_path):
        """R6."""
        (tmp_path / "a.wav").symlink_to(tmp_path / "b.wav")
        (tmp_path / "b.wav").symlink_to(tmp_path / "a.wav")
        (path,) = find_recordings([tmp_path / "a.wav"])
        with pytest.raises(
            RecordingError, match=r"a\.wav: cannot be read: Too many levels of symbolic links"
        ):
            Recording.at(path)


def test_a_name_that_no_file_can_have_is_one_line():
    with pytest.raises(RecordingError, match=r"cannot be read: .*null"):
        Recording.at(Path("a\0.wav"))


def test_a_path_that_is_missing_is_kept_so_that_opening_it_says_so(folder):
    root = folder("a.wav")
    assert find_recordings([root / "gone.wav", root]) == [root / "gone.wav", root / "a.wav"]


def test_a_folder_without_media_files_is_an_error_where_nothing_else_was_given(folder):
    root = folder("notes.txt", "deep/.hidden.wav")
    with pytest.raises(RecordingError, match=r"recordings: no media files in this folder or below it"):
        find_recordings([root])


def test_a_folder_without_media_files_among_others_is_a_warning(folder, caplog):
    root = folder("full/a.wav", "empty/notes.txt")
    with caplog.at_level(logging.WARNING, logger="audioscan_host"):
        assert find_recordings([root / "empty", root / "full"]) == [root / "full" / "a.wav"]
    (message,) = caplog.messages
    assert message == f"{root / 'empty'}: no media files in this folder or below it"


# Identity


def test_a_recording_tells_what_the_file_is(recording):
    found = recording.write(b"sound")
    assert (found.path, found.size, found.mtime_ns) == (recording.path, 5, 10**18)


def test_a_recording_that_is_renamed_or_moved_is_the_same_under_another_path(recording, tmp_path):
    before = recording.write(os.urandom(5000))
    (tmp_path / "elsewhere").mkdir()
    moved = recording.path.rename(tmp_path / "elsewhere" / "b.wav")
    after = Recording.at(moved)
    assert after.path == moved
    assert (after.size, after.mtime_ns, after.digest) == (before.size, before.mtime_ns, before.digest)


def test_a_copy_has_the_digest_of_the_original(recording, tmp_path):
    before = recording.write(os.urandom(3 * MIB))
    shutil.copy(recording.path, tmp_path / "copy.wav")
    assert Recording.at(tmp_path / "copy.wav").digest == before.digest


@pytest.mark.parametrize("size", [1, 4321, MIB])
@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_one_byte_of_a_small_file_makes_another_recording(recording, size, place):
    content = bytearray(os.urandom(size))
    before = recording.write(content)
    content[{"first": 0, "middle": size // 2, "last": -1}[place]] ^= 1
    after = recording.write(content)
    assert (after.size, after.mtime_ns) == (before.size, before.mtime_ns)
    assert after.digest != before.digest


@pytest.mark.parametrize("size", [MIB + 1, 2 * MIB + 12_345])
@pytest.mark.parametrize("place", [0, 16_383, -1, -16_384])
def test_a_byte_at_either_end_of_a_big_file_makes_another_recording(recording, size, place):
    """That is where containers keep what an editor of tags or of lengths changes."""
    content = bytearray(os.urandom(size))
    before = recording.write(content)
    content[place] ^= 1
    assert recording.write(content).digest != before.digest


def test_an_hour_cut_out_of_the_middle_of_a_big_file_makes_another_recording(recording):
    content = bytearray(os.urandom(8 * MIB))
    before = recording.write(content)
    content[3 * MIB : 5 * MIB] = bytes(2 * MIB)
    assert recording.write(content).digest != before.digest


@pytest.mark.timeout(20)
def test_a_file_of_256_gigabytes_is_looked_at_in_a_moment(tmp_path):
    path = tmp_path / "long.w64"
    path.touch()
    os.truncate(path, 256 << 30)  # takes no room on the disk
    assert Recording.at(path).size == 256 << 30


def test_a_touched_file_keeps_its_digest_and_changes_its_time(recording):
    before = recording.write(b"sound")
    os.utime(recording.path, ns=(10**18 + 1, 10**18 + 1))
    after = Recording.at(recording.path)
    assert after.digest == before.digest
    assert after.mtime_ns == before.mtime_ns + 1


def test_a_file_that_grew_keeps_no_identity(recording):
    before = recording.write(b"sound")
    after = recording.write(b"sound\0")
    assert (after.size, after.digest) != (before.size, before.digest)


def test_a_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(RecordingError, match=r"gone\.wav: cannot be read: No such file or directory"):
        Recording.at(tmp_path / "gone.wav")


def test_a_folder_and_a_device_without_end_are_no_recordings(tmp_path):
    for path in (tmp_path, *([Path("/dev/zero")] if os.name == "posix" else [])):
        with pytest.raises(RecordingError, match=f"^{path}: is not a file; name a recording"):
            Recording.at(path)


def test_a_file_that_may_not_be_read_is_named(recording, monkeypatch):
    recording.write(b"sound")

    def refuse(path, mode):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(type(recording.path), "open", refuse)
    with pytest.raises(RecordingError, match=r"a\.wav: cannot be read: Permission denied$"):
        Recording.at(recording.path)


@pytest.fixture
def bucket():
    """A place in memory, empty before and after: `memory://bucket`."""
    memory = fsspec.filesystem("memory")
    yield memory
    if memory.exists("/bucket"):
        memory.rm("/bucket", recursive=True)


def test_a_url_stands_for_the_media_files_below_it(bucket, tmp_path, make_wav):
    for name in ("a.wav", "b/c.FLAC", "b/.d.wav", ".e/f.wav", "notes.txt", "b/g.mp3"):
        bucket.pipe(f"/bucket/{name}", b"sound")
    local = make_wav("here.wav", seconds=1)
    found = find_recordings(
        ["memory://bucket", local, path_of("memory://bucket/a.wav"), "memory://bucket/none.wav"]
    )
    assert list(map(str, found)) == [
        *(f"memory://bucket/{name}" for name in ("a.wav", "b/c.FLAC", "b/g.mp3")),
        str(local),
        "memory://bucket/none.wav",
    ]


def test_a_url_of_this_machine_stands_for_its_path(tmp_path, make_wav):
    path, place = make_wav("a night.wav", seconds=1), tmp_path.as_uri()
    for named in (place, f"{place}/a%20night.wav"):
        (found,) = find_recordings([named])
        assert (type(found), found) == (type(path), path)


def test_what_no_url_can_name_is_left_out_and_told(bucket, caplog):
    for name in ("a.wav", "b::c.wav", "d::e.txt"):
        bucket.pipe(f"/bucket/{name}", b"sound")
    assert list(map(str, find_recordings(["memory://bucket"]))) == ["memory://bucket/a.wav"]
    assert [record.message for record in caplog.records] == [
        "memory://bucket/b::c.wav: left out: no URL can name it, for the ::"
    ]


def test_a_url_that_holds_no_media_files_is_told(bucket):
    bucket.pipe("/bucket/notes.txt", b"x")
    with pytest.raises(RecordingError, match="memory://bucket: no media files in this folder or below it"):
        find_recordings(["memory://bucket"])


def test_a_content_has_one_digest_wherever_it_lies(bucket, tmp_path):
    for size in (0, 5, 2**20, 2**20 + 1, 3 * 2**20):
        content = np.random.default_rng(size).bytes(size)
        (tmp_path / "a.wav").write_bytes(content)
        bucket.pipe("/bucket/a.wav", content)
        here, there = Recording.at(tmp_path / "a.wav"), Recording.at(path_of("memory://bucket/a.wav"))
        assert (here.size, here.digest) == (there.size, there.digest)


def test_a_recording_behind_a_url_is_told_by_its_last_change_where_the_store_tells_no_version(bucket):
    bucket.pipe("/bucket/a.wav", b"sound")
    recording = Recording.at(path_of("memory://bucket/a.wav"))
    assert recording.version == ""
    assert recording.mtime_ns
    recording.require_unchanged()
    bucket.pipe("/bucket/a.wav", b"SOUND")
    with pytest.raises(RecordingError, match=r"memory://bucket/a.wav: it changed while it was being read"):
        recording.require_unchanged()
    bucket.rm("/bucket/a.wav")
    with pytest.raises(RecordingError, match="cannot be read: No such file"):
        recording.require_unchanged()


def test_a_recording_in_an_s3_is_told_by_its_etag_and_a_copy_is_the_same(s3, tiny_plugin):
    filesystem, bucket = fsspec.url_to_fs(s3)
    filesystem.pipe(f"{bucket}/a.wav", b"sound")
    first = Recording.at(path_of(f"{s3}/a.wav"))
    assert (first.version, first.mtime_ns) == (hashlib.md5(b"sound").hexdigest(), 0)  # noqa: S324 - as S3 does
    filesystem.mkdir(f"{bucket}-copy")
    filesystem.copy(f"{bucket}/a.wav", f"{bucket}-copy/b.wav")
    copy = Recording.at(path_of(f"{s3}-copy/b.wav"))
    model = tiny_plugin.models[0]
    keys = {embeddings_key(Provenance(each, model), Windowing(2, 1)) for each in (first, copy)}
    assert len(keys) == 1
    changed = replace(first, version="another")
    assert embeddings_key(Provenance(changed, model), Windowing(2, 1)) not in keys
    first.require_unchanged()
    filesystem.pipe(f"{bucket}/a.wav", b"SOUND")
    with pytest.raises(RecordingError, match="it changed while it was being read"):
        first.require_unchanged()


def test_what_is_behind_a_url_is_gone_only_where_its_store_says_so(s3, tmp_path, monkeypatch):
    filesystem, bucket = fsspec.url_to_fs(s3)
    filesystem.pipe(f"{bucket}/a.wav", b"sound")
    assert not is_gone(f"{s3}/a.wav")
    assert is_gone(f"{s3}/b.wav")
    assert is_gone(str(tmp_path / "a.wav"))
    assert not is_gone("ftpp://host/a.wav")
    monkeypatch.setattr(filesystem_of(s3, once=True)[0], "info", refusing)
    assert not is_gone(f"{s3}/b.wav")


def refusing(*_, **__):
    raise PermissionError("Access Denied")


def test_looking_at_a_recording_takes_one_request_for_its_facts_and_one_for_each_sample(s3):
    filesystem, bucket = fsspec.url_to_fs(s3)
    filesystem.pipe(f"{bucket}/a.wav", bytes(3 * 2**20))
    asked = []
    ours, _ = filesystem_of(s3, once=True)
    ours.s3.meta.events.register("before-send.s3", lambda request, **_: asked.append(request.method))
    Recording.at(path_of(f"{s3}/a.wav"))
    assert sorted(asked) == ["GET"] * 16 + ["HEAD"]


def test_a_bucket_that_is_not_there_is_told_in_a_line(s3):
    with pytest.raises(RecordingError, match=r"^s3://no-such-bucket/a.wav: cannot be read: No such file"):
        Recording.at(path_of("s3://no-such-bucket/a.wav"))
