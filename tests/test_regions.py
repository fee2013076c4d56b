"""Scores of windows become regions: where they reach the threshold, as long as they do."""

import time
from itertools import pairwise

import numpy as np
import pytest

from audioscan_host.errors import SettingError
from audioscan_host.region_settings import RegionSettings
from audioscan_host.regions import Region, find_regions
from audioscan_host.steps import step_edges, step_scores


def regions(
    scores, *, window=1.0, hop=1.0, duration=None, times=None, silence=None, **settings
) -> list[tuple[float, float, float]]:
    """Regions as (start, end, score); by default each window is a step."""
    times = np.arange(len(scores)) * hop if times is None else np.asarray(times, dtype=float)
    duration = float(times[-1]) + window if duration is None else duration
    found = find_regions(
        times,
        np.asarray(scores, dtype=float),
        "call",
        window=window,
        hop=hop,
        duration=duration,
        settings=RegionSettings(**settings),
        silence=None if silence is None else np.array(silence, dtype=float),
    )
    assert all(isinstance(each, Region) and each.label == "call" for each in found)
    return [(each.start, each.end, each.score) for each in found]


class TestStepScores:
    def test_a_step_is_scored_by_the_mean_of_the_windows_over_its_centre(self):
        # Windows 0..3, 1..4, 2..5 over the steps 0..1, 1..2, 2..3, 3..4, 4..5.
        found = step_scores(np.arange(3.0), np.array([0.3, 0.6, 0.9]), window=3.0, hop=1.0, duration=5.0)
        assert found.tolist() == [0.3, 0.45, 0.6, 0.75, 0.9]

    def test_the_last_step_ends_with_the_recording(self):
        # The last window, 1.5..4.5, alone holds the centre, 4.25, of the last step, 4..4.5.
        times, scores = np.array([0.0, 1.0, 1.5]), np.array([0.0, 0.5, 1.0])
        found = step_scores(times, scores, window=3.0, hop=1.0, duration=4.5)
        assert step_edges(1.0, 4.5).tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 4.5]
        assert found.tolist() == [0.0, 0.5, 0.5, 0.75, 1.0]

    def test_a_rest_of_less_than_10_ms_belongs_to_the_last_step(self):
        assert step_edges(1.0, 3.0099).tolist() == [0.0, 1.0, 2.0, 3.0099]
        assert step_edges(1.0, 3.01).tolist() == [0.0, 1.0, 2.0, 3.0, 3.01]
        assert step_edges(0.01, 0.035).tolist() == [0.0, 0.01, 0.02, 0.035]

    def test_a_recording_shorter_than_a_hop_has_one_step(self):
        assert step_edges(1.0, 0.004).tolist() == [0.0, 0.004]
        found = step_scores(np.zeros(1), np.array([0.8]), window=0.004, hop=1.0, duration=0.004)
        assert found.tolist() == [0.8]

    def test_a_recording_without_audio_has_no_step(self):
        assert step_edges(1.0, 0.0).tolist() == [0.0]
        assert step_scores(np.zeros(0), np.zeros(0), window=8.0, hop=1.0, duration=0.0).shape == (0,)

    def test_a_step_that_no_window_covers_has_the_score_of_the_nearest(self):
        times, scores = np.array([0.0, 6.0]), np.array([0.2, 0.9])
        found = step_scores(times, scores, window=2.0, hop=1.0, duration=9.0)
        assert found.tolist() == [0.2, 0.2, 0.2, 0.2, 0.9, 0.9, 0.9, 0.9, 0.9]

    def test_without_windows_every_step_scores_0(self):
        found = step_scores(np.zeros(0), np.zeros(0), window=8.0, hop=1.0, duration=2.0)
        assert found.tolist() == [0.0, 0.0]

    def test_windows_that_all_score_the_threshold_reach_it(self):
        assert regions([0.7] * 1000, window=8.0, threshold=0.7) == [(0.0, 1007.0, 0.7)]

    def test_refuses_scores_that_do_not_fit_the_windows(self):
        with pytest.raises(ValueError, match="one finite score a window"):
            step_scores(np.zeros(2), np.zeros(3), window=8.0, hop=1.0, duration=9.0)
        with pytest.raises(ValueError, match="one finite score a window"):
            step_scores(np.zeros(1), np.array([np.nan]), window=8.0, hop=1.0, duration=9.0)

    def test_a_day_of_windows_takes_no_time_to_speak_of(self):
        times, scores = np.arange(100_000.0), np.random.default_rng(0).random(100_000)
        began = time.perf_counter()
        step_scores(times, scores, window=8.0, hop=1.0, duration=100_007.0)
        assert time.perf_counter() - began < 0.5

    @pytest.mark.parametrize("seed", range(20))
    def test_agrees_with_a_loop_over_steps_and_windows(self, seed):
        rng = np.random.default_rng(seed)
        window, hop = [(8.0, 1.0), (2.0, 2.0), (1.5, 0.5), (0.3, 0.1), (0.96, 0.48)][seed % 5]
        duration = round(window + float(rng.integers(0, 400)) / 100, 2)
        times = np.round(np.arange(0, duration - window + 1e-9, hop), 6)
        if duration - (times[-1] + window) > 0.0101:
            times = np.append(times, round(duration - window, 6))
        scores = rng.random(len(times))
        found = step_scores(times, scores, window=window, hop=hop, duration=duration)
        edges = step_edges(hop, duration)
        assert edges[-1] == duration
        for step, score in enumerate(found):
            centre = (edges[step] + edges[step + 1]) / 2
            covering = [
                s for t, s in zip(times, scores, strict=True) if t - 1e-9 <= centre < t + window - 1e-9
            ]
            assert score == pytest.approx(np.mean(covering), abs=1e-8)


