"""Parts of a recording without what lies before them: which are to the bit what the whole has, and where all others lie."""

import numpy as np
import pytest

from audioscan_host.audio import RecordingReader, decode
from audioscan_host.audio.frame_walk import FrameWalk
from audioscan_host.audio.mixing import Batch

RATE = 48_000
LENGTH = 40

EXACT = [
    ("a.wav", "pcm_s16le", {}),
    ("a.flac", "flac", {}),
    ("a.mp3", "libmp3lame", {}),
    ("a.mp3", "libmp3lame", {"write_xing": "0"}),
    ("a.opus", "libopus", {}),
    ("a.ogg", "vorbis", {}),
    ("a.ogg", "flac", {}),
    ("a.mov", "alac", {}),
]
"""Where `decode` begins near the part."""

SAME_BITS = [
    *EXACT,
    ("a.mka", "flac", {}),
    ("a.webm", "libopus", {}),
    ("a.webm", "libopus", {"live": "1"}),
    ("a.mkv", "libmp3lame", {}),
    ("a.ts", "mp2", {}),
    ("a.nut", "pcm_s16le", {}),
    ("a.wav", "adpcm_ima_wav", {}),
]
"""Where a reader finds the same bits, although `decode` does not count on it."""

SAME_PLACE = [
    ("a.m4a", "aac", {}),
    ("a.mp4", "aac", {"movflags": "frag_keyframe+empty_moov"}),
    ("a.mka", "aac", {}),
    ("a.aac", "aac", {}),
    ("a.ts", "aac", {}),
    ("a.3gp", "aac", {}),
    ("a.ac3", "ac3", {}),
    ("a.wma", "wmav2", {}),
]
"""Codecs that fill in noise, from a generator that runs through the whole recording."""

PLACES = [2.3, 3.7, 11.11, 20.003, 31.4159, 37.9]


@pytest.fixture(scope="module")
def sounds():
    """(samples, 1): soft noise that swells, and a tone that slides and comes and goes."""
    seconds = np.arange(LENGTH * RATE) / RATE
    noise = 0.02 * np.random.default_rng(0).standard_normal(len(seconds)) * (1 + np.sin(2 * seconds))
    tone = 0.2 * np.sin(2 * np.pi * (500 * seconds + 100 * np.sin(3 * seconds))) * (np.sin(4 * seconds) > 0)
    return (noise + tone)[:, np.newaxis]


def whole_of(path):
    return np.concatenate(list(decode(path, None)))


def part_of(path, start, end):
    return np.concatenate([np.zeros(0, np.float32), *decode(path, None, start=start, end=end)])


@pytest.mark.parametrize(("name", "encoder", "options"), EXACT)
def test_a_part_has_the_bits_of_the_whole_and_little_before_it_is_decoded(
    encode, sounds, name, encoder, options, monkeypatch
):
    path = encode(name, encoder, sounds, RATE, options=options)
    whole = whole_of(path)
    mixed = []
    monkeypatch.setattr(Batch, "append", noting(Batch.append, mixed))
    for start in PLACES:
        mixed.clear()
        part = part_of(path, start, start + 1)
        assert part.tobytes() == whole[round(start * RATE) : round((start + 1) * RATE)].tobytes()
        assert sum(mixed) < 8 * RATE
    assert part_of(path, 39.5, 50).tobytes() == whole[round(39.5 * RATE) :].tobytes()
    assert not len(part_of(path, 41, 50))


def noting(append, mixed):
    """As `Batch.append`; notes how many samples come."""

    def noted(self, frame, count, drop, end):
        mixed.append(count)
        append(self, frame, count, drop, end)

    return noted


@pytest.mark.parametrize(("name", "encoder", "options"), SAME_BITS)
def test_a_reader_finds_the_bits_of_the_whole_in_any_order(encode, sounds, name, encoder, options):
    path = encode(name, encoder, sounds, RATE, options=options)
    whole = whole_of(path)
    reader = RecordingReader(path)
    for start in [*PLACES, *reversed(PLACES), 0.0, 5.0, 5.5, 4.9]:
        first = round(start * RATE)
        assert reader.read(first, first + RATE).tobytes() == whole[first : first + RATE].tobytes()
    reader.close()


