"""Statistics of recordings that are given one after the other."""

import numpy as np
import pytest

from audioscan_host.classifier.statistics import RunningStatistics, Statistics
from audioscan_host.evidence import Evidence

COUNTS = (700, 1, 40)


@pytest.fixture
def recordings():
    """Three recordings around 1000, each with a level of its own: little varies beside what all have in common."""
    random = np.random.default_rng(0)
    vectors = [
        1000 + random.normal(level, [0.01, 1, 2], (count, 3))
        for level, count in zip((0, 5, -3), COUNTS, strict=True)
    ]
    return [Evidence.without_silence(each, hop=0.5) for each in vectors]


def running(recordings):
    statistics = RunningStatistics()
    for each in recordings:
        statistics.add(each)
    return statistics.statistics()


def test_they_are_mean_and_deviation_of_all_windows(recordings):
    together = np.concatenate([each.vectors for each in recordings])
    found = running(recordings)
    np.testing.assert_allclose(found.mean, together.mean(0), rtol=1e-12)
    deviation = together.std(0)
    floor = 0.3 * np.sqrt(np.mean(deviation**2))
    assert deviation.min() > floor  # the levels differ in each dimension
    np.testing.assert_allclose(found.deviation, deviation, rtol=1e-9)


def test_neither_their_order_nor_how_they_are_given_matters(recordings):
    for other in (running(recordings[::-1]), Statistics.of(recordings), Statistics.of(iter(recordings))):
        for found, expected in zip(other.arrays, running(recordings).arrays, strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_windows_with_digital_silence_count_only_where_there_are_no_others(recordings):
    clean = recordings[0]
    share = np.array([0.2] * 30 + [0.7] * 10)
    partly = Evidence(recordings[2].vectors, share, hop=0.5)
    for given in ([clean, partly], [partly, clean]):
        for found, expected in zip(running(given).arrays, running([clean]).arrays, strict=True):
            np.testing.assert_array_equal(found, expected)
    heard = Evidence.without_silence(partly.vectors[:30], hop=0.5)
    for found, expected in zip(running([partly]).arrays, running([heard]).arrays, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_of_silence_alone_they_are_finite_and_of_nothing_there_are_none(recordings):
    silent = Evidence(np.zeros((5, 3)), np.ones(5), hop=0.5)
    assert all(np.isfinite(each).all() for each in running([silent]).arrays)
    with pytest.raises(ValueError, match="no recordings"):
        RunningStatistics().statistics()
