"""The embeddings that are kept, so that nothing is computed twice."""

from audioscan_host.cache.file import Embeddings
from audioscan_host.cache.folder import BusyError, Cache, Entry, default_folder

__all__ = ["BusyError", "Cache", "Embeddings", "Entry", "default_folder"]
