"""One pass over a recording: every span has its own samples, wherever the chunks end."""

import numpy as np
import pytest

from audioscan_host.annotations import Annotation
from audioscan_host.cutting.passing import sounds
from audioscan_host.cutting.settings import ClipSettings
from audioscan_host.cutting.span import Span
from audioscan_host.errors import SettingError

RATE = 100
COUNTED = np.arange(1000)
"""Ten seconds in which each sample is its own number."""


def chunks_of(counted=COUNTED, size=37, asked=None):
    for begin in range(0, len(counted), size):
        if asked is not None:
            asked.append(begin)
        yield (counted[begin : begin + size, None] / 2**15).astype(np.float32)


def spans_of(places, **settings):
    chosen = ClipSettings(**settings)
    return [Span.around(Annotation("a", start, end, "x"), chosen) for start, end in places]


def cut(places, chunks=None, **settings):
    found = sounds(chunks_of() if chunks is None else chunks, RATE, spans_of(places, **settings))
    return {each.number: each for each in found}


def bounds(sound):
    values = sound.samples[:, 0]
    np.testing.assert_array_equal(values, np.arange(values[0], values[-1] + 1))
    return int(values[0]), int(values[-1]) + 1


def test_spans_in_any_order_that_overlap_hold_each_other_or_are_equal():
    places = [(5, 6), (0, 1), (5.5, 7.25), (0.5, 9), (5, 6), (9.99, 10)]
    found = cut(places)
    assert {n: bounds(sound) for n, sound in found.items()} == {
        n: (round(100 * start), round(100 * end)) for n, (start, end) in enumerate(places)
    }
    assert [(found[2].start, found[2].end)] == [(5.5, 7.25)]


@pytest.mark.parametrize("size", [1, 37, 100, 1000])
def test_the_size_of_the_chunks_does_not_matter(size):
    places = [(1, 2), (1.5, 9.7), (9, 10)]
    found = cut(places, chunks_of(size=size), length=2.5)
    assert {n: bounds(sound) for n, sound in found.items()} == {0: (25, 275), 1: (435, 685), 2: (750, 1000)}


def test_padding_ends_at_the_recording():
    assert bounds(cut([(0.2, 1)], pad=0.5)[0]) == (0, 150)
    assert bounds(cut([(9, 9.8)], pad=0.5)[0]) == (850, 1000)


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ((4, 5), (350, 550)),
        ((4.5, None), (350, 550)),
        ((0, 0.1), (0, 200)),  # shifted inside
        ((9.9, 10), (800, 1000)),
        ((3, 9), (500, 700)),  # the middle of a longer place
        ((9, 30), (800, 1000)),  # which ends behind the recording
    ],
)
def test_a_fixed_length_is_kept_and_lies_inside(place, expected):
    assert bounds(cut([place], length=2)[0]) == expected


def test_a_recording_that_is_shorter_gives_all_that_it_has():
    found = cut([(3, 4)], chunks_of(COUNTED[:500]), length=8)
    assert bounds(found[0]) == (0, 500)


def test_what_begins_behind_the_end_gives_nothing():
    assert list(cut([(10, 11), (1, 2), (10.2, 12)], pad=0.5)) == [1]


def test_nothing_is_asked_for_behind_the_last_span():
    asked = []
    cut([(1, 2)], chunks_of(size=10, asked=asked))
    assert max(asked) == 190


def test_16_bits_round_to_the_nearest_and_do_not_wrap():
    chunk = np.array([[1.0], [-1.0], [1.5], [0.6 / 2**15], [0.4 / 2**15]], np.float32)
    found = cut([(0, 0.05)], iter([chunk]))
    assert found[0].samples[:, 0].tolist() == [32767, -32768, 32767, 1, 0]


def test_a_point_needs_a_length():
    with pytest.raises(SettingError, match="is a point"):
        spans_of([(1, None)])
    assert bounds(cut([(1, None)], pad=0.25)[0]) == (75, 125)


@pytest.mark.parametrize(
    "settings",
    [
        {"pad": -1}, {"pad": float("nan")}, {"length": 0}, {"length": float("inf")}, {"pad": 1, "length": 1}, {"rate": 10},
        {"format": "mp3"}, {"format": "copy", "mono": True}, {"format": "copy", "rate": 8000},
    ],
)  # fmt: skip
def test_settings_that_cannot_be_are_refused(settings):
    with pytest.raises(SettingError):
        ClipSettings(**settings)
