"""The skeleton of a new plugin: its names, and the files that make a working package of them."""

from audioscan_host.skeleton.names import PluginNames
from audioscan_host.skeleton.writing import write_skeleton

__all__ = ["PluginNames", "write_skeleton"]
