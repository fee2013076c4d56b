"""MEL: its numbers against librosa's, and what its windows may and may not depend on."""

import tracemalloc

import librosa
import numpy as np
import numpy.typing as npt
import pytest
from scipy.signal import get_window

import audioscan_mel
from audioscan_host import FINAL, Runtime
from audioscan_host.windows import Windowing, Windows, cut_blocks
from audioscan_mel.spectrogram import FRAMES_AT_ONCE, MelEncoder, mel_filter_bank

Array = npt.NDArray[np.float32]

(MEL,) = audioscan_mel.register_models()
RATE = MEL.checkpoint.sample_rate
LAYERS = frozenset({FINAL})


@pytest.fixture(scope="module")
def encoder() -> MelEncoder:
    return audioscan_mel.load(MEL.checkpoint, Runtime())


def noise(seconds: float, amplitude: float = 0.1) -> Array:
    samples = np.random.default_rng(3).normal(0, amplitude, round(seconds * RATE))
    return samples.astype(np.float32)


def windows_every(seconds: float, waveform: Array, length: int) -> Windows:
    hop = round(seconds * RATE)
    return Windows(np.arange(0, len(waveform) - length + 1, hop), length, RATE)


def time_steps(encoder: MelEncoder, waveform: Array, windows: Windows, batch_size: int = 16) -> Array:
    """Embed all windows through the hooks, as the host does: (windows, time, 128) float32."""
    inputs = audioscan_mel.preprocess(encoder, waveform, windows)
    assert len(inputs) == len(windows)
    batches = [inputs[i : i + batch_size] for i in range(0, len(inputs), batch_size)]
    return np.concatenate([audioscan_mel.embed(encoder, batch, LAYERS)[FINAL] for batch in batches])


def whole(encoder: MelEncoder, waveform: Array) -> Array:
    """Time steps of a waveform that is one window: (time, 128) float32."""
    windows = Windows(np.zeros(1, np.int64), len(waveform), RATE)
    return time_steps(encoder, waveform, windows)[0]


def log_mel_by_librosa(waveform: Array) -> Array:
    # A frame's magnitudes do not tell where in the FFT's 512 samples its 400 lie.
    frames = librosa.util.frame(waveform, frame_length=400, hop_length=160, axis=0)
    magnitude = np.abs(np.fft.rfft(frames.astype(np.float64) * get_window("hann", 400), 512)).T
    mel = librosa.feature.melspectrogram(
        S=magnitude, sr=RATE, n_fft=512, n_mels=64, fmin=125, fmax=7500, htk=True, norm=None
    )
    return np.log(mel + 0.01).T


