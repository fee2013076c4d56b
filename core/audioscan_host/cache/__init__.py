"""The embeddings that are kept, so that nothing is computed twice."""

from audioscan_host.cache.cache import Cache, default_folder
from audioscan_host.cache.entry import Entry
from audioscan_host.cache.file import Embeddings, Rows, whole
from audioscan_host.cache.keys import Provenance
from audioscan_host.cache.store import BusyError, Stored

__all__ = [
    "BusyError",
    "Cache",
    "Embeddings",
    "Entry",
    "Provenance",
    "Rows",
    "Stored",
    "default_folder",
    "whole",
]
