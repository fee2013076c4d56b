"""What a search takes off: the background of each recording, and never the sound."""

import numpy as np
import pytest

from audioscan_host import FINAL, Model, Windowing, hookimpl, load_registry, search

SOUND = np.eye(8)[0] * 0.1


@pytest.fixture
def registry(no_installed_plugins, make_plugin):
    """A model whose embeddings are made by hand: each tenth of a second holds eight levels."""

    class Levels(make_plugin):
        @hookimpl
        def embed(self, encoder, batch, layers):
            return dict.fromkeys(layers, batch.reshape(*batch.shape[:2], 8, 200).mean(3))

    plugin = Levels("LEVELS")
    plugin.models = [Model("LEVELS", plugin.checkpoint, (FINAL,), 8, "levels")]
    return load_registry({"levels": plugin})


@pytest.fixture
def search_levels(registry, tmp_path, write_wav):
    """Search recordings for a place in another: name -> (seconds, 8) levels, one embedding a second."""

    def write(name, levels):
        samples = np.repeat(np.tile(levels[:, None], (1, 10, 1)).ravel(), 200)
        return write_wav(tmp_path / name, samples)

    def search_levels(recordings, example, start, n, normalisation="background"):
        paths = {name: write(f"{name}.wav", levels) for name, levels in recordings.items()}
        like = f"{paths.pop(example)}@{start}-{start + 1}"
        found = search(
            paths.values(), [like], "LEVELS", n=n, normalisation=normalisation, registry=registry,
            windowing=Windowing(1.0, 1.0), cache_dir=tmp_path / "cache",
        )  # fmt: skip
        return [(match.path.stem, int(match.start), match.score) for match in found.matches]

    return search_levels


def levels(seed, sounds, background, seconds=120):
    """The sound is one direction, the background of a recording another, and all of it varies a little."""
    random = np.random.default_rng(seed)
    found = random.normal(0, 0.01, (seconds, 8))
    found[:, 1:] += random.normal(0, background, 7)
    found[list(sounds)] += SOUND
    return found.clip(-0.99, 0.99)


def test_a_recording_full_of_the_sound_ranks_with_the_others(search_levels):
    few = range(5, 120, 20)
    recordings = {"example": levels(0, [7, 60, 90], 0.1), "full": levels(1, range(120), 0.1)}
    recordings |= {name: levels(seed, few, 0.1) for seed, name in enumerate("abcdef", 2)}
    found = search_levels(recordings, "example", 60, 120 + 6 * len(few))
    places = {(name, start) for name, start, _ in found}
    assert places == {("full", start) for start in range(120)} | {
        (name, start) for name in "abcdef" for start in few
    }


@pytest.mark.slow
@pytest.mark.parametrize("often", [2, 10, 40, 120])
def test_more_of_the_sound_does_not_lower_its_score(search_levels, often):
    recordings = {"example": levels(0, [60], 0.1), "searched": levels(1, range(0, 120, 120 // often), 0.1)}
    recordings |= {name: levels(seed, [], 0.1) for seed, name in enumerate("abcdef", 2)}
    found = search_levels(recordings, "example", 60, often)
    assert {name for name, *_ in found} == {"searched"}


@pytest.mark.slow
def test_the_background_of_a_recording_is_taken_off(search_levels):
    """It is larger than the sound: seen from the mean of all, a few recordings are most like the example."""
    recordings = {name: levels(seed, [20, 70], 0.2) for seed, name in enumerate("abcdef", 1)}
    recordings["example"] = levels(0, [60], 0.2)
    sounds = {(name, start) for name in "abcdef" for start in (20, 70)}
    relative, plain = (
        {(name, start) for name, start, _ in search_levels(recordings, "example", 60, 12, normalisation=n)}
        for n in ("background", "global")
    )
    assert relative == sounds
    assert len(plain & sounds) <= 9
