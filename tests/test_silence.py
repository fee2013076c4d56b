"""Digital silence: found on the 10 ms grid from samples, and what of each window it is."""

import tracemalloc

import numpy as np
import pytest

from audioscan_host.journeys.silence_note import silence_note
from audioscan_host.silence import SilenceMeter, audible, no_silence, silent_share, within


def noise(seconds, rate=16_000, seed=0):
    """Of 16 bits, and as quiet as a recorder's: up to 3 steps."""
    return (np.random.default_rng(seed).integers(-3, 4, round(seconds * rate)) / 2**15).astype(np.float32)


def zeros(seconds, rate=16_000):
    return np.zeros(round(seconds * rate), np.float32)


def found(*pieces, rate=16_000):
    meter = SilenceMeter()
    for piece in pieces:
        meter.feed(rate, piece)
    return [tuple(span) for span in meter.spans().tolist()]


class TestSilenceMeter:
    def test_zeros_between_sounds_are_silence_to_the_grid_step(self):
        assert found(noise(2), zeros(3.25), noise(1)) == [(2.0, 5.25)]

    def test_quiet_noise_and_dither_are_none(self):
        dither = (np.random.default_rng(0).integers(0, 2, 160_000) / 2**15).astype(np.float32)
        assert found(noise(10)) == found(dither) == []

    @pytest.mark.parametrize("level", [0.3, -1.0, 1 / 2**15])
    def test_an_offset_is_as_silent_as_zero(self, level):
        assert found(noise(1), zeros(2) + np.float32(level), noise(1)) == [(1.0, 3.0)]

    def test_what_varies_by_less_than_any_microphone_is_silence_and_by_more_is_not(self):
        wave = np.sin(np.arange(32_000)).astype(np.float32)
        assert found(noise(1), 0.9e-6 * wave) == [(1.0, 3.0)]
        assert found(noise(1), 1.5e-6 * wave) == []

    def test_less_than_a_tenth_of_a_second_is_none(self):
        assert found(noise(1), zeros(0.09), noise(1)) == []
        assert found(noise(1), zeros(0.1), noise(1)) == [(1.0, 1.1)]

    def test_begin_and_end_of_a_recording_are_reached_within_a_block_or_not(self):
        end = 4 + 8007 / 16_000
        assert found(zeros(1.5), noise(2.5), np.zeros(8007, np.float32)) == [(0.0, 1.5), (4.0, end)]
        assert found(zeros(3)) == [(0.0, 3.0)]

    def test_a_sound_in_the_last_unfinished_block_is_no_silence(self):
        assert found(noise(1), zeros(1), noise(0.004)) == [(1.0, 2.0)]

    def test_a_click_of_one_sample_parts_two_silences_by_its_block(self):
        samples = zeros(4)
        samples[32_080] = 0.5  # at 2.005 s
        assert found(samples) == [(0.0, 2.0), (2.01, 4.0)]

    def test_two_levels_are_one_silence_only_where_each_is_long(self):
        assert found(noise(1), zeros(1), zeros(1) + np.float32(0.2), noise(1)) == [(1.0, 3.0)]
        square = np.repeat(np.float32([0.2, -0.2] * 200), 160)  # 50 Hz, its edges on the grid
        assert found(square) == []

    def test_a_change_of_rate_goes_on_in_time_and_does_not_part_a_silence(self):
        meter = SilenceMeter()
        for rate, piece in [(16_000, noise(1)), (16_000, zeros(1.005)), (44_100, zeros(2, 44_100))]:
            meter.feed(rate, piece)
        assert meter.spans().tolist() == [[1.0, 4.005]]
        meter.feed(44_100, noise(1, 44_100))
        np.testing.assert_allclose(meter.spans(), [[1.0, 4.005]], atol=1e-9)

    @pytest.mark.parametrize("rate", [1000, 8000, 11_025, 22_050, 44_100])
    def test_any_cut_into_pieces_agrees_with_a_loop_over_the_blocks(self, rate):
        rng = np.random.default_rng(rate)
        for _ in range(10):
            stretches = []
            for length in rng.uniform(0.02, 0.4, rng.integers(1, 10)):
                samples = rng.normal(0, 0.01, round(length * rate)).astype(np.float32)
                stretches.append(samples * rng.integers(0, 2))
            samples = np.concatenate(stretches)
            cuts = np.sort(rng.integers(0, len(samples) + 1, 30))
            assert found(*np.split(samples, cuts), rate=rate) == by_loop(samples, rate)

    def test_memory_does_not_grow_with_the_recording(self):
        meter, second = SilenceMeter(), np.concatenate([noise(0.5), zeros(0.5)])
        tracemalloc.start()
        for _ in range(2000):
            meter.feed(16_000, second)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(meter.spans()) == 2000
        assert peak < 1_000_000

    def test_before_anything_was_fed_there_is_none(self):
        assert SilenceMeter().spans().shape == no_silence().shape == (0, 2)


