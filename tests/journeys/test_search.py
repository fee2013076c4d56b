"""Windows like an example: which they are, in what order, by which numbers, and in how much memory."""

import logging
import math
import shutil
import tracemalloc
import weakref
from itertools import combinations

import numpy as np
import pytest

from audioscan_host import Windowing, embed, search
from audioscan_host.cache import Embeddings, Entry
from audioscan_host.cache.store import Stored
from audioscan_host.embedding import decoded_recording
from audioscan_host.errors import RecordingError, SettingError

RATE = 16_000
MODEL = "TINY_ML"
WINDOW = 4.0


@pytest.fixture
def find(tiny_registry, tmp_path):
    """Search by the tiny model: `find([recording], ["a.wav@3-5"])`."""

    def find(recordings, like, model=MODEL, windowing=None, **facts):
        facts = {"registry": tiny_registry, "cache_dir": tmp_path / "c", **facts}
        return search(recordings, like, model, windowing=windowing or Windowing(WINDOW, 1.0), **facts)

    return find


@pytest.fixture
def stored(tiny_registry, tmp_path):
    """Times and vectors of a recording as numpy reads them from its cache file."""

    def stored(path, windowing=None):
        facts = {"registry": tiny_registry, "cache_dir": tmp_path / "c"}
        (found,) = embed([path], [MODEL], windowing=windowing or Windowing(WINDOW, 1.0), **facts).stored
        with np.load(found.path) as archive:
            return archive["timestamps"], archive["embeddings"].astype(np.float64)

    return stored


@pytest.fixture
def write(tmp_path, write_wav):
    """Write samples as a recording in the test's own folder."""
    return lambda name, samples: write_wav(tmp_path / name, samples, RATE)


def noise(seconds, seed=0, level=0.02):
    return np.random.default_rng(seed).standard_normal(round(seconds * RATE)) * level


def chirp(low, high, seconds=2.0):
    time = np.arange(round(seconds * RATE)) / RATE
    return 0.5 * np.sin(2 * np.pi * (low * time + (high - low) * time**2 / (2 * seconds)))


def with_sounds(seconds, seed, *sounds):
    """Noise with sounds at their starts: `with_sounds(60, 0, (10, chirp(...)))`."""
    samples = noise(seconds, seed)
    for start, sound in sounds:
        first = round(start * RATE)
        samples[first : first + len(sound)] += sound
    return samples


def cosine(a, b):
    return float(a @ b / math.sqrt((a @ a) * (b @ b)))


def standardised(recordings, everything=()):
    """(path, times, vectors) of recordings, by mean and deviation of all windows of them, and of others."""
    together = np.concatenate([vectors for *_, vectors in [*recordings, *everything]])
    deviation = together.std(0)
    deviation = np.maximum(deviation, 0.3 * np.sqrt(np.mean(deviation**2)))
    return [(path, times, (vectors - together.mean(0)) / deviation) for path, times, vectors in recordings]


def backgrounds_removed(recordings, places):
    """Recordings relative to their backgrounds, and the vector of each example.

    Args:
        recordings: (path, times, vectors), standardised.
        places: (number of the recording, start, end, rows) of the examples.
    """
    queries = []
    for number, start, end, rows in places:
        path, times, vectors = recordings[number]
        others = [
            vector
            for time, vector in zip(times, vectors, strict=True)
            if not any(n == number and time < b and time + WINDOW > a for n, a, b, _ in places)
        ]
        relative = vectors[rows] - np.sum(others, axis=0) / (len(others) + 60)  # at a hop of 1 s
        relative /= np.linalg.norm(relative, axis=1, keepdims=True)
        queries.append((path, start, end, relative.mean(0)))
    first = [
        np.array([max(cosine(v, q) for *_, q in queries) for v in vectors]) for *_, vectors in recordings
    ]
    median = np.median(np.concatenate(first))
    removed = []
    for (path, times, vectors), scores in zip(recordings, first, strict=True):
        below = vectors[scores < median]
        removed.append((path, times, vectors - below.sum(0) / (len(below) + 60)))
    return removed, queries


