"""How a checkpoint goes over a recording: what `WindowPass` and `StretchPass` have in common."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from audioscan_host.cache import Embeddings
from audioscan_host.embedding.begun import Begun
from audioscan_host.embedding.encoders import Encoders
from audioscan_host.models.model import Model


class Pass(Protocol):
    """How a checkpoint goes over a recording: `WindowPass` or `StretchPass`, which say what each of these does."""

    hop: float

    def blocks(self, samples: Iterable[npt.NDArray[np.float32]]) -> Iterator[Any]: ...
    def times(self, block: Any) -> npt.NDArray[np.float64]: ...
    def begin(
        self, encoders: Encoders, block: Any, models: Sequence[Model], advance: Callable[[int], None], /
    ) -> Begun[list[Embeddings]]: ...
    def embed(
        self, encoders: Encoders, block: Any, models: Sequence[Model], advance: Callable[[int], None], /
    ) -> list[Embeddings]: ...
    def rows(self, dim: int) -> "Collected": ...


class Collected(Protocol):
    """Takes the blocks of a recording, and gives the whole."""

    def add(self, block: Embeddings) -> None: ...
    def embeddings(self, meta: Mapping[str, Any]) -> Embeddings: ...