class TestMeanRegions:
    def test_keeps_the_steps_that_reach_the_threshold(self):
        assert regions([0.1, 0.5, 0.8, 0.4, 0.6]) == [(1.0, 3.0, 0.8), (4.0, 5.0, 0.6)]

    def test_a_short_sound_gives_a_region_much_shorter_than_its_windows(self):
        # A sound in 20..21 is in the windows that start at 13 to 20. All eight windows over that
        # step agree, and four of those over the steps up to 4 s away.
        scores = [1.0 if 13 <= start <= 20 else 0.0 for start in range(40)]
        assert regions(scores, window=8.0) == [(16.0, 25.0, 1.0)]
        assert regions(scores, window=8.0, threshold=0.95) == [(20.0, 21.0, 1.0)]
        assert regions(scores, window=8.0, method="union") == [(13.0, 28.0, 1.0)]

    def test_a_region_grows_down_to_low_from_where_it_reaches_the_threshold(self):
        scores = [0.4, 0.2, 0.3, 0.6, 0.3, 0.1, 0.4]
        assert regions(scores, low=0.3) == [(2.0, 5.0, 0.6)]

    def test_two_peaks_above_low_are_one_region(self):
        assert regions([0.6, 0.3, 0.9], low=0.3) == [(0.0, 3.0, 0.9)]

    def test_closes_only_gaps_shorter_than_merge_gap(self):
        scores = [0.6, 0.1, 0.9, 0.1, 0.1, 0.7]
        assert regions(scores, merge_gap=1.0) == [(0.0, 1.0, 0.6), (2.0, 3.0, 0.9), (5.0, 6.0, 0.7)]
        assert regions(scores, merge_gap=1.5) == [(0.0, 3.0, 0.9), (5.0, 6.0, 0.7)]
        assert regions(scores, merge_gap=2.1) == [(0.0, 6.0, 0.9)]

    def test_a_gap_of_merge_gap_stays_open_where_decimals_round(self):
        # 1.2 - 0.9 is 0.29999999999999993 in floating point.
        scores = [0.9] * 9 + [0.0] * 3 + [0.9]
        assert len(regions(scores, window=0.1, hop=0.1, merge_gap=0.3)) == 2
        assert len(regions(scores, window=0.1, hop=0.1, merge_gap=0.31)) == 1

    def test_drops_what_is_shorter_than_min_duration_after_closing_gaps(self):
        scores = [0.6, 0.1, 0.9, 0.1, 0.1, 0.7]
        assert regions(scores, min_duration=1.0) == [(0.0, 1.0, 0.6), (2.0, 3.0, 0.9), (5.0, 6.0, 0.7)]
        assert regions(scores, min_duration=1.1) == []
        assert regions(scores, min_duration=3.0, merge_gap=1.5) == [(0.0, 3.0, 0.9)]

    def test_ends_with_the_recording(self):
        assert regions([0.9, 0.9], times=[0.0, 0.25], window=8.0, duration=8.25) == [(0.0, 8.25, 0.9)]

    def test_finds_nothing_below_the_threshold(self):
        assert regions([0.1, 0.4]) == []
        assert regions([0.1, 0.4], low=0.05) == []

    def test_finds_nothing_where_there_are_no_windows(self):
        assert regions([], times=[], duration=0.0) == []

    @pytest.mark.parametrize("seed", range(30))
    def test_agrees_with_a_loop_over_the_steps(self, seed):
        rng = np.random.default_rng(seed)
        scores = np.round(rng.random(60) ** 2, 2)
        threshold, low = 0.6, float(rng.choice([0.2, 0.4, 0.6]))
        gap, shortest = float(rng.integers(0, 4)), float(rng.integers(0, 5))
        expected = []
        begin = None
        for i, score in enumerate([*scores, -1.0]):
            if score >= low and begin is None:
                begin = i
            if score < low and begin is not None:
                peak = max(scores[begin:i])
                if peak >= threshold:
                    if expected and begin - expected[-1][1] < gap:
                        expected[-1] = (expected[-1][0], float(i), max(peak, expected[-1][2]))
                    else:
                        expected.append((float(begin), float(i), peak))
                begin = None
        expected = [each for each in expected if each[1] - each[0] >= shortest]
        found = regions(scores, threshold=threshold, low=low, merge_gap=gap, min_duration=shortest)
        assert found == expected