def by_hand(recordings, queries, n, apart):
    """Every window of (path, times, vectors) against every query, one at a time, then the best.

    Args:
        recordings: with normalised vectors.
        queries: (path, start, end, vector) of the examples.
        n: how many.
        apart: seconds that listed windows of a recording keep at least.
    """
    everything = []
    for place, (path, times, vectors) in enumerate(recordings):
        own = [(start, end) for of, start, end, _ in queries if of == path]
        for time, vector in zip(times, vectors, strict=True):
            if not any(time < end and time + WINDOW > start for start, end in own):
                score = max(cosine(vector, query) for *_, query in queries)
                everything.append((-round(score, 6), place, time))
    listed = []
    for score, place, time in sorted(everything):
        if all(place != p or abs(time - t) >= apart for _, p, t in listed):
            listed.append((score, place, time))
    return [(recordings[place][0], float(time), -score) for score, place, time in listed[:n]]


def as_rows(result):
    return [(match.path, match.start, match.score) for match in result.matches]


def assert_same(found, expected):
    assert [row[:2] for row in found] == [row[:2] for row in expected]
    np.testing.assert_allclose([row[2] for row in found], [row[2] for row in expected], atol=2e-6)


@pytest.mark.parametrize("normalisation", ["background", "global"])
@pytest.mark.parametrize("all_windows", [False, True])
def test_the_windows_are_those_of_a_comparison_of_all_with_all(
    find, stored, make_wav, normalisation, all_windows
):
    paths = [make_wav(f"{i}.wav", seconds=60.5, seed=i) for i in range(3)]
    like = [f"{paths[0]}@20-24", f"{paths[0]}@30-38", f"{paths[1]}@7-11"]
    places = [(0, 20, 24, [20]), (0, 30, 38, range(30, 35)), (1, 7, 11, [7])]
    recordings = standardised([(path, *stored(path)) for path in paths])
    if normalisation == "background":
        recordings, queries = backgrounds_removed(recordings, places)
    else:
        queries = []
        for number, start, end, rows in places:
            vectors = recordings[number][2][rows]
            vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
            queries.append((paths[number], start, end, vectors.mean(0)))
    found = find(paths, like, n=25, normalisation=normalisation, all_windows=all_windows)
    assert_same(as_rows(found), by_hand(recordings, queries, 25, 0 if all_windows else WINDOW / 2))


def test_more_windows_than_are_worked_on_at_once_are_compared_as_well(find, stored, make_wav):
    path = make_wav(seconds=70, seed=1)
    windowing = Windowing(WINDOW, 0.05)
    times, vectors = stored(path, windowing)
    assert len(times) > 1024
    recordings = standardised([(path, times, vectors)])
    expected = by_hand(recordings, [(path, 10, 14, recordings[0][2][200])], 10, WINDOW / 2)
    found = find([path], [f"{path}@10-14"], n=10, windowing=windowing, normalisation="global")
    assert_same(as_rows(found), expected)


def test_a_copy_of_the_sound_is_found_first_wherever_it_is(write, tmp_path):
    sound = chirp(500, 3000)
    day = write("day.wav", with_sounds(60, 1, (20, sound), (41, chirp(3000, 2900))))
    night = write("night.wav", with_sounds(60, 2, (35.4, sound), (10, chirp(200, 250))))
    result = search([day, night], [f"{day}@20-22"], "MEL", windowing=Windowing(2.0, 0.5), cache_dir=tmp_path)
    first, second = result.matches[:2]
    assert (first.path, first.start) == (night, 35.5)
    assert first.score > 0.8
    assert first.score > second.score + 0.1


