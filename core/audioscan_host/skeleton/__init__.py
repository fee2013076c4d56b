"""The skeleton of a new plugin: its names, its kind, and the files that make a working package of them."""

from audioscan_host.skeleton.kinds import NUMPY, TORCH, Kind
from audioscan_host.skeleton.names import PluginNames
from audioscan_host.skeleton.writing import write_skeleton

__all__ = ["NUMPY", "TORCH", "Kind", "PluginNames", "write_skeleton"]
