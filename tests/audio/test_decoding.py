"""Decoding: what comes out of a media file is what was recorded, at its time, at the wanted rate."""

import os
import struct
import tracemalloc
import zlib
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile as sf
import soxr

from audioscan_host.audio import decode, probe, read_ahead
from audioscan_host.audio.timeline import Timeline
from audioscan_host.errors import RecordingError
from audioscan_host.silence import SilenceMeter

CONTAINERS = Path(__file__).resolve().parents[3] / "shared" / "data" / "containers"

# name, encoder, samples that the encoder adds at the end at most, what its loss leaves of the signal
FORMATS = [
    ("tone.wav", "pcm_s16le", 0, 0.999),
    ("tone.w64", "pcm_s16le", 0, 0.999),
    ("tone.aiff", "pcm_s16be", 0, 0.999),
    ("tone.caf", "pcm_s16le", 0, 0.999),
    ("tone.au", "pcm_s16be", 0, 0.999),
    ("tone.flac", "flac", 0, 0.999),
    ("tone.wv", "wavpack", 0, 0.999),
    ("tone.mp3", "libmp3lame", 0, 0.95),
    ("tone.ogg", "vorbis", 0, 0.95),
    ("tone.opus", "libopus", 0, 0.95),
    ("tone.m4a", "aac", 1024, 0.95),
    ("tone.mov", "alac", 0, 0.999),
    ("film.mp4", "aac", 1024, 0.95),
    ("film.mkv", "aac", 1024, 0.95),
    ("film.avi", "pcm_s16le", 0, 0.999),
    ("tone.mkv", "flac", 0, 0.999),
    ("tone.webm", "libopus", 0, 0.95),
]


def whole(path: Path, sample_rate: int = 16_000) -> np.ndarray:
    return np.concatenate(list(decode(path, sample_rate)))


