"""Where the embeddings of a recording by a model are kept, and under what key."""

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import numpy.typing as npt
import platformdirs

from audioscan_host.cache import file as cache_file
from audioscan_host.cache.file import Embeddings
from audioscan_host.cache.npz import set_aside
from audioscan_host.cache.silence_file import SilenceFile
from audioscan_host.errors import CacheError
from audioscan_host.models.model import Checkpoint, Model
from audioscan_host.recordings import Recording
from audioscan_host.silence import REVISION as SILENCE_REVISION
from audioscan_host.windows import Windowing

ENVIRONMENT = "AUDIOSCAN_CACHE"
PIPELINE_REVISION = 1
"""Raised when the host's own arithmetic changes: decoding, mixing, resampling, windows, pooling."""

logger = logging.getLogger(__name__)


class BusyError(Exception):
    """Another process is embedding the recording."""


def default_folder() -> Path:
    """`AUDIOSCAN_CACHE`, else `cache/` in the current folder where there is one, else the user's."""
    if os.environ.get(ENVIRONMENT):
        return Path(os.environ[ENVIRONMENT])
    if Path("cache").is_dir():
        return Path("cache")
    return Path(platformdirs.user_cache_dir("audioscan-host", appauthor=False))


@dataclass(frozen=True)
class Entry:
    """The place of the embeddings of one recording by one model.

    Attributes:
        path: the finished file.
        blocks: the folder of the finished blocks of an unfinished one.
        eight_cut: 8-cut's file of the same embeddings, whether it is there or not.
        model: the model.
        windowing: window and hop.
        recording: the media file.
        precision: what the model computes in.
    """

    path: Path
    blocks: Path
    eight_cut: Path | None
    model: Model
    windowing: Windowing
    recording: Recording
    precision: str

    @property
    def file(self) -> Path | None:
        """The file that holds the embeddings; whether it is sound is known when it is read."""
        places = [self.path] if self.eight_cut is None else [self.path, self.eight_cut]
        return next((place for place in places if place.is_file()), None)

    def read(self) -> Embeddings | None:
        """The embeddings, or `None` where they have to be computed.

        A damaged file is set aside with a warning; a damaged file of 8-cut stays where it is.
        """
        try:
            return cache_file.read(self.path, self.model.dim)
        except FileNotFoundError:
            pass
        except CacheError as error:
            logger.warning("%s; kept as %s and computed again", error, set_aside(self.path).name)
            return None
        return self._read_eight_cut()

    def _read_eight_cut(self) -> Embeddings | None:
        if self.eight_cut is None:
            return None
        try:
            return cache_file.read(self.eight_cut, self.model.dim)
        except FileNotFoundError:
            return None
        except CacheError as error:
            logger.warning("%s; left as it is and computed again", error)
            return None

    def has_block(self, index: int, times: npt.NDArray[np.float64]) -> bool:
        """Block `index` was finished by an earlier run, and has windows at just these times.

        A run of another version may have cut the recording into other blocks.
        """
        try:
            kept = cache_file.read(self._block(index), self.model.dim)
        except (FileNotFoundError, CacheError):
            return False
        return np.array_equal(kept.times, times)

    def add_block(self, index: int, embeddings: Embeddings) -> None:
        """Keep a finished block."""
        cache_file.write(self._block(index), [embeddings], {})

    def finish(self, blocks: int, meta: dict[str, Any]) -> None:
        """Join the blocks into the finished file."""
        cache_file.write(self.path, [self._block(index) for index in range(blocks)], meta)
        self.discard_blocks()

    def discard_blocks(self) -> None:
        """Forget the finished blocks: they are not of the recording that they were taken for."""
        shutil.rmtree(self.blocks, ignore_errors=True)

    def _block(self, index: int) -> Path:
        return self.blocks / f"{index:06d}.npz"


class Cache:
    """The cache folder.

    `w2v/` has the finished files, `silence/` the silence of each recording, and `unfinished/` what a
    killed run left.

    Raises:
        CacheError: the folder cannot be made or written to.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = default_folder() if folder is None else folder
        self.finished = self.folder / "w2v"
        self.unfinished = self.folder / "unfinished"
        self.silence = self.folder / "silence"
        try:
            self.finished.mkdir(parents=True, exist_ok=True)
            self.unfinished.mkdir(exist_ok=True)
        except OSError as error:
            raise CacheError(f"cache folder {self.folder}: cannot be made: {error.strerror}") from error
        if not os.access(self.finished, os.W_OK):
            raise CacheError(f"cache folder {self.folder}: cannot be written to; name another: --cache-dir")

    def entry(
        self,
        recording: Recording,
        model: Model,
        windowing: Windowing,
        precision: str = "fp32",
        wrappers: Sequence[str] = (),
    ) -> Entry:
        """The place for a recording, a model that computes in some precision, and windows.

        `wrappers` is what other plugins do to the model's numbers, as of `Registry.wrappers`.
        """
        # Left out where there are none: what was embedded before there were wrappers stays valid.
        wrapped = {"wrappers": list(wrappers)} if wrappers else {}
        key = _key(
            recording,
            windowing=asdict(windowing),
            checkpoint=_facts(model.checkpoint),
            model=[model.name, model.revision, model.layers, model.pooling],
            precision=precision,
            **wrapped,
        )
        equal = model.eight_cut and not wrappers
        eight_cut = self.finished / _eight_cut_name(recording, model, windowing) if equal else None
        return Entry(
            self.finished / f"{key}.npz",
            self.unfinished / key,
            eight_cut,
            model,
            windowing,
            recording,
            precision,
        )

    def silence_of(self, recording: Recording) -> SilenceFile:
        """The place for the silence of a recording."""
        key = _key(recording, silence=SILENCE_REVISION)
        return SilenceFile(self.silence / f"{key}.npz", recording.path)

    @contextmanager
    def claim(self, entry: Entry, *, wait: bool) -> Iterator[None]:
        """Be the only process that runs the checkpoint of an entry over its recording.

        The claim ends with the process, however that ends.

        Raises:
            BusyError: another process has it, and `wait` is off.
        """
        facts = {"checkpoint": _facts(entry.model.checkpoint), "precision": entry.precision}
        key = _key(entry.recording, windowing=asdict(entry.windowing), **facts)
        lock = filelock.FileLock(self.unfinished / f"{key}.lock", timeout=-1 if wait else 0)
        try:
            lock.acquire()
        except filelock.Timeout:
            raise BusyError from None
        try:
            yield
            # What was claimed is finished now: whoever waits for the lock will find the files.
            Path(lock.lock_file).unlink(missing_ok=True)
        finally:
            lock.release()


def _facts(checkpoint: Checkpoint) -> list[Any]:
    return [checkpoint.name, checkpoint.revision, checkpoint.sample_rate]


def _key(recording: Recording, **facts: Any) -> str:
    identity = [recording.size, recording.mtime_ns, recording.digest]
    everything = {"recording": identity, "pipeline": PIPELINE_REVISION, **facts}
    return hashlib.sha256(json.dumps(everything, sort_keys=True).encode()).hexdigest()


def _eight_cut_name(recording: Recording, model: Model, windowing: Windowing) -> str:
    # 8-cut's own key: os.path's spelling of the path and its float mtime go into it as they print.
    path = os.path.abspath(recording.path)  # noqa: PTH100
    mtime = os.path.getmtime(recording.path)  # noqa: PTH204
    text = f"{path}|{mtime}|{float(windowing.hop)}|{float(windowing.window)}|{model.name}"
    return f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.npz"
