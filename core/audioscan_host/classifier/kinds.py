"""The kinds of classifier that there are."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from audioscan_host.classifier.boosted_trees import BoostedTrees
from audioscan_host.classifier.kind import Kind
from audioscan_host.classifier.logistic import Logistic

_KINDS: tuple[Kind[Any], ...] = (Logistic(), BoostedTrees())

KINDS: Mapping[str, Kind[Any]] = MappingProxyType({kind.name: kind for kind in _KINDS})
"""By name, each of `ClassifierKind`."""
