"""Where the embeddings of a recording by a model are kept, and who computes them."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

import platformdirs

from audioscan_host.ahead import AT_ONCE, answers
from audioscan_host.cache import eight_cut
from audioscan_host.cache.entry import FINISHED, Entry
from audioscan_host.cache.keys import Provenance, claim_key, embeddings_key, silence_key
from audioscan_host.cache.local_folder import LocalFolder
from audioscan_host.cache.object_store import ObjectStore
from audioscan_host.cache.silence_file import SilenceFile
from audioscan_host.cache.store import UNFINISHED, Store, Stored
from audioscan_host.channels import MIX
from audioscan_host.eight_cut_settings import EightCutCache
from audioscan_host.models.model import Checkpoint, Model
from audioscan_host.reading import Reading
from audioscan_host.recordings import Recording
from audioscan_host.remote_path import RemotePath, path_of
from audioscan_host.windows import GRID, Windowing

T = TypeVar("T")
R = TypeVar("R")

ENVIRONMENT = "AUDIOSCAN_CACHE"

SILENCE = "silence"
"""The folder of the silence of each recording."""


def default_folder() -> Path:
    """`AUDIOSCAN_CACHE`, which may be a URL, else `cache/` in the current folder where there is one, else the user's."""
    if os.environ.get(ENVIRONMENT):
        return path_of(os.environ[ENVIRONMENT])
    if Path("cache").is_dir():
        return Path("cache")
    return Path(platformdirs.user_cache_dir("audioscan-host", appauthor=False))


class Cache:
    """The cache: `w2v/` has the finished files, `silence/` the silence of each recording, `unfinished/` the rest.

    Args:
        place: a folder, a URL such as `s3://bucket/cache`, or another store; `default_folder` unless given.
        eight_cut_files: whether the files that 8-cut left are read or ignored.

    Attributes:
        store: where it lies.
        eight_cut_files: whether the files that 8-cut left are read or ignored.

    Raises:
        CacheError: it cannot be read.
        SettingError: `eight_cut_files` is neither `read` nor `ignore`; what reaches the URL is not installed.
    """

    def __init__(
        self, place: Path | str | Store | None = None, *, eight_cut_files: str = EightCutCache.READ
    ) -> None:
        self.eight_cut_files = EightCutCache.of(eight_cut_files, "the cache of 8-cut")
        place = default_folder() if place is None else place
        self.store: Store = _store_at(place) if isinstance(place, Path | str) else place
        self.store.prepare()

    @property
    def is_behind_url(self) -> bool:
        """Whether each look at it is a request; several may be under way at once then."""
        return isinstance(self.store, ObjectStore)

    def of_each(self, question: Callable[[T], R], items: Iterable[T], at_once: int = AT_ONCE) -> Iterator[R]:
        """What a function that asks the store gives for each item, in order; `at_once` where that waits for a server."""
        return answers(question, items, at_once) if self.is_behind_url else map(question, items)

    def entry(self, provenance: Provenance, windowing: Windowing) -> Entry:
        """The place for windows of that provenance."""
        recording, model = provenance.recording, provenance.model
        mixed = recording.channel == MIX  # as 8-cut reads them
        foreign = (
            self.eight_cut_name(recording.path, model, windowing, provenance.wrappers) if mixed else None
        )
        return Entry(self.store, embeddings_key(provenance, windowing), foreign, recording, model)

    def grains(self, provenance: Provenance, hop: float) -> Entry:
        """The place for the grains, a hop long, of a recording that is read in stretches; windows of that hop are made of them."""
        key = embeddings_key(provenance, Windowing(hop, hop), reading=Reading.STRETCHES)
        return Entry(self.store, key, None, provenance.recording, provenance.model)

    def kept_grains(self, provenance: Provenance, hop: float) -> tuple[Entry, Stored] | None:
        """The coarsest file that is there of grains of which whole ones make a hop, and its place; None where none is."""
        steps = Windowing(hop, hop).hop_steps
        coarsest = self.grains(provenance, hop)
        if there := self.store.find(coarsest.name):
            return coarsest, there
        lengths = (each / GRID for each in range(steps - 1, 0, -1) if steps % each == 0)
        finer = [self.grains(provenance, each) for each in lengths]
        found = self.store.first([each.name for each in finer])
        return next(((each, found) for each in finer if found and each.name == found.name), None)

    def eight_cut_name(
        self, recording: Path, model: Model, windowing: Windowing, wrappers: Sequence[str] = ()
    ) -> str | None:
        """The name of 8-cut's file of a recording, whether it is there or not; None where it has none such, or is ignored."""
        ignored = self.eight_cut_files == EightCutCache.IGNORE
        if ignored or wrappers or not eight_cut.is_read(model) or isinstance(recording, RemotePath):
            return None
        return f"{FINISHED}/{eight_cut.file_name(recording, model, windowing)}"

    def silence_of(self, recording: Recording) -> SilenceFile:
        """The place for the silence of a recording."""
        return SilenceFile(self.store, f"{SILENCE}/{silence_key(recording)}.npz", recording.path)

    def claim(
        self,
        recording: Recording,
        checkpoint: Checkpoint,
        windowing: Windowing,
        precision: str = "fp32",
        reading: str = Reading.WINDOWS,
        *,
        wait: bool,
    ) -> AbstractContextManager[None]:
        """Be the only process that runs a checkpoint over a recording, whichever of its models it reads.

        The claim ends with the process, however that ends.

        Raises:
            BusyError: another process has it, and `wait` is off.
        """
        key = claim_key(recording, checkpoint, windowing, precision, reading)
        return self.store.claim(f"{UNFINISHED}/{key}", wait=wait)


def _store_at(place: Path | str) -> Store:
    path = path_of(place) if isinstance(place, str) else place
    return ObjectStore(path.url) if isinstance(path, RemotePath) else LocalFolder(path)
