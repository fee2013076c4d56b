"""What all windows that are learned from have in common, against numpy over all of them at once."""

import tracemalloc

import numpy as np
import pytest

from audioscan_host.classifier.statistics import Statistics, one_length
from audioscan_host.evidence import Evidence

DIM = 7


def vectors(count, seed=0, dim=DIM):
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(count, dim)) * np.linspace(1.5, 4, dim) + np.arange(dim)).astype(np.float32)


def heard(*each, hop=1.0):
    return [Evidence.without_silence(rows, hop) for rows in each]


def test_mean_and_deviation_are_numpys_over_all_windows():
    recordings = heard(vectors(700, 1), vectors(1, 2), vectors(1300, 3) + np.float32(2))
    everything = np.concatenate([each.vectors for each in recordings]).astype(np.float64)
    found = Statistics.of(recordings)
    np.testing.assert_allclose(found.mean, everything.mean(axis=0), rtol=1e-12)
    expected = everything.std(axis=0)
    assert expected.min() > 0.3 * np.sqrt(np.mean(expected**2))
    np.testing.assert_allclose(found.deviation, expected, rtol=1e-12)
    np.testing.assert_allclose(
        found.standardised(everything), (everything - everything.mean(axis=0)) / expected, atol=1e-5
    )
    assert found.standardised(recordings[0].vectors).dtype == np.float32


def test_a_dimension_that_hardly_varies_is_not_blown_up():
    rows = np.array([[1, 0, 0], [-1, 0, 0.01]] * 20, np.float32)
    # Deviations 1, 0 and 0.005; their root mean square is 0.5774.
    floor = 0.3 * np.sqrt((1 + 0 + 0.005**2) / 3)
    np.testing.assert_allclose(Statistics.of(heard(rows)).deviation, [1, floor, floor], rtol=1e-6)


def test_windows_with_silence_in_them_do_not_count():
    rows = vectors(300)
    silence = np.zeros(300)
    silence[::3], silence[1::30] = 1.0, 0.01
    rows[silence > 0] = 1e6
    found, expected = Statistics.of([Evidence(rows, silence, 1.0)]), Statistics.of(heard(rows[silence == 0]))
    for one, other in zip(found.arrays, expected.arrays, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_where_every_window_holds_some_silence_those_that_are_heard_count():
    rows = vectors(300)
    silence = np.where(np.arange(300) < 100, 0.9, 0.3)
    found, expected = Statistics.of([Evidence(rows, silence, 1.0)]), Statistics.of(heard(rows[100:]))
    for one, other in zip(found.arrays, expected.arrays, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


@pytest.mark.parametrize("rows", [np.full((40, 3), 5, np.float32), np.zeros((1, 3), np.float32)])
def test_where_nothing_varies_everything_is_at_the_mean(rows):
    found = Statistics.of(heard(rows))
    assert not found.standardised(rows).any()
    assert all(np.isfinite(each).all() and (each >= 0).all() for each in found.arrays)


def test_of_nothing_but_silence_no_number_is_nan():
    found = Statistics.of([Evidence(vectors(9), np.ones(9), 1.0)])
    assert np.isfinite(found.standardised(vectors(9))).all()


@pytest.mark.parametrize("cuts", [[], [1], [511, 512, 513], list(range(1, 2000))])
def test_mean_and_deviation_are_the_same_however_windows_are_cut_into_recordings(cuts):
    rows = vectors(2000)
    whole, cut = Statistics.of(heard(rows)), Statistics.of(heard(*np.split(rows, cuts)))
    np.testing.assert_allclose(cut.mean, whole.mean, rtol=1e-12)
    np.testing.assert_allclose(cut.deviation, whole.deviation, rtol=1e-12)


def test_a_large_constant_offset_costs_nothing():
    rows = np.round(vectors(3000) * 64) / 64
    moved = (rows + np.float32(30_000)).astype(np.float32)  # exactly: float32 has steps of 1/512 there
    assert np.array_equal(moved.astype(np.float64) - 30_000, rows)
    plain, far = Statistics.of(heard(rows)), Statistics.of(heard(moved))
    np.testing.assert_allclose(far.mean - 30_000, plain.mean, atol=1e-9)
    np.testing.assert_allclose(far.deviation, plain.deviation, rtol=1e-9)
    np.testing.assert_allclose(far.standardised(moved), plain.standardised(rows), atol=1e-6)


@pytest.mark.parametrize("dim", [1, 16, 3072])
def test_every_window_is_scaled_to_one_length(dim):
    rows = vectors(50, dim=dim) * np.float32(100)
    scaled = one_length(rows)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(scaled.astype(np.float64), axis=1), dim**0.25, rtol=1e-5)
    own = np.linalg.norm(rows, axis=1, keepdims=True)
    np.testing.assert_allclose(scaled, rows * (dim**0.25 / own), rtol=1e-5)


def test_a_window_of_one_length_by_hand():
    row = np.array([[3, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]], np.float32)
    # Length 5; 16 ** 0.25 is 2.
    np.testing.assert_allclose(one_length(row)[0, :4], [1.2, 0, 1.6, 0], rtol=1e-6)


def test_a_window_at_the_mean_stays_there():
    assert one_length(np.zeros((2, 5), np.float32)).tolist() == [[0] * 5] * 2
    assert one_length(np.zeros((0, 5), np.float32)).shape == (0, 5)


def test_a_day_long_recording_is_in_memory_once_and_in_single_precision():
    (day,) = heard(vectors(86_400, dim=32))
    tracemalloc.start()
    try:
        found = Statistics.of([day])
        of_statistics = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        standardised = found.standardised(day.vectors)
        of_standardised = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert standardised.nbytes == day.vectors.nbytes
    assert of_statistics < 0.1 * day.vectors.nbytes
    assert of_standardised < 1.1 * day.vectors.nbytes
