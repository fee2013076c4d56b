"""A recording read in stretches: each block of them becomes the vectors of its grains."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from audioscan_host.cache import Embeddings
from audioscan_host.embedding.begun import Begun
from audioscan_host.embedding.encoders import Encoders
from audioscan_host.embedding.grains import merged
from audioscan_host.embedding.pooling import pool_shares, statistics_of
from audioscan_host.embedding.stretches import (
    Shares,
    StretchedBlock,
    steps_expected,
    stretched_blocks,
    stretching,
)
from audioscan_host.embedding.tasks import Task
from audioscan_host.embedding.window_pass import Rows
from audioscan_host.errors import PluginError
from audioscan_host.models.model import Checkpoint, Model
from audioscan_host.plugins.hookspecs import Array


class StretchPass:
    """The pass of a checkpoint over the stretches of a recording, each second once; what is kept are grains.

    Attributes:
        hop: seconds of audio that each stretch stands for.
    """

    def __init__(self, task: Task) -> None:
        self._checkpoint = task.checkpoint
        self._grain = task.windowing.hop
        self._block_seconds = task.block_seconds
        self.hop = stretching(task.checkpoint).hop

    def blocks(self, samples: Iterable[npt.NDArray[np.float32]]) -> Iterator[StretchedBlock]:
        """The recording, in blocks of stretches."""
        return stretched_blocks(samples, self._checkpoint, self._block_seconds)

    def times(self, block: StretchedBlock) -> npt.NDArray[np.float64]:
        """Starts of the stretches of a block, seconds."""
        return block.block.times

    def begin(
        self,
        encoders: Encoders,
        block: StretchedBlock,
        models: Sequence[Model],
        on_stretches: Callable[[int], None],
    ) -> Begun[list[Embeddings]]:
        """Begin with a block; what is taken are its grains for each model: the first may go on with the last of the block before.

        Raises:
            CheckpointError, SettingError, EmbeddingError: as `Encoders.begin_block`.
        """
        pooling = _Pooling(block, self._checkpoint, self._grain)
        times = block.block.times
        begun = encoders.begin_block(block.block, models, on_stretches, pooling)
        return begun.then(lambda vectors: self._grains(times, models, pooling, vectors))

    def embed(
        self,
        encoders: Encoders,
        block: StretchedBlock,
        models: Sequence[Model],
        on_stretches: Callable[[int], None],
    ) -> list[Embeddings]:
        """The grains of a block for each model: `begin`, and take it at once."""
        return self.begin(encoders, block, models, on_stretches).take()

    def _grains(
        self,
        stretches: npt.NDArray[np.float64],
        models: Sequence[Model],
        pooling: "_Pooling",
        vectors: Sequence[npt.NDArray[np.float32]],
    ) -> list[Embeddings]:
        shares = [pooling.shares[first] for first in sorted(pooling.shares)]
        weights = np.concatenate([each.weights.sum(axis=2, dtype=np.float64).ravel() for each in shares])
        places = np.concatenate(
            [(each.first[:, None] + np.arange(each.weights.shape[1])).ravel() for each in shares]
        )
        blocks = []
        for model, parts in zip(models, vectors, strict=True):
            statistics = pooling.statistics[model]
            grains, joined, total = merged(places, parts, weights, statistics)
            facts = {"reading": "stretches", "hop": self._grain, "statistics": statistics}
            meta = {**facts, "stretches": stretches.tolist()}
            times = grains.astype(np.float64) * self._grain
            blocks.append(Embeddings(times, joined, meta, total))
        return blocks

    def rows(self, dim: int) -> "_GrainRows":
        """Takes the blocks."""
        return _GrainRows(dim)


class _Pooling:
    """Pools batches of stretches, and remembers which grains their vectors are of."""

    unit = "stretch"

    def __init__(self, stretched: StretchedBlock, checkpoint: Checkpoint, grain: float) -> None:
        self._stretched, self._checkpoint, self._grain = stretched, checkpoint, grain
        self.shares: dict[int, Shares] = {}
        self.statistics: dict[Model, list[tuple[str, int]]] = {}

    def windows(self, _count: int) -> npt.NDArray[np.int64]:
        parts = [
            np.repeat(np.arange(first, first + len(each.weights)), each.weights.shape[1])
            for first, each in sorted(self.shares.items())
        ]
        return np.concatenate(parts)

    def __call__(self, selected: Sequence[Array], model: Model, part: slice) -> Array:
        steps = self._steps(selected, model)
        shares = self.shares.get(part.start)
        if shares is None or shares.weights.shape[::2] != (part.stop - part.start, steps):
            shares = self._stretched.shares(part, steps, self._checkpoint.step, self._grain)
            self.shares[part.start] = shares
        self.statistics[model] = statistics_of(selected, model.pooling)
        pooled = pool_shares(selected, shares.weights, model.pooling)
        return pooled.reshape((-1, pooled.shape[-1]))

    def _steps(self, selected: Sequence[Array], model: Model) -> int:
        """How many time steps each stretch has, which must be as many as are declared: else they are not where they seem.

        Raises:
            PluginError: they are not.
        """
        windows, step = self._stretched.block.windows, self._checkpoint.step
        seconds = windows.length / windows.sample_rate
        least, most = steps_expected(self._checkpoint, seconds)
        for states in selected:
            if not least <= states.shape[1] <= most:
                raise PluginError(
                    f"{model.name} gave {states.shape[1]} time steps for a stretch of {seconds:g} s; with one every {step:g} s, as "
                    f"{self._checkpoint.name} declares, there should be {least:.0f} to {most:.0f}; read it with --reading windows, "
                    f"and tell its author: `audioscan-host check {model.name}` tells more"
                )
        steps: int = selected[0].shape[1]
        return steps


class _GrainRows:
    """The grains of a recording as its blocks bring them; one over a border is made of both its parts."""

    def __init__(self, dim: int) -> None:
        self._rows = Rows(dim)
        self._weights: list[npt.NDArray[np.float64]] = []
        self._waiting: Embeddings | None = None  # the last grain so far, which the next block may go on with

    def add(self, block: Embeddings) -> None:
        if self._waiting is not None:
            block = _joined(self._waiting, block)
        self._take(_part(block, slice(None, -1)))
        self._waiting = _part(block, slice(-1, None))

    def _take(self, block: Embeddings) -> None:
        self._rows.add(block)
        self._weights.append(_weights(block))

    def embeddings(self, meta: Mapping[str, Any]) -> Embeddings:
        last = self._waiting
        if last is None:
            raise ValueError("there is no block")
        self._take(last)
        grain = last.meta["hop"]
        facts = {
            **meta,
            "reading": "stretches",
            "statistics": last.meta["statistics"],
            "window": grain,
            "hop": grain,
        }
        return replace(self._rows.embeddings(facts), weights=np.concatenate(self._weights))


def _joined(last: Embeddings, block: Embeddings) -> Embeddings:
    """A block of grains, begun by the last one so far."""
    if last.times[0] != block.times[0]:
        first = last
    else:
        weights = np.concatenate([_weights(last), _weights(block)[:1]])
        parts = np.concatenate([last.vectors, block.vectors[:1]])
        _, vectors, weights = merged(np.zeros(2, np.int64), parts, weights, block.meta["statistics"])
        first, block = Embeddings(last.times, vectors, block.meta, weights), _part(block, slice(1, None))
    return Embeddings(
        np.concatenate([first.times, block.times]),
        np.concatenate([first.vectors, block.vectors]),
        block.meta,
        np.concatenate([_weights(first), _weights(block)]),
    )


def _part(block: Embeddings, rows: slice) -> Embeddings:
    return Embeddings(block.times[rows], block.vectors[rows], block.meta, _weights(block)[rows])


def _weights(block: Embeddings) -> npt.NDArray[np.float64]:
    if block.weights is None:
        raise ValueError("a block of windows is no block of grains")
    return block.weights
