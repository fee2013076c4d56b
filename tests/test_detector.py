import io
import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from audioscan_host.classifier import ClassifierSettings, fit, normalise
from audioscan_host.detector import Detector, archive, check_target, load, require_model, save
from audioscan_host.errors import DetectorError
from audioscan_host.model import FINAL, Checkpoint, Model

DIM = 5
KINDS = ("hist-gbt", "logistic")
CALIBRATIONS = ("isotonic", "sigmoid", "none")
PAIR = ("hist-gbt isotonic", "logistic sigmoid")


def trained(labels=tuple(f"{kind} {way}" for kind in KINDS for way in CALIBRATIONS)):
    """A detector with a label for each way to train one."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(150, DIM)).astype(np.float32)
    truth = (features[:, 0] + 0.5 * rng.normal(size=150) > 1.0).astype(np.int64)
    groups, times = np.repeat(np.arange(6), 25), np.tile(np.arange(25.0), 6)
    fitted = {
        label: fit(
            features,
            truth,
            groups,
            times,
            window=8.0,
            hop=1.0,
            settings=ClassifierSettings(*label.split(" ")),
        )
        for label in labels
    }
    return Detector(
        model="TINY",
        model_revision=3,
        checkpoint_revision="abc",
        dim=DIM,
        window=8.0,
        hop=1.0,
        normalisation="recording",
        classifiers={label: each.classifier for label, each in fitted.items()},
        figures={label: each.figures for label, each in fitted.items()} | {labels[0]: None},
        training={"recordings": 6, "name": "Überblick", "settings": {"seed": 42, "margin": None}},
    )


def embeddings(count=500):
    return np.random.default_rng(1).normal(2, 3, size=(count, DIM)).astype(np.float32)


def train_and_load(own, other, scores):
    """What the other process does: the same training, and the use of the first process's file."""
    save(trained(labels=PAIR), own)
    np.savez(scores, **load(other).probabilities(embeddings()))


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Small fits on many threads take minutes on a busy machine."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def detector():
    return trained()


