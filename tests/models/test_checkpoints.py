"""Weights into place: what the user names instead, what its content makes of it, and what is fetched."""

import errno
import hashlib
import os
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from audioscan_host import Checkpoint
from audioscan_host.errors import CheckpointError, SettingError
from audioscan_host.models.checkpoints import LocalCheckpoint, localised, named_by_user, obtain, variable
from audioscan_host.models.packaged_weights import PackagedFiles
from audioscan_host.models.weights import HubSnapshot, TorchHubFile
from audioscan_host.progress import Silent

CONTENT = b"published weights"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
OTHER = b"weights of somebody else"
OTHER_SHA256 = hashlib.sha256(OTHER).hexdigest()
NAMES = ("model.safetensors", "config.json")


@dataclass
class Files:
    """Weights that are fetched from nowhere: `pull` writes them, or fails."""

    folder: Path
    names: tuple[str, ...] = ("net.pt",)
    sha256: str | None = None
    content: bytes | None = CONTENT
    pulls: list[object] = field(default_factory=list)

    @property
    def path(self):
        return self.folder if len(self.names) > 1 else self.folder / self.names[0]

    @property
    def files(self):
        return [self.folder / name for name in self.names]

    def pull(self, progress):
        self.pulls.append(progress)
        if self.content is None:
            raise CheckpointError("no network here")
        for file in self.files:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(self.content)


@pytest.fixture
def make_checkpoint(tiny_plugin):
    """`TINY`, published at revision 1, with these weights."""

    def make(weights, **facts) -> Checkpoint:
        return replace(tiny_plugin.checkpoint, weights=weights, **facts)

    return make


