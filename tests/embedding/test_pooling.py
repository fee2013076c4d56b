"""Pooling over time against numpy's own arithmetic in double precision."""

import numpy as np
import pytest

from audioscan_host.embedding.pooling import pool, to_host
from audioscan_host.models.pooling import Pooling

SHAPES = [(1, 1, 1), (1, 400, 3), (5, 50, 768), (3, 7, 1), (16, 2, 4)]


def states(shape, dtype=np.float32, seed=0):
    """Hidden states far from zero, so that a careless sum would show."""
    return np.random.default_rng(seed).normal(5, 2, shape).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_mean_is_that_over_time(shape, dtype):
    hidden = states(shape, dtype)
    pooled = pool([hidden], "mean")
    assert pooled.dtype == np.float32
    assert pooled.shape == (shape[0], shape[2])
    np.testing.assert_allclose(pooled, hidden.astype(np.float64).mean(axis=1), rtol=2e-6)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_mean_and_std_are_the_mean_then_the_population_standard_deviation(shape, dtype):
    hidden = states(shape, dtype)
    wide = hidden.astype(np.float64)
    pooled = pool([hidden], "mean+std")
    assert pooled.dtype == np.float32
    expected = np.concatenate([wide.mean(axis=1), wide.std(axis=1, ddof=0)], axis=1)
    np.testing.assert_allclose(pooled, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_maximum_is_the_highest_over_time_of_each_dimension(dtype):
    hidden = states((5, 50, 768), dtype)
    highest = hidden.astype(np.float32).max(axis=1)
    np.testing.assert_array_equal(pool([hidden], "mean+max")[:, 768:], highest)


@pytest.mark.parametrize("pooling", Pooling)
def test_a_vector_is_as_many_times_the_width_long_as_its_pooling_has_statistics(pooling):
    assert pool([states((2, 9, 3)), states((2, 9, 4))], pooling).shape == (2, 7 * len(pooling.statistics))


def test_half_precision_is_summed_in_single_precision():
    """In float16 the sum of 3000 ones stops at 2048."""
    assert pool([np.ones((1, 3000, 2), np.float16)], "mean").tolist() == [[1.0, 1.0]]
    large = np.full((1, 10, 2), 60_000, np.float16)  # the sum exceeds the largest float16
    np.testing.assert_array_equal(pool([large], "mean"), large[:, 0].astype(np.float32))


def test_layers_are_concatenated_in_the_order_given_each_with_its_mean_before_its_std():
    first, second = states((2, 9, 3), seed=1), states((2, 9, 4), seed=2)
    means = [layer.astype(np.float64).mean(axis=1) for layer in (second, first)]
    stds = [layer.astype(np.float64).std(axis=1) for layer in (second, first)]
    np.testing.assert_allclose(pool([second, first], "mean"), np.hstack(means), rtol=1e-6)
    interleaved = [part for both in zip(means, stds, strict=True) for part in both]
    np.testing.assert_allclose(pool([second, first], "mean+std"), np.hstack(interleaved), rtol=1e-5)


@pytest.mark.parametrize("pooling", Pooling)
@pytest.mark.parametrize("width", [1, 2, 33, 768])
@pytest.mark.parametrize("width_first", [False, True])
def test_a_vector_does_not_depend_on_the_batch_it_was_pooled_in_to_the_last_bit(pooling, width, width_first):
    """Nor where the plugin's network gives (batch, width, time) and the plugin swaps the axes."""

    def as_a_plugin_gives_it(batch):
        return batch.transpose(0, 2, 1).copy().transpose(0, 2, 1) if width_first else batch.copy()

    hidden = states((13, 201, width))
    whole = pool([as_a_plugin_gives_it(hidden)], pooling)
    for size in (1, 2, 5):
        batches = [as_a_plugin_gives_it(hidden[i : i + size]) for i in range(0, 13, size)]
        apart = to_host([pool([batch], pooling) for batch in batches])
        np.testing.assert_array_equal(apart, whole)


def test_batches_become_one_contiguous_array_in_single_precision():
    batches = [np.asfortranarray(states((n, 6), np.float64, seed=n)) for n in (4, 4, 1)]
    joined = to_host(batches)
    assert joined.dtype == np.float32
    assert joined.flags.c_contiguous
    np.testing.assert_array_equal(joined, np.vstack(batches).astype(np.float32))


def test_what_was_pooled_is_left_as_it_was():
    hidden = states((2, 9, 3))
    before = hidden.copy()
    pool([hidden], "mean+std")
    np.testing.assert_array_equal(hidden, before)
