"""What a recording sounds like where the sound is not."""

import numpy as np
import pytest

from audioscan_host.classifier.background import Background, FirstPass, UsualBackground
from audioscan_host.classifier.classifier import background
from audioscan_host.classifier.linear import Linear
from audioscan_host.classifier.statistics import Statistics
from audioscan_host.evidence import Evidence

RNG = np.random.default_rng(5)


def plain(dim=2):
    """Statistics that leave vectors as they are."""
    return Statistics(np.zeros(dim), np.ones(dim))


def usual(mean, variance):
    return UsualBackground(np.array(mean, np.float64), np.array(variance, np.float64))


def everything(rows, statistics, hop=1.0):
    return Background.of(
        Evidence.without_silence(np.asarray(rows, np.float32), hop), np.ones(len(rows), bool), statistics
    )


def test_sums_and_what_is_left_by_hand():
    statistics = Statistics(np.array([1.0, 0.0]), np.array([2.0, 1.0]))
    rows = np.array([[3, 1], [7, -1], [100, 100]], np.float32)  # standardised: (1, 1), (3, -1), ...
    found = Background.of(Evidence.without_silence(rows, 30.0), np.array([True, True, False]), statistics)
    assert found.seconds == 60
    assert found.sums.tolist() == [120, 0]
    assert found.squares.tolist() == [300, 60]
    # Sixty seconds heard beside sixty of the usual (1, -1): between it and (2, 0) lies (1.5, -0.5). About that the
    # first dimension's squares are 0.25 and 2.25, of 30 s each: (75 + 60 * 0.5) / 120; the second's 2.25 and 0.25:
    # (75 + 60 * 1) / 120.
    left = found.removed(np.array([[1, 2], [3, 0]], np.float32), usual([1, -1], [0.5, 1]))
    first, second = np.sqrt(105 / 120), np.sqrt(135 / 120)
    np.testing.assert_allclose(left, [[-0.5 / first, 2.5 / second], [1.5 / first, 0.5 / second]], atol=1e-6)
    assert left.dtype == np.float32


def test_where_no_background_was_heard_it_is_the_usual_one():
    rows = RNG.normal(size=(20, 3)).astype(np.float32)
    left = everything(np.zeros((0, 3)), plain(3)).removed(rows, usual([1, 0, -2], [0.25, 1.0, 0.64]))
    np.testing.assert_allclose(left, (rows - [1, 0, -2]) / np.array([0.5, 1, 0.8]), rtol=1e-5, atol=1e-6)


def test_much_background_is_taken_off_as_it_is():
    rows = (RNG.normal(size=(200_000, 3)) * [0.5, 1, 2] + [3, 0, -2]).astype(np.float32)
    left = everything(rows, plain(3)).removed(rows, usual([1, 1, 1], [0.5] * 3)).astype(np.float64)
    np.testing.assert_allclose(left.mean(axis=0), 0, atol=0.003)
    np.testing.assert_allclose(left.std(axis=0), 1, atol=0.003)


@pytest.mark.parametrize("windows", [1, 20, 60, 600])
def test_mean_and_variance_are_those_of_what_was_heard_and_a_minute_of_the_usual(windows):
    """The minute has the usual mean and variance, and is written out here as 60 windows of it."""
    rows = RNG.normal([1.0, 0.0], size=(windows, 2))
    minute = [0.5, -2.0] + np.sqrt(0.5) * np.tile([[1.0, 1], [-1, -1]], (30, 1))
    mean = np.concatenate([rows, minute]).mean(axis=0)
    # The spread about the shrunk mean, of what was heard; the minute's own about its own.
    spread = ((rows - mean) ** 2).sum(axis=0) + ((minute - minute.mean(axis=0)) ** 2).sum(axis=0)
    left = everything(rows, plain()).removed(rows.astype(np.float32), usual([0.5, -2], [0.5, 0.5]))
    np.testing.assert_allclose(left, (rows - mean) / np.sqrt(spread / (windows + 60)), atol=1e-5)