def by_loop(samples, rate):
    """The silence of zeros and sounds, block by block."""
    block = np.arange(len(samples)) * 100 // rate
    spans, begin = [], None
    for number in range(block[-1] + 1):
        if not samples[block == number].any():
            begin = number / 100 if begin is None else begin
        elif begin is not None:
            spans.append((begin, number / 100))
            begin = None
    if begin is not None:
        spans.append((begin, len(samples) / rate))
    return [(a, b) for a, b in spans if round(b - a, 6) >= 0.1]


class TestShares:
    SPANS = np.array([[2.0, 5.0], [7.0, 7.5]])

    def test_the_share_of_each_window_that_is_silence(self):
        found = silent_share(np.array([0.0, 1.0, 2.0, 3.5, 7.0, 8.0]), 2.0, self.SPANS)
        assert found.tolist() == [0.0, 0.5, 1.0, 0.75, 0.25, 0.0]

    def test_windows_may_have_lengths_of_their_own(self):
        assert silent_share(np.array([0.0, 6.0]), np.array([10.0, 2.0]), self.SPANS).tolist() == [0.35, 0.25]

    def test_without_silence_it_is_0(self):
        assert silent_share(np.arange(3.0), 8.0, no_silence()).tolist() == [0, 0, 0]
        assert silent_share(np.zeros(0), 8.0, self.SPANS).shape == (0,)

    def test_decimals_do_not_blur_a_half(self):
        # 0.1 + 0.2 is not 0.3 in floating point.
        assert silent_share(np.array([0.1]), 0.2, np.array([[0.2, 0.9]])).tolist() == [0.5]

    @pytest.mark.parametrize("seed", range(5))
    def test_agrees_with_counting_milliseconds(self, seed):
        rng = np.random.default_rng(seed)
        edges = np.sort(rng.choice(20_000, 20, replace=False)).reshape(-1, 2)
        silent = np.zeros(30_000, bool)
        for start, end in edges:
            silent[start:end] = True
        starts = rng.integers(0, 22_000, 50)
        expected = [silent[start : start + 8000].mean() for start in starts]
        np.testing.assert_allclose(silent_share(starts / 1000, 8.0, edges / 1000), expected, atol=1e-12)

    def test_a_window_is_evidence_where_less_than_half_of_it_is_silence(self):
        times = np.array([0.99, 1.0, 5.0])
        assert audible(times, 2.0, self.SPANS).tolist() == [True, False, True]


def test_spans_are_cut_at_the_duration_which_they_reach_where_a_grid_step_lacks():
    spans = np.array([[1.0, 2.0], [5.0, 9.9999]])
    assert within(spans, 10.0).tolist() == [[1.0, 2.0], [5.0, 10.0]]
    assert within(spans, 10.1).tolist() == spans.tolist()
    assert within(spans, 7.0).tolist() == [[1.0, 2.0], [5.0, 7.0]]
    assert within(spans, 5.0).tolist() == [[1.0, 2.0]]
    assert within(no_silence(), 5.0).shape == (0, 2)
    assert spans[1, 1] == 9.9999


class TestNote:
    def note(self, spans, duration=60.0, window=8.0):
        times = np.arange(duration - window + 1)
        return silence_note(times, window, duration, np.array(spans).reshape(-1, 2))

    def test_up_to_a_second_is_not_worth_telling(self):
        assert self.note([]) is None
        assert self.note([(3.0, 3.5), (7.0, 7.5)]) is None

    def test_says_how_much_it_is(self):
        assert self.note([(3.0, 4.0), (7.0, 7.5)]) == (
            "1.5 s of 60.0 s is digital silence (zeros): it is no evidence, and nothing is found in it"
        )
        assert "60.0 s of 60.0 s" in self.note([(0.0, 60.0)])

    def test_short_sounds_between_silences_that_no_window_hears_are_told(self):
        # Each second of sound is followed by three of silence: every window is 3/4 silence.
        gated = [(start + 1.0, start + 4.0) for start in range(0, 60, 4)]
        assert self.note(gated).endswith(
            "; sounds shorter than half a window (4 s) between silences cannot be found, "
            "and a detector of a shorter --window would find them"
        )
        assert self.note(gated, window=1.0).endswith("nothing is found in it")

    def test_gates_that_close_briefly_or_seldom_hide_nothing(self):
        assert self.note([(s + 3.0, s + 5.0) for s in range(0, 60, 5)]).endswith("nothing is found in it")
        assert self.note([(0.0, 20.0), (40.0, 60.0)]).endswith("nothing is found in it")
