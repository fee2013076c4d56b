"""What the files of a cache are, by their names."""

import time
from collections.abc import Iterator

from audioscan_host.cache.cache import SILENCE, Cache
from audioscan_host.cache.entry import FINISHED
from audioscan_host.cache.keys import is_own
from audioscan_host.cache.npz import DAMAGED
from audioscan_host.cache.store import UNFINISHED, Stored

DAY = 86_400.0
KEPT_UNFINISHED = 7 * DAY
"""Seconds for which an unfinished recording waits to be gone on with."""


def is_silence(stored: Stored) -> bool:
    """Whether it is the silence of a recording."""
    return stored.name.startswith(f"{SILENCE}/")


def _archives(cache: Cache, folder: str) -> list[Stored]:
    return [stored for stored in cache.store.files(folder) if stored.name.endswith(".npz")]


def own_files(cache: Cache) -> list[Stored]:
    """Finished embeddings, but those of 8-cut."""
    return [stored for stored in _archives(cache, FINISHED) if is_own(stored.name)]


def silence_files(cache: Cache) -> list[Stored]:
    """The silence of recordings."""
    return [stored for stored in _archives(cache, SILENCE) if is_own(stored.name)]


def eight_cut_files(cache: Cache) -> list[Stored]:
    """Embeddings that 8-cut left."""
    return [stored for stored in _archives(cache, FINISHED) if not is_own(stored.name)]


def damaged(cache: Cache) -> Iterator[Stored]:
    """Files that were set aside."""
    for folder in (FINISHED, SILENCE):
        yield from (stored for stored in cache.store.files(folder) if stored.name.endswith(DAMAGED))


def temporary(cache: Cache) -> Iterator[Stored]:
    """What killed processes left of writing finished files."""
    # A younger one may belong to a process that is writing it.
    for folder in (FINISHED, SILENCE):
        yield from cache.store.abandoned(folder, DAY)


def unfinished(cache: Cache) -> list[Stored]:
    """The folders of blocks, each with its bytes and the time of its newest block."""
    folders: dict[str, Stored] = {}
    for block in cache.store.files(UNFINISHED):
        name = block.name.rpartition("/")[0]
        before = folders.get(name, Stored(name, 0, 0.0))
        folders[name] = Stored(name, before.size + block.size, max(before.modified, block.modified))
    return list(folders.values())


def abandoned(cache: Cache) -> Iterator[Stored]:
    """The folders of blocks that nobody has gone on with for a week."""
    yield from (folder for folder in unfinished(cache) if age(folder) > KEPT_UNFINISHED)


def age(stored: Stored) -> float:
    """Seconds since it was written."""
    return time.time() - stored.modified
