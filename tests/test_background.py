"""What a recording sounds like where the sound is not."""

import numpy as np
import pytest

from audioscan_host.classifier.background import Background
from audioscan_host.classifier.classifier import background
from audioscan_host.classifier.linear import Linear
from audioscan_host.classifier.statistics import Statistics
from audioscan_host.evidence import Evidence

RNG = np.random.default_rng(5)


def plain(dim=2, within=1.0):
    """Statistics that leave vectors as they are."""
    return Statistics(np.zeros(dim), np.ones(dim), np.broadcast_to(float(within), dim).copy())


def everything(rows, statistics, hop=1.0):
    return Background.of(
        Evidence.without_silence(np.asarray(rows, np.float32), hop), np.ones(len(rows), bool), statistics
    )


def test_sums_and_what_is_left_by_hand():
    statistics = Statistics(np.array([1.0, 0.0]), np.array([2.0, 1.0]), np.array([0.5, 1.0]))
    rows = np.array([[3, 1], [7, -1], [100, 100]], np.float32)  # standardised: (1, 1), (3, -1), ...
    found = Background.of(Evidence.without_silence(rows, 30.0), np.array([True, True, False]), statistics)
    assert found.seconds == 60
    assert found.sums.tolist() == [120, 0]
    assert found.squares.tolist() == [300, 60]
    # Sixty seconds heard beside sixty in which the mean is 0: half of (2, 0) is taken off. About (1, 0) the first
    # dimension's squares are 0 and 4, of 30 s each: (120 + 60 * 0.5) / 120; the second's (60 + 60) / 120.
    left = found.removed(np.array([[1, 2], [3, 0]], np.float32), statistics)
    np.testing.assert_allclose(left, [[0, 2], [2 / np.sqrt(1.25), 0]], atol=1e-6)
    assert left.dtype == np.float32


def test_without_background_nothing_changes_but_the_scale_within_recordings():
    statistics = Statistics(np.zeros(3), np.ones(3), np.array([0.25, 1.0, 0.64]))
    rows = RNG.normal(size=(20, 3)).astype(np.float32)
    left = everything(np.zeros((0, 3)), statistics).removed(rows, statistics)
    np.testing.assert_allclose(left, rows / np.array([0.5, 1, 0.8]), rtol=1e-6)


def test_much_background_is_taken_off_as_it_is():
    rows = (RNG.normal(size=(200_000, 3)) * [0.5, 1, 2] + [3, 0, -2]).astype(np.float32)
    left = everything(rows, plain(3, 0.5)).removed(rows, plain(3, 0.5)).astype(np.float64)
    np.testing.assert_allclose(left.mean(axis=0), 0, atol=0.003)
    np.testing.assert_allclose(left.std(axis=0), 1, atol=0.003)


@pytest.mark.parametrize("windows", [1, 20, 60, 600])
def test_mean_and_variance_are_those_of_what_was_heard_and_a_minute_of_what_was_learnt(windows):
    """The minute has mean 0 and the variance within recordings, and is written out here as 60 windows of it."""
    rows = RNG.normal([1.0, 0.0], size=(windows, 2))
    minute = np.sqrt(0.5) * np.tile([[1.0, 1], [-1, -1]], (30, 1))
    together = np.concatenate([rows, minute])
    mean = together.mean(axis=0)
    # The spread about the shrunk mean, of what was heard; the minute's own about its own.
    variance = (((rows - mean) ** 2).sum(axis=0) + (minute**2).sum(axis=0)) / len(together)
    left = everything(rows, plain(within=0.5)).removed(rows.astype(np.float32), plain(within=0.5))
    np.testing.assert_allclose(left, (rows - mean) / np.sqrt(variance), atol=1e-5)


def test_a_dimension_in_which_a_recording_hardly_varies_is_not_blown_up():
    rows = np.zeros((10_000_000 // 1000, 2), np.float32)
    rows[::2, 0] = 2
    found = everything(rows, plain(within=0.0), hop=1000.0)
    # Variances 1 and 0: at least 0.09 of their mean, 0.5.
    np.testing.assert_allclose(
        found.removed(np.array([[1, 1]], np.float32), plain(within=0.0)), [[0, 1 / np.sqrt(0.045)]], atol=1e-4
    )


@pytest.mark.parametrize("cut", [0, 1, 511, 700])
def test_parts_add_up_to_the_whole(cut):
    statistics = Statistics.of([Evidence.without_silence(RNG.normal(size=(50, 4)), 1.0)])
    rows = RNG.normal(size=(1200, 4)).astype(np.float32)
    whole = everything(rows, statistics, 0.5)
    added = everything(rows[:cut], statistics, 0.5) + everything(rows[cut:], statistics, 0.5)
    assert added.seconds == whole.seconds == 600
    np.testing.assert_allclose(added.sums, whole.sums, atol=1e-9)
    np.testing.assert_allclose(added.squares, whole.squares, rtol=1e-12)


def test_a_window_every_quarter_of_a_second_counts_for_a_quarter():
    rows = RNG.normal(size=(100, 2)).astype(np.float32)
    often = everything(np.repeat(rows, 4, axis=0), plain(), 0.25)
    once = everything(rows, plain(), 1.0)
    assert often.seconds == once.seconds == 100
    np.testing.assert_allclose(often.removed(rows, plain()), once.removed(rows, plain()), atol=1e-6)
    assert everything(rows, plain(), 0.25).seconds == 25


# --- which windows are background


LINE = Linear(np.array([1.0, 0.0]), 0.0)
"""The sound is where the first dimension is 0 or more."""


def chosen(recording, without=None):
    """Which windows a background is of: each adds a power of two to the sums of the second dimension."""
    total = round(background(recording, LINE, plain(), without).sums[1])
    return [bool(total >> number & 1) for number in range(len(recording.vectors))]


def numbered(first, silence=None):
    vectors = np.stack([first, 2.0 ** np.arange(len(first))], axis=1).astype(np.float32)
    return Evidence(vectors, np.zeros(len(first)) if silence is None else np.array(silence), 1.0)


def test_background_is_what_a_first_pass_gives_less_than_a_half():
    assert chosen(numbered([-2.0, -0.1, 0.0, 0.1, 3.0])) == [True, True, False, False, False]


def test_windows_that_are_known_to_hold_the_sound_are_none():
    without = np.array([True, False, False])
    assert chosen(numbered([-1.0, -1.0, 1.0]), without) == [False, True, False]


def test_windows_with_silence_in_them_are_none():
    assert chosen(numbered([-1.0] * 4, [0.0, 1.0, 0.01, 0.0])) == [True, False, False, True]


def test_of_a_recording_that_is_all_sound_there_is_no_background():
    found = background(numbered([1.0, 2.0]), LINE, plain())
    assert (found.seconds, found.sums.tolist(), found.squares.tolist()) == (0, [0, 0], [0, 0])
