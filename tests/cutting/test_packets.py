"""Copies of packets: what is decoded of a clip is what is decoded there of the recording."""

from pathlib import Path

import av
import numpy as np
import pytest

from audioscan_host.audio import decode, probe
from audioscan_host.cutting.packets import NothingThereError, copy_packets, suffix_of_copy
from audioscan_host.cutting.span import Span
from audioscan_host.errors import RecordingError

RATE = 48_000
SECONDS = 12
LOSSLESS = ["a.wav", "a.aiff", "a.caf", "a.flac", "a.wv"]
CODECS = {
    "a.wav": "pcm_s16le", "a.aiff": "pcm_s16be", "a.caf": "pcm_s16le", "a.flac": "flac", "a.wv": "wavpack",
    "a.mp3": "libmp3lame", "a.m4a": "aac", "a.aac": "aac", "a.opus": "libopus", "a.mka": "libopus",
    "v.mp4": "aac", "v.mkv": "aac", "v.mov": "aac", "v.avi": "pcm_s16le", "v.ts": "aac", "v.webm": "libopus",
}  # fmt: skip
FILMS = {
    "v.mp4": "libx264",
    "v.mkv": "libx264",
    "v.mov": "mpeg4",
    "v.avi": "mpeg4",
    "v.ts": "libx264",
    "v.webm": "libvpx",
}


def sound():
    """A tone of its own at every second, for a tenth of it, in quiet noise."""
    signal = 0.005 * np.random.default_rng(0).standard_normal(SECONDS * RATE)
    for second in range(SECONDS):
        burst = 0.4 * np.sin(2 * np.pi * (200 + 130 * second) * np.arange(RATE // 10) / RATE)
        signal[second * RATE : second * RATE + RATE // 10] += burst
    return signal.astype(np.float32)


def write(path, codec, film):
    """Ten pictures a second, a key frame every two seconds at least."""
    with av.open(str(path), "w") as file:
        pictures = file.add_stream(film, rate=10) if film else None
        if pictures:
            pictures.width = pictures.height = 64
            pictures.pix_fmt, pictures.gop_size = "yuv420p", 20
        track = file.add_stream(codec, rate=RATE, layout="mono")
        track.codec_context.format = track.codec_context.codec.audio_formats[0].name
        resampler = av.AudioResampler(
            track.codec_context.format.name, "mono", RATE, frame_size=track.codec_context.frame_size or 4096
        )
        signal = sound()
        for number, begin in enumerate(range(0, len(signal), RATE // 10)):
            if pictures:
                picture = av.VideoFrame.from_ndarray(np.full((64, 64, 3), number, np.uint8), "rgb24")
                picture.pts = number
                file.mux(pictures.encode(picture))
            frame = av.AudioFrame.from_ndarray(signal[None, begin : begin + RATE // 10], "flt", "mono")
            frame.sample_rate, frame.pts = RATE, begin
            for each in resampler.resample(frame):
                file.mux(track.encode(each))
        for each in resampler.resample(None):
            file.mux(track.encode(each))
        for stream in filter(None, (track, pictures)):
            file.mux(stream.encode(None))


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """A maker of recordings, each made once."""
    folder = tmp_path_factory.mktemp("recordings")

    def make(name):
        path = folder / name
        if not path.exists():
            try:
                write(path, CODECS[name], FILMS.get(name))
            except av.FFmpegError:
                path.unlink(missing_ok=True)
                pytest.skip(f"this FFmpeg cannot write {name}")
        return path

    return make


def whole(path):
    return np.concatenate(list(decode(path, RATE)))


def copied(path, folder, start, end):
    clip = folder / f"clip{suffix_of_copy(path)}"
    with clip.open("wb") as file:
        times = copy_packets(path, Span(start, end, start, fixed=False), file)
    return clip, *times


@pytest.mark.parametrize("name", list(CODECS))
def test_a_clip_holds_its_place_at_its_time(recording, tmp_path, name):
    """Compared by the burst of the second 9, to 25 ms, about a packet: some codecs drop what their encoder put before."""
    path = recording(name)
    clip, start, end = copied(path, tmp_path, 7.3, 9.6)
    assert start <= 7.3
    assert end >= 9.6 - 0.001
    assert end < 9.6 + 0.6
    found, expected = whole(clip), whole(path)[9 * RATE : 9 * RATE + RATE // 10]
    near = found[round((8.9 - start) * RATE) : round((9.2 - start) * RATE)]
    late = np.argmax(np.correlate(near, expected, "valid")) / RATE - 0.1
    assert abs(late) < 0.025
    assert abs(len(found) / RATE - (end - start)) < 0.05
    assert probe(clip).duration == pytest.approx(end - start, abs=0.05)


@pytest.mark.parametrize("name", LOSSLESS)
def test_what_has_no_loss_is_the_same_to_the_bit(recording, tmp_path, name):
    path = recording(name)
    clip, start, end = copied(path, tmp_path, 7.3, 9.6)
    np.testing.assert_array_equal(whole(clip), whole(path)[round(start * RATE) : round(end * RATE)])


@pytest.mark.parametrize("name", list(FILMS))
def test_a_film_begins_with_its_last_key_frame_before_the_place_and_all_its_pictures_decode(
    recording, tmp_path, name
):
    path = recording(name)
    clip, start, _ = copied(path, tmp_path, 7.3, 9.6)
    assert 7.3 - 2 <= start <= 7.3
    with av.open(str(path)) as file:
        begin = min(s.start_time * s.time_base for s in file.streams if s.start_time is not None)
        keys = [
            float(p.pts * p.time_base - begin)
            for p in file.demux(video=0)
            if p.pts is not None and p.is_keyframe
        ]
    assert start == pytest.approx(max(time for time in keys if time <= 7.3 + 0.001), abs=0.02)
    with av.open(str(clip)) as file:
        pictures = [frame.to_ndarray(format="rgb24").mean() for frame in file.decode(video=0)]
    first = start * 10  # each picture is as bright as its number
    assert len(pictures) >= (9.6 - start) * 10 - 2
    np.testing.assert_allclose(pictures, first + np.arange(len(pictures)), atol=6)


def test_the_beginning_and_the_end_of_a_recording(recording, tmp_path):
    path = recording("v.mp4")
    assert copied(path, tmp_path, 0, 1)[1] == 0
    _, _, end = copied(path, tmp_path, 11, 25)
    assert end == pytest.approx(SECONDS, abs=0.05)
    with pytest.raises(NothingThereError, match="is over before 13 s"):
        copied(path, tmp_path, 13, 14)


def test_what_cannot_be_cut_goes_into_matroska():
    names = ["a.WAV", "a.flac", "a.ape", "v.mpg", "v.MP4", "a"]
    assert [suffix_of_copy(Path(name)) for name in names] == [".wav", ".mka", ".mka", ".mkv", ".mp4", ".mkv"]


def test_a_container_that_cannot_hold_the_codec_is_one_line(recording, tmp_path):
    """A file whose name says something else than its content."""
    renamed = tmp_path / "really_wav.mp3"
    renamed.write_bytes(recording("a.wav").read_bytes())
    with pytest.raises(
        RecordingError, match=r"really_wav.mp3: cannot be copied as it is .*: write WAV or FLAC"
    ):
        copied(renamed, tmp_path, 1, 2)