@pytest.fixture
def pinned(make_checkpoint, monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return make_checkpoint(TorchHubFile("https://example.org/net.pt", SHA256))


@pytest.fixture
def unpinned(make_checkpoint):
    return make_checkpoint(TorchHubFile("https://example.org/net.pt"))


@pytest.fixture
def snapshot(make_checkpoint):
    return make_checkpoint(HubSnapshot("someone/net", "0123abc", NAMES))


@pytest.fixture
def write(tmp_path):
    def write(name, content=CONTENT):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return write


@pytest.fixture
def make_folder(write):
    def make(name, model=b"model", config=b"config"):
        for file, content in zip(NAMES, (model, config), strict=True):
            path = write(f"{name}/{file}", content)
        return path.parent

    return make


def refusal_of(function, *arguments):
    with pytest.raises(CheckpointError) as refused:
        function(*arguments)
    message = str(refused.value)
    assert "\n" not in message
    return message


# How the user names it


@pytest.mark.parametrize(
    ("text", "path", "sha256"),
    [
        ("weights/net.pt", "weights/net.pt", None),
        (f"net.pt#sha256={SHA256}", "net.pt", SHA256),
        (f"net.pt#sha256={SHA256.upper()}", "net.pt", SHA256),
        ("take #2.pt", "take #2.pt", None),
        (f"take #2.pt#sha256={SHA256}", "take #2.pt", SHA256),
        (f"a#sha256={OTHER_SHA256}#sha256={SHA256}", f"a#sha256={OTHER_SHA256}", SHA256),
        ("net.pt#sha256=12ab", "net.pt#sha256=12ab", None),
        (f"net.pt#sha256={SHA256}0", f"net.pt#sha256={SHA256}0", None),
        (f"net.pt#md5={SHA256}", f"net.pt#md5={SHA256}", None),
        (f"#sha256={SHA256}", f"#sha256={SHA256}", None),
        ("~nobody-of-this-name/net.pt", "~nobody-of-this-name/net.pt", None),
    ],
)
def test_a_local_checkpoint_is_a_path_and_may_end_in_its_digest(text, path, sha256):
    assert LocalCheckpoint.parse(text) == LocalCheckpoint(Path(path), sha256)


@pytest.mark.skipif(os.name != "posix", reason="HOME says where home is")
@pytest.mark.parametrize("ending", ["", f"#sha256={SHA256}"])
def test_a_local_checkpoint_may_begin_at_the_home_folder(monkeypatch, tmp_path, ending):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert LocalCheckpoint.parse(f"~/net.pt{ending}").path == tmp_path / "net.pt"


@pytest.mark.parametrize(
    ("checkpoint", "name"),
    [
        ("HUBERT_BASE", "AUDIOSCAN_HUBERT_BASE"),
        ("beats-iter3", "AUDIOSCAN_BEATS_ITER3"),
        ("wav2vec2.0-base", "AUDIOSCAN_WAV2VEC2_0_BASE"),
        ("7", "AUDIOSCAN_7"),
    ],
)
def test_the_variable_of_a_checkpoint_is_its_name_in_capitals_and_underscores(checkpoint, name):
    assert variable(checkpoint) == name


def test_what_is_given_goes_before_the_environment_and_the_rest_is_not_named(monkeypatch, pinned):
    for name in ("ONE", "TWO", "UNKNOWN"):
        monkeypatch.setenv(variable(name), f"environment/{name}.pt")
    monkeypatch.setenv(variable("EMPTY"), "")
    checkpoints = [replace(pinned, name=name) for name in ("ONE", "TWO", "THREE", "EMPTY")]
    found = named_by_user({"ONE": f"given.pt#sha256={SHA256}"}, checkpoints)
    assert found == {
        "ONE": LocalCheckpoint(Path("given.pt"), SHA256),
        "TWO": LocalCheckpoint(Path("environment/TWO.pt")),
    }


def test_a_name_that_no_checkpoint_has_is_refused_with_those_that_there_are(pinned):
    with pytest.raises(SettingError, match=r"^checkpoint 'TWI' is unknown; with weights: ONE, TWO$"):
        named_by_user(
            {"ONE": "a.pt", "TWI": "b.pt"}, [replace(pinned, name="TWO"), replace(pinned, name="ONE")]
        )
    with pytest.raises(SettingError, match=r"^checkpoint 'ONE' is unknown; with weights: none$"):
        named_by_user({"ONE": "a.pt"}, [])


# What its content makes of it


def test_the_revision_is_the_digest_of_the_file(unpinned, write):
    path = write("own.pt", OTHER)
    found = localised(unpinned, LocalCheckpoint(path))
    assert found.revision == f"sha256:{OTHER_SHA256}"
    assert found.path == path
    assert found.source == str(path)
    assert replace(found, revision="1", source="none", weights=unpinned.weights) == unpinned


def test_the_same_content_at_two_places_is_one_revision_and_other_content_another(unpinned, write):
    first, copy, changed = write("a/one.pt"), write("b/two.bin"), write("c/one.pt", OTHER)
    revisions = [localised(unpinned, LocalCheckpoint(path)).revision for path in (first, copy, changed)]
    assert revisions[0] == revisions[1] != revisions[2]
    first.write_bytes(OTHER)
    assert localised(unpinned, LocalCheckpoint(first)).revision == revisions[2]


def test_a_folder_has_one_revision_wherever_it_lies_and_by_whichever_file_it_is_named(snapshot, make_folder):
    first, copy = make_folder("a"), make_folder("b")
    named = [first, copy, copy / "config.json", copy / "model.safetensors"]
    revisions = {localised(snapshot, LocalCheckpoint(path)).revision for path in named}
    assert len(revisions) == 1
    assert revisions.pop().startswith("sha256:")
    assert localised(snapshot, LocalCheckpoint(copy / "config.json")).path == copy


def test_the_content_of_every_file_of_a_folder_and_its_name_count(snapshot, make_folder):
    folders = [
        make_folder("a"),
        make_folder("b", model=b"another"),
        make_folder("c", config=b"another"),
        make_folder("d", model=b"config", config=b"model"),
    ]
    assert len({localised(snapshot, LocalCheckpoint(folder)).revision for folder in folders}) == 4


def test_files_of_the_same_content_and_other_names_are_another_revision(make_checkpoint, write):
    revisions = set()
    for names in (("config.json", "model.bin"), ("config.json", "weights.bin")):
        for name, content in zip(names, (b"config", b"model"), strict=True):
            folder = write(f"own/{name}", content).parent
        checkpoint = make_checkpoint(HubSnapshot("someone/net", "0123abc", names))
        revisions.add(localised(checkpoint, LocalCheckpoint(folder)).revision)
    assert len(revisions) == 2


def test_files_of_one_name_in_two_folders_count_both(make_checkpoint, write):
    checkpoint = make_checkpoint(HubSnapshot("someone/net", "0123abc", ("a/model.bin", "b/model.bin")))
    revisions = set()
    for folder, contents in {"one": "ab", "two": "Ab", "three": "aB", "four": "ba"}.items():
        for part, content in zip("ab", contents, strict=True):
            path = write(f"{folder}/{part}/model.bin", content.encode())
        revisions.add(localised(checkpoint, LocalCheckpoint(path.parents[1])).revision)
    assert len(revisions) == 4


def test_a_folder_in_place_of_packaged_files_counts_by_the_content_of_each(make_checkpoint, write):
    checkpoint = make_checkpoint(PackagedFiles("nets", ("weights/net.onnx", "mel.onnx")))
    revisions = set()
    for folder, contents in {"one": "ab", "copy": "ab", "two": "Ab", "three": "aB"}.items():
        write(f"{folder}/weights/net.onnx", contents[0].encode())
        mel = write(f"{folder}/mel.onnx", contents[1].encode())
        found = localised(checkpoint, LocalCheckpoint(mel.parent))
        assert found.path == mel.parent
        revisions.add(found.revision)
    assert len(revisions) == 3


def test_other_files_of_a_folder_do_not_count(snapshot, make_folder):
    folder = make_folder("a")
    before = localised(snapshot, LocalCheckpoint(folder))
    (folder / "README.md").write_text("what it is")
    assert localised(snapshot, LocalCheckpoint(folder)) == before


def test_a_copy_of_the_pinned_file_is_the_published_checkpoint(pinned, write):
    found = localised(pinned, LocalCheckpoint(write("copy.pt")))
    assert found.revision == pinned.revision
    assert found.path == write("copy.pt")


def test_another_file_than_the_pinned_one_is_refused_with_both_digests_and_the_way_to_take_it(pinned, write):
    path = write("own.pt", OTHER)
    to_take_it = f"{path}#sha256={OTHER_SHA256}"
    assert refusal_of(localised, pinned, LocalCheckpoint(path)) == (
        f"TINY: {path}: its SHA-256 is {OTHER_SHA256}, not {SHA256}; to take it all the same: {to_take_it}"
    )
    found = localised(pinned, LocalCheckpoint.parse(to_take_it))
    assert found.revision == f"sha256:{OTHER_SHA256}"
    assert found.path == path


def test_the_way_to_take_a_file_by_its_folder_names_the_folder_and_works(pinned, write):
    folder = write("own/net.pt", OTHER).parent
    message = refusal_of(localised, pinned, LocalCheckpoint(folder))
    found = localised(pinned, LocalCheckpoint.parse(message.rpartition("same: ")[2]))
    assert found.path == folder / "net.pt"


@pytest.mark.parametrize("kind", ["pinned", "unpinned"])
def test_a_file_of_another_digest_than_the_user_says_is_refused(request, kind, write):
    path = write("own.pt", OTHER)
    local = LocalCheckpoint(path, SHA256)
    message = refusal_of(localised, request.getfixturevalue(kind), local)
    assert message == f"TINY: {path}: its SHA-256 is {OTHER_SHA256}, not {SHA256}"


def test_a_folder_may_be_pinned_by_the_user_too(snapshot, make_folder):
    folder = make_folder("a")
    digest = localised(snapshot, LocalCheckpoint(folder)).revision.removeprefix("sha256:")
    assert localised(snapshot, LocalCheckpoint(folder, digest)).path == folder
    make_folder("a", config=b"another")
    assert f", not {digest}" in refusal_of(localised, snapshot, LocalCheckpoint(folder, digest))


def test_what_is_not_there_is_one_line_that_names_the_checkpoint(pinned, tmp_path):
    gone = tmp_path / "gone.pt"
    message = refusal_of(localised, pinned, LocalCheckpoint(gone))
    assert message == f"TINY: {gone}: there is no such file or folder"


def test_a_path_that_the_system_refuses_is_one_line(pinned, tmp_path):
    path = tmp_path / ("x" * 1000)
    message = refusal_of(localised, pinned, LocalCheckpoint(path))
    assert message == f"TINY: {path}: {os.strerror(errno.ENAMETOOLONG)}"


def test_a_checkpoint_without_weights_cannot_be_replaced(make_checkpoint, write):
    message = refusal_of(localised, make_checkpoint(None), LocalCheckpoint(write("net.pt")))
    assert message == "TINY declares no weights that others could replace"


# Obtained


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path / "weights")