@pytest.fixture(scope="module")
def saved(detector, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "all.detector"
    save(detector, path)
    return path


@pytest.fixture(scope="module")
def small(detector, tmp_path_factory):
    """A file of one label of boosted trees."""
    path = tmp_path_factory.mktemp("small") / "one.detector"
    save(detector.restricted(["hist-gbt isotonic"]), path)
    return path


def changed(source, target, change):
    """The file with its members changed and its checksum put right."""
    members = archive.read(source.read_bytes(), sealed=True)
    change(members)
    target.write_bytes(archive.write(members, sealed=True))
    return target


def described(source, target, **values):
    """The file with other values in its description; `label` holds those of its first label."""

    def change(members):
        description = json.loads(members["detector.json"])
        description["labels"][0] |= values.pop("label", {})
        members["detector.json"] = json.dumps(description | values).encode()

    return changed(source, target, change)


def refused(path, match):
    """The file is refused in one line that begins with its path."""
    with pytest.raises(DetectorError, match=match) as raised:
        load(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert "\n" not in str(raised.value)


# --- saved and loaded


def test_everything_comes_back(detector, saved):
    loaded = load(saved)
    assert replace(loaded, classifiers={}.fromkeys(loaded.classifiers)) == replace(
        detector, classifiers={}.fromkeys(detector.classifiers)
    )
    assert list(loaded.classifiers) == list(detector.classifiers)
    for label, classifier in detector.classifiers.items():
        assert replace(loaded.classifiers[label], estimators=()) == replace(classifier, estimators=())


def test_another_process_trains_the_same_bytes_and_computes_the_same_bits(detector, saved, tmp_path):
    own, scores = tmp_path / "own.detector", tmp_path / "scores.npz"
    save(detector.restricted(PAIR), tmp_path / "pair.detector")
    call = "import runpy, sys; runpy.run_path(sys.argv[1])['train_and_load'](*sys.argv[2:])"
    subprocess.run([sys.executable, "-c", call, __file__, own, saved, scores], check=True)
    assert own.read_bytes() == (tmp_path / "pair.detector").read_bytes()
    expected = detector.probabilities(embeddings())
    with np.load(scores) as found:
        assert all(np.array_equal(found[label], expected[label]) for label in expected)
        assert len(found) == len(KINDS) * len(CALIBRATIONS)


def test_a_loaded_detector_is_saved_to_the_same_bytes(saved, tmp_path):
    save(load(saved), tmp_path / "again.detector")
    assert (tmp_path / "again.detector").read_bytes() == saved.read_bytes()


def test_saving_replaces_whole_and_leaves_nothing_behind(detector, saved, tmp_path):
    path = tmp_path / "x.detector"
    path.write_text("what was there before")
    save(detector, path)
    assert path.read_bytes() == saved.read_bytes()
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written_leaves_what_is_there(detector, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "folder", tmp_path / "file" / "x.detector"):
        for write in (lambda p: save(detector, p), check_target):
            with pytest.raises(DetectorError, match="cannot be written") as raised:
                write(path)
            assert str(raised.value).startswith(str(path))
    assert sorted(tmp_path.iterdir()) == [tmp_path / "file", tmp_path / "folder"]


def test_a_missing_folder_is_made(detector, tmp_path):
    path = tmp_path / "new" / "x.detector"
    check_target(path)
    save(detector, path)
    assert load(path).model == detector.model


# --- use


@pytest.mark.parametrize("normalisation", ["recording", "none"])
def test_embeddings_are_normalised_as_the_detector_says(detector, normalisation):
    found = replace(detector, normalisation=normalisation).probabilities(embeddings())
    features = normalise(embeddings()) if normalisation == "recording" else embeddings()
    for label, classifier in detector.classifiers.items():
        assert np.array_equal(found[label], classifier.probabilities(features))


def test_no_windows_have_no_probabilities(detector):
    assert all(len(found) == 0 for found in detector.probabilities(embeddings(0)).values())


def test_embeddings_of_other_dimensions_are_refused(detector):
    with pytest.raises(DetectorError, match=r"\(windows, 5\) embeddings, not \(9, 6\)"):
        detector.probabilities(np.zeros((9, 6), np.float32))


def test_a_detector_can_be_restricted_to_labels(detector):
    some = detector.restricted(["logistic none"])
    assert list(some.classifiers) == list(some.figures) == ["logistic none"]
    for labels in (["unheard"], []):
        with pytest.raises(DetectorError, match="it knows: hist-gbt isotonic, "):
            detector.restricted(labels)


@pytest.mark.parametrize(
    "wrong",
    [
        {"hop": 9.0},
        {"window": 0.0},
        {"normalisation": "video"},
        {"dim": 0},
        {"classifiers": {}},
        {"figures": {}},
    ],
)
def test_a_detector_that_does_not_hang_together_is_refused(detector, wrong):
    with pytest.raises(DetectorError):
        replace(detector, **wrong)


def installed(revision=3, dim=DIM, weights="abc"):
    checkpoint = Checkpoint("tiny", "none", weights, 1, 16000, 0.02, 0.1, "MIT", 0)
    return Model("TINY", checkpoint, (FINAL,), dim, "tiny", revision=revision)


def test_the_model_that_it_was_trained_on_fits(detector):
    require_model(detector, installed())


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (installed(revision=4), "TINY with revision 3, but TINY with revision 4"),
        (installed(dim=6), "dimensions 5, but TINY with dimensions 6"),
        (installed(weights="abd"), "weights abc, but TINY with weights abd"),
    ],
)
def test_another_model_is_refused_with_what_to_do(detector, model, said):
    with pytest.raises(DetectorError, match=said) as raised:
        require_model(detector, model, Path("my.detector"))
    assert str(raised.value).startswith("my.detector: ")
    assert "install the version of its plugin" in str(raised.value)
    assert "train it again" in str(raised.value)


# --- damaged


def test_any_changed_byte_is_refused(small, tmp_path):
    data = small.read_bytes()
    path = tmp_path / "x.detector"
    offsets = np.random.default_rng(0).integers(0, len(data), 60)
    for at in [0, 1, 3, 4, len(data) - 90, len(data) - 65, len(data) - 64, len(data) - 1, *offsets]:
        damaged = bytearray(data)
        damaged[at] ^= 0x20
        path.write_bytes(damaged)
        refused(path, "damaged|not a detector file")


