"""What the tests of plugins with a network share: a sound, and the host's way from it to embeddings."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pytest

from audioscan_host import Model, Runtime, Windowing
from audioscan_host.embedding.encoders import Encoders
from audioscan_host.plugins.registry import Registry
from audioscan_host.windows import cut_blocks

Array = npt.NDArray[np.float32]

RATE = 16_000


def _sound(seconds: float, seed: int = 0) -> Array:
    """Syllables of a gliding voice over noise: (samples,) float32 at 16 kHz, nowhere alike."""
    random = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    pitch = 180 + 60 * np.sin(2 * np.pi * 0.31 * time + seed) + 25 * time
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    voice = sum(np.sin(k * phase) / k for k in range(1, 12))
    syllables = np.clip(np.sin(2 * np.pi * 1.7 * time) + 0.3 * np.sin(2 * np.pi * 0.45 * time), 0, None)
    background = random.normal(0, 0.01, len(time))
    return (0.15 * voice * syllables + background).astype(np.float32)


def _embedded(
    registry: Registry,
    models: Iterable[str],
    waveform: Array,
    windowing: Windowing,
    *,
    runtime: Runtime | None = None,
    encoders: Encoders | None = None,
) -> Mapping[str, Array]:
    """Embed a waveform as the host does, by models of one checkpoint: name -> (windows, dim) float32.

    `encoders`, where given, are those of the registry, and stay loaded.
    """
    chosen: Sequence[Model] = [registry.model(name) for name in models]
    shortest = chosen[0].checkpoint.shortest_window
    (block,) = cut_blocks([waveform], RATE, windowing, shortest)
    encoders = encoders or Encoders(registry, runtime or Runtime(device="cpu"))
    vectors = encoders.embed_block(block, chosen, lambda _windows: None)
    return {model.name: embedded for model, embedded in zip(chosen, vectors, strict=True)}


@pytest.fixture(scope="session")
def sound() -> Callable[..., Array]:
    """`sound(10)` is ten seconds of it."""
    return _sound


@pytest.fixture(scope="session")
def embedded() -> Callable[..., Mapping[str, Array]]:
    """`embedded(registry, ["AST"], waveform, Windowing(8, 1))["AST"]` is (windows, dim) float32."""
    return _embedded
