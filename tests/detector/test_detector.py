import io
import json
import subprocess
import sys
import zipfile
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from audioscan_host.classifier import ClassifierSettings, Statistics, fit
from audioscan_host.detector import Detector, archive, check_target, load, require_model, save
from audioscan_host.errors import DetectorError
from audioscan_host.evidence import Evidence
from audioscan_host.models.model import FINAL, Checkpoint, Model

pytestmark = pytest.mark.usefixtures("one_thread")

DIM = 5
KINDS = ("hist-gbt", "logistic")
CALIBRATIONS = ("isotonic", "sigmoid", "none")
NORMALISATIONS = ("background", "global")
PAIR = ("hist-gbt isotonic background", "logistic sigmoid background")
EVERY_WAY = tuple(f"{kind} {way} {norm}" for kind in KINDS for way in CALIBRATIONS for norm in NORMALISATIONS)


def trained(labels=EVERY_WAY):
    """A detector with a label for each way to train one."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(6, 25, DIM)).astype(np.float32)
    truth = (vectors[..., 0] + 0.5 * rng.normal(size=(6, 25)) > 1.0).astype(np.int64)
    recordings = [Evidence.without_silence(each, 1.0) for each in vectors]
    statistics = Statistics.of(recordings)
    fitted = {
        label: fit(
            recordings,
            truth,
            [np.arange(25.0)] * 6,
            statistics,
            window=8.0,
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
        statistics=statistics,
        classifiers={label: each.classifier for label, each in fitted.items()},
        figures={label: each.figures for label, each in fitted.items()} | {labels[0]: None},
        training={"recordings": 6, "name": "Überblick", "settings": {"seed": 42, "margin": None}},
    )


def embeddings(count=500):
    vectors = np.random.default_rng(1).normal(2, 3, size=(count, DIM)).astype(np.float32)
    return Evidence.without_silence(vectors, 1.0)


def train_and_load(own, other, scores):
    """What the other process does: the same training, and the use of the first process's file."""
    save(trained(labels=PAIR), own)
    np.savez(scores, **load(other).probabilities(embeddings()))


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
    save(detector.restricted(["hist-gbt isotonic background"]), path)
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
    for name in (each.name for each in fields(Detector)):
        same(getattr(loaded, name), getattr(detector, name))
    assert list(loaded.classifiers) == list(detector.classifiers)


