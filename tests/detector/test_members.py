"""A detector's numbers as arrays: they come back to the last bit, and a stranger's are checked one by one."""

import io
from dataclasses import replace

import numpy as np
import pytest

from audioscan_host.classifier import ClassifierSettings, Statistics, fit
from audioscan_host.classifier.background import Background, UsualBackground
from audioscan_host.classifier.settings import Calibration
from audioscan_host.detector import archive
from audioscan_host.detector.detector_json import Label
from audioscan_host.detector.members import classifier_of, of_classifier, of_statistics, statistics_of
from audioscan_host.errors import DetectorError
from audioscan_host.evidence import Evidence

pytestmark = pytest.mark.usefixtures("one_thread")

DIM = 5
KINDS = ("hist-gbt", "logistic")


def heard(dim=DIM):
    vectors = np.random.default_rng(0).normal(size=(6, 20, dim)).astype(np.float32)
    return [Evidence.without_silence(each, 1.0) for each in vectors]


def fitted(kind, calibration, normalisation="background", dim=DIM):
    recordings = heard(dim)
    noise = 0.5 * np.random.default_rng(1).normal(size=(6, 20))
    labels = [
        (each.vectors[:, 0] + n > 1).astype(np.int64) for each, n in zip(recordings, noise, strict=True)
    ]
    settings = ClassifierSettings(kind, calibration, normalisation)
    times = [np.arange(20.0)] * 6
    return fit(recordings, labels, times, Statistics.of(recordings), window=8.0, settings=settings).classifier


def described(classifier):
    """What the description of its file says of it."""
    calibrator = classifier.calibrator
    return Label(
        name="cry",
        kind=classifier.kind,
        calibration=calibrator.method,
        slope=calibrator.slope,
        intercept=calibrator.intercept,
        rate=classifier.rate,
        kept_share=classifier.kept_share,
        highest_mean=classifier.highest_mean,
        relative=classifier.first is not None,
        estimators=len(classifier.second),
        probe=np.zeros(0),
        figures=None,
    )


@pytest.fixture(scope="module")
def boosted():
    return fitted("hist-gbt", "isotonic")


@pytest.fixture(scope="module")
def logistic():
    return fitted("logistic", "isotonic")


def build(classifier, change=None, **declared):
    """What comes of a classifier's members, which `change` may have changed, under another description."""
    members = of_classifier(classifier)
    if change is not None:
        change(members)
    return classifier_of(members, replace(described(classifier), **declared), DIM)


def with_array(name, change):
    """A change of one array."""

    def change_members(members):
        array = archive.read_array(members[name]).copy()
        changed = change(array)
        members[name] = archive.write_array(array if changed is None else changed)

    return change_members


def at(place, value):
    """A change of one number of an array."""

    def change(array):
        array[place] = value

    return change


# --- there and back


@pytest.mark.parametrize("normalisation", ["background", "global"])
@pytest.mark.parametrize("calibration", Calibration)
@pytest.mark.parametrize("kind", KINDS)
def test_a_classifier_comes_back_and_computes_the_same_bits(kind, calibration, normalisation):
    classifier, statistics = fitted(kind, calibration, normalisation), Statistics.of(heard())
    found = build(classifier)
    recording = Evidence.without_silence(np.random.default_rng(2).normal(size=(50, DIM)), 1.0)
    assert np.array_equal(
        found.probabilities(recording, statistics), classifier.probabilities(recording, statistics)
    )
    assert of_classifier(found) == of_classifier(classifier)


