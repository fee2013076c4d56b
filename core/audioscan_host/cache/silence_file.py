"""Where the silence of a recording is kept: a small `.npz`, whatever the models."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from audioscan_host.cache.npz import (
    created,
    opened,
    read_array,
    read_meta,
    set_aside,
    write_array,
    write_meta,
)
from audioscan_host.errors import CacheError
from audioscan_host.silence import Spans

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SilenceFile:
    """The place of the silence of one recording.

    Attributes:
        path: the file.
        recording: the media file.
    """

    path: Path
    recording: Path

    def read(self) -> Spans | None:
        """The spans, or `None` where they have to be found; a damaged file is set aside with a warning."""
        try:
            return read_spans(self.path)
        except FileNotFoundError:
            return None
        except CacheError as error:
            damage = error
        try:
            logger.warning("%s; kept as %s and found again", damage, set_aside(self.path).name)
        except OSError:
            logger.warning("%s; left as it is and found again", damage)
        return None

    def write(self, spans: Spans) -> None:
        """Keep the spans; where that fails, it costs a warning, and the next run finds them again."""
        try:
            with created(self.path) as archive:
                write_array(archive, "spans", spans)
                write_meta(archive, {"recording": str(self.recording.resolve())})
        except CacheError as error:
            logger.warning("%s; the silence of %s is not kept", error, self.recording)


def read_spans(path: Path) -> Spans:
    """Read and check a file.

    Returns:
        (spans, 2) float64: start and end in seconds, ascending.

    Raises:
        CacheError: it is damaged, or not a file of spans.
        FileNotFoundError: it is not there.
    """
    with opened(path) as archive:
        spans = read_array(archive, "spans", path.stat().st_size)
    if spans.dtype != np.float64 or spans.ndim != 2 or spans.shape[1] != 2:
        raise CacheError(f"{path}: damaged: {spans.dtype} {spans.shape}, expected float64 (spans, 2)")
    times = spans.ravel()
    if not (np.isfinite(times).all() and (times >= 0).all() and (np.diff(times) > 0).all()):
        raise CacheError(f"{path}: damaged: its spans do not follow each other")
    return spans


def recording_of(path: Path) -> str:
    """The recording that a file is of, as it was named when the file was made.

    Raises:
        CacheError: it is damaged.
    """
    with opened(path) as archive:
        return str(read_meta(archive, path.stat().st_size).get("recording"))
