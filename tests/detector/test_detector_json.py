import json

import numpy as np
import pytest

from audioscan_host.classifier import Classifier, Statistics
from audioscan_host.classifier.calibration import Calibrator
from audioscan_host.classifier.figures import Figures
from audioscan_host.classifier.linear import Linear
from audioscan_host.detector import Detector, detector_json
from audioscan_host.errors import DetectorError

LINE = Linear(np.ones(5), 0.5)
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
        statistics=Statistics(*np.ones((2, 5))),
        classifiers={
            "bark": Classifier("hist-gbt", Calibrator("isotonic"), 0.1 + 0.2, 0.7, None, (LINE,) * 3, 0.9),
            "Häher": Classifier("logistic", Calibrator("sigmoid", 2.5, -1 / 3), 0.25, 1, LINE, (LINE,)),
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
        calibrator = classifier.calibrator
        assert (label.kind, label.calibration) == (classifier.kind, calibrator.method)
        assert (label.slope, label.intercept) == (calibrator.slope, calibrator.intercept)
        assert (label.rate, label.kept_share) == (classifier.rate, classifier.kept_share)
        assert label.highest_mean == classifier.highest_mean
        assert label.relative == (classifier.first is not None)
        assert label.estimators == len(classifier.second)
        assert label.probe.tolist() == PROBES[name]
        assert label.figures == detector.figures[name]


def test_another_format_says_what_to_do(described):
    assert described["format"] == 2
    for number in (3, 0, -1, 10**30):
        with pytest.raises(
            DetectorError, match=rf"format {number}.*upgrade audioscan-host, or train it again"
        ):
            read({"format": number})


def test_the_format_of_before_says_why_it_is_refused():
    with pytest.raises(
        DetectorError, match=r"its own statistics.* train it again, from the same labels"
    ) as raised:
        read({"format": 1})
    assert "format" not in str(raised.value)


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
        ({"model_revision": 1.0}, "model_revision must be of type int"),
        ({"model_revision": 10**30}, "model_revision is out of its range"),
        ({"model_revision": -1}, "model_revision is out of its range"),
        ({"window": float("nan")}, "window must be of type float"),
        ({"window": 8}, "window must be of type float"),
        ({"hop": float("inf")}, "hop must be of type float"),
        ({"model": None}, "model must be of type str"),
        ({"model": "x" * 201}, "short texts of one line"),
        ({"checkpoint_revision": "a\x1b[2J"}, "short texts of one line"),
        ({"plugin": {"name": 3}}, "plugin and wrappers must be short texts"),
        ({"wrappers": ["a\nb"]}, "plugin and wrappers must be short texts"),
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
        *(
            ({name: value}, "'bark': a number is out of its range")
            for name, values in {
                "kept_share": (0.0, 1e-300, -0.1, 1.5),
                "rate": (0.0, 1e-300, 1.0, 2.0),
                "highest_mean": (-0.1, 1.5),
                "slope": (0.0, -1.0, 1e300),
                "intercept": (1e300, -1e300),
                "estimators": (0, -1, 10**9),
            }.items()
            for value in values
        ),
        *(
            ({name: value}, f"{name} must be of type float")
            for name in ("kept_share", "rate", "highest_mean", "slope", "intercept")
            for value in (float("nan"), float("inf"), 1, "0.5", None, True, 10**400)
        ),
        ({"estimators": 3.0}, "estimators must be of type int"),
        ({"relative": 1}, "relative must be of type bool"),
        ({"figures": {"windows": 3}}, "'bark': figures must be"),
        ({"figures": 3}, "'bark'"),
        (
            {"figures": FIGURES.to_json() | {"brier": 1.5}},
            "figure brier must be a number from 0 to 1, not 1.5",
        ),
        ({"figures": FIGURES.to_json() | {"roc_auc": float("nan")}}, "figure roc_auc must be a number"),
        ({"figures": FIGURES.to_json() | {"windows": 10**400}}, "figure windows must be a number"),
        ({"figures": FIGURES.to_json() | {"positives": 0.5}}, "figure positives must be a number"),
        ({"figures": FIGURES.to_json() | {"recall": None}}, "figure recall must be a number"),
        *(
            ({"probe": [0.5, value]}, "'bark': probe must be numbers from 0 to 1")
            for value in ("a", None, True, -0.1, 1.1, float("nan"), float("inf"), 10**400)
        ),
        ({"probe": 0.5}, "probe must be of type list"),
        ({"label": "Häher"}, "label twice"),
    ],
)
def test_a_label_that_is_wrong_is_refused(described, values, said):
    described["labels"][0] |= values
    with pytest.raises(DetectorError, match=said):
        read(described)


def test_figures_that_rounding_put_above_one_are_read(described):
    figures = FIGURES.to_json() | {"average_precision": 1.0000000000000002}
    described["labels"][0]["figures"] = figures
    assert read(described).labels[0].figures == Figures(**figures)
