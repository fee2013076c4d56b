"""Moments: what windows of any length say of the same places."""

from pathlib import Path

import numpy as np
import pytest

from audioscan_host.evaluation.held_out import HeldOut, HeldOutRecording
from audioscan_host.evaluation.moments import Moments, moment_times
from audioscan_host.silence import no_silence
from audioscan_host.windows import Windowing, window_steps


@pytest.mark.parametrize("windowing", [Windowing(1.0, 0.25), Windowing(2.0, 0.5), Windowing(8.0, 2.0)])
def test_a_moment_has_the_mean_of_the_windows_over_its_step(windowing):
    random, duration, length = np.random.default_rng(4), 21.0, 0.25
    times = np.array(window_steps(21 * 100, 100, windowing)) / 100
    scores = random.random(len(times))
    moments = moment_times(length, duration)
    labels = random.integers(-1, 2, len(moments)).astype(np.int8)
    whole = HeldOutRecording(
        Path("a.wav"), duration, times, np.zeros(len(times), np.int8), scores, (), (), True
    )
    predicted = HeldOut((whole,), windowing.window, windowing.hop)
    judged = Moments(length, [labels], [no_silence()]).judged(predicted)
    (found,) = judged.recordings
    assert len(found.times) == 84
    for moment, score in zip(found.times, found.probabilities, strict=True):
        begin = np.floor((moment + length / 2) / windowing.hop) * windowing.hop
        centre = (begin + min(begin + windowing.hop, duration)) / 2
        over = (times <= centre) & (centre < times + windowing.window)
        assert score == pytest.approx(scores[over].mean(), abs=1e-8)
    assert np.array_equal(judged.labels, labels[labels >= 0])


def test_moments_in_a_row_are_one_place():
    times = moment_times(0.25, 10.0)
    labels = np.zeros(len(times), np.int8)
    recording = HeldOutRecording(Path("a.wav"), 10.0, times, labels, np.zeros(len(times)), (), (), True)
    judged = Moments(0.25, [labels], [no_silence()]).judged(HeldOut((recording,), 0.25, 0.25))
    found = np.isin(np.arange(40), [3, 4, 5, 7, 20])
    assert judged.places.false_alarms_per_hour(judged.labels, found) == pytest.approx(3 * 3600 / 10)


@pytest.mark.parametrize(("duration", "count"), [(0.1, 1), (0.25, 1), (10.0, 40), (10.2, 40), (0.3 * 3, 3)])
def test_moments_are_whole(duration, count):
    assert len(moment_times(0.25, duration)) == count
