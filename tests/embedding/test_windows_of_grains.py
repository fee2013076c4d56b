"""Windows made of grains, beside a plain loop over the grains of each."""

import numpy as np
import pytest

from audioscan_host import Windowing
from audioscan_host.cache import Embeddings
from audioscan_host.embedding import running_sums, windows_of_grains
from audioscan_host.embedding.windows_of_grains import windows_of
from audioscan_host.windows import window_steps

RATE = 16_000
DIM = 3
STATISTICS = [("mean",), ("mean", "std"), ("mean", "max"), ("max",), ("mean", "std", "mean", "std")]


@pytest.fixture
def grains():
    """Grains of 0.25 s of a recording: which of them there are, how much they weigh, what their vectors are of."""

    def make(seconds, names=("mean", "std"), lacking=(), uneven=False, offset=0.0, dim=DIM):
        random = np.random.default_rng(5)
        place = np.setdiff1d(np.arange(np.ceil(seconds * 4)), lacking)
        parts = [random.standard_normal((len(place), dim)) + offset for _ in names]
        parts = [
            np.abs(part - offset) if name == "std" else part for name, part in zip(names, parts, strict=True)
        ]
        weights = random.uniform(0.1, 13.0, len(place)) if uneven else np.full(len(place), 12.5)
        meta = {"hop": 0.25, "duration": seconds, "statistics": [(name, dim) for name in names]}
        return Embeddings(place / 4, np.concatenate(parts, axis=1).astype(np.float32), meta, weights)

    return make


def by_loop(grains, windowing):
    """What windows are by the definition, one after the other, in float64."""
    steps = window_steps(round(grains.meta["duration"] * RATE), RATE, windowing)
    steps[1:] = [steps[0] + windowing.hop_steps * n for n in range(1, len(steps))]
    windows = []
    for start in np.array(steps) / 100:
        (rows,) = np.nonzero((grains.times >= start) & (grains.times < start + windowing.window))
        if not len(rows):
            rows = np.flatnonzero(grains.times < start)[-1:] if (grains.times < start).any() else [0]
        weights = grains.weights[rows]
        parts = []
        columns = np.split(grains.vectors[rows].astype(np.float64), len(grains.meta["statistics"]), axis=1)
        for place, (name, _) in enumerate(grains.meta["statistics"]):
            if name == "mean":
                parts.append(np.average(columns[place], axis=0, weights=weights))
            elif name == "max":
                parts.append(columns[place].max(axis=0))
            else:
                squares = columns[place] ** 2 + (columns[place - 1] - parts[-1]) ** 2
                parts.append(np.sqrt(np.average(squares, axis=0, weights=weights)))
        windows.append(np.concatenate(parts))
    return np.array(steps) / 100, np.array(windows)


def assert_as_by_loop(grains, windowing):
    found = windows_of(grains.rows(), windowing, RATE)
    times, vectors = by_loop(grains, windowing)
    assert np.array_equal(found.times, times)
    assert found.vectors.dtype == np.float32
    assert np.allclose(found.vectors, vectors, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("names", STATISTICS, ids="+".join)
@pytest.mark.parametrize("windowing", [Windowing(8.0, 0.25), Windowing(8.0, 1.0), Windowing(0.75, 0.75)])
@pytest.mark.parametrize("seconds", [0.2, 0.25, 5.1, 8.0, 8.3, 61.37])
def test_windows_of_any_statistics_are_those_of_their_grains(grains, names, windowing, seconds):
    assert_as_by_loop(grains(seconds, names), windowing)


@pytest.mark.parametrize("numbers", [1, 12, 20, 100])
@pytest.mark.parametrize("windowing", [Windowing(2.0, 0.25), Windowing(3.0, 0.5), Windowing(0.25, 0.25)])
def test_where_pieces_end_changes_nothing(grains, windowing, numbers, monkeypatch):
    for module in (running_sums, windows_of_grains):
        monkeypatch.setattr(module, "NUMBERS", numbers)
    for most in (1, 100, 1 << 22):
        monkeypatch.setattr(windows_of_grains, "_SUMMED", most)
        for seconds in (1.0, 2.0, 2.25, 30.1):
            assert_as_by_loop(grains(seconds, ("mean", "std", "max"), uneven=seconds > 2), windowing)


@pytest.mark.parametrize("windowing", [Windowing(2.0, 0.25), Windowing(3.0, 0.5), Windowing(0.5, 0.5)])
@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize("lacking", [[7], [0, 1], range(20, 45), range(1, 119), range(100, 200)])
def test_a_grain_that_is_lacking_counts_in_no_window_and_stands_for_an_empty_one(
    grains, windowing, lacking, uneven, monkeypatch
):
    for numbers in (20, 1 << 16):
        monkeypatch.setattr(windows_of_grains, "NUMBERS", numbers)
        assert_as_by_loop(grains(30.0, ("mean", "std", "max"), lacking, uneven), windowing)


def test_a_constant_part_drowns_no_deviation(grains):
    assert_as_by_loop(grains(300.0, offset=1e6), Windowing(8.0, 0.25))


def test_a_level_that_rises_by_far_leaves_what_lies_before_and_after_it_as_it_is(grains):
    made = grains(300.0, dim=1)
    made.vectors[600:, 0] += 1e4
    assert_as_by_loop(made, Windowing(8.0, 0.25))


def test_every_grain_is_read_once_and_in_order(grains):
    made, asked = grains(3600.0, dim=64), []
    rows = made.rows()

    def read(count):
        asked.append(count)
        return rows.read(count)

    counted = type(rows)(rows.times, rows.dim, rows.meta, rows.weights, read)
    windows_of(counted, Windowing(8.0, 1.0), RATE)
    assert sum(asked) == 4 * 3600
    assert max(asked) * rows.dim <= running_sums.NUMBERS, "never the whole of it"
