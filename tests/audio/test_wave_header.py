"""Headers of WAV, RF64, W64 and CAF that say less, or more, than there is."""

import os
import struct
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from audioscan_host.audio import decode, probe
from audioscan_host.audio.wave_header import read_header
from audioscan_host.errors import RecordingError

RATE = 16_000
PHONES = Path(__file__).resolve().parents[3] / "shared" / "data" / "containers"


def read(path, rate=RATE):
    """Samples, and what was told."""
    told = []
    chunks = list(decode(path, rate, tell=lambda note: told.append(note.message.removeprefix(f"{path}: "))))
    return np.concatenate(chunks), told


@pytest.fixture
def noise():
    """(samples,): a minute."""
    return (0.1 * np.random.default_rng(0).standard_normal(60 * RATE)).clip(-1, 1)


@pytest.fixture
def write(tmp_path, noise):
    """Write the noise: `write("WAV")`."""

    def make(container, seconds=60, **settings):
        path = tmp_path / f"a.{container.lower()}"
        sf.write(path, noise[: seconds * RATE], RATE, format=container, **settings)
        return path

    return make


def resized(path, share):
    """Let a header say a share of its size, as where it overflowed, or was last written before the power was lost."""
    data = bytearray(path.read_bytes())
    name = path.suffix
    at = data.index(b"data")
    size = (len(data) - at - 8) * share // 2 * 2
    if name == ".wav":
        data[at + 4 : at + 8] = struct.pack("<I", int(size))
        data[4:8] = struct.pack("<I", int(at + size))
    elif name == ".rf64":
        data[28:36] = struct.pack("<Q", int(size))
    elif name == ".w64":
        data[at + 16 : at + 24] = struct.pack("<Q", int(size) + 24)
    else:
        data[at + 4 : at + 12] = struct.pack(">Q", int(size))
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("container", ["WAV", "RF64", "W64", "CAF"])
def test_samples_behind_the_end_that_a_header_tells_of_are_read_and_that_is_told(write, container):
    """M1: a size that is smaller than the file."""
    path = write(container)
    whole, told = read(path)
    assert (len(whole), told) == (60 * RATE, [])
    heard, told = read(resized(path, 1 / 3))
    assert np.array_equal(heard[: len(whole)], whole)
    assert len(heard) - len(whole) < 0.3 * RATE  # CAF: the padding of its header
    assert told == ["its header says 20.0 s of audio, and what follows is audio too: it is read"]
    assert probe(path).duration == pytest.approx(60, abs=0.3)


@pytest.mark.parametrize("container", ["WAV", "RF64", "W64", "CAF", "AIFF", "AU"])
@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_a_file_cut_short_is_told_in_the_same_line_whatever_holds_it(write, container, subtype):
    """M2 and R2: a minute in the header, a quarter of it there."""
    path = write(container, subtype=subtype)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 4])
    heard, told = read(path)
    assert len(heard) / RATE == pytest.approx(15, abs=0.2)
    (line,) = told
    assert line.startswith("the audio ends 45.")
    assert line.endswith(" s before the file says that it does")


def test_an_adpcm_wav_cut_short_is_told_too(write):
    path = write("WAV", subtype="IMA_ADPCM")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 4])
    assert "the audio ends 45" in read(path)[1][0]


