"""Makers of media files: encoded by FFmpeg, written by libsndfile, or of a header that says what it likes."""

import struct
from fractions import Fraction

import av
import numpy as np
import pytest
import soundfile as sf

QUICK = {
    "aac": {"aac_coder": "fast"},
    "libmp3lame": {"compression_level": "9"},
    "libopus": {"compression_level": "0"},
}
"""Options of encoders: nobody hears these files, and the least effort takes half the time."""


@pytest.fixture
def encode(tmp_path):
    """A maker of media files: `encode(name, encoder, signal, rate)`.

    `when` maps a sample to its timestamp; `options` are the container's.
    """

    def make(
        name,
        encoder,
        signal,
        rate,
        *,
        video=False,
        when=lambda sample: sample,
        sample_format=None,
        options=None,
    ):
        try:
            av.codec.Codec(encoder, "w")
        except av.error.FFmpegError:
            pytest.skip(f"this PyAV has no encoder {encoder}")
        path = tmp_path / name
        signal = np.atleast_2d(signal.T).astype(np.float32)
        if encoder == "vorbis":  # FFmpeg's own encodes stereo only
            signal = np.repeat(signal, 2, axis=0)
        layout = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}[len(signal)]
        with av.open(str(path), "w", options=options) as container:
            track = container.add_stream(
                encoder, rate=rate, layout=layout, options={"strict": "-2", **QUICK.get(encoder, {})}
            )
            track.bit_rate = 128_000
            if sample_format:
                track.format = sample_format
            track.time_base = Fraction(1, rate)
            track.codec_context.open()
            if video:
                film = container.add_stream("mpeg4", rate=25, width=32, height=32, pix_fmt="yuv420p")
                for number in range(25 * signal.shape[1] // rate):
                    picture = av.VideoFrame(32, 32, "yuv420p")
                    picture.pts, picture.time_base = number, Fraction(1, 25)
                    container.mux(film.encode(picture))
                container.mux(film.encode(None))
            size = track.codec_context.frame_size or max(1000, signal.shape[1] // 1000)
            convert = av.AudioResampler(track.format.name, layout, rate)
            for start in range(0, signal.shape[1], size):
                part = np.ascontiguousarray(signal[:, start : start + size].T).reshape(1, -1)
                frame = av.AudioFrame.from_ndarray(part, "flt", layout)
                frame.rate = rate
                for converted in convert.resample(frame):
                    converted.pts, converted.time_base = when(start), Fraction(1, rate)
                    container.mux(track.encode(converted))
            container.mux(track.encode(None))
        return path

    return make


@pytest.fixture
def write(tmp_path):
    """A maker of uncompressed files: `write(signal, rate, subtype)`."""

    def make(signal, rate, subtype="PCM_16", name="recording.wav"):
        path = tmp_path / name
        sf.write(path, signal, rate, subtype=subtype)
        return path

    return make


@pytest.fixture
def declare(tmp_path):
    """A maker of WAV files whose header says what it likes."""

    def make(*, rate=16_000, channels=1, bits=16, kind=1, data=bytes(4000), size=None):
        size = len(data) if size is None else size
        block = channels * bits // 8
        header = struct.pack("<IHHIIHH", 16, kind, channels, rate, rate * block & 0xFFFFFFFF, block, bits)
        path = tmp_path / "declared.wav"
        body = b"WAVEfmt " + header + b"data" + struct.pack("<I", size) + data
        path.write_bytes(b"RIFF" + struct.pack("<I", min(36 + size, 0xFFFFFFFF)) + body)
        return path

    return make
