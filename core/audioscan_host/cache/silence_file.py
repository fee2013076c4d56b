"""Where the silence of a recording is kept: a small `.npz`, whatever the models."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from audioscan_host.cache.npz import created, opened, tell_damaged, write_array, write_meta
from audioscan_host.cache.store import Store
from audioscan_host.errors import CacheError
from audioscan_host.notes import About, Note, Tell, log
from audioscan_host.silence import Spans


@dataclass(frozen=True)
class SilenceFile:
    """The place of the silence of one recording.

    Attributes:
        store: where it lies.
        name: of the file.
        recording: the media file.
    """

    store: Store
    name: str
    recording: Path

    @property
    def exists(self) -> bool:
        """Whether there is one; whether it is sound is known when it is read."""
        return self.store.find(self.name) is not None

    def read(self, tell: Tell = log) -> Spans | None:
        """The spans, or `None` where they have to be found; a damaged file is set aside, and that is told."""
        try:
            return read_spans(self.store, self.name)
        except FileNotFoundError:
            return None
        except CacheError as damage:
            tell_damaged(damage, self.store, self.name, self.recording, tell, mended="found again")
            return None

    def write(self, spans: Spans, tell: Tell = log) -> None:
        """Keep the spans; where that fails, it is told, and the next run finds them again."""
        try:
            with created(self.store, self.name) as archive:
                write_array(archive, "spans", spans)
                write_meta(archive, {"recording": str(self.recording.resolve())})
        except CacheError as error:
            message = f"{error}; the silence of {self.recording} is not kept"
            tell(Note(About.CACHE, message, self.recording))


def read_spans(store: Store, name: str) -> Spans:
    """Read and check a file.

    Returns:
        (spans, 2) float64: start and end in seconds, ascending.

    Raises:
        CacheError: it is damaged, or not a file of spans.
        FileNotFoundError: it is not there.
    """
    with opened(store, name) as archive:
        spans = archive.array("spans")
    where = store.location(name)
    if spans.dtype != np.float64 or spans.ndim != 2 or spans.shape[1] != 2:
        raise CacheError(f"{where}: damaged: {spans.dtype} {spans.shape}, expected float64 (spans, 2)")
    times = spans.ravel()
    if not (np.isfinite(times).all() and (times >= 0).all() and (np.diff(times) > 0).all()):
        raise CacheError(f"{where}: damaged: its spans do not follow each other")
    return spans


def recording_of(store: Store, name: str) -> str:
    """The recording that a file is of, as it was named when the file was made.

    Raises:
        CacheError: it is damaged.
    """
    with opened(store, name) as archive:
        return str(archive.meta(required=True).get("recording"))
