"""Reading in stretches: each second encoded once, and windows made of grains."""

import math
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from audioscan_host import Checkpoint, EmbeddingError, ModelError, Windowing, hookimpl
from audioscan_host.cache import Cache, Embeddings
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.embedding.grains import merged
from audioscan_host.embedding.pooling import pool_shares
from audioscan_host.embedding.stretches import margin, steps_expected, stretched_blocks, stretching
from audioscan_host.embedding.windows_of_grains import windows_of
from audioscan_host.models.pooling import Pooling
from audioscan_host.plugins.registry import load_registry
from audioscan_host.reading import Reading

RATE = 16_000
META_OF_MAXIMA = {"hop": 0.25, "duration": 175.0, "statistics": [("max", 2)]}


@pytest.fixture
def plugin(make_plugin):
    """Its time steps are 0.1 s, and depend on nothing beside them."""
    return make_plugin(stretch=3.0)


@pytest.fixture
def registry(no_installed_plugins, plugin):
    return load_registry({"tiny": plugin})


@pytest.fixture
def noise(tmp_path):
    """A recording whose loudness changes from second to second, as long as is asked for."""

    def make(seconds, name="a.wav"):
        random = np.random.default_rng(7)
        samples = round(seconds * RATE)
        sound = random.standard_normal(samples) * np.repeat(random.random(int(seconds) + 1), RATE)[:samples]
        sf.write(tmp_path / name, (0.1 * sound).astype(np.float32), RATE, subtype="FLOAT")
        return tmp_path / name

    return make


@pytest.fixture
def embedder(registry, tmp_path):
    def of(*names, window=8.0, hop=1.0, reading=Reading.STRETCHES, cache="c", **facts):
        models = [registry.model(name) for name in names or ("TINY",)]
        readings = dict.fromkeys(models, reading)
        where = Cache(tmp_path / cache)
        return Embedder(registry, models, Windowing(window, hop), where, readings=readings, **facts)

    return of