class TestUnionRegions:
    def test_joins_the_whole_windows_that_reach_the_threshold(self):
        scores = [0.1, 0.5, 0.8, 0.2, 0.2, 0.2, 0.9]
        found = regions(scores, window=3.0, method="union")
        assert found == [(1.0, 5.0, 0.8), (6.0, 9.0, 0.9)]

    def test_windows_that_touch_are_one_region(self):
        assert regions([0.7, 0.2, 0.2, 0.6], window=3.0, method="union") == [(0.0, 6.0, 0.7)]

    def test_closes_gaps_and_drops_short_regions(self):
        scores = [0.7, 0.1, 0.1, 0.1, 0.6, 0.1, 0.1, 0.1, 0.1, 0.1, 0.8]
        assert regions(scores, window=3.0, method="union", merge_gap=1.5) == [
            (0.0, 7.0, 0.7),
            (10.0, 13.0, 0.8),
        ]
        assert regions(scores, window=3.0, method="union", merge_gap=1.5, min_duration=4) == [(0.0, 7.0, 0.7)]

    def test_ends_with_the_recording(self):
        assert regions([0.9], window=8.0, duration=3.5, method="union") == [(0.0, 3.5, 0.9)]

    def test_finds_nothing_where_no_window_reaches_the_threshold(self):
        assert regions([0.4], method="union") == []
        assert regions([], times=[], duration=0.0, method="union") == []

    @pytest.mark.parametrize("seed", range(10))
    def test_covers_exactly_what_the_windows_cover(self, seed):
        rng = np.random.default_rng(seed)
        scores = rng.random(80) ** 2
        found = regions(scores, window=2.0, hop=0.5, method="union")
        fine = np.arange(0, 42, 0.25) + 0.125
        covered = np.array(
            [any(s >= 0.5 and i / 2 <= t < i / 2 + 2 for i, s in enumerate(scores)) for t in fine]
        )
        assert np.array_equal(covered, [any(a <= t < b for a, b, _ in found) for t in fine])
        assert all(one[1] < other[0] for one, other in pairwise(found))