def test_several_examples_find_what_is_like_any_of_them(write, tmp_path):
    up, down = chirp(500, 3000), chirp(6000, 5000)
    day = write("day.wav", with_sounds(60, 1, (20, up), (40, down)))
    night = write("night.wav", with_sounds(60, 2, (10, up), (30, down)))
    like = [f"{day}@20-22", f"{day}@40-42"]
    result = search([day, night], like, "MEL", windowing=Windowing(2.0, 1.0), cache_dir=tmp_path)
    assert sorted((m.path, m.start) for m in result.matches[:2]) == [(night, 10), (night, 30)]
    one = search([night], like[:1], "MEL", windowing=Windowing(2.0, 1.0), cache_dir=tmp_path)
    assert (one.matches[0].path, one.matches[0].start) == (night, 10)


class TestExample:
    @pytest.mark.parametrize(
        ("span", "windows"),
        [
            ("13.4-15.4", [12]),  # all of it in 12 and 13: the middle of 12 is nearer
            ("13-15", [12]),
            ("13.9-17.9", [14]),  # most of it
            ("10-14", [10]),
            ("9.9-14.9", [10]),
            ("10-20", [10, 11, 12, 13, 14, 15, 16]),
            ("0-1", [0]),
            ("59.5-60.5", [57]),  # the last window, which ends with the recording
        ],
    )
    def test_it_stands_for_the_windows_in_it_or_else_the_one_that_holds_most_of_it(
        self, find, stored, make_wav, span, windows
    ):
        path, other = make_wav("a.wav", seconds=60.5), make_wav("b.wav", seconds=50, seed=1)
        own, against = standardised([(path, *stored(path)), (other, *stored(other))])
        vectors = own[2][windows]
        query = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).mean(0)
        expected = by_hand([against], [(path, 0, 1, query)], 20, 0)
        found = find([other], [f"{path}@{span}"], normalisation="global", all_windows=True)
        assert_same(as_rows(found), expected)

    def test_a_file_of_about_a_window_is_an_example_as_a_whole(self, find, make_wav):
        clip, day = make_wav("clip.wav", seconds=5.9), make_wav("day.wav", seconds=40, seed=1)
        whole, named = (find([day], [like]) for like in (clip, f"{clip}@0-5.9"))
        assert whole == named
        assert len(whole.matches) >= 37 / 4

    def test_a_longer_file_needs_a_span(self, find, make_wav):
        path = make_wav(seconds=6.5)
        with pytest.raises(SettingError, match=r"lasts 6.5 s, a window 4 s: .*noise.wav@START-END"):
            find([path], [path])

    @pytest.mark.parametrize("span", ["18-22", "20.5-21", "100-101"])
    def test_a_span_after_the_end_is_refused(self, find, make_wav, span):
        path = make_wav(seconds=20.5)
        with pytest.raises(SettingError, match=r"ends after the recording, which lasts 20\.5 s"):
            find([path], [f"{path}@{span}"])

    def test_an_end_that_was_rounded_up_is_the_recordings_end(self, find, make_wav):
        path = make_wav(seconds=40.5)
        assert find([path], [f"{path}@38-41"]) == find([path], [f"{path}@38-40.5"])

    def test_one_that_cannot_be_read_ends_the_search(self, find, make_wav, tmp_path):
        (tmp_path / "bad.wav").write_text("hello")
        for like in ("bad.wav@1-2", "missing.wav@1-2", "missing.wav"):
            with pytest.raises(RecordingError, match=like.partition("@")[0]):
                find([make_wav()], [tmp_path / like])


