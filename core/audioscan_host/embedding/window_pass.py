"""A recording read window by window: each block becomes the vectors of its windows."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from audioscan_host.cache import Embeddings
from audioscan_host.embedding.begun import Begun
from audioscan_host.embedding.encoders import Encoders
from audioscan_host.embedding.tasks import Task
from audioscan_host.models.model import Model
from audioscan_host.windows import Block, cut_blocks


class WindowPass:
    """The pass of a checkpoint over the windows of a recording.

    Attributes:
        hop: seconds of audio that each window stands for.
    """

    def __init__(self, task: Task) -> None:
        self._task = task
        self.hop = task.windowing.hop

    def blocks(self, samples: Iterable[npt.NDArray[np.float32]]) -> Iterator[Block]:
        """The recording, in blocks of windows."""
        checkpoint, task = self._task.checkpoint, self._task
        shortest = checkpoint.shortest_window
        return cut_blocks(samples, checkpoint.sample_rate, task.windowing, shortest, task.block_seconds)

    def times(self, block: Block) -> npt.NDArray[np.float64]:
        """Starts of the windows of a block, seconds."""
        return block.times

    def begin(
        self, encoders: Encoders, block: Block, models: Sequence[Model], on_windows: Callable[[int], None]
    ) -> Begun[list[Embeddings]]:
        """Begin with a block; what is taken are its windows for each model.

        Raises:
            CheckpointError, SettingError, EmbeddingError: as `Encoders.begin_block`.
        """
        times = block.times
        begun = encoders.begin_block(block, models, on_windows)
        return begun.then(lambda vectors: [Embeddings(times, each) for each in vectors])

    def embed(
        self, encoders: Encoders, block: Block, models: Sequence[Model], on_windows: Callable[[int], None]
    ) -> list[Embeddings]:
        """The windows of a block for each model: `begin`, and take it at once."""
        return self.begin(encoders, block, models, on_windows).take()

    def rows(self, dim: int) -> "Rows":
        """Takes the blocks."""
        return Rows(dim)


class Rows:
    """The embeddings of a recording as its blocks bring them, in memory once."""

    def __init__(self, dim: int) -> None:
        self._vectors = np.empty((0, dim), np.float32)
        self._times: list[npt.NDArray[np.float64]] = []

    def add(self, block: Embeddings) -> None:
        """Append a block."""
        before, dim = self._vectors.shape
        # In place: a list of blocks, joined in the end, would be in memory twice.
        self._vectors.resize((before + len(block.vectors), dim), refcheck=False)
        self._vectors[before:] = block.vectors
        self._times.append(block.times)

    def embeddings(self, meta: Mapping[str, Any]) -> Embeddings:
        """All of them."""
        return Embeddings(np.concatenate(self._times), self._vectors, meta)
