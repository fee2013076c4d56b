"""The windows that a detector keeps of its training, in its file."""

from dataclasses import replace

import numpy as np
import pytest

from audioscan_host.classifier import ClassifierSettings, Statistics, fit
from audioscan_host.detector import Detector, archive, load, save
from audioscan_host.errors import DetectorError
from audioscan_host.evidence import Evidence

DIM = 3


@pytest.fixture
def detector():
    random = np.random.default_rng(0)
    vectors = random.standard_normal((3, 20, DIM)).astype(np.float32)
    labels = (vectors[..., 0] > 0).astype(np.int64)
    recordings = [Evidence.without_silence(each, 8.0) for each in vectors]
    statistics, times = Statistics.of(recordings), [np.arange(0, 200, 10.0)] * 3
    fitted = fit(recordings, labels, times, statistics, window=8, settings=ClassifierSettings())
    return Detector(
        model="M", model_revision=1, checkpoint_revision="1", dim=DIM, window=8, hop=8, statistics=statistics,
        classifiers={"cry": fitted.classifier}, figures={"cry": fitted.figures}, training={},
        reference=vectors[0, :5],
    )  # fmt: skip


def test_they_are_read_back(detector, tmp_path):
    save(detector, tmp_path / "a.detector")
    np.testing.assert_array_equal(load(tmp_path / "a.detector").reference, detector.reference)


def test_a_detector_may_have_none(detector, tmp_path):
    save(replace(detector, reference=None), tmp_path / "a.detector")
    assert load(tmp_path / "a.detector").reference is None


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((5, DIM + 1), np.float32),
        np.zeros((5, DIM)),
        np.zeros(DIM, np.float32),
        np.zeros((5, DIM, 1), np.float32),
        np.full((5, DIM), np.nan, np.float32),
        np.full((5, DIM), 1e30, np.float32),
        np.array(7, np.float32),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(detector, tmp_path, wrong):
    save(detector, tmp_path / "a.detector")
    members = archive.read((tmp_path / "a.detector").read_bytes(), sealed=True)
    members["reference.npy"] = archive.write_array(wrong)
    (tmp_path / "b.detector").write_bytes(archive.write(members, sealed=True))
    with pytest.raises(
        DetectorError, match=r"b.detector: .*reference windows must be \(windows, 3\)"
    ) as caught:
        load(tmp_path / "b.detector")
    assert "\n" not in str(caught.value)