class TestWhatIsListed:
    def test_the_examples_own_place_is_left_out_aloud(self, find, make_wav, caplog):
        caplog.set_level(logging.INFO, "audioscan_host")
        path = make_wav(seconds=60)
        for spelling in (path, path.parent / "." / "folder" / ".." / path.name):
            (path.parent / "folder").mkdir(exist_ok=True)
            caplog.clear()
            found = find([path], [f"{spelling}@20-23.5"], n=100, all_windows=True)
            starts = [match.start for match in found.matches]
            assert sorted(starts) == [*range(17), *range(24, 57)]
            assert "20 to 23.5 s is an example, and not listed itself" in caplog.text

    def test_the_same_place_of_a_copied_file_is_listed_first(self, find, make_wav):
        path = make_wav(seconds=60)
        copy = path.with_name("copy.wav")
        shutil.copy(path, copy)
        first = find([path, copy], [f"{path}@20-24"], normalisation="global").matches[0]
        assert (first.path, first.start, first.end, first.score) == (copy, 20, 24, 1.0)

    def test_windows_of_a_recording_overlap_by_half_at_most(self, find, make_wav):
        path, example = make_wav(seconds=200), make_wav("example.wav", seconds=40, seed=1)
        found = find([path], [f"{example}@20-24"], n=1000).matches
        gaps = {abs(a.start - b.start) for a, b in combinations(found, 2)}
        assert min(gaps) == WINDOW / 2
        assert 197 / 4 <= len(found) <= 197 / 2 + 1
        everything = find([path], [f"{example}@20-24"], n=1000, all_windows=True).matches
        assert len(everything) == 197

    def test_recordings_do_not_suppress_each_other(self, find, make_wav):
        path, example = make_wav(seconds=60), make_wav("example.wav", seconds=40, seed=1)
        copy = path.with_name("copy.wav")
        shutil.copy(path, copy)
        first, second = find([path, copy], [f"{example}@20-24"], n=2).matches
        assert (first.start, first.score) == (second.start, second.score)

    def test_equal_scores_are_in_order_of_the_recordings_and_of_time(self, find, write):
        paths = [write(name, np.tile(noise(1), 40)) for name in ("z.wav", "a.wav")]
        example = write("example.wav", noise(40, seed=1))
        found = find(paths, [f"{example}@20-24"], n=22)
        places = [(path, start) for path in paths for start in range(0, 38, 2)]
        assert [row[:2] for row in as_rows(found)] == places[:22]
        assert len({match.score for match in found.matches}) == 1

    def test_the_last_window_ends_with_the_recording(self, find, make_wav):
        day, clip = make_wav("day.wav", seconds=40), make_wav("clip.wav", seconds=2.5, seed=1)
        (match,) = find([clip], [f"{day}@20-24"]).matches
        assert (match.start, match.end) == (0, 2.5)

    def test_a_number_below_one_and_no_example_are_refused(self, find, make_wav):
        path = make_wav()
        with pytest.raises(SettingError, match="n must be 1 window or more, not 0"):
            find([path], [f"{path}@3-7"], n=0)
        with pytest.raises(SettingError, match="no example"):
            find([path], [])
        with pytest.raises(SettingError, match="normalisation must be background or global, not 'zscore'"):
            find([path], [f"{path}@3-7"], normalisation="zscore")


def test_a_file_of_one_window_has_no_background_of_its_own(find, stored, make_wav):
    clip, day = make_wav("clip.wav", seconds=4), make_wav("day.wav", seconds=60, seed=1)
    own, other = standardised([(clip, *stored(clip)), (day, *stored(day))])
    scores = np.array([cosine(vector, own[2][0]) for vector in other[2]])
    below = other[2][scores < np.median(scores)]
    relative = (day, other[1], other[2] - below.sum(0) / (len(below) + 60))
    expected = by_hand([relative], [(clip, 0, 4, own[2][0])], 20, WINDOW / 2)
    assert_same(as_rows(find([day], [clip])), expected)


