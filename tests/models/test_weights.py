"""Where weights lie: the same places as torch and huggingface_hub use, and places that a user names."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from audioscan_host.errors import CheckpointError, ModelError
from audioscan_host.models.packaged_weights import PackagedFile, PackagedFiles
from audioscan_host.models.weights import HubSnapshot, LocalWeights, TorchHubFile, missing
from audioscan_host.progress import Silent

PLACES = {
    "TORCH_HOME",
    "XDG_CACHE_HOME",
    "HF_HOME",
    "HF_HUB_CACHE",
    "HUGGINGFACE_HUB_CACHE",
    "HF_HUB_OFFLINE",
}

FILE = TorchHubFile("https://example.org/nets/net.pt?download=1")
SNAPSHOT = HubSnapshot("someone/net-base", "0123abc", ("model.safetensors", "config.json"))


@pytest.fixture
def in_environment(monkeypatch, tmp_path):
    """Set the variables, and none of the others that say where weights lie; home is the test's folder."""

    def set_variables(variables):
        for name in PLACES:
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("USERPROFILE", str(tmp_path))
        monkeypatch.chdir(tmp_path)
        for name, value in variables.items():
            monkeypatch.setenv(name, value.replace("TMP", str(tmp_path)))

    return set_variables


def ask(code, cases, folder):
    """What a script prints as JSON for these cases, in a process of its own: it imports what is slow."""
    environment = {name: value for name, value in os.environ.items() if name not in PLACES}
    home = {"HOME": str(folder), "USERPROFILE": str(folder), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        env={**environment, **home},
        cwd=folder,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


TORCH = {
    "nothing set": {},
    "TORCH_HOME": {"TORCH_HOME": "TMP/torch home"},
    "TORCH_HOME in the home folder": {"TORCH_HOME": "~/own"},
    "TORCH_HOME with the home folder of nobody": {"TORCH_HOME": "~nobody-of-this-name/own"},
    "TORCH_HOME with a variable, which torch leaves": {"TORCH_HOME": "TMP/$HOME"},
    "XDG_CACHE_HOME": {"XDG_CACHE_HOME": "TMP/xdg"},
    "XDG_CACHE_HOME in the home folder": {"XDG_CACHE_HOME": "~/xdg"},
    "both": {"TORCH_HOME": "TMP/torch", "XDG_CACHE_HOME": "TMP/xdg"},
    "TORCH_HOME empty": {"TORCH_HOME": ""},
}

LOAD_WITH_TORCH = """
import json, os, sys
from pathlib import Path
import torch

url, cases = json.load(sys.stdin)
answers = []
for number, (variables, path) in enumerate(cases):
    os.environ.pop("TORCH_HOME", None)
    os.environ.pop("XDG_CACHE_HOME", None)
    os.environ.update(variables)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    torch.save({"case": torch.tensor(number)}, path)
    found = torch.hub.load_state_dict_from_url(url)["case"].item()
    Path(path).unlink()
    answers.append([torch.hub.get_dir(), found])
print(json.dumps(answers))
"""


@pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")
@pytest.mark.slow
def test_a_file_lies_where_torch_looks_for_it_and_torch_loads_it_from_there(in_environment, tmp_path):
    paths, cases = [], []
    for variables in TORCH.values():
        in_environment(variables)
        paths.append(FILE.path)
        cases.append([{name: os.environ[name] for name in variables}, str(FILE.path)])
    unreachable = FILE.url.replace("https://example.org", "http://127.0.0.1:1")
    answers = ask(LOAD_WITH_TORCH, [unreachable, cases], tmp_path)
    for number, (path, (folder, found)) in enumerate(zip(paths, answers, strict=True)):
        assert path == Path(folder) / "checkpoints" / "net.pt", list(TORCH)[number]
        assert found == number


def test_the_name_of_a_file_is_the_end_of_its_address_without_the_query():
    assert FILE.name == "net.pt"
    assert TorchHubFile("https://example.org/a/b-1.2.pth").name == "b-1.2.pth"


HUB = {
    "nothing set": {},
    "HF_HUB_CACHE": {"HF_HUB_CACHE": "TMP/hub cache"},
    "HF_HUB_CACHE in the home folder": {"HF_HUB_CACHE": "~/own"},
    "HF_HUB_CACHE with a variable": {"HF_HUB_CACHE": "$HOME/own"},
    "HUGGINGFACE_HUB_CACHE": {"HUGGINGFACE_HUB_CACHE": "TMP/older"},
    "HF_HOME": {"HF_HOME": "TMP/hf"},
    "HF_HOME in the home folder": {"HF_HOME": "~/hf"},
    "HF_HOME empty": {"HF_HOME": ""},
    "XDG_CACHE_HOME": {"XDG_CACHE_HOME": "TMP/xdg"},
    "the newer of two names": {"HF_HUB_CACHE": "TMP/newer", "HUGGINGFACE_HUB_CACHE": "TMP/older"},
    "the cache before the home": {"HUGGINGFACE_HUB_CACHE": "TMP/older", "HF_HOME": "TMP/hf"},
    "the home before XDG": {"HF_HOME": "TMP/hf", "XDG_CACHE_HOME": "TMP/xdg"},
}

LOOK_WITH_THE_HUB = """
import importlib, json, os, shutil, sys
from pathlib import Path
from huggingface_hub import constants, file_download, try_to_load_from_cache

repository, revision, names, cases = json.load(sys.stdin)
answers = []
for variables, path in cases:
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        os.environ.pop(name, None)
    os.environ.update(variables)
    importlib.reload(constants)
    folder = file_download.repo_folder_name(repo_id=repository, repo_type="model")
    Path(path).mkdir(parents=True)
    for name in names:
        (Path(path) / name).write_text(name)
    # The signature has the folder of the first import.
    cache = constants.HF_HUB_CACHE
    found = [try_to_load_from_cache(repository, name, cache, revision) for name in names]
    answers.append([str(Path(cache, folder, "snapshots", revision)), found])
    shutil.rmtree(path)
print(json.dumps(answers))
"""


@pytest.mark.skipif(find_spec("huggingface_hub") is None, reason="huggingface_hub is not installed")
def test_a_snapshot_lies_where_huggingface_hub_looks_for_it_and_finds_it_there(in_environment, tmp_path):
    paths, cases = [], []
    for variables in HUB.values():
        in_environment(variables)
        paths.append(SNAPSHOT.path)
        cases.append([{name: os.environ[name] for name in variables}, str(SNAPSHOT.path)])
    facts = [SNAPSHOT.repository, SNAPSHOT.revision, SNAPSHOT.names, cases]
    answers = ask(LOOK_WITH_THE_HUB, facts, tmp_path)
    for case, path, (folder, found) in zip(HUB, paths, answers, strict=True):
        assert path == Path(folder), case
        assert [Path(file) for file in found] == [path / name for name in SNAPSHOT.names], case


def test_a_snapshot_consists_of_its_files_in_its_folder(in_environment):
    in_environment({})
    assert SNAPSHOT.files == [SNAPSHOT.path / "model.safetensors", SNAPSHOT.path / "config.json"]


# What is missing


def test_all_files_that_are_not_there_are_missing_and_no_others(in_environment):
    in_environment({})
    assert missing(FILE) == [FILE.path]
    assert missing(SNAPSHOT) == list(SNAPSHOT.files)
    for file in (FILE.path, SNAPSHOT.files[1]):
        file.parent.mkdir(parents=True)
        file.write_text("weights")
    assert missing(FILE) == []
    assert missing(SNAPSHOT) == [SNAPSHOT.files[0]]


def test_a_folder_in_the_place_of_a_file_is_not_the_file(in_environment):
    in_environment({})
    FILE.path.mkdir(parents=True)
    assert missing(FILE) == [FILE.path]


# Named by the user


@pytest.fixture
def folder(tmp_path):
    """A folder with the files of both kinds, and one more."""
    folder = tmp_path / "own"
    folder.mkdir()
    for name in ("net.pt", "model.safetensors", "config.json", "README.md"):
        (folder / name).write_text(name)
    return folder


def test_a_file_may_have_any_name_where_the_user_names_it(folder):
    other = (folder / "net.pt").rename(folder / "my best.bin")
    assert FILE.at(other) == LocalWeights(other, (other,))


def test_a_folder_stands_for_the_file_of_the_published_name_in_it(folder):
    file = folder / "net.pt"
    assert FILE.at(folder) == LocalWeights(file, (file,))


@pytest.mark.parametrize("named", [".", "model.safetensors", "config.json"])
def test_a_snapshot_is_a_folder_with_all_its_files_or_any_of_these(folder, named):
    files = (folder / "model.safetensors", folder / "config.json")
    assert SNAPSHOT.at(folder / named) == LocalWeights(folder, files)


@pytest.mark.parametrize(
    ("weights", "named", "complaint"),
    [
        (FILE, "gone.pt", "gone.pt: there is no such file or folder"),
        (FILE, ".", "own: has no net.pt"),
        (SNAPSHOT, "gone", "gone: there is no such file or folder"),
        (SNAPSHOT, ".", "own: has no model.safetensors, config.json"),
        (
            SNAPSHOT,
            "README.md",
            "README.md: is a file; wanted is a folder with model.safetensors, config.json",
        ),
    ],
    ids=[
        "no file",
        "a folder without the file",
        "no folder",
        "a folder without the files",
        "a file of another name",
    ],
)
def test_what_is_missing_at_the_users_place_is_named_in_one_line(folder, weights, named, complaint):
    for name in ("net.pt", "model.safetensors", "config.json"):
        (folder / name).unlink()
    with pytest.raises(CheckpointError) as refused:
        weights.at(folder / named)
    assert str(refused.value) == str((folder.parent if named == "." else folder) / complaint)


def test_only_the_files_that_a_folder_lacks_are_named(folder):
    (folder / "config.json").unlink()
    with pytest.raises(CheckpointError, match=r"own: has no config\.json$"):
        SNAPSHOT.at(folder)


def test_what_the_user_named_is_neither_fetched_nor_named_again(folder):
    local = FILE.at(folder)
    with pytest.raises(CheckpointError, match=r"^it was named by hand and is not fetched$"):
        local.pull(Silent())
    with pytest.raises(CheckpointError, match=r"net\.pt was named already$"):
        local.at(folder)


# Weights in a package


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """A package `nets` with weights in a folder, and a module `net` with weights beside it; importing either fails."""
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("nets/__init__.py", "net.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("raise SystemExit('imported, though it was to be found only')")
    for name in ("nets/weights/tiny.pth", "tiny.pth"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"weights")
    return tmp_path


@pytest.mark.parametrize(
    ("package", "name"), [("nets", "weights/tiny.pth"), ("net", "tiny.pth")], ids=["package", "module"]
)
def test_a_packaged_file_lies_in_its_package_which_is_not_imported(packages, package, name):
    weights = PackagedFile(package, name)
    assert weights.path == packages / ("nets" if package == "nets" else ".") / name
    assert missing(weights) == []
    assert package not in sys.modules


def test_a_packaged_file_that_is_not_there_is_missing_and_is_not_fetched(packages):
    for weights in (PackagedFile("nets", "other.pth"), PackagedFile("nets_of_nobody", "tiny.pth")):
        assert missing(weights) == [weights.path]
        with pytest.raises(CheckpointError, match=f"^it comes with the package {weights.package}: install"):
            weights.pull(Silent())


def test_the_user_may_name_another_file_in_place_of_a_packaged_one(packages):
    weights = PackagedFile("nets", "weights/tiny.pth")
    (packages / "own.pth").write_bytes(b"own")
    assert weights.at(packages / "own.pth").path == packages / "own.pth"
    assert weights.at(packages).path == packages / "tiny.pth"


def test_what_is_within_a_package_is_not_looked_for():
    for weights in (lambda: PackagedFile("os.path", "a"), lambda: PackagedFiles("os.path", ("a", "b"))):
        with pytest.raises(ModelError, match=r"^package must be a name without dots, not 'os\.path'$"):
            weights()


PACKAGED = PackagedFiles("nets", ("weights/tiny.pth", "labels.txt"))


def test_packaged_files_lie_in_the_folder_of_their_package_which_is_not_imported(packages):
    assert PACKAGED.path == packages / "nets"
    assert PACKAGED.files == [packages / "nets/weights/tiny.pth", packages / "nets/labels.txt"]
    assert "nets" not in sys.modules


def test_those_of_the_packaged_files_that_are_not_there_are_missing_and_are_not_fetched(packages):
    assert missing(PACKAGED) == [packages / "nets/labels.txt"]
    with pytest.raises(CheckpointError, match=r"^it comes with the package nets: install that again$"):
        PACKAGED.pull(Silent())


@pytest.mark.parametrize("named", [".", "weights/tiny.pth", "labels.txt"])
def test_the_user_may_name_a_folder_in_place_of_packaged_files_or_any_of_the_files_in_it(packages, named):
    own = packages / "own"
    (own / "weights").mkdir(parents=True)
    files = (own / "weights/tiny.pth", own / "labels.txt")
    for file in files:
        file.write_bytes(b"own")
    assert PACKAGED.at(own / named) == LocalWeights(own, files)


def test_a_folder_that_lacks_one_of_the_packaged_files_is_refused_by_its_name(packages):
    with pytest.raises(CheckpointError, match=r"nets: has no labels\.txt$"):
        PACKAGED.at(packages / "nets")
    with pytest.raises(
        CheckpointError, match=r"tiny\.pth: is a file; wanted is a folder with tiny\.pth, labels\.txt$"
    ):
        PACKAGED.at(packages / "tiny.pth")