def test_statistics_come_back():
    statistics = Statistics.of(heard())
    found = statistics_of(of_statistics(statistics), DIM)
    for one, other in zip(found.arrays, statistics.arrays, strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("kind", KINDS)
def test_parts_do_not_grow_with_trees_or_dimensions(kind):
    # A file for each tree or dimension would take seconds to read.
    narrow, wide = (set(of_classifier(fitted(kind, "isotonic", dim=dim))) for dim in (DIM, 12))
    assert narrow == wide
    assert len(narrow) == (4 if kind == "logistic" else 3 + 3 * 3)


def test_everything_is_an_array_of_numbers(boosted, logistic):
    for classifier in (boosted, logistic):
        for content in of_classifier(classifier).values():
            assert not archive.read_array(content).dtype.hasobject


# --- members that do not fit


def test_missing_and_foreign_members_are_refused(boosted, logistic):
    for classifier in (boosted, logistic):
        for name in of_classifier(classifier):
            with pytest.raises(DetectorError, match="lacks a part"):
                build(classifier, lambda members, n=name: members.pop(n))
        for name in ("extra", "estimators.skops", "3.nodes.npy", "first.npy/"):
            with pytest.raises(DetectorError, match="foreign"):
                build(classifier, lambda members, n=name: members.update({n: b""}))


@pytest.mark.parametrize(
    "declared",
    [
        {"estimators": 2},
        {"estimators": 4},
        {"kind": "logistic"},
        {"calibration": "none"},
        {"relative": False},
    ],
)
def test_a_classifier_that_is_not_as_declared_is_refused(boosted, declared):
    with pytest.raises(DetectorError, match="lacks a part of its classifier, or holds a foreign one"):
        build(boosted, **declared)


def test_several_logistic_regressions_are_refused(logistic):
    with pytest.raises(DetectorError, match="another number of estimators than it declares"):
        build(logistic, estimators=3)


# --- arrays that do not fit


def other_arrays(array):
    """What an array of numbers must not become."""
    return {
        "float32": array.astype(np.float32),
        "big-endian": array.astype(">f8"),
        "complex": array.astype(np.complex128),
        "integers": array.astype(np.int64),
        "texts": array.astype("U9"),
        "longer": np.concatenate([array, array[..., :1]], axis=-1),
        "shorter": array[..., :-1],
        "an axis more": array[np.newaxis],
        "no axis": array.ravel()[0],
        "empty": array[..., :0],
    }


@pytest.mark.parametrize("name", ["first.npy", "second.npy"])
def test_weights_of_another_type_or_length_are_refused(logistic, name):
    for wrong in other_arrays(archive.read_array(of_classifier(logistic)[name])).values():
        with pytest.raises(DetectorError, match=r"holds weights of .* in place of float64 \(6,\)"):
            build(logistic, with_array(name, lambda _, wrong=wrong: wrong))


@pytest.mark.parametrize("kind", KINDS)
def test_a_usual_background_of_another_type_or_length_is_refused(request, kind):
    classifier = request.getfixturevalue("logistic" if kind == "logistic" else "boosted")
    for wrong in other_arrays(archive.read_array(of_classifier(classifier)["usual.npy"])).values():
        with pytest.raises(DetectorError, match=r"holds usual background of .* in place of float64 \(2, 5\)"):
            build(classifier, with_array("usual.npy", lambda _, wrong=wrong: wrong))


def test_statistics_of_another_type_or_length_are_refused():
    array = archive.read_array(of_statistics(Statistics.of(heard())))
    for wrong in other_arrays(array).values():
        with pytest.raises(DetectorError, match=r"holds statistics of .* in place of float64 \(2, 5\)"):
            statistics_of(archive.write_array(wrong), DIM)


def test_a_baseline_of_another_type_or_length_is_refused(boosted):
    for wrong in other_arrays(np.ones(1)).values():
        with pytest.raises(DetectorError, match="holds baseline of"):
            build(boosted, with_array("1.baseline.npy", lambda _, wrong=wrong: wrong))


def test_steps_of_another_type_or_shape_are_refused(logistic):
    for name, wrong in other_arrays(archive.read_array(of_classifier(logistic)["steps.npy"])).items():
        if name != "shorter":  # any number of steps will do, but none
            with pytest.raises(DetectorError, match=r"holds steps of|steps that no training gives"):
                build(logistic, with_array("steps.npy", lambda _, wrong=wrong: wrong))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e31, -1e300])
def test_what_is_no_number_or_far_too_large_is_refused(boosted, logistic, value):
    said = "not numbers, or far too large"
    for classifier, name, place in (
        (logistic, "first.npy", 0),
        (logistic, "first.npy", DIM),
        (logistic, "usual.npy", (0, 3)),
        (logistic, "usual.npy", (1, 0)),
        (logistic, "second.npy", 2),
        (logistic, "steps.npy", (0, 0)),
        (logistic, "steps.npy", (1, -1)),
        (boosted, "first.npy", 1),
        (boosted, "usual.npy", (0, 0)),
        (boosted, "2.baseline.npy", 0),
    ):
        with pytest.raises(DetectorError, match=said):
            build(classifier, with_array(name, at(place, value)))
    array = archive.read_array(of_statistics(Statistics.of(heard())))
    for row in range(2):
        wrong = array.copy()
        wrong[row, 1] = value
        with pytest.raises(DetectorError, match=said):
            statistics_of(archive.write_array(wrong), DIM)