@pytest.mark.parametrize(("name", "encoder", "options"), SAME_PLACE)
def test_a_reader_finds_the_place_within_a_millisecond(encode, sounds, name, encoder, options):
    path = encode(name, encoder, sounds, RATE, options=options)
    whole = whole_of(path)
    reader = RecordingReader(path)
    for start in [*PLACES, 0.0]:
        first, reach = round(start * RATE), min(round(start * RATE), 480)
        part = reader.read(first, first + RATE)
        match = np.correlate(whole[first - reach : first + RATE + 480], part[: RATE // 2], "valid")
        assert abs(int(np.argmax(match)) - reach) <= RATE // 1000
    reader.close()


@pytest.mark.parametrize(
    ("name", "encoder"),
    [("late.webm", "libopus"), ("late.nut", "pcm_s16le"), ("late.ogg", "libopus"), ("late.mov", "alac")],
)
def test_a_clock_that_does_not_begin_at_0(encode, sounds, name, encoder):
    path = encode(name, encoder, sounds, RATE, when=lambda sample: sample + round(37.5 * RATE))
    whole = whole_of(path)
    reader = RecordingReader(path)
    for start in (20.003, 3.7):
        first = round(start * RATE)
        assert reader.read(first, first + RATE).tobytes() == whole[first : first + RATE].tobytes()
        assert part_of(path, start, start + 1).tobytes() == whole[first : first + RATE].tobytes()
    reader.close()


@pytest.mark.parametrize(
    ("name", "encoder"), [("part.opus", "libopus"), ("part.flac", "flac"), ("part.mp3", "libmp3lame")]
)
@pytest.mark.parametrize("first", [20, 13])
def test_recordings_written_one_after_the_other(encode, sounds, name, encoder, first):
    data = b""
    for part in (sounds[: first * RATE], sounds[first * RATE :]):
        data += encode(name, encoder, part, RATE).read_bytes()
    path = encode(name, encoder, sounds[:RATE], RATE)
    path.write_bytes(data)
    whole = whole_of(path)
    reader = RecordingReader(path)
    for start in (5.0, 25.0, 35.0):
        begin = round(start * RATE)
        assert part_of(path, start, start + 1).tobytes() == whole[begin : begin + RATE].tobytes()
        assert reader.read(begin, begin + RATE).tobytes() == whole[begin : begin + RATE].tobytes()
    reader.close()


def test_a_hole_in_an_mp4_keeps_its_length(encode, sounds):
    path = encode(
        "hole.mov", "alac", sounds, RATE, when=lambda sample: sample + (sample > 8 * RATE) * RATE // 3
    )
    whole = whole_of(path)
    assert part_of(path, 30, 31).tobytes() == whole[30 * RATE : 31 * RATE].tobytes()


def test_what_lies_outside_a_recording_is_silence(encode, sounds):
    reader = RecordingReader(encode("a.mp3", "libmp3lame", sounds, RATE))
    assert not reader.read(-RATE, 0).any()
    assert not reader.read(50 * RATE, 51 * RATE).any()
    across = reader.read(39 * RATE, 42 * RATE)
    assert across.shape == (3 * RATE,)
    assert across[:RATE].any()
    assert not across[2 * RATE :].any()
    assert reader.read(5, 5).shape == (0,)
    reader.close()


@pytest.mark.parametrize(
    ("name", "encoder", "options"),
    [("a.aac", "aac", {}), ("a.mp3", "libmp3lame", {"write_xing": "0"}), ("a.mp3", "libmp3lame", {})],
)
def test_how_long_it_is_where_the_container_only_estimates_it(encode, sounds, name, encoder, options):
    path = encode(
        name, encoder, sounds * np.linspace(0, 3, len(sounds))[:, np.newaxis], RATE, options=options
    )
    reader = RecordingReader(path)
    assert reader.duration == pytest.approx(len(whole_of(path)) / RATE, abs=0.05)
    reader.close()


def test_frames_are_counted_over_bytes_that_look_like_one(tmp_path):
    header = bytes.fromhex("fff14c800000fc")

    def frame(size, content):
        sized = bytearray(header)
        sized[3] |= size >> 11
        sized[4], sized[5] = size >> 3 & 0xFF, (size & 7) << 5 | 0x1F
        return bytes(sized) + content.ljust(size - len(sized), b"\x55")[: size - len(sized)]

    sizes = [200 + 37 * number % 91 for number in range(500)]
    frames = [frame(size, frame(150, b"") if number % 7 == 3 else b"") for number, size in enumerate(sizes)]
    path = tmp_path / "a.aac"
    path.write_bytes(b"TAG" + b"".join(frames) + b"no frame")
    walk = FrameWalk(path, 3, "aac")
    assert [walk.byte_of(number) for number in (0, 63, 64, 499)] == [
        3 + sum(sizes[:number]) for number in (0, 63, 64, 499)
    ]
    assert walk.byte_of(500) is None
    assert walk.count() == 500
