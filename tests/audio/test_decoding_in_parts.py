"""A long recording decoded in several parts at once has the bits, the silence and the notes of one decoded in one go."""

import itertools
import threading
from fractions import Fraction

import numpy as np
import pytest

from audioscan_host.audio import Decoders, decode, decoding_in_parts
from audioscan_host.audio.decoder_wire import Request
from audioscan_host.audio.decoding_in_parts import decode_in_parts, parts_of
from audioscan_host.silence import SilenceMeter

RATE = 48_000
LENGTH = 40

IN_PARTS = [
    ("a.wav", "pcm_s16le", {}),
    ("a.flac", "flac", {}),
    ("a.opus", "libopus", {}),
    ("a.ogg", "vorbis", {}),
    ("a.ogg", "flac", {}),
    ("a.mov", "alac", {}),
]
IN_ONE_GO = [
    (
        "a.mp3",
        "libmp3lame",
        {},
    ),  # how much of its last frame is audio, only who counts from the beginning knows
    ("a.mp3", "libmp3lame", {"write_xing": "0"}),
    ("a.m4a", "aac", {}),
    ("a.aac", "aac", {}),
    ("a.mka", "flac", {}),
    ("a.webm", "libopus", {}),
    ("a.mkv", "libmp3lame", {}),
    ("a.ts", "mp2", {}),
    ("a.nut", "pcm_s16le", {}),
    ("a.wav", "adpcm_ima_wav", {}),
    ("a.ac3", "ac3", {}),
    ("a.wma", "wmav2", {}),
]


@pytest.fixture(scope="module")
def decoders():
    made = Decoders(3)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def short_parts(monkeypatch):
    monkeypatch.setattr(decoding_in_parts, "PART", 6 * RATE)


@pytest.fixture(scope="module")
def sounds():
    """(samples, 1): soft noise, a tone that slides, and digital silence over the border of two parts."""
    seconds = np.arange(LENGTH * RATE) / RATE
    noise = 0.02 * np.random.default_rng(0).standard_normal(len(seconds)) * (1 + np.sin(2 * seconds))
    both = noise + 0.2 * np.sin(2 * np.pi * (500 * seconds + 100 * np.sin(3 * seconds)))
    both[11 * RATE : 13 * RATE] = 0
    return both[:, np.newaxis]


def all_of(decode, path, rate, **facts):
    """Samples, silence, what the container declares, and notes."""
    meter, infos, notes = SilenceMeter(), [], []
    chunks = list(decode(path, rate, meter=meter, on_open=infos.append, tell=notes.append, **facts))
    return np.concatenate(chunks).tobytes(), meter.spans().tolist(), infos, notes


@pytest.mark.parametrize(("name", "encoder", "options"), [*IN_PARTS, *IN_ONE_GO])
def test_every_container_gives_the_bits_and_the_silence_of_one_go(
    encode, sounds, decoders, name, encoder, options
):
    path = encode(name, encoder, sounds, RATE, options=options)
    assert (parts_of(path, 16_000, "mix") is not None) == ((name, encoder, options) in IN_PARTS)
    for rate in (16_000, 44_100, None):
        assert all_of(decoders.decode, path, rate) == all_of(decode, path, rate)


def test_parts_are_decoded_at_once_and_none_is_decoded_from_the_beginning(encode, sounds, decoders):
    path, asked = encode("a.flac", "flac", sounds, RATE), []

    def noted(request, tell):
        asked.append((request.start, request.end, request.sample_rate))
        return decode(request.path, None, start=request.start, end=request.end, tell=tell)

    parts, spare = parts_of(path, 16_000, "mix"), itertools.cycle([True])
    chunks = decode_in_parts(Request(path, 16_000, "mix"), parts, noted, lambda: next(spare), pytest.fail)
    next(chunks)
    whole = [(6.0 * number, 6.0 * number + 6 if number < 5 else None, None) for number in range(6)]
    assert sorted(asked) == whole[: decoding_in_parts.MOST_PARTS]
    list(chunks)
    assert sorted(asked) == whole


