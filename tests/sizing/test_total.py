"""A sum over many recordings, estimated of some."""

import numpy as np
import pytest

from audioscan_host.sizing.total import Total, relative_spread, total_of


def test_of_all_recordings_the_sum_is_exact():
    assert total_of([1.0, 2.5, 0.0], [10, 20, 30], 3, 60) == Total(3.5, 0.0)


def test_nineteen_of_twenty_intervals_hold_the_true_sum():
    rng = np.random.default_rng(0)
    sizes = rng.lognormal(10, 1, 2000).astype(int) + 1
    hours = sizes * rng.uniform(0.5, 1.5, 2000)
    held = 0
    for _ in range(300):
        chosen = rng.choice(2000, 200, replace=False)
        total = total_of(hours[chosen].tolist(), sizes[chosen].tolist(), 2000, int(sizes.sum()))
        held += abs(total.value - hours.sum()) <= total.spread
    assert 0.9 <= held / 300 <= 0.99


def test_hours_that_go_with_bytes_have_no_spread_however_different_recordings_are():
    total = total_of([1.0, 100.0], [10, 1000], 50, 7000)
    assert total.value == pytest.approx(700)
    assert total.spread == pytest.approx(0, abs=1e-9)


def test_recordings_that_do_not_say_are_estimated_by_the_others():
    total = total_of([2.0, None, 5.0], [10, 10, 25], 3, 45)
    assert total.value == pytest.approx(9)
    total = total_of([2.0, None, 4.0], [10, 10, 25], 3, 45)
    assert not total.is_exact


def test_of_a_single_recording_among_many_nobody_knows_the_spread():
    assert total_of([2.0], [10], 3, 30) == Total(6.0, None)
    assert (Total(1.0) + Total(1.0, None)).spread is None
    assert total_of([], [], 0, 0) == Total(0)


def test_the_spread_of_a_mean_is_that_of_its_values_over_the_root_of_their_number():
    values = [1.0, 2.0, 3.0, 6.0]
    assert relative_spread(values) == pytest.approx(1.96 * np.std(values, ddof=1) / 2 / 3)
    assert relative_spread([1.0]) is None
