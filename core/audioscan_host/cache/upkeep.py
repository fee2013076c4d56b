"""What is in the cache folder, whether it is sound, and what of it can go. 8-cut's files stay."""

from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import compress
from typing import Any

from audioscan_host.cache import contents
from audioscan_host.cache import file as cache_file
from audioscan_host.cache.cache import Cache
from audioscan_host.cache.keys import is_own
from audioscan_host.cache.npz import set_aside
from audioscan_host.cache.silence_file import read_spans, recording_of
from audioscan_host.cache.store import UNFINISHED, Stored
from audioscan_host.errors import CacheError
from audioscan_host.progress import Progress, Silent
from audioscan_host.reading import Reading
from audioscan_host.recordings import is_gone


@dataclass(frozen=True)
class ModelShare:
    """What one model has in the cache of one reading, window and hop.

    Attributes:
        reading: windows, or stretches.
        window: seconds; of stretches the length of a grain, which windows are made of.
        windows: how many vectors.
        size: bytes on the disk.
    """

    model: str
    reading: str
    window: float
    hop: float
    recordings: int
    windows: int
    size: int

    @property
    def gives(self) -> str:
        """Which windows can be read from it, in a few words."""
        if self.reading == Reading.WINDOWS:
            return f"windows of {self.window:g} s every {self.hop:g} s"
        return f"windows and hops that are multiples of {self.hop:g} s"


@dataclass(frozen=True)
class CacheInfo:
    """What is in a cache folder.

    Attributes:
        location: where the cache lies, a path or a URL.
        models: a share for each model, reading, window and hop, by name.
        silence: number of recordings whose silence is kept.
        eight_cut: number of files that 8-cut wrote.
        unfinished: number of recordings that a run left before their end.
        leftovers: number of damaged and temporary files.
        size: bytes of all that.
    """

    location: str
    models: tuple[ModelShare, ...]
    silence: int
    eight_cut: int
    unfinished: int
    leftovers: int
    size: int


@dataclass(frozen=True)
class Pruned:
    """What was removed, or would have been: where it lay, and its bytes."""

    locations: tuple[str, ...]
    size: int


_READ_AT_ONCE = 4
"""Files that are read whole at once, where that waits for a server: each is in memory."""

_Share = tuple[str, str, float, float]  # model, reading, window, hop


def _share(meta: Mapping[str, Any]) -> _Share:
    window, hop = (float(meta.get(name) or 0.0) for name in ("window", "hop"))
    return str(meta.get("model", "?")), str(meta.get("reading", Reading.WINDOWS)), window, hop


def info(cache: Cache) -> CacheInfo:
    """Count what is in the cache; a damaged file counts as a leftover."""
    recordings: Counter[_Share] = Counter()
    windows: Counter[_Share] = Counter()
    sizes: Counter[_Share] = Counter()
    leftovers = [*contents.damaged(cache), *contents.temporary(cache)]
    damaged = 0

    def described(stored: Stored) -> tuple[int, Mapping[str, Any]] | CacheError | None:
        try:
            return cache_file.describe(cache.store, stored.name, stored.size)
        except FileNotFoundError:  # another process has removed it just now
            return None
        except CacheError as error:
            return error

    files = contents.own_files(cache)
    for stored, found in zip(files, cache.of_each(described, files), strict=True):
        if found is None or isinstance(found, CacheError):
            damaged += found is not None
            continue
        count, meta = found
        share = _share(meta)
        recordings[share] += 1
        windows[share] += count
        sizes[share] += stored.size
    return CacheInfo(
        cache.store.location(),
        tuple(ModelShare(*each, recordings[each], windows[each], sizes[each]) for each in sorted(recordings)),
        len(contents.silence_files(cache)),
        len(contents.eight_cut_files(cache)),
        len(contents.unfinished(cache)),
        len(leftovers) + damaged,
        sum(stored.size for stored in [*cache.store.files(""), *cache.store.abandoned("", 0)]),
    )


def verify(cache: Cache, progress: Progress | None = None) -> tuple[int, list[str]]:
    """Read every file to its last byte.

    A damaged one is set aside, so that the next run computes it again; one of 8-cut stays.

    Returns:
        Number of files, and a sentence for each damaged one.
    """

    def damage_of(stored: Stored) -> CacheError | None:
        read = read_spans if contents.is_silence(stored) else cache_file.read
        try:
            read(cache.store, stored.name)
        except FileNotFoundError:
            return None
        except CacheError as error:
            return error
        return None

    files = [*contents.own_files(cache), *contents.silence_files(cache), *contents.eight_cut_files(cache)]
    damaged = []
    with (progress or Silent()).track("verifying", len(files), "files") as advance:
        for stored, damage in zip(files, cache.of_each(damage_of, files, _READ_AT_ONCE), strict=True):
            if damage is not None:
                damaged.append(str(damage))
                if is_own(stored.name):
                    with suppress(OSError):  # a cache that is read only
                        set_aside(cache.store, stored.name)
            advance(1)
    return len(files), damaged


def prune(
    cache: Cache,
    *,
    models: Collection[str] = (),
    older_than: float | None = None,
    missing: bool = False,
    dry_run: bool = False,
) -> Pruned:
    """Remove what no run will use again: damaged and temporary files, unfinished work of a week ago.

    Args:
        cache: the cache.
        models: also the files of these models.
        older_than: also the files that were made more than so many days ago.
        missing: also the files whose recording is no longer where it was embedded.
        dry_run: remove nothing.

    Raises:
        CacheError: something cannot be removed, or it is not known whether a recording is there.
    """

    def unwanted(stored: Stored) -> bool:
        if older_than is not None and contents.age(stored) > older_than * contents.DAY:
            return True
        try:
            if contents.is_silence(stored):
                model, recording = None, recording_of(cache.store, stored.name)
            else:
                meta = cache_file.describe(cache.store, stored.name, stored.size)[1]
                model, recording = meta.get("model"), str(meta.get("recording"))
        except (CacheError, FileNotFoundError):
            return True
        return model in models or (missing and is_gone(recording))

    own = [*contents.own_files(cache), *contents.silence_files(cache)]
    removed = {
        stored.name: stored.size
        for stored in [
            *contents.damaged(cache),
            *contents.temporary(cache),
            *contents.abandoned(cache),
            *cache.store.abandoned(UNFINISHED, contents.KEPT_UNFINISHED),
            *compress(own, cache.of_each(unwanted, own)),
        ]
    }

    def remove(name: str) -> None:
        try:
            cache.store.remove(name)
        except OSError as error:
            where = cache.store.location(name)
            raise CacheError(f"{where}: cannot be removed: {error.strerror or error}") from error

    for _ in cache.of_each(remove, [] if dry_run else removed):
        pass
    return Pruned(tuple(map(cache.store.location, removed)), sum(removed.values()))
