"""The blocks of a recording that is being embedded, as the cache keeps them until all of it is there."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from audioscan_host.cache import Embeddings, Entry


class BlocksKept:
    """The blocks of each of some entries.

    The first one is kept when there is a second one: a recording of one block alone has its file next, and a block would be
    written and removed for nothing.

    Args:
        entries: of the models that are computed together.
        shared: whether others compute blocks of the recording meanwhile, which are then taken.

    Attributes:
        resumed: whether an earlier run left blocks of every entry.
    """

    def __init__(self, entries: Sequence[Entry], *, shared: bool) -> None:
        self._entries = entries
        self._left = [entry.blocks_left for entry in entries]
        self.resumed = all(self._left)
        self._shared = shared
        self._first: Sequence[Embeddings] = ()
        self._asked = 0
        self._written = False

    def take(self, index: int, times: npt.NDArray[np.float64]) -> list[Embeddings] | None:
        """A block, for each entry; None unless an earlier run, or another worker, finished it for all of them.

        Args:
            index: of the block.
            times: of its windows, or stretches, in seconds.
        """
        self._asked = index
        self._add_first()
        if not self._shared and not self._is_left(index):
            return None  # nobody else writes any: that was asked once
        kept = [entry.block(index, times) for entry in self._entries]
        found = [part for part in kept if part is not None]
        return found if len(found) == len(self._entries) else None

    def add(self, index: int, parts: Sequence[Embeddings]) -> None:
        """Keep a block, one part for each entry.

        Raises:
            CacheError: it cannot be written.
        """
        if index == self._asked == 0 and not self.resumed:
            self._first = parts
            return
        self._write(index, parts)

    def finish(self, embedded: Sequence[Embeddings]) -> None:
        """Write the finished files, one for each entry; the blocks go.

        Raises:
            CacheError: one cannot be written.
        """
        for entry, left, whole in zip(self._entries, self._left, embedded, strict=True):
            entry.finish(whole, has_blocks=bool(left) or self._written or self._shared)

    def discard(self) -> None:
        """Forget the blocks: they are not of the recording that they were taken for."""
        for entry in self._entries:
            entry.discard_blocks()

    def _is_left(self, index: int) -> bool:
        pairs = zip(self._entries, self._left, strict=True)
        return all(entry.block_name(index) in left for entry, left in pairs)

    def _add_first(self) -> None:
        first, self._first = self._first, ()
        if first:
            self._write(0, first)

    def _write(self, index: int, parts: Sequence[Embeddings]) -> None:
        self._written = True
        for entry, part in zip(self._entries, parts, strict=True):
            entry.add_block(index, part)
