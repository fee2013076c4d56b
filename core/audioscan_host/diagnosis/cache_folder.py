"""Whether the cache folder can be used, and whether a sample of its files is sound."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from audioscan_host.cache import Cache
from audioscan_host.cache import file as cache_file
from audioscan_host.cache.entry import FINISHED
from audioscan_host.cache.npz import DAMAGED
from audioscan_host.cache.store import UNFINISHED
from audioscan_host.diagnosis.finding import Finding
from audioscan_host.errors import CacheError, SettingError, StoreError
from audioscan_host.remote_path import is_url

MOST_FILES = 50
MOST_BYTES = 256 * 2**20
"""Of the sample that is read; `audioscan-host cache verify` reads all."""

LEAST_FREE = 2**30
"""Bytes; under this a day of recordings may fill the disk."""


def examine_cache(folder: Path | str | None) -> Iterator[Finding]:
    """The folder, the room on its disk, and a sample of its files, spread over all of them by name."""
    try:
        cache = Cache(folder)
    except (CacheError, SettingError, StoreError) as error:
        yield Finding("cache folder", "broken", str(error))
        return
    yield _behind_url(cache) if is_url(cache.store.location()) else _on_disk(cache)
    yield _sample(cache)


def _behind_url(cache: Cache) -> Finding:
    """Who can take a claim can write."""
    where = cache.store.location()
    try:
        with cache.store.claim(f"{UNFINISHED}/doctor", wait=True):
            return Finding("cache folder", "ok", f"{where}, can be written to")
    except CacheError as error:
        found = f"{where}, cannot be written to: what is there is read, and nothing is added: {error}"
        return Finding("cache folder", "warning", found, "name another: --cache-dir")


def _on_disk(cache: Cache) -> Finding:
    where = Path(cache.store.location()).resolve()
    free = shutil.disk_usage(where).free
    writable = os.access(where, os.W_OK)
    written = (
        "can be written to"
        if writable
        else "cannot be written to: what is there is read, and nothing is added"
    )
    found = f"{where}, {written}, {free / 2**30:.1f} GiB free"
    remedy = (
        "make room, or name another folder: --cache-dir" if writable else "name another folder: --cache-dir"
    )
    good = writable and free >= LEAST_FREE
    return Finding("cache folder", *(("ok", found, "") if good else ("warning", found, remedy)))


def _sample(cache: Cache) -> Finding:
    kept = list(cache.store.files(FINISHED))
    files = [stored for stored in kept if stored.name.endswith(".npz")]
    aside = sum(stored.name.endswith(DAMAGED) for stored in kept)
    damaged, read, size = [], 0, 0
    for stored in files[:: -(-len(files) // MOST_FILES) or 1]:
        size += stored.size
        if read and size > MOST_BYTES:
            break
        try:
            cache_file.read(cache.store, stored.name)
        except FileNotFoundError:  # another process has removed it just now
            continue
        except (CacheError, OSError) as error:
            damaged.append(str(error))
        read += 1
    found = f"{len(files)} entries, {read} read, {len(damaged)} damaged, {aside} set aside earlier"
    if damaged:
        remedy = "audioscan-host cache verify sets damaged files aside, and they are computed again"
        return Finding("cache entries", "warning", f"{found}: {damaged[0]}", remedy)
    return Finding("cache entries", "ok", found)
