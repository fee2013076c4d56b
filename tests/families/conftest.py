"""What the tests of plugins with a network share: a sound, and the host's way from it to embeddings."""

import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from audioscan_host import Model, Runtime, Windowing
from audioscan_host.embedding.encoders import Encoders
from audioscan_host.plugins.registry import Registry
from audioscan_host.windows import cut_blocks

Array = npt.NDArray[np.float32]

Function = tuple[Any, str]
"""What has it, and its name there."""

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


@pytest.fixture
def one_pass(sound: Callable[..., Array], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """`one_pass(registry, models, (owner, "load"), (Network, "forward"))` are the embeddings by models of a checkpoint.

    Three windows of a second make two batches: the first function is called once for them, the second once a batch.
    """

    def embed(
        registry: Registry, models: Iterable[str], load: Function, forward: Function
    ) -> Mapping[str, Array]:
        calls: list[str] = []
        runtime = Runtime(device="cpu", batch_size=2)
        with monkeypatch.context() as patch:
            for owner, name in (load, forward):
                patch.setattr(owner, name, _noting(calls, name, getattr(owner, name)))
            found = _embedded(registry, models, sound(3), Windowing(1, 1), runtime=runtime)
        assert calls == [load[1], forward[1], forward[1]]
        return found

    return embed


def _noting(calls: list[str], name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def noting(*args: Any, **kwargs: Any) -> Any:
        calls.append(name)
        return function(*args, **kwargs)

    return noting


LOADING = """
import sys
from importlib import import_module
from audioscan_host import Runtime, load_registry

family, checkpoint, *place = sys.argv[1:]
plugin = import_module(f"audioscan_{family}")
registry = load_registry({family: plugin}, {checkpoint: place[0]} if place else {})
plugin.load(registry.model(checkpoint).checkpoint, Runtime(device="cpu"))
"""


@pytest.fixture
def printed_by_loading(no_installed_plugins: None) -> Callable[..., tuple[str, str]]:
    """`printed_by_loading("ast", "AST")` is what a new process writes to stdout and stderr; a third is the weights' place."""

    def load(*arguments: str) -> tuple[str, str]:
        command = [sys.executable, "-c", LOADING, *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return done.stdout, done.stderr

    return load
