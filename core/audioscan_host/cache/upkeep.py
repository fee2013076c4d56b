"""What is in the cache folder, whether it is sound, and what of it can go. 8-cut's files stay."""

import shutil
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import filelock

from audioscan_host.atomic_write import TEMPORARY
from audioscan_host.cache import file as cache_file
from audioscan_host.cache.folder import Cache
from audioscan_host.cache.npz import DAMAGED, set_aside
from audioscan_host.cache.silence_file import read_spans, recording_of
from audioscan_host.errors import CacheError
from audioscan_host.progress import Progress, Silent

DAY = 86_400.0
KEPT_UNFINISHED = 7 * DAY
"""Seconds for which an unfinished recording waits to be gone on with."""

_KEY_LENGTH = 64  # hexadecimal digits; 8-cut's names have 16


@dataclass(frozen=True)
class ModelShare:
    """What one model has in the cache; bytes on the disk."""

    model: str
    recordings: int
    windows: int
    size: int


@dataclass(frozen=True)
class CacheInfo:
    """What is in a cache folder.

    Attributes:
        folder: the cache folder.
        models: a share for each model, by name.
        silence: number of recordings whose silence is kept.
        eight_cut: number of files that 8-cut wrote.
        unfinished: number of recordings that a run left before their end.
        leftovers: number of damaged and temporary files.
        size: bytes of all that.
    """

    folder: Path
    models: tuple[ModelShare, ...]
    silence: int
    eight_cut: int
    unfinished: int
    leftovers: int
    size: int


@dataclass(frozen=True)
class Pruned:
    """What was removed, or would have been: paths, and their bytes."""

    paths: tuple[Path, ...]
    size: int


def info(cache: Cache) -> CacheInfo:
    """Count what is in the cache; a damaged file counts as a leftover."""
    recordings: Counter[str] = Counter()
    windows: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    leftovers = len(list(_leftovers(cache)))
    for path in _own_files(cache):
        try:
            count, meta = cache_file.describe(path)
        except CacheError:
            leftovers += 1
            continue
        model = str(meta.get("model", "?"))
        recordings[model] += 1
        windows[model] += count
        sizes[model] += path.stat().st_size
    shares = tuple(ModelShare(m, recordings[m], windows[m], sizes[m]) for m in sorted(recordings))
    unfinished = sum(path.is_dir() for path in cache.unfinished.iterdir())
    silence, eight_cut = len(_silence_files(cache)), len(_eight_cut_files(cache))
    return CacheInfo(cache.folder, shares, silence, eight_cut, unfinished, leftovers, _size(cache.folder))


def verify(cache: Cache, progress: Progress | None = None) -> tuple[int, list[str]]:
    """Read every file to its last byte.

    A damaged one is set aside, so that the next run computes it again; one of 8-cut stays.

    Returns:
        Number of files, and a sentence for each damaged one.
    """
    files = [*_own_files(cache), *_silence_files(cache), *_eight_cut_files(cache)]
    damaged = []
    with (progress or Silent()).track("verifying", len(files), "files") as advance:
        for path in files:
            try:
                read_spans(path) if path.parent == cache.silence else cache_file.read(path)
            except CacheError as error:
                damaged.append(str(error))
                if _is_own(path):
                    set_aside(path)
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
    """

    def unwanted(path: Path) -> bool:
        if older_than is not None and _age(path) > older_than * DAY:
            return True
        try:
            if path.parent == cache.silence:
                model, recording = None, recording_of(path)
            else:
                meta = cache_file.describe(path)[1]
                model, recording = meta.get("model"), str(meta.get("recording"))
        except CacheError:
            return True
        return model in models or (missing and not Path(recording).exists())

    own = [*_own_files(cache), *_silence_files(cache)]
    removed = [*_leftovers(cache), *_abandoned(cache), *filter(unwanted, own)]
    size = sum(map(_size, removed))
    for path in [] if dry_run else removed:
        _remove(path)
    return Pruned(tuple(removed), size)


def _is_own(path: Path) -> bool:
    return len(path.stem) == _KEY_LENGTH


def _own_files(cache: Cache) -> list[Path]:
    return sorted(path for path in cache.finished.glob("*.npz") if _is_own(path))


def _silence_files(cache: Cache) -> list[Path]:
    return sorted(path for path in cache.silence.glob("*.npz") if _is_own(path))


def _eight_cut_files(cache: Cache) -> list[Path]:
    return sorted(path for path in cache.finished.glob("*.npz") if not _is_own(path))


def _leftovers(cache: Cache) -> Iterator[Path]:
    for folder in (cache.finished, cache.silence):
        yield from sorted(folder.glob(f"*{DAMAGED}"))
        # A younger one may belong to a process that is writing it.
        for path in sorted(folder.glob(f".*{TEMPORARY}")):
            if _age(path) > DAY:
                yield path


def _abandoned(cache: Cache) -> Iterator[Path]:
    for path in sorted(cache.unfinished.iterdir()):
        if _age(path) > KEPT_UNFINISHED and not (path.suffix == ".lock" and _is_held(path)):
            yield path


def _is_held(lock_file: Path) -> bool:
    try:
        with filelock.FileLock(lock_file, timeout=0):
            return False
    except filelock.Timeout:
        return True


def _age(path: Path) -> float:
    return time.time() - path.stat().st_mtime


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(inside.stat().st_size for inside in path.rglob("*") if inside.is_file())
    return path.stat().st_size


def _remove(path: Path) -> None:
    remove: Callable[..., Any] = shutil.rmtree if path.is_dir() else Path.unlink
    remove(path)