def same(found, expected):
    """They are of one type and hold the same to the last bit, whatever they are made of."""
    assert type(found) is type(expected)
    if is_dataclass(expected):
        for each in fields(expected):
            same(getattr(found, each.name), getattr(expected, each.name))
    elif isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for name, value in expected.items():
            same(found[name], value)
    elif isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
    elif isinstance(expected, tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            same(one, other)
    else:
        assert found == expected


@pytest.mark.slow
def test_another_process_trains_the_same_bytes_and_computes_the_same_bits(detector, saved, tmp_path):
    own, scores = tmp_path / "own.detector", tmp_path / "scores.npz"
    save(detector.restricted(PAIR), tmp_path / "pair.detector")
    call = "import runpy, sys; runpy.run_path(sys.argv[1])['train_and_load'](*sys.argv[2:])"
    subprocess.run([sys.executable, "-c", call, __file__, own, saved, scores], check=True)
    assert own.read_bytes() == (tmp_path / "pair.detector").read_bytes()
    expected = detector.probabilities(embeddings())
    with np.load(scores) as found:
        assert all(np.array_equal(found[label], expected[label]) for label in expected)
        assert len(found) == len(EVERY_WAY)


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


def test_every_label_is_judged_by_its_own_classifier_and_the_statistics_of_all(detector):
    found = detector.probabilities(embeddings())
    assert list(found) == list(detector.classifiers)
    for label, classifier in detector.classifiers.items():
        expected = classifier.probabilities(embeddings(), detector.statistics)
        assert np.array_equal(found[label], expected)
        assert (found[label] >= 0).all()
        assert (found[label] <= 1).all()


def test_the_background_of_a_whole_recording_may_be_given_for_a_part_of_it(detector):
    whole = embeddings()
    parts = [Evidence.without_silence(whole.vectors[rows], 1.0) for rows in (slice(200), slice(200, None))]
    first, second = map(detector.backgrounds, parts)
    together = {label: each and each + second[label] for label, each in first.items()}
    found = [detector.probabilities(each, backgrounds=together) for each in parts]
    for label, expected in detector.probabilities(whole).items():
        assert (together[label] is None) == label.endswith("global")
        np.testing.assert_allclose(np.concatenate([each[label] for each in found]), expected, atol=1e-6)


def test_no_windows_have_no_probabilities(detector):
    assert all(len(found) == 0 for found in detector.probabilities(embeddings(0)).values())


def test_embeddings_of_other_dimensions_are_refused(detector):
    with pytest.raises(DetectorError, match=r"\(windows, 5\) embeddings, not \(9, 6\)"):
        detector.probabilities(Evidence.without_silence(np.zeros((9, 6), np.float32), 1.0))


def test_a_detector_can_be_restricted_to_labels(detector):
    some = detector.restricted(["logistic none global"])
    assert list(some.classifiers) == list(some.figures) == ["logistic none global"]
    for labels in (["unheard"], []):
        with pytest.raises(DetectorError, match="it knows: hist-gbt isotonic background, "):
            detector.restricted(labels)


@pytest.mark.parametrize(
    "wrong",
    [
        {"hop": 9.0},
        {"window": 0.0},
        {"window": 1e9},
        {"window": 60.0, "hop": 0.01},
        {"statistics": Statistics(*np.ones((2, DIM + 1)))},
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
        ({"dim": 4}, r"holds statistics of float64 \(2, 5\) in place of float64 \(2, 4\)"),
        ({"window": 0.5}, r"hop .* must not exceed the window"),
        ({"window": 1e9}, "window must be at most 3600 s"),
        ({"window": 60.0, "hop": 0.01}, "overlap 6000 times"),
        ({"labels": []}, "foreign member"),
        ({"label": {"kind": "logistic"}}, "holds a foreign one"),
        ({"label": {"relative": False}}, "holds a foreign one"),
        ({"label": {"calibration": "sigmoid"}}, "holds a foreign one"),
        ({"label": {"estimators": 2}}, "holds a foreign one"),
        ({"label": {"probe": []}, "versions": {}}, "other probabilities"),
    ],
)
def test_a_description_that_does_not_fit_the_rest_is_refused(small, tmp_path, values, said):
    refused(described(small, tmp_path / "x.detector", **values), said)


def test_another_format_says_what_to_do(small, tmp_path):
    refused(described(small, tmp_path / "x", format=3), "format 3.*upgrade audioscan-host, or train it again")


def test_a_detector_of_before_says_why_it_is_of_no_use_and_what_to_do(small, tmp_path):
    def change(members):
        description = json.loads(members.pop("detector.json")) | {"format": 1, "normalisation": "recording"}
        members.clear()
        members |= {"detector.json": json.dumps(description).encode(), "0/estimators.skops": b""}

    said = r"read each recording by its own statistics, .*: train it again, from the same labels"
    refused(changed(small, tmp_path / "x", change), said)


def test_missing_and_foreign_members_are_refused(small, tmp_path):
    members = archive.read(small.read_bytes(), sealed=True)
    for name in sorted(members):
        said = {"detector.json": "is not a detector file", "statistics.npy": "lacks the statistics"}
        refused(
            changed(small, tmp_path / "x", lambda m, n=name: m.pop(n)), said.get(name, "lacks a part of its")
        )
    for name in (
        "0/extra",
        "0/second.npy",
        "1/first.npy",
        "00/first.npy",
        "\u0660/first.npy",
        "../evil",
        "/evil",
        "x",
    ):
        refused(
            changed(small, tmp_path / "x", lambda m, n=name: m.update({n: members["0/first.npy"]})), "foreign"
        )


def test_a_detector_that_computes_something_else_here_is_refused(small, tmp_path):
    path = described(small, tmp_path / "x", label={"probe": [0.5] * 8}, versions={"scikit-learn": "1.5.0"})
    refused(path, r"other probabilities here .*install scikit-learn 1\.5\.0, or train it again")


# --- made to do harm, with a checksum that fits


def test_json_without_end_is_refused(small, tmp_path):
    for endless in (b"[" * 100_000, b'{"a":' * 100_000):
        path = changed(small, tmp_path / "x", lambda m, c=endless: m.update({"detector.json": c}))
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