def test_while_others_want_the_processes_there_is_one_part_at_a_time(encode, sounds):
    path, under_way = encode("a.flac", "flac", sounds, RATE), []

    def noted(request, tell):
        under_way.append(request.start)
        return decode(request.path, None, start=request.start, end=request.end, tell=tell)

    parts = parts_of(path, 16_000, "mix")
    chunks = decode_in_parts(Request(path, 16_000, "mix"), parts, noted, lambda: False, pytest.fail)
    begun, position = [], 0
    for chunk in chunks:
        begun.append(len(under_way) == min(position // (6 * RATE), 5) + 1)
        position += len(chunk)
    assert all(begun)


@pytest.mark.parametrize("channel", ["mix", "2", "loudest"])
def test_channels_are_those_of_one_go(encode, sounds, decoders, channel):
    stereo = np.concatenate([sounds, sounds[::-1]], axis=1)
    path = encode("a.flac", "flac", stereo, RATE)
    assert all_of(decoders.decode, path, 16_000, channel=channel) == all_of(
        decode, path, 16_000, channel=channel
    )


def test_channels_that_cancel_each_other_out_are_told_once(encode, sounds, decoders):
    path = encode("a.flac", "flac", np.concatenate([sounds, -sounds], axis=1), RATE)
    found = all_of(decoders.decode, path, 16_000)
    assert found == all_of(decode, path, 16_000)
    assert len(found[-1]) == 1


@pytest.mark.parametrize("share", [0.05, 0.3, 0.62, 0.97])
@pytest.mark.parametrize(("name", "encoder"), [("a.flac", "flac"), ("a.opus", "libopus"), ("a.mov", "alac")])
def test_damage_is_told_and_filled_in_as_in_one_go(encode, sounds, decoders, name, encoder, share):
    path = encode(name, encoder, sounds, RATE)
    data = bytearray(path.read_bytes())
    place = round(share * len(data))
    data[place : place + 3000] = np.random.default_rng(1).bytes(3000)
    path.write_bytes(data)
    assert all_of(decoders.decode, path, 16_000) == all_of(decode, path, 16_000)


@pytest.mark.parametrize("share", [0.5, 0.9])
@pytest.mark.parametrize(
    ("name", "encoder"), [("a.flac", "flac"), ("a.opus", "libopus"), ("a.wav", "pcm_s16le")]
)
def test_what_is_cut_short_is_told_as_in_one_go(encode, sounds, decoders, name, encoder, share):
    path = encode(name, encoder, sounds, RATE)
    data = path.read_bytes()
    path.write_bytes(data[: round(share * len(data))])
    assert all_of(decoders.decode, path, 16_000) == all_of(decode, path, 16_000)


def test_a_clock_with_a_hole_is_followed_as_in_one_go(encode, sounds, decoders):
    path = encode(
        "a.ogg", "flac", sounds, RATE, when=lambda sample: sample + (5 * RATE if sample > 20 * RATE else 0)
    )
    assert all_of(decoders.decode, path, 16_000) == all_of(decode, path, 16_000)


def test_recordings_joined_into_one_are_decoded_in_one_go(encode, sounds, decoders):
    first, second = (encode(f"{word}.flac", "flac", sounds, RATE) for word in ("one", "two"))
    first.write_bytes(first.read_bytes() + second.read_bytes())
    assert all_of(decoders.decode, first, 16_000) == all_of(decode, first, 16_000)


def test_short_ones_and_those_that_are_taken_as_quickly_as_they_come_have_no_parts(encode, sounds):
    assert parts_of(encode("short.flac", "flac", sounds[: 11 * RATE], RATE), 16_000, "mix") is None
    assert parts_of(encode("a.wav", "pcm_s16le", sounds, RATE), RATE, "mix") is None


def test_who_leaves_in_the_midst_leaves_no_thread(encode, sounds, decoders):
    path = encode("a.flac", "flac", sounds, RATE)
    left = decoders.decode(path, 16_000)
    next(left)
    left.close()
    assert not [each for each in threading.enumerate() if each.name == "read-ahead"]
    assert Fraction(len(all_of(decoders.decode, path, RATE)[0]), 4 * RATE) == LENGTH
