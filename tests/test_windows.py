"""Where windows lie, by a rule that is written out once more here, and how a stream is cut into them."""

import math
import tracemalloc
from collections.abc import Iterator
from itertools import count, pairwise, takewhile

import numpy as np
import numpy.typing as npt
import pytest

from audioscan_host import Windowing
from audioscan_host.errors import SettingError
from audioscan_host.windows import Block, cut_blocks, window_steps

Samples = npt.NDArray[np.float32]

ROUND_RATES = [1000, 8000, 16_000, 44_100, 48_000]
RATES_OFF_THE_GRID = [22_050, 11_025, 1234]
"""A grid step of 10 ms is no whole number of samples at these."""

WINDOWINGS = [Windowing(0.1, 0.01), Windowing(0.2, 0.07), Windowing(0.25, 0.25), Windowing(0.5, 0.13)]


def starts_by_the_rule(samples: int, rate: int, windowing: Windowing) -> list[int]:
    """Sample positions of the windows: every place of the 10 ms grid is tried in turn.

    A place of the grid is the sample that has begun by then.
    """
    length = round(windowing.window * rate)
    if samples < length:
        return [0] if samples else []
    hop = round(windowing.hop * 100)
    grid = (k * rate // 100 for k in count())
    places = list(takewhile(lambda place: place + length <= samples, grid))
    starts = places[::hop]
    if samples - (starts[-1] + length) > rate / 100:
        starts.append(places[-1])
    return starts


def totals(rate: int, windowing: Windowing) -> list[int]:
    """Recordings whose ends lie about every place where the number of windows changes."""
    length, hop = round(windowing.window * rate), round(windowing.hop * rate)
    edges = [0, length, *(length + n * hop for n in (1, 2, 5))]
    grid = [edge + n * rate // 100 for edge in edges for n in (0, 1, 2)]
    near = {edge + around for edge in grid for around in (-1, 0, 1)}
    random = np.random.default_rng(rate).integers(1, length + 9 * hop, 20).tolist()
    return sorted(total for total in {*near, *random} if total >= 0)


def ramp(samples: int) -> Samples:
    """Every sample tells its own position."""
    return np.arange(samples, dtype=np.float32)


def in_chunks(waveform: Samples, sizes: list[int]) -> Iterator[Samples]:
    begin = 0
    while begin < len(waveform):
        for size in sizes:
            yield waveform[begin : begin + size]
            begin += size


def heard(blocks: list[Block]) -> list[int]:
    """Where in `ramp` the windows begin, after a look at every sample of every window."""
    starts = []
    for block in blocks:
        for start in block.windows.starts:
            window = block.waveform[start : start + block.windows.length]
            assert np.array_equal(window, window[0] + ramp(block.windows.length))
            starts.append(int(window[0]))
    return starts


# Settings


@pytest.mark.parametrize("value", [0.0, -1.0, 0.005, 1.0049, 1e-9, math.inf, math.nan])
@pytest.mark.parametrize("name", ["window", "hop"])
def test_window_and_hop_are_multiples_of_10_ms(name, value):
    with pytest.raises(SettingError, match=rf"{name} must be a multiple of 0\.01 s above 0, not "):
        Windowing(**{"window": 1.0, "hop": 1.0} | {name: value})


def test_the_hop_is_at_most_the_window():
    assert Windowing(2.0, 2.0).hop == 2.0
    with pytest.raises(SettingError, match=r"hop \(2\.01 s\) must not exceed the window \(2 s\)"):
        Windowing(2.0, 2.01)


@pytest.mark.parametrize(
    ("hop", "steps"), [(0.01, 1), (0.07, 7), (0.29, 29), (0.57, 57), (1.0, 100), (1.15, 115)]
)
def test_a_hop_is_a_whole_number_of_grid_steps_whatever_its_binary_fraction(hop, steps):
    assert Windowing(8.0, hop).hop_steps == steps


def test_a_window_is_at_most_an_hour():
    assert Windowing(3600.0, 60.0).window == 3600
    with pytest.raises(SettingError, match=r"window must be at most 3600 s, not 3600\.01 s"):
        Windowing(3600.01, 60.0)


def test_windows_overlap_at_most_two_thousand_times():
    assert Windowing(20.0, 0.01).hop_steps == 1
    with pytest.raises(SettingError, match=r"every 0\.01 s overlap 2001 times, and 2000 times is the most"):
        Windowing(20.01, 0.01)


def test_the_defaults_are_eight_seconds_every_second():
    assert Windowing() == Windowing(window=8.0, hop=1.0)


@pytest.mark.parametrize(
    ("window", "hop"),
    [(8, 2), (1, 0.25), (1.5, 0.3), (0.5, 0.1), (0.28, 0.07), (0.03, 0.01), (0.01, 0.01)],
)
def test_the_hop_of_a_window_alone_is_about_a_quarter_of_it_and_the_window_a_multiple_of_it(window, hop):
    assert Windowing.of_window(window) == Windowing(window, hop)


@pytest.mark.parametrize(("window", "hop"), [(0.29, 0.07), (1.37, 0.34), (0.22, 0.05)])
def test_where_only_a_far_shorter_hop_would_divide_a_window_it_is_a_quarter_down_to_the_grid(window, hop):
    assert Windowing.of_window(window) == Windowing(window, hop)


@pytest.mark.parametrize("window", [0, -1, 0.333, float("nan"), float("inf")])
def test_a_window_alone_is_refused_as_one_with_a_hop_is(window):
    with pytest.raises(SettingError, match=r"window must be a multiple of 0\.01 s above 0"):
        Windowing.of_window(window)


@pytest.mark.parametrize(
    ("windows", "hops"),
    [
        ([1, 2, 4, 8], [0.25, 0.5, 1, 2]),
        ([8, 1], [2, 0.25]),
        ([0.5, 1, 2], [0.1, 0.2, 0.5]),
        ([1, 1.5], [0.25, 0.25]),
        ([2], [0.5]),
        ([0.5], [0.1]),
        ([1, 1.37], [0.25, 0.34]),  # nothing but the grid is in both: each by itself
        ([], []),
    ],
)
def test_several_windows_have_hops_of_one_grain_about_a_quarter_of_each(windows, hops):
    found = Windowing.of_windows(windows)
    assert [(each.window, each.hop) for each in found] == list(zip(windows, hops, strict=True))


def test_several_windows_keep_a_hop_that_is_given():
    assert Windowing.of_windows([8, 2], 1.0) == (Windowing(8, 1), Windowing(2, 1))
    with pytest.raises(SettingError, match=r"hop \(1 s\) must not exceed the window \(0.5 s\)"):
        Windowing.of_windows([8, 0.5], 1.0)
    with pytest.raises(SettingError, match=r"window must be a multiple of 0\.01 s above 0"):
        Windowing.of_windows([8, 0.333])


# Where windows lie


@pytest.mark.parametrize(
    ("seconds", "starts"),
    [
        (0.0, []),
        (0.5, [0.0]),
        (7.99, [0.0]),
        (8.0, [0.0]),
        (8.01, [0.0]),  # no more than a grid step is left out
        (8.02, [0.0, 0.02]),
        (9.0, [0.0, 1.0]),
        (10.5, [0.0, 1.0, 2.0, 2.5]),
        (10.505, [0.0, 1.0, 2.0, 2.5]),  # the last one ends at the recording's end to a grid step
    ],
)
def test_windows_of_eight_seconds_start_every_second_and_one_more_reaches_the_end(seconds, starts):
    steps = window_steps(round(seconds * 16_000), 16_000, Windowing())
    assert [step / 100 for step in steps] == starts


@pytest.mark.parametrize("windowing", WINDOWINGS, ids=str)
@pytest.mark.parametrize("rate", ROUND_RATES + RATES_OFF_THE_GRID)
def test_windows_lie_where_the_rule_puts_them(rate, windowing):
    for total in totals(rate, windowing):
        found = [step * rate // 100 for step in window_steps(total, rate, windowing)]
        assert found == starts_by_the_rule(total, rate, windowing), f"{total} samples"


@pytest.mark.parametrize("windowing", WINDOWINGS, ids=str)
@pytest.mark.parametrize("rate", ROUND_RATES + RATES_OFF_THE_GRID)
def test_no_window_comes_twice_and_all_but_a_grid_step_of_a_recording_is_covered(rate, windowing):
    length = round(windowing.window * rate)
    for total in totals(rate, windowing):
        steps = window_steps(total, rate, windowing)
        assert all(earlier < later for earlier, later in pairwise(steps)), f"{total} samples: {steps}"
        if total >= length:
            left_out = total - (steps[-1] * rate // 100 + length)
            assert 0 <= left_out <= rate / 100, f"{total} samples"


# Blocks


@pytest.mark.parametrize("windowing", WINDOWINGS, ids=str)
@pytest.mark.parametrize("rate", [1000, 1234, 22_050])
def test_blocks_hold_exactly_the_windows_of_the_recording_whatever_their_length(rate, windowing):
    for total in totals(rate, windowing):
        steps = window_steps(total, rate, windowing)
        for seconds in (0.01, 0.3, 100.0):
            blocks = list(cut_blocks([ramp(total)], rate, windowing, block_seconds=seconds))
            times = [time for block in blocks for time in block.times]
            assert times == [step / 100 for step in steps], f"{total} samples, blocks of {seconds} s"
            assert heard(blocks) == [step * rate // 100 for step in steps], f"{total} samples"


@pytest.mark.parametrize("sizes", [[1], [7], [160], [997], [5000], [100_000], [3, 1, 4000, 17]], ids=str)
def test_blocks_do_not_depend_on_the_sizes_of_the_chunks(sizes):
    rate, windowing = 1000, Windowing(0.5, 0.13)
    recording = np.random.default_rng(0).standard_normal(4567).astype(np.float32)
    whole = list(cut_blocks([recording], rate, windowing, block_seconds=0.6))
    cut = list(cut_blocks(in_chunks(recording, sizes), rate, windowing, block_seconds=0.6))
    assert len(cut) == len(whole) > 5
    for block, expected in zip(cut, whole, strict=True):
        np.testing.assert_array_equal(block.waveform, expected.waveform)
        np.testing.assert_array_equal(block.windows.starts, expected.windows.starts)
        np.testing.assert_array_equal(block.times, expected.times)


def test_empty_chunks_between_others_change_nothing():
    silent = np.zeros(0, np.float32)
    blocks = cut_blocks([silent, ramp(1500), silent, silent], 1000, Windowing(1.0, 0.5))
    assert heard(list(blocks)) == [0, 500]


def test_a_recording_without_samples_gives_no_block():
    assert list(cut_blocks([], 16_000, Windowing(), shortest_window=1.0)) == []
    assert list(cut_blocks([np.zeros(0, np.float32)], 16_000, Windowing(), shortest_window=1.0)) == []


def test_a_recording_shorter_than_the_window_gives_one_window_of_its_own_length():
    (block,) = cut_blocks([ramp(3000)], 1000, Windowing(8.0, 1.0), shortest_window=0.5)
    assert block.windows.starts.tolist() == [0]
    assert block.windows.length == 3000
    np.testing.assert_array_equal(block.waveform, ramp(3000))


def test_a_recording_shorter_than_the_network_takes_is_filled_up_with_silence():
    (block,) = cut_blocks([ramp(300) + 1], 1000, Windowing(8.0, 1.0), shortest_window=0.5)
    assert block.windows.length == 500
    np.testing.assert_array_equal(block.waveform, [*range(1, 301), *[0] * 200])


def test_a_recording_of_the_shortest_length_is_not_filled_up():
    (block,) = cut_blocks([ramp(500)], 1000, Windowing(8.0, 1.0), shortest_window=0.5)
    np.testing.assert_array_equal(block.waveform, ramp(500))


def test_a_block_says_what_its_arrays_are():
    for block in cut_blocks([ramp(5000)], 1000, Windowing(1.0, 0.5), block_seconds=2.0):
        assert block.waveform.dtype == np.float32
        assert block.windows.starts.dtype == np.int64
        assert block.times.dtype == np.float64
        assert block.windows.sample_rate == 1000
        assert len(block.windows) == len(block.times)


def test_blocks_do_not_share_memory_with_each_other():
    """A plugin that writes to its waveform after all does not change the next block's."""
    first, second, *_ = cut_blocks([ramp(9000)], 1000, Windowing(2.0, 0.5), block_seconds=2.0)
    assert not np.shares_memory(first.waveform, second.waveform)


def test_a_block_is_given_as_soon_as_it_is_known_that_another_follows():
    taken = 0

    def counted() -> Iterator[Samples]:
        nonlocal taken
        for _ in range(60):
            taken += 1
            yield np.zeros(1000, np.float32)

    block = next(cut_blocks(counted(), 1000, Windowing(8.0, 1.0), block_seconds=10.0))
    assert taken == 10 + 8  # the next one's first window starts at 10 s
    assert not block.is_last


@pytest.mark.parametrize("seconds", [0.3, 8.0, 8.5, 17.0, 17.5, 18.0, 18.001, 18.5, 27.0, 27.5, 28.0])
def test_the_last_block_and_no_other_says_that_it_is(seconds):
    blocks = cut_blocks([ramp(round(seconds * 1000))], 1000, Windowing(8.0, 1.0), block_seconds=10.0)
    *before, last = [block.is_last for block in blocks]
    assert last
    assert not any(before)


@pytest.mark.parametrize("windowing", [Windowing(8.0, 0.01), Windowing(20.0, 0.01), Windowing(3600.0, 2.0)])
def test_a_plugin_that_copies_the_windows_of_a_block_out_takes_little_memory(windowing):
    rate = 100
    blocks = list(cut_blocks([ramp(int(windowing.window + 130) * rate)], rate, windowing))
    assert max(len(block.windows) * windowing.window for block in blocks) <= 9600  # 0.6 GB at 16 kHz
    times = np.concatenate([block.times for block in blocks])
    np.testing.assert_allclose(times, np.arange(len(times)) * windowing.hop)


def test_two_hours_need_no_more_memory_than_a_block_and_a_window():
    rate = 2000
    second = np.zeros(rate, np.float32)
    two_hours = (second for _ in range(2 * 3600))
    tracemalloc.start()
    try:
        windows = sum(len(block.windows) for block in cut_blocks(two_hours, rate, Windowing()))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert windows == 2 * 3600 - 8 + 1
    assert peak < 8 * 2**20  # the recording is 55 MiB, a block and a window 1 MiB