def test_a_checkpoint_without_weights_needs_nothing(make_checkpoint):
    obtain(make_checkpoint(None), Silent())


def test_what_is_missing_is_fetched_with_the_progress_that_was_given(make_checkpoint, files):
    progress = Silent()
    obtain(make_checkpoint(files), progress)
    assert files.pulls == [progress]
    assert files.path.read_bytes() == CONTENT


def test_what_is_there_is_not_fetched(make_checkpoint, files):
    files.pull(None)
    files.pulls.clear()
    obtain(make_checkpoint(replace(files, sha256=SHA256)), Silent())
    assert files.pulls == []


def test_a_snapshot_that_lacks_one_file_is_fetched(make_checkpoint, files):
    files.names = NAMES
    files.pull(None)
    files.files[1].unlink()
    obtain(make_checkpoint(files), Silent())
    assert len(files.pulls) == 2


@pytest.mark.parametrize("there", [True, False], ids=["there", "fetched"])
def test_a_file_of_another_digest_than_the_pinned_one_is_refused(make_checkpoint, files, there):
    files.sha256, files.content = SHA256, OTHER
    if there:
        files.pull(None)
    message = refusal_of(obtain, make_checkpoint(files), Silent())
    assert message == (
        f"TINY: {files.path}: its SHA-256 is {OTHER_SHA256}, not {SHA256}: "
        "it is damaged or another file (remove it and pull it again), or the declared sha256 is wrong"
    )


