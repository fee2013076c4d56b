"""The embeddings of one recording by one model: the finished file, and the blocks of an unfinished one."""

import logging
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audioscan_host.cache import file as cache_file
from audioscan_host.cache.file import Embeddings, Made, whole
from audioscan_host.cache.npz import tell_damaged
from audioscan_host.cache.store import UNFINISHED, Store, Stored
from audioscan_host.errors import CacheError
from audioscan_host.models.model import Model
from audioscan_host.notes import About, Note, Tell, log
from audioscan_host.recordings import Recording

FINISHED = "w2v"
"""The folder of the finished files; the name is 8-cut's, whose own lie there too."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """The place of the embeddings of one recording by one model.

    Attributes:
        store: where it lies.
        key: that names it.
        eight_cut: the name of 8-cut's file of the same embeddings, whether it is there or not; None where 8-cut
            has none.
        recording: the media file.
        model: the model.
    """

    store: Store
    key: str
    eight_cut: str | None
    recording: Recording
    model: Model

    @property
    def name(self) -> str:
        """Of the finished file."""
        return f"{FINISHED}/{self.key}.npz"

    @property
    def blocks(self) -> str:
        """The folder of the finished blocks of an unfinished file."""
        return f"{UNFINISHED}/{self.key}"

    @property
    def found(self) -> Stored | None:
        """The file that holds the embeddings; whether it is sound is known when it is read."""
        names = [self.name] if self.eight_cut is None else [self.name, self.eight_cut]
        return next(filter(None, map(self.store.find, names)), None)

    def name_of(self, embeddings: Embeddings) -> str:
        """The name of the file that embeddings were read from, or written to."""
        return self.name if self.eight_cut is None or embeddings.meta else self.eight_cut

    def read(self, tell: Tell = log, made: Made = whole) -> Embeddings | None:
        """The embeddings, or what is `made` of them while they are read; `None` where they have to be computed.

        A damaged file is set aside, and that is told; a damaged file of 8-cut stays where it is.

        Raises:
            StoreError: what keeps them does not answer.
        """
        try:
            return cache_file.read(self.store, self.name, self.model.dim, made)
        except FileNotFoundError:
            return self._read_eight_cut(tell, made)
        except CacheError as damage:
            tell_damaged(damage, self.store, self.name, self.recording.path, tell, mended="computed again")
            return None

    def _read_eight_cut(self, tell: Tell, made: Made) -> Embeddings | None:
        if self.eight_cut is None:
            return None
        try:
            return cache_file.read(self.store, self.eight_cut, self.model.dim, made)
        except FileNotFoundError:
            return None
        except CacheError as error:
            message = f"{error}; left as it is and computed again"
            tell(Note(About.CACHE, message, self.recording.path))
            return None

    @property
    def blocks_left(self) -> frozenset[str]:
        """The names of what an earlier run left of it."""
        return frozenset(stored.name for stored in self.store.files(self.blocks))

    def block_name(self, index: int) -> str:
        """The name of a block."""
        return f"{self.blocks}/{index:06d}.npz"

    def block(self, index: int, times: npt.NDArray[np.float64]) -> Embeddings | None:
        """Block `index`, where an earlier run finished it with windows, or stretches, at just these times.

        A run of another version may have cut the recording into other blocks.
        """
        try:
            kept = cache_file.read(self.store, self.block_name(index), self.model.dim)
        except (FileNotFoundError, CacheError):
            return None
        cut_at = kept.meta.get("stretches", kept.times)
        return kept if np.array_equal(cut_at, times) else None

    def add_block(self, index: int, embeddings: Embeddings) -> None:
        """Keep a finished block."""
        self._write(self.block_name(index), embeddings)

    def finish(self, embeddings: Embeddings, *, has_blocks: bool = True) -> None:
        """Write the finished file; the blocks go, unless it is known that there are none."""
        self._write(self.name, embeddings)
        if has_blocks:
            self.discard_blocks()

    def discard_blocks(self) -> None:
        """Forget the finished blocks: they are joined, or not of the recording that they were taken for."""
        self.store.remove(self.blocks)

    def _write(self, name: str, embeddings: Embeddings) -> None:
        try:
            cache_file.write(self.store, name, embeddings)
        except CacheError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise
            # Somebody removes the cache under our hands; what was computed is not lost for that.
            logger.warning("%s; the folder is made anew", error)
            cache_file.write(self.store, name, embeddings)