def noise(seconds: float, rate: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    """(samples, channels) float64 within the range of a file."""
    return 0.2 * np.clip(
        np.random.default_rng(seed).standard_normal((round(seconds * rate), channels)), -4, 4
    )


def bursts(seconds: int, rate: int) -> np.ndarray:
    """(samples, 1): a different burst of noise at every full second, near silence between."""
    signal = noise(seconds, rate, seed=1) * 0.01
    for second in range(1, seconds):
        signal[second * rate : second * rate + rate // 10] += noise(0.1, rate, seed=second + 10)
    return signal


def delay(heard: np.ndarray, expected: np.ndarray, second: float, rate: int) -> tuple[float, float]:
    """Milliseconds that the burst at `second` is late, and its correlation with what it should be."""
    reach = rate // 4
    burst = expected[round(second * rate) : round((second + 0.1) * rate)]
    near = heard[round(second * rate) - reach : round((second + 0.1) * rate) + reach]
    match = np.correlate(near, burst, "valid")
    late = int(np.argmax(match))
    energy = np.sum(burst**2) * np.sum(near[late : late + len(burst)] ** 2)
    return 1000 * (late - reach) / rate, float(match[late] / np.sqrt(energy))


def refusal(path: Path) -> str:
    """The one line that a user reads."""
    with pytest.raises(RecordingError) as caught:
        whole(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message


# What was recorded is what is heard


@pytest.mark.parametrize(("name", "encoder", "padding", "likeness"), FORMATS)
def test_a_tone_keeps_its_pitch_loudness_and_time_in_every_container(
    encode, name, encoder, padding, likeness
):
    rate, heard_rate = 48_000, 16_000
    seconds = np.arange(3 * rate) / rate
    signal = bursts(3, rate)
    signal[: rate // 2, 0] = 0.5 * np.sin(2 * np.pi * 1000 * seconds[: rate // 2])
    heard = whole(encode(name, encoder, signal, rate, video=name.startswith("film")), heard_rate)

    assert 0 <= len(heard) - 3 * heard_rate <= padding * heard_rate / rate
    tone = heard[heard_rate // 10 : 4 * heard_rate // 10]
    spectrum = np.abs(np.fft.rfft(tone * np.hanning(len(tone))))
    assert np.argmax(spectrum) * heard_rate / len(tone) == pytest.approx(1000, abs=4)
    assert np.sqrt(2 * np.mean(tone**2)) == pytest.approx(0.5, rel=0.06)  # LAME takes 5 % off
    expected = soxr.resample(signal[:, 0], rate, heard_rate)
    for second in (1, 2):
        late, like = delay(heard, expected, second, heard_rate)
        assert abs(late) <= 1
        assert like > likeness - 0.1 * (likeness < 0.99)


@pytest.mark.skipif(not CONTAINERS.is_dir(), reason=f"the phone recordings are not at {CONTAINERS}")
@pytest.mark.parametrize(("suffix", "codec"), [(".3gp", "amr_nb"), (".caf", "adpcm_ima_qt")])
def test_recordings_that_phones_sent_are_read_to_their_end(suffix, codec):
    for path in sorted(CONTAINERS.glob(f"*{suffix}"))[:4]:
        info = probe(path)
        heard = whole(path)
        assert info.codec == codec
        assert len(heard) / 16_000 == pytest.approx(info.duration, abs=0.03)
        assert np.sqrt(np.mean(heard**2)) > 0.001


def test_probe_tells_what_the_container_declares(encode, write):
    info = probe(encode("film.mp4", "aac", noise(2, 44_100, 2), 44_100, video=True))
    assert (info.codec, info.sample_rate, info.channels) == ("aac", 44_100, 2)
    assert "mp4" in info.container
    assert info.duration == pytest.approx(2, abs=0.05)
    info = probe(write(noise(0.5, 8000), 8000))
    assert (info.container, info.codec, info.sample_rate, info.channels) == ("wav", "pcm_s16le", 8000, 1)
    assert info.duration == 0.5


@pytest.mark.parametrize("rate", [8000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_streamed_resampling_equals_soxr_on_the_whole_signal_bit_for_bit(write, rate):
    signal = noise(3.3, rate)[:, 0].astype(np.float32)
    path = write(signal, rate, "FLOAT")
    assert np.array_equal(whole(path), soxr.resample(signal, rate, 16_000, quality="HQ"))


@pytest.mark.parametrize(
    ("subtype", "step"),
    [("PCM_U8", 2**-7), ("PCM_16", 2**-15), ("PCM_24", 2**-23), ("PCM_32", 2**-24), ("FLOAT", 2**-24),
     ("DOUBLE", 2**-24)],
)  # fmt: skip
def test_every_sample_format_has_the_same_scale_and_no_offset(write, subtype, step):
    signal = noise(1, 16_000)[:, 0]
    path = write(signal, 16_000, subtype)
    heard = whole(path)
    assert heard.dtype == np.float32
    assert np.max(np.abs(heard - signal)) <= step
    assert np.array_equal(heard, sf.read(path, dtype="float32")[0])


@pytest.mark.parametrize(
    ("name", "encoder", "sample_format"),
    [("mix.wav", "pcm_s16le", "s16"), ("mix.flac", "flac", "s16"), ("mix.wv", "wavpack", "s16p"),
     ("mix.wv", "wavpack", "s32p"), ("mix.wv", "wavpack", "fltp"), ("mix.mkv", "pcm_f64le", "dbl")],
)  # fmt: skip
@pytest.mark.parametrize("channels", [2, 6, 8])
def test_channels_are_mixed_by_their_plain_mean(encode, name, encoder, sample_format, channels):
    signal = noise(1, 16_000, channels)
    heard = whole(encode(name, encoder, signal, 16_000, sample_format=sample_format))
    assert np.max(np.abs(heard - signal.mean(axis=1))) < 2**-15


def test_a_tone_above_the_new_half_rate_is_gone_not_folded_down(write):
    seconds = np.arange(48_000 * 3) / 48_000
    heard = whole(write(0.8 * np.sin(2 * np.pi * 9000 * seconds), 48_000, "FLOAT"))
    assert 20 * np.log10(np.std(heard[8000:-8000]) / (0.8 / np.sqrt(2))) < -80


def test_a_recording_comes_in_pieces_and_each_time_the_same(encode):
    path = encode("long.m4a", "aac", noise(6, 48_000, 2), 48_000)
    chunks = list(decode(path, 16_000))
    assert max(len(chunk) for chunk in chunks) < 3 * 16_000
    assert np.mean([len(chunk) for chunk in chunks[1:-1]]) > 0.9 * 16_000
    assert np.concatenate(chunks).tobytes() == whole(path).tobytes()


def test_a_long_recording_needs_no_more_memory_than_a_short_one(write):
    path = write(np.zeros(8000 * 120, np.int16), 8000)
    tracemalloc.start()
    try:
        samples = sum(len(chunk) for chunk in decode(path, 16_000))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert samples == 16_000 * 120
    assert peak < 2e6


# Everything keeps its time


@pytest.mark.parametrize(
    ("name", "encoder"), [("gap.mkv", "pcm_s16le"), ("gap.mp4", "aac"), ("gap.flv", "aac")]
)
def test_a_gap_in_the_timestamps_is_silence_and_what_follows_keeps_its_time(encode, name, encoder):
    rate = 16_000
    signal = bursts(6, rate)
    cut = signal.copy()
    cut[2 * 1024 * 16 : 2 * 1024 * 16 + rate] = 0
    kept = np.concatenate([signal[: 2 * 1024 * 16], signal[2 * 1024 * 16 + rate :]])
    path = encode(
        name, encoder, kept, rate, when=lambda sample: sample + (rate if sample >= 2 * 1024 * 16 - 999 else 0)
    )
    heard = whole(path)
    assert len(heard) == pytest.approx(6 * rate, abs=2100)
    begin = 1024 if name.endswith("flv") else 0  # FLV cannot say that AAC begins with padding
    heard = heard[begin:]
    for second in (1, 4, 5):
        late, like = delay(heard, signal[:, 0], second, rate)
        assert abs(late) <= 15
        assert like > 0.8
    assert np.max(np.abs(heard[int(2.3 * rate) : int(2.9 * rate)])) < 0.05


def test_the_rounding_of_timestamps_to_milliseconds_changes_no_sample(encode):
    signal = noise(5, 44_100)
    heard = whole(encode("tone.mkv", "flac", signal, 44_100), 44_100)
    assert len(heard) == len(signal)
    assert np.max(np.abs(heard - signal[:, 0])) < 2**-14


def test_what_was_sent_twice_is_heard_once(tmp_path):
    timeline = Timeline(tmp_path, 0.0, 10.0)
    assert timeline.place(0.0, 16_000, 16_000) == (0, 0)
    assert timeline.place(0.9, 800, 16_000) == (0, 800)
    assert timeline.place(0.95, 1600, 16_000) == (0, 800)
    assert timeline.position == 1.05


def test_a_frame_without_a_timestamp_follows_the_last_one(tmp_path):
    timeline = Timeline(tmp_path, 0.0, 10.0)
    assert timeline.place(0.5, 1600, 16_000) == (8000, 0)
    assert timeline.place(None, 1600, 16_000) == (0, 0)
    assert timeline.place(0.7, 1600, 16_000) == (0, 0)


def test_a_long_hole_is_believed_where_it_fits_between_audio(tmp_path):
    hour = 3600.0

    def hole(end, heard=10.0, followed=10.0, seconds=4 * hour):
        timeline = Timeline(tmp_path, 0.0, end)
        timeline.place(0.0, round(heard * 1000), 1000)
        begin = heard + seconds
        return timeline.place(begin, 100, 1000, [begin + followed])[0] / 1000

    assert hole(5 * hour) == 4 * hour
    assert hole(2 * hour) == 0  # the container says that it ends before
    assert hole(5 * hour, heard=0.5) == 0  # rather was the first timestamp wrong
    assert hole(5 * hour, followed=0.2) == 0  # rather is the last one wrong
    assert hole(None) == 0
    assert hole(None, seconds=hour / 2) == hour / 2
    assert hole(1.0, heard=0.5, followed=0.0, seconds=30.0) == 30.0


def test_silence_is_bounded_whatever_a_header_says(tmp_path):
    timeline = Timeline(tmp_path, 0.0, 30 * 86_400.0)
    for number in range(300):
        begin = number * 8640.0
        timeline.place(begin, 10_000, 1000, [begin + 5])
    assert timeline.position < 86_400 + 300 * 10 + 1


@pytest.mark.parametrize("wrong", [500.0, -500.0, 1e9])
def test_a_few_damaged_timestamps_move_nothing(tmp_path, wrong):
    timeline = Timeline(tmp_path, 0.0, 1000.0)
    stamps = [i * 0.1 + (wrong if 30 <= i < 34 else 0) for i in range(100)]
    places = [timeline.place(s, 1600, 16_000, stamps[i + 1 : i + 30]) for i, s in enumerate(stamps)]
    assert set(places) == {(0, 0)}
    assert timeline.position == pytest.approx(10)


def test_a_change_of_rate_does_not_move_the_time(tmp_path):
    timeline = Timeline(tmp_path, None, None)
    for number in range(1000):
        rate = (44_100, 22_050)[number % 2]
        assert timeline.place(10 + number * 0.1, rate // 10, rate) == (0, 0)
    assert timeline.position == pytest.approx(100)


def test_a_clock_that_leaps_ahead_does_not_become_silence(encode, caplog):
    rate = 16_000
    signal = noise(4, rate)
    leap = 3 * 86_400 * rate
    path = encode("leap.nut", "pcm_s16le", signal, rate, when=lambda s: s + leap * (s >= 2 * rate))
    assert len(whole(path)) == 4 * rate
    assert "clock jumps" in caplog.text


def test_a_clock_that_starts_again_loses_nothing(encode, caplog):
    signal = bursts(4, 48_000)
    path = encode("twice.ts", "mp2", signal, 48_000)
    path.write_bytes(path.read_bytes() * 2)
    heard = whole(path, 48_000)
    assert len(heard) / 48_000 == pytest.approx(8, abs=0.06)
    for start in (0, 4):
        late, like = delay(heard, np.tile(signal[:, 0], 2), start + 2, 48_000)
        assert 0 <= late < 60
        assert like > 0.7
    assert "clock jumps" in caplog.text


def test_audio_that_begins_after_the_picture_begins_after_silence(encode):
    signal = bursts(3, 48_000)
    path = encode("late.mp4", "aac", signal, 48_000, video=True, when=lambda sample: sample + 24_000)
    heard = whole(path, 48_000)
    assert np.all(heard[:22_500] == 0)
    late, _ = delay(heard[24_000:], signal[:, 0], 1, 48_000)
    assert abs(late) <= 1


def test_a_cover_picture_does_not_shift_the_audio(encode):
    signal = bursts(3, 48_000)
    path = encode("song.mp3", "libmp3lame", signal, 48_000)
    before = whole(path)
    size = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", size), (b"IDAT", zlib.compress(bytes(4))), (b"IEND", b"")]
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )
    picture = b"\0image/png\0\3\0" + png
    frame = b"APIC" + struct.pack(">IH", len(picture), 0) + picture
    audio = path.read_bytes()
    assert audio[:3] == b"ID3"
    own = 10 + int.from_bytes(audio[6:10], "big")  # below 128, so the seven-bit bytes read as one number
    path.write_bytes(b"ID3\3\0\0" + bytes([0, 0, len(frame) >> 7, len(frame) & 127]) + frame + audio[own:])
    with av.open(str(path)) as container:
        assert len(container.streams.video) == 1
    assert np.array_equal(whole(path), before)


@pytest.mark.parametrize(
    ("name", "encoder"),
    [("hurt.flac", "flac"), ("hurt.mp3", "libmp3lame"), ("hurt.opus", "libopus"), ("hurt.ogg", "vorbis"),
     ("hurt.m4a", "aac"), ("hurt.mkv", "libopus"), ("hurt.ac3", "ac3")],
)  # fmt: skip
@pytest.mark.parametrize("damage", ["zeros", "noise"])
def test_a_damaged_stretch_does_not_shift_what_follows(encode, name, encoder, damage, capfd):
    rate = 48_000 if encoder in {"libopus", "ac3"} else 16_000
    signal = bursts(12, rate)
    path = encode(name, encoder, signal + noise(12, rate, seed=3) * 0.1, rate)
    data = bytearray(path.read_bytes())
    begin, end = int(0.4 * len(data)), int(0.5 * len(data))
    rubbish = np.random.default_rng(0).integers(0, 256, end - begin, dtype=np.uint8)
    data[begin:end] = bytes(end - begin) if damage == "zeros" else rubbish.tobytes()
    path.write_bytes(data)
    heard = whole(path)
    expected = soxr.resample(signal[:, 0], rate, 16_000)
    for second in (2, 11):  # Matroska goes on only at its next cluster, 5 s later at most
        late, like = delay(heard, expected, second, 16_000)
        assert abs(late) <= 15
        assert like > 0.7
    assert len(heard) / 16_000 == pytest.approx(12, abs=0.1)
    assert capfd.readouterr() == ("", "")


# Digital silence is known


def silence_in(path: Path, sample_rate: int = 16_000) -> list[list[float]]:
    meter = SilenceMeter()
    for _ in decode(path, sample_rate, meter=meter):
        pass
    return meter.spans().tolist()


@pytest.mark.parametrize("rate", [8000, 22_050, 44_100])
def test_the_meter_hears_a_recording_at_its_own_rate_and_changes_nothing(write, rate):
    signal = noise(6, rate)
    signal[2 * rate : 3 * rate] = 0
    path = write(signal, rate)
    assert silence_in(path) == [[2.0, 3.0]]
    metered = np.concatenate(list(decode(path, 16_000, meter=SilenceMeter())))
    assert np.array_equal(metered, whole(path))


def test_a_hole_in_the_timestamps_reaches_the_meter(encode):
    rate = 16_000
    path = encode(
        "gap.mkv", "pcm_s16le", noise(6, rate), rate, when=lambda s: s + (rate if s >= 32_000 else 0)
    )
    ((start, end),) = silence_in(path)
    assert start == pytest.approx(2.0, abs=0.011)
    assert end == pytest.approx(3.0, abs=0.011)


def test_a_damaged_stretch_reaches_the_meter(encode):
    path = encode("hurt.flac", "flac", noise(12, 16_000), 16_000)
    assert silence_in(path) == []
    data = bytearray(path.read_bytes())
    begin, end = int(0.4 * len(data)), int(0.5 * len(data))
    data[begin:end] = bytes(end - begin)
    path.write_bytes(data)
    ((start, end),) = silence_in(path)  # whole frames of FLAC go, 0.3 s each
    assert 4.4 < start < 4.9
    assert 5.7 < end < 6.4


def test_a_file_cut_short_gives_what_is_there(encode, caplog):
    signal = bursts(6, 16_000)
    path = encode("short.flac", "flac", signal, 16_000)
    path.write_bytes(path.read_bytes()[: int(0.6 * path.stat().st_size)])
    heard = whole(path)
    assert 3 < len(heard) / 16_000 < 4
    assert np.max(np.abs(heard[:40_000] - signal[:40_000, 0])) < 2**-14
    assert "before the file says that it does" in caplog.text


def test_a_recording_that_changes_its_rate_and_channels_goes_on(encode):
    parts = [(44_100, 1, 500), (22_050, 2, 1000)]
    data = b""
    for rate, channels, pitch in parts:
        tone = 0.5 * np.sin(2 * np.pi * pitch * np.arange(2 * rate) / rate)
        data += encode("part.mp3", "libmp3lame", np.stack([tone] * channels, axis=1), rate).read_bytes()
    path = encode("part.mp3", "libmp3lame", noise(0.1, 44_100), 44_100)
    path.write_bytes(data)
    heard = whole(path)
    assert len(heard) / 16_000 == pytest.approx(4, abs=0.15)
    for second, (_, _, pitch) in zip((0.5, 2.8), parts, strict=True):
        tone = heard[int(second * 16_000) :][:8000]
        assert np.argmax(np.abs(np.fft.rfft(tone))) * 2 == pytest.approx(pitch, abs=3)
        assert np.std(tone) == pytest.approx(0.5 / np.sqrt(2), rel=0.07)


# What cannot be read is refused in one line


def test_a_file_that_is_not_there(tmp_path):
    assert "no such file" in refusal(tmp_path / "none.wav")


def test_a_folder(tmp_path):
    assert "is a folder" in refusal(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="has no named pipes")
def test_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    assert "pipe" in refusal(tmp_path / "pipe.wav")


def test_an_empty_file(tmp_path):
    (tmp_path / "empty.wav").touch()
    assert "is empty (0 bytes)" in refusal(tmp_path / "empty.wav")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(write):
    path = write(noise(1, 8000), 8000)
    path.chmod(0)
    assert "Permission denied" in refusal(path)


@pytest.mark.parametrize("name", ["notes.wav", "notes.mp3", "notes.m4a"])
def test_a_text_with_the_name_of_a_recording(tmp_path, name):
    (tmp_path / name).write_text("Recorded at the lake at dawn.\n" * 100)
    assert "is not an audio or video file" in refusal(tmp_path / name)


@pytest.mark.parametrize("name", ["list.wav", "list.m3u8", "list.ffconcat"])
@pytest.mark.parametrize(
    "text",
    [
        "ffconcat version 1.0\nfile other.wav\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:1,\nother.wav\n#EXT-X-ENDLIST\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    ],
)
def test_a_text_that_would_make_ffmpeg_open_something_else(write, tmp_path, name, text):
    write(noise(1, 16_000), 16_000, name="other.wav")
    (tmp_path / name).write_text(text)
    assert "is not an audio or video file" in refusal(tmp_path / name)


@pytest.mark.parametrize(
    "name", ["concat:a.wav", "http:b.wav", "-c.wav", "d%03d.wav", "subfile,,:e.wav", "f?.wav"]
)
def test_a_name_is_never_read_as_anything_but_a_file(write, tmp_path, monkeypatch, name):
    write(noise(1, 16_000), 16_000).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert len(whole(Path(name))) == 16_000


def test_a_file_name_and_tags_that_are_not_utf8(tmp_path, declare):
    data = declare().read_bytes()
    tag = b"LIST" + struct.pack("<I", 16) + b"INFOINAM" + struct.pack("<I", 4) + b"caf\xe9"
    path = tmp_path / os.fsdecode(b"caf\xe9.wav")
    path.write_bytes(data[:12] + tag + data[12:])
    assert len(whole(path)) == 2000


def test_an_m4a_that_was_cut_short_before_its_index(encode):
    path = encode("cut.m4a", "aac", noise(3, 48_000), 48_000)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "without its index (moov)" in refusal(path)


def test_a_film_without_sound(tmp_path):
    path = tmp_path / "silent.mp4"
    with av.open(str(path), "w") as container:
        film = container.add_stream("mpeg4", rate=25, width=32, height=32, pix_fmt="yuv420p")
        container.mux(film.encode(av.VideoFrame(32, 32, "yuv420p")))
        container.mux(film.encode(None))
    message = refusal(path)
    assert "no audio track" in message
    assert "video" in message
    with pytest.raises(RecordingError, match="no audio track"):
        probe(path)


def test_a_recording_of_no_samples(declare):
    assert "holds no audio samples" in refusal(declare(data=b""))


def test_a_recording_of_which_nothing_can_be_decoded(encode):
    path = encode("ruin.m4a", "aac", noise(3, 48_000), 48_000)
    data = bytearray(path.read_bytes())
    begin = data.index(b"mdat") + 4
    end = data.index(b"moov") - 4
    data[begin:end] = b"\xff" * (end - begin)
    path.write_bytes(data)
    assert "can be decoded" in refusal(path)


@pytest.mark.parametrize(("bits", "number"), [(32, np.float32), (64, np.float64)])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers(declare, bits, number, bad):
    signal = np.zeros(16_000 * 5, number)
    signal[16_000 * 3 + 3200] = bad
    message = refusal(declare(kind=3, bits=bits, data=signal.tobytes()))
    assert "NaN or infinite" in message
    assert "at 3.2 s" in message


def test_samples_at_the_scale_of_integers_are_read(declare):
    signal = np.full(16_000, 2.0**31, np.float32)
    assert whole(declare(kind=3, bits=32, data=signal.tobytes()))[0] == 2.0**31


@pytest.mark.parametrize(
    ("header", "found"),
    [({"rate": 1}, "1 Hz"), ({"rate": 999}, "999 Hz"), ({"rate": 800_000}, "800000 Hz"),
     ({"channels": 200}, "200 channels"), ({"channels": 0, "size": 4000}, "0 channels")],
)  # fmt: skip
def test_a_header_that_declares_what_no_recording_has(declare, header, found):
    path = declare(**header)
    assert found in refusal(path)
    with pytest.raises(RecordingError, match=found):
        probe(path)


def test_a_declared_length_of_months(encode):
    path = encode(
        "months.nut",
        "pcm_s16le",
        noise(1, 16_000),
        16_000,
        when=lambda s: s + (s > 9000) * 16_000 * 5_000_000,
    )
    assert "days" in refusal(path)


@pytest.mark.parametrize("size", [0xFFFFFFFE, 0xFFFFFFFF, 0])
def test_a_false_length_in_a_wav_header_gives_the_samples_that_are_there(declare, size):
    path = declare(size=size)
    assert probe(path).duration == 0.125
    assert len(whole(path)) == 2000


# Reading ahead


def test_reading_ahead_of_a_recording_gives_the_same(write):
    path = write(noise(5, 44_100), 44_100)
    assert np.array_equal(np.concatenate(list(read_ahead(decode(path, 16_000), 2))), whole(path))
