"""A kind of classifier brings all in which it differs: nothing else knows it."""

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from audioscan_host.classifier import ClassifierSettings, Statistics, fit, learning
from audioscan_host.classifier.kinds import KINDS
from audioscan_host.classifier.settings import ClassifierKind
from audioscan_host.detector import Detector, archive, load, members, save
from audioscan_host.evidence import Evidence

DIM = 4


@pytest.fixture(autouse=True)
def one_thread():
    """Small fits on many threads take minutes on a busy machine."""
    with threadpool_limits(1):
        yield


@dataclass(frozen=True)
class Direction:
    """From the mean of one class to that of the other."""

    towards: np.ndarray

    def decision_function(self, features):
        return features.astype(np.float64) @ self.towards


class NearestMean:
    name = ClassifierKind.LOGISTIC

    def fitted(self, windows, labels, seed):
        features = windows.matrix(np.float32)
        return Direction((features[labels == 1].mean(axis=0) - features[labels == 0].mean(axis=0)) * seed)

    def together(self, several):
        return tuple(several)

    def arrays(self, several):
        return {"directions.npy": np.stack([each.towards for each in several])}

    def members(self, estimators):
        return ["directions.npy"]

    def read(self, array, estimators, dim):
        return tuple(Direction(each) for each in array("directions.npy").reshape(estimators, dim))


def learned(settings):
    """A detector of a sound that is louder in the first dimension."""
    random = np.random.default_rng(0)
    recordings, labels = [], []
    for _ in range(4):
        truth = np.repeat([0, 1, 0, 1], 15)
        vectors = random.normal(size=(60, DIM)).astype(np.float32)
        vectors[:, 0] += 3 * truth
        recordings.append(Evidence.without_silence(vectors, 1.0))
        labels.append(truth)
    statistics = Statistics.of(recordings)
    times = [np.arange(60.0)] * 4
    found = fit(recordings, labels, times, statistics, window=1.0, settings=settings)
    detector = Detector(
        "M", 1, "1", DIM, 1.0, 1.0, statistics, {"cry": found.classifier}, {"cry": found.figures}, {}
    )
    return detector, recordings[0]


def test_every_kind_that_may_be_named_is_there_by_its_name():
    assert list(KINDS) == list(ClassifierKind)
    assert all(kind.name is name for name, kind in KINDS.items())


def test_another_kind_is_fitted_saved_and_loaded_without_anything_else_knowing_it(monkeypatch, tmp_path):
    kinds = MappingProxyType({"logistic": NearestMean()})
    monkeypatch.setattr(learning, "KINDS", kinds)
    monkeypatch.setattr(members, "KINDS", kinds)
    detector, recording = learned(ClassifierSettings(seed=3))
    save(detector, tmp_path / "x.detector")

    classifier = detector.classifiers["cry"]
    assert [type(each) for each in classifier.second] == [Direction] * 3  # one a fold
    held = archive.read((tmp_path / "x.detector").read_bytes(), sealed=True)
    assert {name for name in held if name.startswith("0/")} == {
        "0/first.npy",
        "0/usual.npy",
        "0/directions.npy",
    }
    found = load(tmp_path / "x.detector").probabilities(recording)["cry"]
    assert np.array_equal(found, detector.probabilities(recording)["cry"])
    assert found[15:30].mean() > 0.7
    assert found[:15].mean() < 0.3
