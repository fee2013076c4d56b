import numpy as np
import pytest

from audioscan_host.classifier.folds import FOLDS, split

WINDOW = 8.0


def recordings(count, windows, seed=0, rate=0.2):
    """Random labels: `count` recordings of `windows` windows, a second apart."""
    rng = np.random.default_rng(seed)
    labels = (rng.random(count * windows) < rate).astype(np.int64)
    groups = np.repeat(np.arange(count), windows)
    times = np.tile(np.arange(windows, dtype=np.float64), count)
    return labels, groups, times


def everything(labels):
    return np.ones(len(labels), np.bool_)


def overlapping(groups, times, train, held):
    """Pairs of a training and a held-out window that share audio, found the slow way."""
    same = groups[train][:, np.newaxis] == groups[held]
    return (same & (abs(times[train][:, np.newaxis] - times[held]) < WINDOW - 1e-6)).sum()


@pytest.mark.parametrize("seed", range(20))
def test_a_recording_is_never_on_both_sides(seed):
    labels, groups, times = recordings(7, 40, seed)
    folds = split(labels, groups, times, WINDOW, everything(labels))
    assert folds.kind == "recordings"
    for train, held in folds.splits:
        assert not set(groups[train]) & set(groups[held])
        assert len(train) + len(held) == len(labels)


@pytest.mark.parametrize("seed", range(20))
def test_recordings_of_one_source_are_never_on_both_sides(seed):
    labels, groups, times = recordings(12, 40, seed)
    sources = np.array([0, 0, 0, 1, 2, 2, 3, 3, 3, 4, 5, 5])[groups]
    folds = split(labels, groups, times, WINDOW, everything(labels), sources=sources)
    assert folds.kind == "recordings"
    for train, held in folds.splits:
        assert not set(sources[train]) & set(sources[held])
        assert len(train) + len(held) == len(labels)


def test_with_too_few_sources_recordings_are_kept_whole():
    labels, groups, times = recordings(6, 40)
    folds = split(labels, groups, times, WINDOW, everything(labels), sources=groups % 2)
    assert folds.kind == "recordings"
    assert all(not set(groups[train]) & set(groups[held]) for train, held in folds.splits)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("count", [1, 2])
def test_blocks_of_time_share_no_audio_and_both_sides_have_both_classes(seed, count):
    labels, groups, times = recordings(count, 200, seed)
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(labels))  # the windows need not come in order
    labels, groups, times = labels[shuffled], groups[shuffled], times[shuffled]
    folds = split(labels, groups, times, WINDOW, everything(labels))
    assert folds.kind == "time"
    for train, held in folds.splits:
        assert overlapping(groups, times, train, held) == 0
        assert set(labels[train]) == set(labels[held]) == {0, 1}


@pytest.mark.parametrize("count", [1, 2, 6])
def test_each_window_is_held_out_once(count):
    labels, groups, times = recordings(count, 120)
    folds = split(labels, groups, times, WINDOW, everything(labels))
    held_out = np.concatenate([held for _, held in folds.splits])
    assert len(folds.splits) == FOLDS
    assert sorted(held_out) == list(range(len(labels)))


def test_blocks_of_time_have_equal_shares_of_the_positives():
    labels, groups, times = recordings(1, 300)
    folds = split(labels, groups, times, WINDOW, everything(labels))
    shares = [labels[held].sum() for _, held in folds.splits]
    assert max(shares) - min(shares) <= 1
    for _, held in folds.splits:
        assert np.ptp(times[held]) == len(held) - 1  # contiguous


def test_windows_that_only_meet_end_to_start_stay():
    times = np.arange(12) * 0.7  # 0.7 has no exact binary form: neighbours differ by a little more or less
    labels = np.tile([0, 1], 6)
    folds = split(labels, np.zeros(12, np.int64), times, 0.7, everything(labels))
    assert all(len(train) + len(held) == 12 for train, held in folds.splits)


def test_three_recordings_of_which_one_has_no_positive_are_split_by_time():
    labels, groups, times = recordings(3, 100)
    labels[groups == 2] = 0
    assert split(labels, groups, times, WINDOW, everything(labels)).kind == "time"


def test_a_positive_and_a_negative_recording_are_each_cut_in_three():
    groups = np.repeat([0, 1], 90)
    labels = 1 - groups
    times = np.tile(np.arange(90.0), 2)
    folds = split(labels, groups, times, WINDOW, everything(labels))
    assert folds.kind == "time"
    for train, held in folds.splits:
        assert set(labels[train]) == set(labels[held]) == {0, 1}
        assert overlapping(groups, times, train, held) == 0


def test_each_side_has_both_classes_among_the_usable_windows():
    labels, groups, times = recordings(4, 100)
    usable = everything(labels)
    usable[(labels == 0) & (groups != 1)] = False  # the negatives left lie in one recording
    folds = split(labels, groups, times, WINDOW, usable)
    assert folds.kind == "time"
    for fold in folds.splits:
        assert all(set(labels[side[usable[side]]]) == {0, 1} for side in fold)


def test_windows_that_all_overlap_cannot_be_split():
    labels = np.array([0, 1] * 4)
    times = np.linspace(0, 7, 8)
    assert split(labels, np.zeros(8, np.int64), times, WINDOW, everything(labels)) is None


def test_two_positives_cannot_be_split_in_three():
    labels, groups, times = recordings(5, 50, rate=0)
    labels[[0, 60]] = 1
    assert split(labels, groups, times, WINDOW, everything(labels)) is None


@pytest.mark.parametrize("seed", range(20))
def test_three_recordings_with_both_classes_are_enough_whatever_the_others_hold(seed):
    rng = np.random.default_rng(seed)
    # One labelled throughout, two of a window of each class, five of one positive window, one of negatives.
    held = [[0] * 200 + [1] * 14, [0, 1], [1, 0], *[[1]] * 5, [0] * 9]
    order = rng.permutation(len(held))
    labels = np.concatenate([held[i] for i in order])
    groups = np.repeat(np.arange(len(held)), [len(held[i]) for i in order])
    times = np.arange(len(labels)) * WINDOW
    folds = split(labels, groups, times, WINDOW, everything(labels))
    assert folds.kind == "recordings"
    for train, held_out in folds.splits:
        assert not set(groups[train]) & set(groups[held_out])
        assert set(labels[train]) == set(labels[held_out]) == {0, 1}
    assert sorted(np.concatenate([held_out for _, held_out in folds.splits])) == list(range(len(labels)))


def test_windows_that_are_not_fitted_on_do_not_make_a_recording_hold_both_classes():
    labels = np.array([0, 1, 0, 1, 0, 1])
    groups, times = np.repeat([0, 1, 2], 2), np.arange(6) * WINDOW
    assert split(labels, groups, times, WINDOW, everything(labels)).kind == "recordings"
    usable = np.array([True, True, True, True, False, True])
    found = split(labels, groups, times, WINDOW, usable)
    assert found is None or found.kind == "time"
