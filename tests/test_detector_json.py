import json

import numpy as np
import pytest

from audioscan_host.classifier import Classifier
from audioscan_host.classifier.figures import Figures
from audioscan_host.detector import Detector, detector_json
from audioscan_host.errors import DetectorError

FIGURES = Figures.from_scores(np.array([0, 1, 1]), np.array([0.1, 0.7, 0.2]))
PROBES = {"bark": [0.25, 1.0], "Häher": [0.5]}


@pytest.fixture
def detector():
    return Detector(
        model="TINY",
        model_revision=3,
        checkpoint_revision="abc",
        dim=5,
        window=8,
        hop=1,
        normalisation="none",
        classifiers={
            "bark": Classifier("hist-gbt", "isotonic", 0.1 + 0.2, (None,) * 3),
            "Häher": Classifier("logistic", "none", 1, (None,)),
        },
        figures={"bark": FIGURES, "Häher": None},
        training={"recordings": 6, "margin": None, "settings": {"seed": 42}},
        versions={"numpy": "2.0"},
    )


@pytest.fixture
def described(detector):
    return json.loads(detector_json.write(detector, PROBES))


def read(described):
    return detector_json.read(json.dumps(described).encode())


def test_what_was_written_is_read(detector):
    found = detector_json.read(detector_json.write(detector, PROBES))
    assert found.values == {name: getattr(detector, name) for name in found.values}
    for label, (name, classifier) in zip(found.labels, detector.classifiers.items(), strict=True):
        assert label.name == name
        assert (label.kind, label.calibration) == (classifier.kind, classifier.calibration)
        assert label.kept_share == classifier.kept_share
        assert label.estimators == len(classifier.estimators)
        assert label.probe.tolist() == PROBES[name]
        assert label.figures == detector.figures[name]


def test_another_format_says_what_to_do(described):
    assert described["format"] == 1
    with pytest.raises(DetectorError, match=r"format 2.*upgrade audioscan-host, or train it again"):
        read({"format": 2})


@pytest.mark.parametrize("data", [b"", b"{", b"\xff"])
def test_what_is_no_json_is_refused(data):
    with pytest.raises(DetectorError, match="not JSON"):
        detector_json.read(data)


@pytest.mark.parametrize("data", [b"[]", b"3", b"null", b"{}"])
def test_json_of_something_else_is_refused(data):
    with pytest.raises(DetectorError, match="format must be of type int"):
        detector_json.read(data)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"dim": "5"}, "dim must be of type int, not '5'"),
        ({"dim": True}, "dim must be of type int"),
        ({"dim": 10**12}, "dim must be from 1"),
        ({"dim": 0}, "dim must be from 1"),
        ({"window": float("nan")}, "window must be of type float"),
        ({"window": 8}, "window must be of type float"),
        ({"model": None}, "model must be of type str"),
        ({"training": []}, "training must be of type dict"),
        ({"versions": {"numpy": 2}}, "versions must be texts"),
        ({"labels": [3]}, "label must be of type str"),
    ],
)
def test_a_value_of_another_type_is_refused(described, values, said):
    with pytest.raises(DetectorError, match=said):
        read(described | values)


@pytest.mark.parametrize("name", ["model", "dim", "labels", "versions"])
def test_a_missing_value_is_refused(described, name):
    del described[name]
    with pytest.raises(DetectorError, match=f"{name} must be"):
        read(described)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"kind": "forest"}, "'bark': classifier 'forest'"),
        ({"calibration": "platt"}, "calibration 'platt'"),
        ({"kept_share": 0.0}, "kept_share"),
        ({"kept_share": 1.5}, "kept_share"),
        ({"estimators": 0}, "estimators is out of its range"),
        ({"estimators": 10**9}, "estimators is out of its range"),
        ({"figures": {"windows": 3}}, "'bark': figures must be"),
        ({"figures": 3}, "'bark'"),
        ({"probe": ["a"]}, "probe must be numbers"),
        ({"label": "Häher"}, "label twice"),
    ],
)
def test_a_label_that_is_wrong_is_refused(described, values, said):
    described["labels"][0] |= values
    with pytest.raises(DetectorError, match=said):
        read(described)
