"""The blocks of a recording as they are computed: kept and collected in their order, while a device goes on with the next."""

from collections.abc import Sequence

from audioscan_host.cache import Embeddings
from audioscan_host.embedding.begun import Begun
from audioscan_host.embedding.blocks_kept import BlocksKept
from audioscan_host.embedding.passes import Collected


class BlocksInTurn:
    """Takes the blocks of a recording; one at most is on the device.

    Args:
        kept: keeps what is computed.
        rows: of each model, that take its part of each block.
    """

    def __init__(self, kept: BlocksKept, rows: Sequence[Collected]) -> None:
        self._kept = kept
        self._rows = rows
        self._on_device: tuple[int, Begun[list[Embeddings]]] | None = None

    @property
    def on_device(self) -> Begun[list[Embeddings]] | None:
        """The one that the device has."""
        return None if self._on_device is None else self._on_device[1]

    def begin(self, index: int, begun: Begun[list[Embeddings]]) -> None:
        """A block was begun; the one before it is taken now, and so is this one unless a device computes it.

        Raises:
            EmbeddingError: the plugin, or the device, failed at one of them.
            CacheError: one cannot be kept.
        """
        self.take()
        self._on_device = index, begun
        if not begun.is_under_way:
            self.take()

    def add(self, parts: Sequence[Embeddings]) -> None:
        """A block was computed by somebody else, and is kept; raises as `begin`."""
        self.take()
        self._collect(parts)

    def take(self) -> None:
        """Take what is on the device, if there is a block, keep it and collect it; raises as `begin`."""
        if self._on_device is None:
            return
        (index, begun), self._on_device = self._on_device, None
        parts = begun.take()
        del begun  # its block, and the memory of its copies
        self._kept.add(index, parts)
        self._collect(parts)

    def _collect(self, parts: Sequence[Embeddings]) -> None:
        for collected, part in zip(self._rows, parts, strict=True):
            collected.add(part)