class TestSilence:
    """Scores and regions of a recording that holds digital silence."""

    def steps(self, scores, silence, *, window=3.0, duration=None):
        times = np.arange(float(len(scores)))
        duration = times[-1] + window if duration is None else duration
        found = step_scores(
            times,
            np.asarray(scores, float),
            window=window,
            hop=1.0,
            duration=duration,
            silence=np.array(silence).reshape(-1, 2),
        )
        return found.tolist()

    def test_a_step_has_the_mean_of_the_windows_that_are_free_of_silence(self):
        # Silence in 5..6: the windows 0..3, 1..4, 2..5 are free of it, and those at 3, 4 and 5 a third silent.
        scores = [0.3, 0.6, 0.9, 0.0, 0.0, 0.0, 0.6, 0.3]
        assert self.steps(scores, [(5.0, 6.0)]) == [0.3, 0.45, 0.6, 0.75, 0.9, 0.0, 0.6, 0.45, 0.45, 0.3]

    def test_where_none_is_free_those_that_are_less_than_half_silence_count(self):
        # Silence in 0..1 and 3..4: the windows 0..3 and 1..4 are a third silent.
        assert self.steps([0.4, 0.8], [(0.0, 1.0), (3.0, 4.0)]) == [0.0, 0.6, 0.6, 0.0]

    def test_where_each_window_is_half_silence_or_more_the_score_is_0(self):
        assert self.steps([0.9, 0.9], [(1.0, 3.0)]) == [0.0, 0.0, 0.0, 0.0]
        assert self.steps([0.9], [(0.0, 1.0)], window=2.0) == [0.0, 0.0]

    def test_a_step_is_silence_from_half_of_it_on(self):
        assert self.steps([0.8] * 6, [(2.0, 2.49)], window=1.0) == [0.8] * 6
        assert self.steps([0.8] * 6, [(2.0, 2.5)], window=1.0) == [0.8, 0.8, 0.0, 0.8, 0.8, 0.8]

    def test_an_uncovered_step_has_nothing_from_a_window_of_silence(self):
        assert self.steps([0.9], [(0.0, 1.5)], window=2.0, duration=4.0) == [0.0, 0.0, 0.0, 0.0]

    @pytest.mark.parametrize("method", ["mean", "union"])
    def test_a_region_is_cut_at_the_silent_steps(self, method):
        found = regions([0.9] * 10, silence=[(3.2, 6.4)], method=method, window=1.0)
        assert found == [(0.0, 3.0, 0.9), (6.0, 10.0, 0.9)]

    @pytest.mark.parametrize("method", ["mean", "union"])
    def test_silence_shorter_than_half_a_hop_stays_in_a_region(self, method):
        assert regions([0.9] * 10, silence=[(3.0, 3.4)], method=method) == [(0.0, 10.0, 0.9)]

    @pytest.mark.parametrize("method", ["mean", "union"])
    def test_no_gap_is_closed_over_silence(self, method):
        scores = [0.9, 0.1, 0.8, 0.0, 0.7, 0.1, 0.6]
        found = regions(scores, silence=[(3.0, 4.0)], method=method, merge_gap=5.0)
        assert found == [(0.0, 3.0, 0.9), (4.0, 7.0, 0.7)]

    @pytest.mark.parametrize("method", ["mean", "union"])
    def test_a_piece_that_is_too_short_is_dropped(self, method):
        found = regions([0.9] * 10, silence=[(2.0, 3.0)], method=method, min_duration=3.0)
        assert found == [(3.0, 10.0, 0.9)]

    def test_a_score_of_0_is_no_region_in_silence_even_where_it_reaches_the_threshold(self):
        for settings in ({"threshold": 0.0}, {"low": 0.0}):
            found = regions([0.9, 0.9, 0.0, 0.9], silence=[(2.0, 3.0)], **settings)
            assert found == [(0.0, 2.0, 0.9), (3.0, 4.0, 0.9)]

    def test_union_takes_no_window_that_is_half_silence_or_more(self):
        # Silence in 4..10 of 14 s: the windows at 2 and 8 are just half silent.
        scores = [0.0, 0.0, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.0, 0.0]
        assert regions(scores, window=4.0, silence=[(4.0, 10.0)], method="union") == []

    def test_union_takes_no_window_with_silence_where_another_is_free_of_it(self):
        # Silence in 4..10 of 14 s: the windows at 1 and 9 are a quarter silent, those at 0 and 10 free of it.
        scores = [0.0, 0.9, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.9, 0.8]
        found = regions(scores, window=4.0, silence=[(4.0, 10.0)], method="union")
        assert found == [(10.0, 14.0, 0.8)]

    def test_union_takes_a_window_that_is_partly_silence_where_no_other_is(self):
        # Silence in 0..1 and 4..5 of 5 s: both windows are a quarter silent.
        found = regions([0.9, 0.0], window=4.0, silence=[(0.0, 1.0), (4.0, 5.0)], method="union")
        assert found == [(1.0, 4.0, 0.9)]

    def test_a_silent_recording_has_no_region(self):
        for settings in ({}, {"method": "union"}, {"threshold": 0.0}):
            assert regions([1.0] * 5, window=8.0, silence=[(0.0, 12.0)], **settings) == []

    @pytest.mark.parametrize("method", ["mean", "union"])
    @pytest.mark.parametrize("silent", [0.1, 0.37, 1.0, 3.33, 7.5, 100.123])
    @pytest.mark.parametrize("seed", range(5))
    def test_appended_silence_changes_no_region(self, seed, silent, method):
        rng = np.random.default_rng(seed)
        hop, duration = [1.0, 0.5, 0.25, 2.0, 8.0][seed], 40.0
        starts = np.arange(0, duration - 8 + hop / 2, hop)
        later = np.arange(starts[-1] + hop, duration + silent - 8 + 1e-9, hop)
        if duration + silent - 8 - max(starts[-1], *later, 0.0) > 0.0101:
            later = np.append(later, duration + silent - 8)
        scores = rng.random(len(starts))
        settings = {"merge_gap": 2.0, "min_duration": 1.5, "window": 8.0, "hop": hop, "method": method}
        expected = regions(scores, times=starts, duration=duration, **settings)
        found = regions(
            [*scores, *rng.random(len(later))],
            times=[*starts, *later],
            duration=duration + silent,
            silence=[(duration, duration + silent)],
            **settings,
        )
        assert expected
        assert found == expected

    @pytest.mark.parametrize("seed", range(20))
    def test_steps_agree_with_a_loop_and_no_region_lies_over_silence(self, seed):
        rng = np.random.default_rng(seed)
        window, hop, duration = [(8.0, 1.0), (2.0, 0.5), (1.5, 0.5), (0.96, 0.48)][seed % 4] + (60.0,)
        edges = np.sort(rng.choice(6000, 2 * int(rng.integers(1, 12)), replace=False)) / 100
        silence = edges.reshape(-1, 2)
        times = np.round(np.arange(0, duration - window + 1e-9, hop), 6)
        scores = rng.random(len(times))

        def share(start, end):
            return sum(max(0.0, min(end, b) - max(start, a)) for a, b in silence) / (end - start)

        found = step_scores(times, scores, window=window, hop=hop, duration=duration, silence=silence)
        borders = step_edges(hop, duration)
        shares = [share(t, t + window) for t in times]
        silent = [share(a, b) > 0.5 - 1e-9 for a, b in pairwise(borders)]
        for step, (a, b) in enumerate(pairwise(borders)):
            over = [i for i, t in enumerate(times) if t - 1e-9 <= (a + b) / 2 < t + window - 1e-9]
            counting = [i for i in over if shares[i] < 0.001] or [i for i in over if shares[i] < 0.5 - 1e-9]
            expected = np.mean(scores[counting]) if counting and not silent[step] else 0.0
            if over:
                assert found[step] == pytest.approx(expected, abs=1e-8)
        for method in ("mean", "union"):
            for start, end, _ in regions(
                scores, times=times, window=window, hop=hop, duration=duration, silence=silence, method=method
            ):
                lies_over = [
                    s for s, (a, b) in zip(silent, pairwise(borders), strict=True) if a < end and b > start
                ]
                assert not any(lies_over)


class TestSettings:
    def test_low_is_the_threshold_unless_given(self):
        assert RegionSettings(threshold=0.7).lower == 0.7
        assert RegionSettings(threshold=0.7, low=0.0).lower == 0.0

    @pytest.mark.parametrize(
        ("settings", "reason"),
        [
            ({"threshold": 1.1}, "threshold must be between 0 and 1, not 1.1"),
            ({"threshold": -0.1}, "threshold must be between 0 and 1"),
            ({"threshold": float("nan")}, "threshold must be between 0 and 1"),
            ({"low": 0.6}, r"low must be between 0 and the threshold \(0.5\), not 0.6"),
            ({"low": -0.1}, "low must be between 0 and the threshold"),
            ({"merge_gap": -1.0}, "merge_gap must be 0 s or more"),
            ({"min_duration": float("inf")}, "min_duration must be 0 s or more"),
            ({"method": "max"}, "method must be one of mean, union, not 'max'"),
            ({"method": "union", "low": 0.2}, "low goes with the method mean only"),
        ],
    )
    def test_refuses_what_is_out_of_range(self, settings, reason):
        with pytest.raises(SettingError, match=reason):
            RegionSettings(**settings)
