"""A cache to measure with: where the real one lies, so that it is as quick, and thrown away afterwards."""

import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from audioscan_host.cache import Cache
from audioscan_host.cache.store import UNFINISHED
from audioscan_host.errors import CacheError
from audioscan_host.notes import About, Note, Tell


@contextmanager
def trial_cache(cache: Cache, tell: Tell) -> Iterator[Cache]:
    """A cache inside another one, among what is unfinished there; a folder for temporary files where that cannot be written to.

    What a killed process leaves of it goes with the rest of what is unfinished, by `cache prune`.
    """
    name = f"{UNFINISHED}/plan-{uuid.uuid4().hex}"
    try:
        trial = Cache(cache.store.location(name))
        with trial.store.claim("claim", wait=False):
            pass
    except CacheError as error:
        message = f"{error}. `embed` would fail; what it takes is measured in a folder for temporary files"
        tell(Note(About.CACHE, message))
        with tempfile.TemporaryDirectory(prefix="audioscan-plan-") as folder:
            yield Cache(folder)
        return
    try:
        yield trial
    finally:
        cache.store.remove(name)
