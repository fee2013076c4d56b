"""A block of windows -> vectors, by all models of one checkpoint in one pass."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from audioscan_host.errors import PluginError
from audioscan_host.model import Checkpoint, Model, Runtime
from audioscan_host.pooling import pool, to_host
from audioscan_host.registry import Family, Registry
from audioscan_host.windows import Block


class Encoders:
    """Runs checkpoints; each is loaded when it is first needed and then held."""

    def __init__(self, registry: Registry, runtime: Runtime) -> None:
        self._registry = registry
        self._runtime = runtime
        self._loaded: dict[tuple[str, Checkpoint], tuple[Family, Any]] = {}

    def embed_block(
        self, block: Block, models: Sequence[Model], on_windows: Callable[[int], None]
    ) -> list[npt.NDArray[np.float32]]:
        """Embed a block by models that share a checkpoint.

        Args:
            block: waveform and windows.
            models: one or more, all of one checkpoint.
            on_windows: called after each batch with the number of windows in it.

        Returns:
            (windows, dim) for each model.

        Raises:
            PluginError: the plugin gave something else than it declared.
        """
        family, encoder = self._encoder(models[0])
        layers = frozenset(layer for model in models for layer in model.layers)
        inputs = family.preprocess(encoder, block.waveform, block.windows)
        pooled: list[list[Any]] = [[] for _ in models]
        for start in range(0, len(inputs), self._runtime.batch_size):
            batch = inputs[start : start + self._runtime.batch_size]
            states = family.embed(encoder, batch, layers)
            for model, batches in zip(models, pooled, strict=True):
                batches.append(pool(family.select_layers(model, states), model.pooling))
            on_windows(min(self._runtime.batch_size, len(inputs) - start))
        joined = [to_host(batches) for batches in pooled]
        for model, vectors in zip(models, joined, strict=True):
            _check(family, model, vectors, len(inputs))
        return joined

    def _encoder(self, model: Model) -> tuple[Family, Any]:
        checkpoint = model.checkpoint
        # Two plugins may declare one checkpoint; each encoder belongs to its own plugin's hooks.
        key = (self._registry.owner(model).name, checkpoint)
        if key not in self._loaded:
            family = self._registry.family(model)
            self._loaded[key] = (family, family.load(checkpoint, self._runtime))
        return self._loaded[key]


def _check(family: Family, model: Model, vectors: npt.NDArray[np.float32], windows: int) -> None:
    where = f"plugin {family.name!r}: {model.name}"
    if vectors.shape != (windows, model.dim):
        expected = (windows, model.dim)
        raise PluginError(f"{where} gave embeddings of shape {vectors.shape}; by its declaration {expected}")
    if not np.isfinite(vectors).all():
        raise PluginError(f"{where} gave embeddings that are not finite")