def by_steps(path, times, window, statistics):
    """What windows are by the definition: statistics of the time steps of the whole recording that are in them."""
    sound = sf.read(path, dtype="float32")[0]
    steps = sound[: len(sound) // 1600 * 1600].reshape(-1, 1600)
    states = np.stack([steps.mean(1), (steps**2).mean(1)], axis=1).astype(np.float64) * 5
    first = np.round(times * 10).astype(int)
    return np.stack(
        [np.concatenate([s(states[a : a + round(window * 10)], 0) for s in statistics]) for a in first]
    )


@pytest.mark.parametrize(
    ("window", "hop"), [(8.0, 1.0), (1.0, 0.5), (2.0, 0.1), (4.0, 4.0), (0.3, 0.1), (60.0, 20.0)]
)
@pytest.mark.parametrize("seconds", [47.0, 47.25, 3.0, 2.9, 5.9, 0.25])
def test_windows_are_the_mean_of_the_time_steps_in_them(embedder, noise, window, hop, seconds):
    path = noise(seconds)
    found = embedder(window=window, hop=hop).embed(path).embeddings["TINY"]
    expected = by_steps(path, found.times, window, [np.mean])
    assert np.allclose(found.vectors, expected, rtol=1e-5, atol=1e-9)
    windows = embedder(window=window, hop=hop, reading=Reading.WINDOWS).embed(path).embeddings["TINY"]
    assert len(windows.times) == len(found.times)
    same = windows.times == found.times
    assert same[:-1].all(), "but the last one, which ends with the recording"
    assert np.allclose(found.vectors[same], windows.vectors[same], rtol=1e-5, atol=1e-9)


STATISTICS = {"mean": np.mean, "std": np.std, "max": np.max}


@pytest.mark.parametrize("windowing", [Windowing(8.0, 1.0), Windowing(2.0, 0.1), Windowing(1.0, 0.5)])
@pytest.mark.parametrize("pooling", list(Pooling))
def test_deviations_and_maxima_are_of_the_time_steps_in_a_window(
    no_installed_plugins, make_plugin, noise, tmp_path, *, windowing, pooling
):
    plugin = make_plugin(stretch=3.0, pooling=pooling)
    plugin.models = [replace(plugin.models[0], dim=2 * len(pooling.statistics))]
    registry, path = load_registry({"tiny": plugin}), noise(47.25)
    (model,) = plugin.models
    readings = {model: Reading.STRETCHES}
    embedder = Embedder(registry, [model], windowing, Cache(tmp_path / "c"), readings=readings)
    found = embedder.embed(path).embeddings["TINY"]
    expected = by_steps(path, found.times, windowing.window, [STATISTICS[name] for name in pooling.names])
    assert np.allclose(found.vectors, expected, rtol=1e-4, atol=1e-8)


def test_shares_of_a_step_at_the_edges_of_a_grain_count_as_shares(embedder, noise):
    path = noise(10.0)
    found = embedder(window=0.25, hop=0.05).embed(path).embeddings["TINY"]
    steps = by_steps(path, np.arange(100) / 10, 0.1, [np.mean])
    for time, vector in zip(found.times[:-1], found.vectors, strict=False):
        first = round(time * 20)
        halves = [steps[half // 2] for half in range(first, first + 5)]
        assert np.allclose(vector, np.mean(halves, axis=0), rtol=1e-5)


def test_a_second_is_encoded_once_and_windows_of_any_length_come_from_the_cache(embedder, noise, plugin):
    path = noise(47.0)
    assert embedder(window=8.0, hop=0.5).embed(path).computed == {"TINY"}
    plugin.calls.clear()
    for window, hop in ((8.0, 0.5), (2.0, 0.5), (1.0, 1.0), (30.0, 2.5), (8.0, 1.0)):
        found = embedder(window=window, hop=hop).embed(path)
        assert not found.computed
        expected = by_steps(path, found.embeddings["TINY"].times, window, [np.mean])
        assert np.allclose(found.embeddings["TINY"].vectors, expected, rtol=1e-5, atol=1e-9)
    assert plugin.calls == []
    assert embedder(window=1.0, hop=0.25).embed(path).computed, "half a grain is in none"


def test_models_of_a_checkpoint_share_the_pass(embedder, noise, plugin):
    path = noise(30.0)
    joint = embedder("TINY", "TINY_ML").embed(path).embeddings
    passes = plugin.calls.count("embed")
    assert np.array_equal(
        joint["TINY_ML"].vectors, embedder("TINY_ML", cache="d").embed(path).embeddings["TINY_ML"].vectors
    )
    assert plugin.calls.count("embed") == 2 * passes
    assert np.array_equal(
        joint["TINY"].vectors * 2 / 5, joint["TINY_ML"].vectors[:, :2].astype(np.float32)
    ) or np.allclose(joint["TINY"].vectors * 2 / 5, joint["TINY_ML"].vectors[:, :2])


def test_a_killed_run_goes_on_from_its_last_block(embedder, noise, plugin):
    path = noise(60.0)
    whole = embedder(cache="whole").embed(path).embeddings["TINY"]
    plugin.calls.clear()
    plugin.fails_after = 3
    with pytest.raises(Exception, match="killed here"):
        embedder(block_seconds=2.0).embed(path)
    plugin.fails_after = None
    plugin.calls.clear()
    resumed = embedder(block_seconds=2.0).embed(path).embeddings["TINY"]
    blocks = plugin.calls.count("embed")
    assert np.allclose(resumed.vectors, whole.vectors, rtol=1e-6, atol=1e-9)
    plugin.calls.clear()
    embedder(block_seconds=2.0, cache="again").embed(path)
    assert plugin.calls.count("embed") == blocks + 3
    assert np.array_equal(embedder().embed(path).embeddings["TINY"].vectors, resumed.vectors)


def test_the_cut_into_blocks_changes_nothing(embedder, noise):
    path = noise(61.3)
    whole = embedder(cache="whole").embed(path).embeddings["TINY"].vectors
    for seconds in (1.0, 2.0, 7.0):
        cut = embedder(cache=f"cut {seconds}", block_seconds=seconds).embed(path).embeddings["TINY"].vectors
        assert np.allclose(cut, whole, rtol=1e-6, atol=1e-9)


def test_a_wide_context_is_dropped_at_both_ends_of_a_stretch_but_not_of_a_recording(make_plugin):
    endless = make_plugin(stretch=3.0, context=float("inf")).checkpoint
    assert margin(endless) == pytest.approx(0.3)
    assert stretching(endless) == Windowing(3.0, 2.4)
    chunks = [np.zeros(round(10.3 * RATE), np.float32)]
    (block,) = stretched_blocks(chunks, endless)
    assert block.block.times.tolist() == [0.0, 2.4, 4.8, 7.2, 7.3], "the last one on the grid of time steps"
    assert block.begins.tolist() == pytest.approx([0.0, 2.7, 5.1, 7.5, 9.9])
    assert block.ends.tolist() == pytest.approx([2.7, 5.1, 7.5, 9.9, 10.3])
    shares = block.shares(slice(0, 5), 30, 0.1, 1.0)
    counted = sum(float(s.sum()) for s in shares.weights)
    assert counted == pytest.approx(103), "each of the recording's time steps once"


@pytest.fixture
def hearing(no_installed_plugins, make_plugin, tmp_path):
    """Reads grains of a quarter of a second by a network whose time steps hear all of their stretch, 3 s."""

    class Hearing(make_plugin):
        @hookimpl
        def embed(self, encoder, batch, layers):
            states = super().embed(encoder, batch, layers)
            return {
                layer: each + each.mean(1, keepdims=True) + batch.shape[1] for layer, each in states.items()
            }

    plugin = Hearing(stretch=3.0, context=float("inf"))
    registry = load_registry({"tiny": plugin})
    model = plugin.models[0]

    def read(*pieces, cache="c", **facts):
        sound = np.concatenate(pieces)
        path = tmp_path / f"{zlib.crc32(sound.tobytes())}.wav"
        if not path.exists():
            sf.write(path, sound, RATE, subtype="FLOAT")
        readings = {model: Reading.STRETCHES}
        of_grains = Windowing(0.25, 0.25)
        embedder = Embedder(registry, [model], of_grains, Cache(tmp_path / cache), readings=readings, **facts)
        return embedder.embed(path).embeddings["TINY"]

    read.plugin = plugin
    return read


def gated(*seconds, begins_silent=False):
    """Sound, silence, sound, ...; none of the sound is twice."""
    random = np.random.default_rng(11)
    pieces = []
    for place, each in enumerate(seconds):
        silent = place % 2 != begins_silent
        samples = random.standard_normal(round(each * RATE)) * (0.0 if silent else 0.1)
        pieces.append(samples.astype(np.float32))
    return pieces


@pytest.mark.parametrize("zeros", [0.1, 0.3, 2.0, 50.0])
@pytest.mark.parametrize("seconds", [12.25, 3.0])
def test_zeros_after_a_recording_change_no_bit_of_what_lies_before_them(hearing, seconds, zeros):
    sound, silence = gated(seconds, zeros)
    alone, longer = hearing(sound), hearing(sound, silence)
    assert len(longer.times) > len(alone.times)
    assert np.array_equal(longer.vectors[: len(alone.times)], alone.vectors)


def test_both_sides_of_a_long_silence_are_read_as_recordings_of_their_own(hearing):
    before, silence, after = gated(7.7713, 6.4787, 4.3)
    found = hearing(before, silence, after)
    alone, other = hearing(before), hearing(after)
    assert np.array_equal(found.vectors[:31], alone.vectors[:31]), "up to the last whole grain"
    assert found.times[57] == 14.25
    assert np.allclose(found.vectors[57:], other.vectors, rtol=1e-6)


def test_a_shorter_silence_is_heard_by_what_lies_around_it(hearing):
    before, silence, after = gated(7.0, 5.0, 4.0)
    found = hearing(before, silence, after)
    assert not np.array_equal(found.vectors[:28], hearing(before).vectors[:28])


def test_gates_that_close_cost_few_more_stretches(no_installed_plugins, make_plugin):
    endless = make_plugin(stretch=3.0, context=float("inf")).checkpoint

    def stretches(*seconds):
        return sum(len(each.block.times) for each in stretched_blocks(gated(*seconds), endless))

    assert stretches(*[1.0, 5.9] * 20, 1.0) == stretches(20 * 6.9 + 1.0)
    for opened, closed in ((0.1, 6.1), (3.1, 6.1), (10.0, 7.0), (1.0, 30.0)):
        assert stretches(*[opened, closed] * 20) < 1.6 * stretches(20 * (opened + closed))


def test_what_is_wholly_silent_has_its_windows(hearing):
    (silence,) = gated(20.0, begins_silent=True)
    found = hearing(silence)
    assert len(found.times) == 80
    assert np.array_equal(found.vectors, np.full((80, 2), 30)), "its stretches have 30 time steps of zeros"


def test_a_killed_run_over_silences_goes_on_from_its_last_block(hearing):
    pieces = gated(7.3, 8.0, 0.013, 6.5, 12.2, 0.7)
    whole = hearing(*pieces)
    plugin = hearing.plugin
    plugin.calls.clear()
    plugin.fails_after = 4
    with pytest.raises(Exception, match="killed here"):
        hearing(*pieces, cache="killed", block_seconds=1.0)
    plugin.fails_after = None
    resumed = hearing(*pieces, cache="killed", block_seconds=1.0)
    plugin.calls.clear()
    uncut = hearing(*pieces, cache="uncut", block_seconds=1.0)
    assert np.array_equal(resumed.vectors, uncut.vectors)
    assert np.allclose(resumed.vectors, whole.vectors, rtol=1e-6)
    assert np.array_equal(resumed.times, whole.times)


@pytest.mark.parametrize(("apart", "gives"), [(2, 15), (0.5, 60)])
def test_a_network_with_another_step_than_it_declares_is_refused(
    no_installed_plugins, make_plugin, noise, tmp_path, apart, gives
):
    """All of its windows would be misplaced, and nobody would see it."""

    class Other(make_plugin):
        @hookimpl
        def embed(self, encoder, batch, layers):
            states = super().embed(encoder, batch, layers)
            count = round(batch.shape[1] / apart)
            return {layer: np.resize(each, (len(batch), count, 2)) for layer, each in states.items()}

    plugin = Other(stretch=3.0)
    registry, model = load_registry({"tiny": plugin}), plugin.models[0]
    facts = [registry, [model], Windowing(8.0, 1.0), Cache(tmp_path / "c")]
    message = f"TINY gave {gives} time steps for a stretch of 3 s; with one every 0.1 s, as TINY declares, there should be 28 to 31"
    with pytest.raises(EmbeddingError, match=message) as raised:
        Embedder(*facts, readings={model: Reading.STRETCHES}).embed(noise(20.0))
    assert "\n" not in str(raised.value)
    found = Embedder(*facts, readings={model: Reading.WINDOWS}).embed(noise(20.0))
    assert len(found.embeddings["TINY"].times) == 13


@pytest.mark.parametrize(
    ("seconds", "expected"), [(10.0, (498, 501)), (0.3, (13, 16)), (0.02, (1, 2)), (10.0099, (499, 501))]
)
def test_a_step_more_or_less_is_how_a_network_begins_and_ends(make_plugin, seconds, expected):
    checkpoint = replace(make_plugin(stretch=10.0).checkpoint, step=0.02, shortest_window=0.025)
    least, most = steps_expected(checkpoint, seconds)
    assert (math.ceil(least), math.floor(most)) == expected


def test_a_damaged_file_of_grains_is_computed_again(embedder, noise, tmp_path):
    path = noise(20.0)
    first = embedder().embed(path)
    file = Path(first.files["TINY"])
    file.write_bytes(file.read_bytes()[:500])
    notes = []
    again = embedder(tell=notes.append).embed(path)
    assert again.computed == {"TINY"}
    assert "damaged" in notes[0].message
    assert np.array_equal(again.embeddings["TINY"].vectors, first.embeddings["TINY"].vectors)


def test_a_large_constant_part_drowns_nothing_over_a_day():
    random = np.random.default_rng(3)
    grains = 24 * 3600 * 4
    means = 1e4 + random.standard_normal((grains, 2))
    means[:, 1] = 1e4
    deviations = np.stack([np.full(grains, 0.5), np.zeros(grains)], axis=1)
    vectors = np.concatenate([means, deviations], axis=1).astype(np.float32)
    meta = {"hop": 0.25, "duration": 86_400.0, "statistics": [("mean", 2), ("std", 2)]}
    kept = Embeddings(np.arange(grains) / 4, vectors, meta, np.full(grains, 12.5))
    found = windows_of(kept.rows(), Windowing(8.0, 0.25), RATE)
    exact = vectors.astype(np.float64)
    for place in (0, 1, 172_345, grains - 32):
        rows = exact[place : place + 32]
        assert np.allclose(found.vectors[place, :2], rows[:, :2].mean(0), rtol=1e-7)
        deviation = np.sqrt(rows[:, 2:].mean(0) ** 2 + rows[:, :2].var(0))
        assert np.allclose(found.vectors[place, 2:], deviation, rtol=1e-5, atol=1e-6)
    assert np.abs(found.vectors[:, 1] - 1e4).max() == 0
    assert found.vectors[:, 3].max() < 1e-6


def test_parts_of_a_grain_are_joined_by_their_weights():
    random = np.random.default_rng(1)
    steps = random.standard_normal((12, 3)).astype(np.float32)
    parts = [steps[:5], steps[5:7], steps[7:]]
    vectors = np.stack([np.concatenate([part.mean(0), part.std(0), part.max(0)]) for part in parts])
    statistics = [("mean", 3), ("std", 3), ("max", 3)]
    grains, joined, weights = merged(np.array([4, 4, 4]), vectors, np.array([5.0, 2.0, 5.0]), statistics)
    assert (grains.tolist(), weights.tolist()) == ([4], [12.0])
    assert np.allclose(joined[0], np.concatenate([steps.mean(0), steps.std(0), steps.max(0)]), atol=1e-6)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 31, 600])
def test_a_maximum_over_grains_is_that_of_any_number_of_them(count):
    random = np.random.default_rng(4)
    vectors = random.standard_normal((700, 2)).astype(np.float32)
    kept = Embeddings(np.arange(700) / 4, vectors, META_OF_MAXIMA, np.full(700, 12.5))
    found = windows_of(kept.rows(), Windowing(count / 4, 0.25), RATE)
    expected = [vectors[first : first + count].max(0) for first in range(len(found.times))]
    assert np.array_equal(found.vectors, expected)


def test_pooling_by_shares_is_a_weighted_mean_and_deviation():
    random = np.random.default_rng(2)
    states = (1e3 + random.standard_normal((2, 7, 3))).astype(np.float32)
    weights = np.zeros((2, 2, 7), np.float32)
    weights[:, 0, :4], weights[:, 1, 3:6] = 1.0, 1.0
    weights[:, 0, 3], weights[:, 1, 3] = 0.25, 0.75
    found = pool_shares([states], weights, "mean+std")
    for item in range(2):
        for grain in range(2):
            w = weights[item, grain].astype(np.float64)
            mean = np.average(states[item].astype(np.float64), axis=0, weights=w)
            variance = np.average((states[item] - mean) ** 2, axis=0, weights=w)
            assert np.allclose(found[item, grain], np.concatenate([mean, np.sqrt(variance)]), rtol=1e-5)


def test_a_maximum_is_of_all_steps_of_which_a_share_is_in_the_grain():
    states = np.array([[[3.0], [1.0], [2.0], [9.0]], [[1.0], [5.0], [2.0], [0.0]]], np.float32)
    weights = np.array([[[1, 0.5, 0, 0], [0, 0.5, 1, 0.1]], [[1, 0, 0, 0], [0, 0.9, 1, 1]]], np.float32)
    found = pool_shares([states], weights, "mean+max")
    assert found[:, :, 1].tolist() == [[3.0, 9.0], [1.0, 5.0]]


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"stretch": 3.005}, "stretch must be None, or a multiple of 0.01 s"),
        ({"stretch": 0.05}, "stretch must be between shortest_window and longest_window"),
        ({"stretch": 1.0, "context": 0.5}, "stretch must be longer than a step with its context"),
        ({"stretch": 3.0, "context": -1.0}, "context must be a number of seconds of 0 or more"),
        ({"context": float("nan")}, "context must be a number of seconds of 0 or more"),
    ],
)
def test_a_stretch_that_cannot_be_is_refused(facts, message):
    declared = {"source": "none", "revision": "1", "layers": 0, "licence": "MIT", "parameters": 0}
    with pytest.raises(ModelError, match=message):
        Checkpoint("X", sample_rate=RATE, step=0.1, shortest_window=0.1, **declared, **facts)