@pytest.mark.parametrize("value", [0.0, -1.0, 1e-300])
def test_deviations_that_no_training_gives_are_refused(value):
    array = archive.read_array(of_statistics(Statistics.of(heard())))
    array[1, 3] = value
    with pytest.raises(DetectorError, match="deviations that no training gives"):
        statistics_of(archive.write_array(array), DIM)


@pytest.mark.parametrize(
    ("row", "value"),
    # Standardised windows are no farther than 1e6 from 0, and nothing varies by more than their square.
    [(0, 1.1e6), (0, -1.1e6), (0, 1e20), (1, 0.0), (1, -0.1), (1, 1e-12), (1, 1.1e12), (1, 1e20)],
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_usual_background_that_no_training_gives_is_refused(request, kind, row, value):
    classifier = request.getfixturevalue("logistic" if kind == "logistic" else "boosted")
    with pytest.raises(DetectorError, match="usual background is one that no training gives"):
        build(classifier, with_array("usual.npy", at((row, 3), value)))


def test_the_most_extreme_training_gives_a_usual_background_that_is_accepted(logistic):
    """Windows at both ends of what a standardised one may be, and much audio in which nothing varies."""
    statistics = Statistics(np.zeros(DIM), np.ones(DIM))
    still = np.zeros((1000, DIM), np.float32)
    for vectors, hop in (
        (1e9 * np.sign(np.arange(20) % 2 - 0.5)[:, np.newaxis] + still[:20], 1e6),
        (still + 1e9, 3600.0),
    ):
        recording = Evidence.without_silence(vectors.astype(np.float32), hop)
        usual = UsualBackground.of([Background.of(recording, np.ones(len(vectors), np.bool_), statistics)])
        found = build(replace(logistic, first=replace(logistic.first, usual=usual))).first
        assert np.array_equal(found.usual.mean, usual.mean)
        assert np.array_equal(found.usual.variance, usual.variance)


@pytest.mark.parametrize(
    "change",
    [
        at((0, 1), -1e9),
        at((1, 0), -0.01),
        at((1, -1), 1.01),
        at((1, 0), 0.9999),
        lambda steps: steps[:, ::-1],
        lambda steps: np.stack([steps[0, [0, 0]], [0.1, 0.9]]),
        lambda _: np.array([[0.0, 1e-300], [0.0, 1.0]]),
    ],
    ids=[
        "not ascending",
        "below 0",
        "above 1",
        "falling",
        "backwards",
        "two at a place",
        "nearly at a place",
    ],
)
def test_steps_that_no_training_gives_are_refused(logistic, change):
    with pytest.raises(DetectorError, match="steps that no training gives"):
        build(logistic, with_array("steps.npy", change))


@pytest.mark.parametrize("name", ["0.nodes.npy", "1.offsets.npy"])
def test_trees_are_checked_before_they_are_believed(boosted, name):
    """What is checked is told in test_trees."""
    for wrong in other_arrays(np.arange(6.0).reshape(2, 3)).values():
        with pytest.raises(DetectorError, match="its trees "):
            build(boosted, with_array(name, lambda _, wrong=wrong: wrong))


# --- made to do harm


HARMED = ["first.npy", "usual.npy", "1.nodes.npy", "1.offsets.npy", "1.baseline.npy", "steps.npy"]


@pytest.mark.parametrize("name", HARMED)
def test_an_array_that_declares_terabytes_is_refused(boosted, name):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"shape": (2**45,), "fortran_order": False, "descr": "<f8"})
    with pytest.raises(DetectorError, match="another size than it declares"):
        build(boosted, lambda members: members.update({name: stream.getvalue()}))


@pytest.mark.parametrize("name", HARMED)
def test_an_array_of_objects_is_refused(boosted, name):
    stream = io.BytesIO()
    np.save(stream, np.array([None, {}], dtype=object), allow_pickle=True)
    with pytest.raises(DetectorError, match="array of objects"):
        build(boosted, lambda members: members.update({name: stream.getvalue()}))


def test_what_is_no_array_is_refused(logistic):
    for content in (b"", b"cos\nsystem\n(S'true'\ntR.", b"PK\3\4" + bytes(100)):
        with pytest.raises(DetectorError, match="holds an array that cannot be read"):
            build(logistic, lambda members, c=content: members.update({"second.npy": c}))
