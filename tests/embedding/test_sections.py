"""A recording in sections: long digital silences, and what lies between them."""

from itertools import groupby, pairwise
from operator import itemgetter

import numpy as np
import pytest

from audioscan_host.embedding.sections import sections

RATE = 1000
STRETCH = 1.0
NOISE = np.random.default_rng(5).standard_normal(60 * RATE).astype(np.float32)


def sound(seconds):
    return NOISE[: round(seconds * RATE)]


def silence(seconds, level=0.0):
    return np.full(round(seconds * RATE), level, np.float32)


def found(*pieces, size=None):
    """Where the sections begin, in samples; that they are the whole recording is looked at."""
    recording = np.concatenate(pieces)
    size = size or len(recording)
    chunks = [recording[first : first + size] for first in range(0, len(recording), size)]
    parts = [
        (begin, np.concatenate([piece for _, piece in part]))
        for begin, part in groupby(sections(chunks, RATE, STRETCH), key=itemgetter(0))
    ]
    np.testing.assert_array_equal(np.concatenate([part for _, part in parts]), recording)
    begins = [begin for begin, _ in parts]
    ends = np.cumsum([len(part) for _, part in parts]).tolist()
    assert begins == [0, *ends[:-1]]
    return begins


def test_a_recording_without_silence_is_one_section():
    assert found(sound(10.0)) == [0]


@pytest.mark.parametrize("level", [0.0, 0.25])
def test_a_long_silence_is_a_section_to_the_sample(level):
    assert found(sound(3.2213), silence(2.02, level), sound(1.517)) == [0, 3221, 5241]


def test_a_shorter_silence_is_not():
    assert found(sound(3.0), silence(1.9), sound(3.0)) == [0]


def test_a_shorter_silence_at_the_end_is_one_where_a_stretch_lies_before_it():
    assert found(sound(1.113), silence(0.127)) == [0, 1113]
    assert found(sound(0.9), silence(0.5)) == [0], (
        "a clip that was filled up with zeros costs no second stretch"
    )
    assert found(sound(2.1), silence(0.05)) == [0], "what is so short is no silence"
    assert found(silence(5.0), sound(0.9), silence(0.5)) == [0, 5000]


def test_a_gate_that_closes_often_makes_no_sections():
    assert found(*[piece for _ in range(10) for piece in (silence(0.5), sound(0.5))]) == [0]


def test_what_is_wholly_silent_is_one_section():
    assert found(silence(0.05)) == [0]
    assert found(silence(1.0)) == [0]
    assert found(silence(9.0)) == [0]


def test_zeros_at_the_beginning_are_a_section_where_they_are_long():
    assert found(silence(2.5), sound(1.0)) == [0, 2500]
    assert found(silence(1.5), sound(1.0)) == [0]


def test_two_levels_are_two_sections():
    assert found(silence(3.0), silence(4.0, 0.5), sound(1.0)) == [0, 3000, 7000]


@pytest.mark.parametrize("size", [1, 7, 10, 997, 1000, 3333])
def test_how_a_recording_is_cut_into_chunks_changes_nothing(size):
    pieces = [sound(3.2213), silence(2.345), sound(0.3), silence(1.0), sound(2.117), silence(0.4051)]
    assert found(*pieces, size=size) == [0, 3221, 5566, 8983]


def test_no_more_than_a_silence_is_held_back():
    taken = 0

    def counted():
        nonlocal taken
        for _ in range(100):
            taken += 1
            yield silence(0.1)

    parts = sections(counted(), RATE, STRETCH)
    next(parts)
    assert taken == 20
    for _ in range(30):
        next(parts)
    assert taken < 35


def test_samples_at_random_places_are_never_lost():
    random = np.random.default_rng(8)
    for _ in range(50):
        kinds = [sound, silence, lambda seconds: silence(seconds, 0.1)]
        pieces = [kinds[random.integers(3)](random.random() * 4) for _ in range(random.integers(1, 9))]
        begins = found(*pieces, size=int(random.integers(1, 3000)))
        assert begins == found(*pieces)
        assert all(earlier < later for earlier, later in pairwise(begins))