def test_a_dimension_in_which_a_recording_hardly_varies_is_not_blown_up():
    rows = np.zeros((10_000_000 // 1000, 2), np.float32)
    rows[::2, 0] = 2
    found = everything(rows, plain(), hop=1000.0)
    # Variances 1 and 0: at least 0.09 of their mean, 0.5.
    np.testing.assert_allclose(
        found.removed(np.array([[1, 1]], np.float32), usual([0, 0], [0, 0])),
        [[0, 1 / np.sqrt(0.045)]],
        atol=1e-4,
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
    known = UsualBackground.of([once])
    np.testing.assert_allclose(often.removed(rows, known), once.removed(rows, known), atol=1e-6)
    of_often = UsualBackground.of([often])
    np.testing.assert_allclose([of_often.mean, of_often.variance], [known.mean, known.variance], atol=1e-9)
    assert everything(rows, plain(), 0.25).seconds == 25


# --- what backgrounds have in common


def column(*values, hop=1.0):
    """The background of a recording of one dimension, of which all is background."""
    return everything(np.array(values)[:, np.newaxis], plain(1), hop)


def test_the_usual_background_by_hand():
    # The recordings' means are 1, 5 and 6; about them squares of 1, 1, 4, 4 and 0. Ten seconds of audio, in all 2 x 18.
    found = UsualBackground.of([column(0, 2, hop=2), column(3, 7, hop=2), column(6, hop=2)])
    assert found.mean.tolist() == pytest.approx([2 * 18 / 70])
    # Beside a minute in which they are 0 and 1.
    assert found.variance.tolist() == pytest.approx([(2 * (1 + 1 + 4 + 4 + 0) + 60) / 70])


def test_the_usual_background_of_much_audio_is_that_of_the_recordings():
    """Against numpy; a recording counts by its length, and a minute in which mean and variance are 0 and 1 beside them."""
    parts = [
        RNG.normal(offset, scale, size=(windows, 2))
        for offset, scale, windows in (
            ([3, -3], [0.5, 2], 9000),
            ([-1, 0], [1, 1], 3000),
            ([0, 0], [2, 3], 600),
        )
    ]
    found = UsualBackground.of([everything(part, plain()) for part in parts])
    own = np.average([part.var(axis=0) for part in parts], axis=0, weights=[len(part) for part in parts])
    seconds = sum(map(len, parts))
    np.testing.assert_allclose(found.mean, np.concatenate(parts).sum(axis=0) / (seconds + 60), atol=1e-6)
    np.testing.assert_allclose(found.variance, (seconds * own + 60) / (seconds + 60), rtol=1e-5)


def test_files_of_a_clip_each_say_nothing_of_what_varies_within_one():
    """There it shrinks from 1, what varies between the windows of all, as far as a minute lets it."""
    clips = RNG.normal(size=(40, 3))
    found = UsualBackground.of([everything(clip[np.newaxis], plain(3)) for clip in clips])
    np.testing.assert_allclose(found.mean, clips.sum(axis=0) / 100, atol=1e-6)
    np.testing.assert_allclose(found.variance, 60 / 100, rtol=1e-6)


def test_of_no_background_at_all_the_usual_one_is_that_of_all_windows():
    """Where every recording is all sound: standardised, what is learned from has mean 0 and variance 1."""
    for count in (1, 3):
        found = UsualBackground.of([everything(np.zeros((0, 2)), plain())] * count)
        assert (found.mean.tolist(), found.variance.tolist()) == ([0, 0], [1, 1])


def test_a_recording_without_background_does_not_count_towards_the_usual_one():
    with_it, without = everything(RNG.normal(size=(50, 2)), plain()), everything(np.zeros((0, 2)), plain())
    found, expected = UsualBackground.of([without, with_it, without]), UsualBackground.of([with_it])
    assert np.array_equal(found.mean, expected.mean)
    assert np.array_equal(found.variance, expected.variance)


def test_what_folds_found_is_averaged():
    together = FirstPass.average(
        [
            FirstPass(Linear(np.array([2.0, -1.0]), 0.5), usual([1, 2], [0.5, 1])),
            FirstPass(Linear(np.array([0.0, 3.0]), 1.5), usual([3, -2], [1.5, 3])),
        ]
    )
    assert (together.line.weights.tolist(), together.line.bias) == ([1, 1], 1)
    assert together.usual.mean.tolist() == [2, 0]
    assert together.usual.variance.tolist() == [1, 2]


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