class TestDigitalSilence:
    @pytest.mark.parametrize("normalisation", ["background", "global"])
    @pytest.mark.parametrize("model", ["MEL", "TINY"])
    def test_it_is_never_listed(self, write, tiny_registry, normalisation, model, monkeypatch):
        monkeypatch.delenv("AUDIOSCAN_PLUGINS")
        registry = tiny_registry if model == "TINY" else None
        silence = write("silence.wav", np.zeros(60 * RATE))
        half = write("half.wav", np.concatenate([np.zeros(30 * RATE), noise(30)]))
        facts = {"registry": registry, "normalisation": normalisation, "all_windows": True}
        found = search([silence, half], [f"{half}@40-48"], model, n=500, **facts)
        assert found.recordings == (silence, half)
        assert {match.path for match in found.matches} == {half}
        # From 27 s on more than half of a window is noise; at 26 s it is just half.
        assert sorted(match.start for match in found.matches) == [*range(27, 33), *range(48, 53)]
        assert np.isfinite([match.score for match in found.matches]).all()
        assert search([silence], [f"{half}@40-48"], model, **facts).matches == ()

    @pytest.mark.parametrize("normalisation", ["background", "global"])
    def test_it_counts_for_nothing(self, find, write, normalisation):
        """Searched, and in the example's recording, it changes no score."""
        day, silence = noise(60, seed=1), np.zeros(200 * RATE)
        shorter = write("shorter/day.wav", day), write("shorter/example.wav", noise(40))
        longer = (
            write("longer/day.wav", np.concatenate([day, silence])),
            write("longer/example.wav", np.concatenate([noise(40), silence])),
        )
        facts = {"n": 100, "all_windows": True, "normalisation": normalisation}
        expected, found = (
            {match.start: match.score for match in find([day], [f"{like}@20-24"], **facts).matches}
            for day, like in (shorter, longer)
        )
        assert len(expected) == 57
        assert {start: score for start, score in found.items() if start <= 56} == expected
        assert max(found) == 57  # of 4 s, less than half is silence

    def test_it_is_no_example(self, find, write):
        half = write("half.wav", np.concatenate([np.zeros(30 * RATE), noise(30)]))
        with pytest.raises(
            SettingError, match=r"half\.wav: 2 to 10 s is digital silence: no example of a sound"
        ):
            find([half], [f"{half}@40-44", f"{half}@2-10"])


def test_a_second_search_decodes_nothing(find, make_wav, tiny_plugin, monkeypatch):
    path, example = make_wav(seconds=60), make_wav("example.wav", seconds=40, seed=1)
    first = find([path], [f"{example}@20.3-22.1"])

    def refuse(*arguments, **meter):
        raise AssertionError("decoding")

    monkeypatch.setattr(decoded_recording, "decode", refuse)
    calls = len(tiny_plugin.calls)
    assert find([path], [f"{example}@20.3-22.1"]) == first
    assert find([path], [f"{example}@5-6"]) != first
    assert len(tiny_plugin.calls) == calls


def test_a_recording_that_cannot_be_read_is_named_and_the_others_are_searched(find, make_wav, tmp_path):
    good, example = make_wav(seconds=60), make_wav("example.wav", seconds=40, seed=1)
    (tmp_path / "bad.wav").write_text("hello")
    result = find([tmp_path / "bad.wav", good, tmp_path / "missing.wav"], [f"{example}@20-24"], n=3)
    assert [failure.path.name for failure in result.failures] == ["bad.wav", "missing.wav"]
    assert result.recordings == (good,)
    assert {match.path for match in result.matches} == {good}


@pytest.fixture
def large(monkeypatch):
    """Every recording has 60 MB of vectors in the cache; weak references to those that were read."""
    references = []
    shape = (15_000, 1024)

    def read(entry, _tell):
        alive.append(sum(reference() is not None for reference in references))
        seed = int.from_bytes(entry.recording.digest.encode()[:4])
        vectors = np.random.default_rng(seed).random(shape, np.float32)
        references.append(weakref.ref(vectors))
        return Embeddings(np.arange(shape[0]) / 10, vectors, {"duration": shape[0] / 10 + 8})

    alive = []
    monkeypatch.setattr(Entry, "read", read)
    monkeypatch.setattr(Entry, "found", property(lambda entry: Stored(entry.name, 0, 0.0)))
    return alive, 4 * math.prod(shape)


@pytest.mark.slow
def test_vectors_of_finished_recordings_are_released_and_none_are_copied(find, make_wav, large):
    alive, size = large
    paths = [make_wav(f"{i}.wav", seconds=1, seed=i) for i in range(4)]
    like = [f"{paths[0]}@20-28", f"{paths[1]}@30-50"]
    tracemalloc.start()
    found = find(paths, like, windowing=Windowing(8.0, 0.1))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found.matches) == 20
    # Two examples, four recordings, three times each: never another's beside the one being read.
    assert alive == [0] * 18
    assert peak < 1.5 * size
