"""Features of windows, built where they are needed."""

import numpy as np
import pytest

from audioscan_host.classifier.features import Chosen, FeatureRows, features
from audioscan_host.classifier.statistics import Statistics
from audioscan_host.evidence import Evidence


def windows_of(*counts, dim=5):
    """Every other window of recordings with twice as many, and the vectors of all of these."""
    rng = np.random.default_rng(0)
    vectors = [rng.standard_normal((2 * count, dim)).astype(np.float32) for count in counts]
    statistics = Statistics.of([Evidence.without_silence(each, 1.0) for each in vectors])
    chosen = [Chosen(each, np.arange(1, len(each), 2)) for each in vectors]
    return FeatureRows(chosen, None, statistics), vectors


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_matrix_has_the_chosen_windows_recording_by_recording(dtype):
    windows, vectors = windows_of(700, 3, 0, 40)
    matrix = windows.matrix(dtype)
    expected = np.concatenate([features(each[1::2], None, windows.statistics) for each in vectors])
    assert matrix.dtype == dtype
    assert windows.shape == matrix.shape == (743, 5)
    assert windows.size == 743 * 5
    np.testing.assert_array_equal(matrix, expected)


def test_features_do_not_depend_on_what_is_worked_on_at_once(monkeypatch):
    windows, (vectors,) = windows_of(900)
    expected = features(vectors, None, windows.statistics)
    monkeypatch.setattr("audioscan_host.classifier.statistics._ROWS_IN_CACHE", 7)
    assert features(vectors, None, windows.statistics).tobytes() == expected.tobytes()


@pytest.mark.parametrize(("most", "left"), [(10, [0, 2, 4, 6, 8]), (30, None), (20, None), (4, [0, 5])])
def test_windows_are_spread_evenly_over_all_recordings(most, left):
    windows, _ = windows_of(10, 0, 10)
    spread = windows.spread(most)
    expected = np.arange(10) if left is None else np.array(left)
    assert [each.places.tolist() for each in spread.chosen] == [
        (1 + 2 * expected).tolist(),
        [],
        (1 + 2 * expected).tolist(),
    ]
    assert spread.shape[0] == min(most, 20)


@pytest.mark.parametrize("most", [1, 7, 39, 40, 41])
def test_no_more_are_left_than_asked_for(most):
    windows, _ = windows_of(3, 17, 1, 19)
    spread = windows.spread(most)
    assert spread.shape[0] == min(most, 40)
    for each, before in zip(spread.chosen, windows.chosen, strict=True):
        assert set(each.places.tolist()) <= set(before.places.tolist())
        assert (np.diff(each.places) > 0).all()
