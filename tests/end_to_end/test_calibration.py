"""Probabilities of real cries in recordings that were never heard mean what they say, at the rate of nature."""

import csv
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from audioscan_host import Windowing, scan, train
from audioscan_host.classifier import ClassifierSettings

LABEL = "baby_cry"
LEARNT, UNSEEN = 4, 4

Judged = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def judged(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Judged]:
    """Labels and probabilities of the unseen recordings' windows: `judged("logistic", natural_rate=True)`.

    Cries are rare, two in a recording of four minutes, so that most negatives are left out of fitting.
    """
    folder = tmp_path_factory.mktemp("rare")
    script = shared_data / "make_scenes.py"
    subprocess.run([sys.executable, script, folder, "--seed", "3", "--events", "2"], check=True, timeout=120)
    recordings = sorted(folder.glob("*.wav"))
    with (folder / "labels.csv").open(newline="") as file:
        cries = [row for row in csv.DictReader(file) if row["label"] == LABEL]

    def judge(kind: str, *, natural_rate: bool) -> Judged:
        settings = ClassifierSettings(kind, "isotonic", negatives_per_positive=3.0, natural_rate=natural_rate)
        learned = train(
            recordings[:LEARNT],
            [folder / "labels.csv"],
            "MEL",
            only=[LABEL],
            windowing=Windowing(8.0, 1.0),
            classifier=settings,
            cache_dir=folder / "cache",
        )
        assert set(learned.recordings).isdisjoint(recordings[-UNSEEN:])
        share = learned.detector.classifiers[LABEL].kept_share
        assert share < 0.5 if natural_rate else share == 1
        labels, said = [], []
        for found in scan(recordings[-UNSEEN:], learned.detector, cache_dir=folder / "cache").recordings:
            spans = [(float(r["start"]), float(r["end"])) for r in cries if r["file"] == found.path.name]
            for start, probability in zip(found.times, found.probabilities[LABEL], strict=True):
                label = truth(start, start + found.window, spans)
                if label is not None:
                    labels.append(label)
                    said.append(probability)
        return np.array(labels), np.array(said)

    return judge


def truth(start: float, end: float, spans: list[tuple[float, float]]) -> int | None:
    """Whether a window holds a cry: at least half of the shorter of the two; None where it only touches one."""
    shared = [min(end, b) - max(start, a) for a, b in spans]
    if any(o >= 0.5 * min(end - start, b - a) for o, (a, b) in zip(shared, spans, strict=True)):
        return 1
    return None if any(o > 0 for o in shared) else 0


def calibration_error(labels: np.ndarray, said: np.ndarray) -> float:
    """Mean gap of what was said and what happened over ten bins, each by its windows; by scikit-learn's curve."""
    happened, mean_said = calibration_curve(labels, said, n_bins=10)
    weights = np.histogram(said, np.linspace(0, 1, 11))[0] / len(labels)
    return float(np.sum(weights[weights > 0] * abs(happened - mean_said)))


@pytest.mark.parametrize(("kind", "least_without"), [("logistic", 0.005), ("hist-gbt", 0.04)])
def test_the_natural_rate_is_what_makes_probabilities_of_rare_cries_true(
    judged: Callable[..., Judged], kind: str, least_without: float
) -> None:
    """Of one set of recordings; docs/calibration.md has five."""
    labels, said = judged(kind, natural_rate=True)
    same_labels, thinned = judged(kind, natural_rate=False)
    assert np.array_equal(labels, same_labels)
    assert len(labels) > 800
    assert 0.05 < labels.mean() < 0.1
    corrected, uncorrected = calibration_error(labels, said), calibration_error(labels, thinned)
    assert corrected < 0.05
    assert uncorrected > 1.5 * corrected
    assert uncorrected > least_without
    # Of all windows, the share that is said to hold a cry.
    assert abs(said.mean() - labels.mean()) < abs(thinned.mean() - labels.mean())