def test_once_the_damaged_file_is_removed_it_is_fetched_again(make_checkpoint, files):
    files.sha256 = SHA256
    files.folder.mkdir()
    files.path.write_bytes(CONTENT[:5])
    refusal_of(obtain, make_checkpoint(files), Silent())
    assert files.path.read_bytes() == CONTENT[:5]
    files.path.unlink()
    obtain(make_checkpoint(files), Silent())
    assert files.path.read_bytes() == CONTENT


def test_weights_that_cannot_be_fetched_are_one_line_with_every_way_to_get_them(make_checkpoint, files):
    files.content = None
    checkpoint = make_checkpoint(files, name="tiny-1.0")
    assert refusal_of(obtain, checkpoint, Silent()) == (
        f"tiny-1.0: net.pt is not in {files.folder} and could not be fetched (no network here); "
        "run `audioscan-host pull tiny-1.0` where there is network and bring the file here, "
        "or name a copy: --checkpoint tiny-1.0=PATH or AUDIOSCAN_TINY_1_0=PATH"
    )


def test_an_address_that_cannot_be_reached_is_in_that_line(make_checkpoint, monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    message = refusal_of(obtain, make_checkpoint(TorchHubFile("http://127.0.0.1:1/net.pt")), Silent())
    assert f"net.pt is not in {tmp_path / 'hub' / 'checkpoints'}" in message
    assert "(http://127.0.0.1:1/net.pt: " in message


def test_of_a_snapshot_the_file_that_is_missing_is_named(make_checkpoint, files):
    files.names = NAMES
    files.pull(None)
    files.files[1].unlink()
    files.content = None
    message = refusal_of(obtain, make_checkpoint(files), Silent())
    assert message.startswith(f"TINY: config.json is not in {files.folder} and ")


def test_a_file_of_the_user_that_has_gone_since_is_not_fetched(unpinned, write):
    path = write("own.pt")
    checkpoint = localised(unpinned, LocalCheckpoint(path))
    obtain(checkpoint, Silent())
    path.unlink()
    message = refusal_of(obtain, checkpoint, Silent())
    assert message.startswith(f"TINY: own.pt is not in {path.parent} and could not be fetched (it was named")


def test_a_copy_of_a_pinned_file_is_not_hashed_again_when_it_is_obtained(pinned, write, monkeypatch):
    checkpoint = localised(pinned, LocalCheckpoint(write("copy.pt")))
    monkeypatch.setattr(hashlib, "file_digest", lambda *_: pytest.fail("hashed again"))
    obtain(checkpoint, Silent())


def test_a_file_that_cannot_be_read_is_one_line(pinned, write, monkeypatch):
    def broken_disk(*_):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(hashlib, "file_digest", broken_disk)
    local = write("own.pt")
    reason = f"{local}: {os.strerror(errno.EIO)}"
    assert refusal_of(localised, pinned, LocalCheckpoint(local)) == f"TINY: {reason}"
    pinned.path.parent.mkdir(parents=True)
    shutil.copy(local, pinned.path)
    assert refusal_of(obtain, pinned, Silent()) == f"{pinned.path}: {os.strerror(errno.EIO)}"