class TestNumbers:
    def test_the_filter_bank_is_librosas(self) -> None:
        bank = librosa.filters.mel(sr=RATE, n_fft=512, n_mels=64, fmin=125, fmax=7500, htk=True, norm=None)
        np.testing.assert_allclose(mel_filter_bank(), bank.T, atol=1e-6)

    @pytest.mark.parametrize("amplitude", [1.0, 0.1, 1e-4])
    def test_log_mel_of_noise_is_librosas(self, encoder: MelEncoder, amplitude: float) -> None:
        waveform = noise(3.007, amplitude)
        np.testing.assert_allclose(whole(encoder, waveform)[:, :64], log_mel_by_librosa(waveform), atol=2e-5)

    def test_log_mel_of_a_sweep_is_that_of_librosas_own_transform(self, encoder: MelEncoder) -> None:
        sweep = np.float32(0.5 * librosa.chirp(fmin=50, fmax=7900, sr=RATE, duration=2.0))
        # librosa puts a 400-sample frame in the middle of its 512 samples, 56 after their beginning.
        padded = np.pad(sweep.astype(np.float64), (56, 56))
        mel = librosa.feature.melspectrogram(
            y=padded, sr=RATE, n_fft=512, win_length=400, hop_length=160, window="hann", center=False,
            power=1, n_mels=64, fmin=125, fmax=7500, htk=True, norm=None,
        )  # fmt: skip
        # Far from a loud tone the bands hold little but the offset, and what float32 rounds off shows.
        np.testing.assert_allclose(whole(encoder, sweep)[:, :64], np.log(mel + 0.01).T, atol=1e-4)

    def test_deltas_are_librosas(self, encoder: MelEncoder) -> None:
        steps = whole(encoder, noise(1.0))
        deltas = librosa.feature.delta(
            steps[:, :64].astype(np.float64), width=5, order=1, axis=0, mode="nearest"
        )
        np.testing.assert_allclose(steps[:, 64:], deltas, atol=1e-6)

    def test_a_tone_is_loudest_in_the_band_around_it(self, encoder: MelEncoder) -> None:
        tone = librosa.tone(1000, sr=RATE, duration=1.0).astype(np.float32)
        corners = librosa.mel_frequencies(n_mels=66, fmin=125, fmax=7500, htk=True)
        loudest = whole(encoder, tone)[:, :64].mean(axis=0).argmax()
        assert corners[loudest] < 1000 < corners[loudest + 2]

    @pytest.mark.parametrize(("samples", "steps"), [(400, 1), (559, 1), (560, 2), (128000, 798)])
    def test_a_time_step_for_each_frame_wholly_inside(
        self, encoder: MelEncoder, samples: int, steps: int
    ) -> None:
        assert whole(encoder, noise(samples / RATE)).shape == (steps, 128)

    def test_a_pooled_window_is_as_long_as_the_model_says(self, encoder: MelEncoder) -> None:
        steps = whole(encoder, noise(1.0))
        assert MEL.pooling == "mean+std"
        assert np.concatenate([steps.mean(axis=0), steps.std(axis=0)]).shape == (MEL.dim,)

    @pytest.mark.parametrize(
        "waveform",
        [
            pytest.param(np.zeros(RATE, np.float32), id="silence"),
            pytest.param(noise(1.0, 1.0), id="noise"),
            pytest.param(np.sign(noise(1.0)), id="full-scale noise of two values"),
            pytest.param(np.resize(np.repeat(np.float32([1, -1]), 80), RATE), id="full-scale square wave"),
            pytest.param(np.eye(1, RATE, RATE // 2, dtype=np.float32)[0], id="click"),
            pytest.param(np.full(RATE, 1e-30, np.float32), id="almost silence"),
        ],
    )
    def test_any_waveform_gives_finite_float32(self, encoder: MelEncoder, waveform: Array) -> None:
        steps = whole(encoder, waveform)
        assert steps.dtype == np.float32
        assert np.isfinite(steps).all()

    def test_silence_is_the_floor_and_does_not_move(self, encoder: MelEncoder) -> None:
        steps = whole(encoder, np.zeros(RATE, np.float32))
        np.testing.assert_allclose(steps[:, :64], np.log(0.01), rtol=1e-6)
        assert not steps[:, 64:].any()


class TestWindows:
    @pytest.mark.parametrize("length", [400, 401, 720, 3 * RATE])
    def test_a_window_of_a_block_equals_the_window_by_itself_to_the_last_bit(
        self, encoder: MelEncoder, length: int
    ) -> None:
        # More frames than are transformed at once, so that windows lie across the seam.
        waveform = noise((FRAMES_AT_ONCE + 400) * MEL.checkpoint.step)
        windows = windows_every(0.37, waveform, length)
        together = time_steps(encoder, waveform, windows)
        for start, steps in zip(windows.starts, together, strict=True):
            np.testing.assert_array_equal(whole(encoder, waveform[start : start + length]), steps)

    def test_the_batch_size_changes_nothing(self, encoder: MelEncoder) -> None:
        waveform = noise(10)
        windows = windows_every(0.1, waveform, RATE)
        np.testing.assert_array_equal(
            time_steps(encoder, waveform, windows, batch_size=1),
            time_steps(encoder, waveform, windows, batch_size=64),
        )

    def test_irregular_starts_are_kept_in_their_order(self, encoder: MelEncoder) -> None:
        waveform = noise(5)
        starts = np.array([48000, 0, 160, 47840])
        together = time_steps(encoder, waveform, Windows(starts, RATE, RATE))
        for start, steps in zip(starts, together, strict=True):
            np.testing.assert_array_equal(whole(encoder, waveform[start : start + RATE]), steps)

    def test_a_window_does_not_change_with_its_neighbours(self, encoder: MelEncoder) -> None:
        waveform = noise(6)
        louder = waveform.copy()
        louder[: 2 * RATE] *= 5
        louder[4 * RATE :] *= 5
        windows = windows_every(2.0, waveform, 2 * RATE)
        before, after = (time_steps(encoder, samples, windows) for samples in (waveform, louder))
        np.testing.assert_array_equal(before[1], after[1])
        assert (before[0] != after[0]).any()
        assert (before[2] != after[2]).any()

    def test_an_event_at_the_end_moves_the_last_steps_only(self, encoder: MelEncoder) -> None:
        quiet = noise(2.0, 0.01)
        event = quiet.copy()
        event[-1600:] += noise(0.1, 0.5)
        changed = (whole(encoder, event) != whole(encoder, quiet)).any(axis=1)
        # The first frame that reaches into the last 1600 samples; deltas look two frames ahead.
        first = (2 * RATE - 1600 - 400) // 160 + 1
        assert not changed[: first - 2].any()
        assert changed[first:].all()

    def test_a_recording_shorter_than_a_frame_gives_one_step(self, encoder: MelEncoder) -> None:
        click = np.ones(100, np.float32)
        (block,) = cut_blocks([click], RATE, Windowing(), MEL.checkpoint.shortest_window)
        steps = time_steps(encoder, block.waveform, block.windows)
        assert steps.shape == (1, 1, 128)
        np.testing.assert_array_equal(steps[0], whole(encoder, np.pad(click, (0, 300))))

    def test_the_waveform_is_left_as_it_is(self, encoder: MelEncoder) -> None:
        waveform = noise(2)
        waveform.flags.writeable = False
        time_steps(encoder, waveform, windows_every(0.5, waveform, RATE))

    def test_a_window_every_10_ms_costs_no_more_memory_than_the_blocks_spectrogram(
        self, encoder: MelEncoder
    ) -> None:
        waveform = noise(308)
        windows = windows_every(0.01, waveform, 8 * RATE)
        tracemalloc.start()
        try:
            inputs = audioscan_mel.preprocess(encoder, waveform, windows)
            kept, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        spectrogram = 308 * 100 * 64 * 4
        assert len(inputs) == 30001
        assert kept < 1.2 * spectrogram
        assert peak < 30e6
        assert inputs[30000:].shape == (1, 798, 64)

    def test_a_start_between_two_frames_is_refused(self, encoder: MelEncoder) -> None:
        with pytest.raises(ValueError, match="multiples of 160"):
            audioscan_mel.preprocess(encoder, noise(2), Windows(np.array([0, 80]), RATE, RATE))


class TestPlugin:
    def test_the_cpu_is_taken_by_name(self) -> None:
        assert isinstance(audioscan_mel.load(MEL.checkpoint, Runtime(device="cpu")), MelEncoder)
