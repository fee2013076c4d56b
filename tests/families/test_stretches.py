"""Every network that reads stretches: windows are made of its own time steps, whatever goes on around them.

Networks and weights are those of `test_conformance.py`; stretches are short, so that a few seconds have several of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile as sf

from audioscan_host import Checkpoint, Model, Runtime, Windowing, Windows, hookimpl
from audioscan_host.cache import Cache
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.plugins.registry import Registry, load_registry
from audioscan_host.reading import Reading
from audioscan_torch.encoder import TorchEncoder

pytestmark = pytest.mark.usefixtures("reduced")

RATE = 16_000
CPU = Runtime(device="cpu", precision="fp32")
SECONDS = 7.3
WINDOWING = Windowing(1.6, 0.4)

# Model, module of its hooks, stretch, and by hand: its margin, and how far a stretch begins after the one before.
TRIED = {
    "AST": ("reduced_ast", 2.56, 0.256, 2.0),  # 20 steps of 0.1 s in 2.048 s
    "BEATS": ("audioscan_beats", 2.5, 0.25, 1.92),  # 12 of 0.16 s in 2.0 s
    "EAT": ("audioscan_eat", 2.56, 0.256, 1.92),
    "HUBERT_BASE": ("reduced_hubert", 2.0, 0.2, 1.6),  # 80 of 0.02 s
    "HUBERT_LARGE": ("reduced_hubert", 2.0, 0.2, 1.6),  # whose input is normalised
}
WEIGHTS = {"AST": "ast_weights", "BEATS": "beats_weights", "EAT": "eat_weights"}


@pytest.fixture
def plugins(request: pytest.FixtureRequest) -> Callable[[str], Mapping[str, ModuleType]]:
    """The plugin of a model, as it is but for the stretch."""

    def of(name: str) -> Mapping[str, ModuleType]:
        request.getfixturevalue(WEIGHTS.get(name, "hubert_weights"))
        module, stretch, *_ = TRIED[name]
        family = import_module(module)

        @hookimpl
        def register_models() -> list[Model]:
            return [
                replace(each, checkpoint=replace(each.checkpoint, stretch=stretch))
                for each in family.register_models()
            ]

        plugin = ModuleType("stretched")
        vars(plugin).update(vars(family), register_models=register_models)
        return {"stretched": plugin}

    return of


@pytest.fixture
def recording(tmp_path: Any, sound: Any) -> Any:
    sf.write(tmp_path / "a.wav", sound(SECONDS), RATE, subtype="FLOAT")
    return tmp_path / "a.wav"


@pytest.fixture
def embed(recording: Any, tmp_path: Any) -> Callable[..., Mapping[str, npt.NDArray[np.float32]]]:
    """Embed the recording by stretches, each time in a cache of its own: name -> (windows, dim)."""
    counted = iter(range(100))

    def run(
        registry: Registry, *names: str, cache: Cache | None = None, **facts: Any
    ) -> Mapping[str, npt.NDArray[np.float32]]:
        models = [registry.model(name) for name in names]
        readings = dict.fromkeys(models, Reading.STRETCHES)
        where = cache or Cache(tmp_path / f"cache {next(counted)}")
        facts = {"runtime": CPU, **facts}
        done = Embedder(registry, models, WINDOWING, where, readings=readings, **facts).embed(recording)
        return {name: each.vectors for name, each in done.embeddings.items()}

    return run


def stretches_by_hand(checkpoint: Checkpoint, name: str) -> list[tuple[float, float, float]]:
    """Of each stretch its start, and from where to where its time steps count."""
    _, stretch, margin, advance = TRIED[name]
    starts = [n * advance for n in range(int((SECONDS - stretch) / advance + 1e-9) + 1)]
    # The last one begins as late as it can on the grid of 10 ms and of time steps.
    grid = next(
        n for n in range(1, 100) if abs(n / 100 / checkpoint.step - round(n / 100 / checkpoint.step)) < 1e-9
    )
    starts.append(int((SECONDS - stretch) * 100 + 1e-9) // grid * grid / 100)
    ends = [start + stretch - margin for start in starts[:-1]] + [SECONDS]
    return list(zip(starts, [0.0, *ends[:-1]], ends, strict=True))


def by_hand(
    registry: Registry, models: Sequence[Model], waveform: npt.NDArray[np.float32]
) -> Mapping[str, Any]:
    """Windows from the network's own time steps: each step counts by how much of it lies in the window."""
    checkpoint = models[0].checkpoint
    family = registry.family(models[0])
    encoder = family.load(checkpoint, CPU)
    layers = frozenset(layer for model in models for layer in model.layers)
    length, step = round(checkpoint.stretch * RATE), checkpoint.step
    times = np.arange(round((SECONDS - WINDOWING.window) // WINDOWING.hop) + 2) * WINDOWING.hop
    totals, weights = {}, np.zeros(len(times))
    for start, begin, end in stretches_by_hand(checkpoint, models[0].name.removesuffix("_ML")):
        cut = waveform[round(start * RATE) :][:length]
        states = family.embed(
            encoder, family.preprocess(encoder, cut, Windows(np.zeros(1, np.int64), length, RATE))[:1], layers
        )
        count = next(iter(states.values())).shape[1]
        for place in range(count):
            lower, upper = max(start + place * step, begin), min(start + (place + 1) * step, end)
            for window, time in enumerate(times):
                share = min(upper, time + WINDOWING.window) - max(lower, time)
                if share <= 0:
                    continue
                weights[window] += share
                for layer in layers:
                    total = totals.setdefault((layer, window), 0.0)
                    totals[layer, window] = total + share * states[layer][0, place].double().numpy()
    return {
        model.name: np.stack(
            [
                np.concatenate([totals[layer, w] / weights[w] for layer in model.layers])
                for w in range(len(times))
            ]
        )
        for model in models
    }


@pytest.mark.parametrize("name", TRIED)
def test_a_window_is_the_mean_of_the_networks_own_time_steps_in_it(
    name: str, plugins: Any, embed: Any, sound: Any
) -> None:
    registry = load_registry(plugins(name))
    names = [name, f"{name}_ML"]
    models = [registry.model(each) for each in names]
    found = embed(registry, *names)
    expected = by_hand(registry, models, sound(SECONDS))
    for each in names:
        assert found[each].shape == expected[each].shape
        scale = np.abs(expected[each]).max()
        np.testing.assert_allclose(found[each], expected[each], rtol=0, atol=1e-5 * scale)


@pytest.mark.parametrize("name", TRIED)
def test_two_models_of_a_checkpoint_share_the_pass_and_have_the_numbers_of_each_alone(
    name: str, plugins: Any, embed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = load_registry(plugins(name))
    names, calls = [name, f"{name}_ML"], batches(monkeypatch)
    joint = embed(registry, *names)
    passes = len(calls)
    for each in names:
        alone = embed(registry, each)[each]
        np.testing.assert_allclose(joint[each], alone, rtol=0, atol=1e-5 * np.abs(alone).max())
    assert len(calls) == 3 * passes


def batches(monkeypatch: pytest.MonkeyPatch, most: int = 100, fails_at: int | None = None) -> list[int]:
    """Takes note of how many stretches go through the network at once; no memory for more than `most`."""
    sizes: list[int] = []
    embed = TorchEncoder.embed

    def noting(self: TorchEncoder, batch: Any, layers: frozenset[int]) -> Any:
        if len(batch) > most:
            raise MemoryError
        sizes.append(len(batch))
        if len(sizes) == fails_at:
            raise KeyboardInterrupt
        return embed(self, batch, layers)

    monkeypatch.setattr(TorchEncoder, "embed", noting)
    return sizes


def test_where_memory_is_short_fewer_stretches_go_through_at_once(
    plugins: Any, embed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = load_registry(plugins("HUBERT_LARGE"))
    with monkeypatch.context() as patch:
        sizes = batches(patch)
        expected = embed(registry, "HUBERT_LARGE")["HUBERT_LARGE"]
        assert sizes == [4, 1]
    sizes = batches(monkeypatch, most=1)
    found = embed(registry, "HUBERT_LARGE")["HUBERT_LARGE"]
    assert sizes == [1] * 5
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def test_a_run_that_is_killed_goes_on_from_its_last_block(
    plugins: Any, embed: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    registry = load_registry(plugins("HUBERT_LARGE"))
    small = {"block_seconds": 0.4}  # a stretch a block
    expected = embed(registry, "HUBERT_LARGE", **small)["HUBERT_LARGE"]
    cache = Cache(tmp_path / "killed")
    with monkeypatch.context() as patch:
        batches(patch, fails_at=4)
        with pytest.raises(KeyboardInterrupt):
            embed(registry, "HUBERT_LARGE", cache=cache, **small)
    sizes = batches(monkeypatch)
    found = embed(registry, "HUBERT_LARGE", cache=cache, **small)["HUBERT_LARGE"]
    assert sum(sizes) == 2, "of five stretches"
    np.testing.assert_array_equal(found, expected)


class Quieter:
    """Halves the waveform, and doubles what is selected."""

    WRAPPER_REVISION = 1

    @hookimpl(wrapper=True)
    def filter_waveform(self) -> Any:
        return (yield) * np.float32(0.5)

    @hookimpl(wrapper=True)
    def select_layers(self) -> Any:
        return [2 * each for each in (yield)]


@pytest.mark.parametrize("name", ["EAT", "HUBERT_BASE"])
def test_wrappers_of_waveform_and_layers_are_around_stretches_too(
    name: str, plugins: Any, embed: Any, sound: Any
) -> None:
    registry = load_registry({**plugins(name), "quieter": Quieter()})
    assert registry.failures == ()
    found = embed(registry, f"{name}_ML")[f"{name}_ML"]
    plain = load_registry(plugins(name))
    model = plain.model(f"{name}_ML")
    quieter = sound(SECONDS) * np.float32(0.5)
    expected = 2 * by_hand(plain, [model], quieter)[model.name]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