@pytest.mark.parametrize(
    "tail",
    [
        b"LIST" + struct.pack("<I", 70_000) + bytes(70_000),
        b"bext" + struct.pack("<I", 70_000) + bytes(70_000),
        b"abcd" + struct.pack("<I", 70_000) + bytes(70_000) + b"JUNK" + struct.pack("<I", 2) + b"  ",
        b"LIST" + struct.pack("<I", 70_000) + bytes(50_000),  # itself cut short
        b"ID3\4\0\0" + bytes(70_000),
        b"APETAGEX" + bytes(70_000),
        b"TAG" + bytes(125),
        bytes(512),
    ],
    ids=["list", "bext", "unknown", "cut", "id3", "ape", "id3v1", "padding"],
)  # fmt: skip
@pytest.mark.parametrize("odd", [False, True])
def test_what_follows_the_samples_and_is_no_sound_is_not_read(tmp_path, tail, odd):
    samples = bytes(range(256)) * 200 + b"\x80" * odd
    path = tmp_path / "tail.wav"
    body = (
        b"WAVEfmt "
        + struct.pack("<IHHIIHH", 16, 1, 1, RATE, RATE, 1, 8)
        + b"data"
        + struct.pack("<I", len(samples))
    )
    body += samples + b"\0" * odd + tail
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    heard, told = read(path)
    assert len(heard) == len(samples)
    assert told == []


@pytest.mark.parametrize("size", [0, 0x7FFFF000, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF - 36])
def test_a_size_that_stands_for_not_known_is_no_damage(write, size):
    path = write("WAV", 10)
    data = bytearray(path.read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = struct.pack("<I", size)
    path.write_bytes(data)
    heard, told = read(path)
    assert (len(heard), told) == (10 * RATE, [])


@pytest.mark.parametrize("head", ["samples", "header"])
def test_gigabytes_of_zeros_are_not_searched_for_chunks(write, head):
    """M1: a sparse file of 4.18 GiB takes no minutes in the demuxer before the first sample."""
    path = write("WAV", 10)
    if head == "header":
        path.write_bytes(path.read_bytes()[:12])
    os.truncate(path, round(4.18 * 2**30))
    began = time.process_time()
    if head == "header":
        with pytest.raises(RecordingError, match="4096 chunks and no samples among them"):
            probe(path)
    else:
        told = []
        chunks = decode(path, RATE, tell=told.append)
        assert len(next(chunks)) > 0
        chunks.close()
        assert "10.0 s of audio, and what follows is audio too" in told[0].message
        assert probe(path).duration == pytest.approx(4.18 * 2**30 / 2 / RATE, rel=0.01)
    assert time.process_time() - began < 2


def test_a_part_behind_the_end_that_a_header_tells_of(write, noise):
    path = resized(write("WAV", subtype="FLOAT"), 1 / 2)
    (part,) = [np.concatenate(list(decode(path, RATE, start=50, end=51, tell=lambda _: None)))]
    assert np.array_equal(part, noise[50 * RATE : 51 * RATE].astype(np.float32))


def test_a_file_that_is_gone_or_another_has_no_such_header(tmp_path):
    assert read_header(tmp_path / "none.wav") is None
    (tmp_path / "text.wav").write_text("RIFFs are passages of rock music")
    assert read_header(tmp_path / "text.wav") is None
    (tmp_path / "short.wav").write_bytes(b"RIFF\0\0\0\0WAVEfm")
    assert read_header(tmp_path / "short.wav") is None


@pytest.mark.skipif(not PHONES.is_dir(), reason=f"the phone recordings are not at {PHONES}")
@pytest.mark.slow
def test_no_bit_of_a_caf_header_makes_hours_of_silence(tmp_path):
    """R9: what a header declares beyond what the bytes hold is left out, and told."""
    original = next(
        path for path in sorted(PHONES.glob("*.caf")) if path.stat().st_size > 60_000
    ).read_bytes()
    at = original.index(b"desc") + 12
    path = tmp_path / "flipped.caf"
    told_of = 0
    for bit in range(8 * 32):
        data = bytearray(original)
        data[at + bit // 8] ^= 1 << bit % 8
        path.write_bytes(data)
        try:
            heard, told = read(path, None)
        except RecordingError:
            continue
        assert len(heard) <= 7.1 * RATE
        info = probe(path)
        if info.duration > 2 * len(heard) / info.sample_rate > 10:
            assert "before the file says that it does" in told[-1]
            told_of += 1
    assert told_of > 10