def test_a_truncated_or_lengthened_file_is_refused(small, tmp_path):
    data = small.read_bytes()
    path = tmp_path / "x.detector"
    for part in (data[:-1], data[: len(data) // 2], data[:100], data[:5], data + b"\0", data + data):
        path.write_bytes(part)
        refused(path, "damaged|not a detector file")


def test_what_is_no_detector_is_refused(tmp_path):
    path = tmp_path / "x.detector"
    refused(path, "does not exist")
    refused(tmp_path, "is not a file")
    for content in (b"", b"name,start,end\n" * 50, bytes(1000)):
        path.write_bytes(content)
        refused(path, "not a detector file; `audioscan-host train` makes one")
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("detector.json", "{}")
    refused(path, "not a detector file")
    path.write_bytes(archive.write({"a": b""}, sealed=True))
    refused(path, "not a detector file")


def test_a_file_beyond_all_size_is_not_read(tmp_path):
    path = tmp_path / "x.detector"
    with path.open("wb") as file:
        file.truncate(2**40)
    refused(path, "larger than 512 MiB")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"dim": 4}, "not hist-gbt of 4 dimensions"),
        ({"window": 0.5}, r"hop .* must not exceed the window"),
        ({"normalisation": "video"}, "normalisation must be"),
        ({"labels": []}, "foreign member"),
        ({"label": {"kind": "logistic"}}, "holds a foreign one"),
        ({"label": {"probe": []}, "versions": {}}, "other probabilities"),
    ],
)
def test_a_description_that_does_not_fit_the_rest_is_refused(small, tmp_path, values, said):
    refused(described(small, tmp_path / "x.detector", **values), said)


def test_another_format_says_what_to_do(small, tmp_path):
    refused(described(small, tmp_path / "x", format=2), "format 2.*upgrade audioscan-host, or train it again")


def test_missing_and_foreign_members_are_refused(small, tmp_path):
    for name in ("0/1.nodes.npy", "0/estimators.skops"):
        refused(changed(small, tmp_path / "x", lambda m, n=name: m.pop(n)), "lacks a part")
    for name in ("0/extra", "1/estimators.skops", "../evil", "/evil", "readme"):
        refused(changed(small, tmp_path / "x", lambda m, n=name: m.update({n: b""})), "foreign")


def test_a_detector_that_computes_something_else_here_is_refused(small, tmp_path):
    path = described(small, tmp_path / "x", label={"probe": [0.5] * 8}, versions={"scikit-learn": "1.5.0"})
    refused(path, r"other probabilities here .*install scikit-learn 1\.5\.0, or train it again")


# --- made to do harm, with a checksum that fits


def test_a_foreign_type_is_named(small, tmp_path):
    def change(members):
        parts = archive.read(members["0/estimators.skops"])
        evil = b'{"__loader__": "FunctionNode", "__module__": "os", "__class__": "system"}'
        members["0/estimators.skops"] = archive.write(parts | {"schema.json": evil})

    refused(changed(small, tmp_path / "x", change), r"holds the type os\.system ")


def test_json_without_end_is_refused(small, tmp_path):
    state = archive.write({"schema.json": b'{"content":[' * 20_000 + b"]}" * 20_000})
    for name, content in (("detector.json", b"[" * 100_000), ("0/estimators.skops", state)):
        path = changed(small, tmp_path / "x", lambda m, n=name, c=content: m.update({n: c}))
        refused(path, "cannot be used .RecursionError")


def with_nodes(source, target, change):
    def change_members(members):
        nodes = archive.read_array(members["0/0.nodes.npy"]).copy()
        members["0/0.nodes.npy"] = archive.write_array(change(nodes))

    return changed(source, target, change_members)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [("left", 2**31, "left children"), ("right", 0, "right children"), ("feature_idx", 10**6, "dimensions")],
)
def test_trees_that_would_read_foreign_memory_or_never_end_are_refused(small, tmp_path, field, value, said):
    def change(nodes):
        nodes[field][nodes["is_leaf"] == 0] = value
        return nodes

    refused(with_nodes(small, tmp_path / "x", change), said)


def test_trees_of_another_scikit_learn_are_told_so(small, tmp_path):
    path = with_nodes(small, tmp_path / "x", lambda nodes: nodes["value"].copy())
    refused(path, "written by another version of scikit-learn")


def test_a_zip_bomb_is_refused_unopened(small, tmp_path):
    members = archive.read(small.read_bytes(), sealed=True)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in (members | {"0/0.nodes.npy": bytes(50_000_000)}).items():
            file.writestr(name, content)
        file.comment = bytes(64)
    data = stream.getvalue()[:-64]
    path = tmp_path / "x.detector"
    path.write_bytes(data + archive._digest(data))
    refused(path, "declares more content than it holds")
