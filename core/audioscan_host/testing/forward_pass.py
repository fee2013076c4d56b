"""What a batch became, brought to the host, and how far two such results are apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from array_api_compat import array_namespace, device, to_device

from audioscan_host.plugins.hookspecs import Array, HiddenStates
from audioscan_host.testing.finding import ConformanceError

Numbers = npt.NDArray[np.float32]


@dataclass(frozen=True)
class ForwardPass:
    """What a batch became.

    Attributes:
        states: layer -> (batch, time, width) float32.
        pooled: name of a model -> (batch, dim) float32.
        selected: name of a model -> what it reads, each (batch, time, width) float32.
        on_cpu: it was the CPU that computed it.
    """

    states: Mapping[int, Numbers]
    pooled: Mapping[str, Numbers]
    selected: Mapping[str, Sequence[Numbers]]
    on_cpu: bool

    @property
    def shape(self) -> tuple[int, int]:
        """Time steps in each window, and their width; of the layer with the most time steps."""
        _, steps, width = max((states.shape for states in self.states.values()), key=lambda shape: shape[1])
        return steps, width

    def of(self, window: int) -> "ForwardPass":
        """One window of the batch, as if alone."""
        part = slice(window, window + 1)
        states = {layer: numbers[part] for layer, numbers in self.states.items()}
        return ForwardPass(
            states,
            {name: vectors[part] for name, vectors in self.pooled.items()},
            {name: [each[part] for each in read] for name, read in self.selected.items()},
            self.on_cpu,
        )


def fetched(states: HiddenStates, layers: frozenset[int]) -> tuple[dict[int, Numbers], bool]:
    """The layers as numpy arrays, and whether a CPU computed them."""
    on_cpu = all(str(device(states[layer])).startswith("cpu") for layer in layers)
    return {layer: to_numpy(states[layer]) for layer in sorted(layers)}, on_cpu


def deviation(found: Mapping[Any, Numbers], expected: Mapping[Any, Numbers]) -> float:
    """The largest difference, as a share of the largest expected value; the largest of all keys.

    Numbers that are not finite differ from all but themselves: whether there should be any is not asked here.

    Raises:
        ConformanceError: the shapes differ.
    """
    largest = 0.0
    for key, wanted in expected.items():
        if found[key].shape != wanted.shape:
            raise ConformanceError(f"the shape is {found[key].shape} in place of {wanted.shape}")
        alike = (found[key] == wanted) | (np.isnan(found[key]) & np.isnan(wanted))
        if alike.all():
            continue
        finite = np.abs(wanted[np.isfinite(wanted)])
        scale = finite.max(initial=0.0) or 1.0
        difference = np.abs(found[key][~alike].astype(np.float64) - wanted[~alike])
        largest = max(largest, float(np.nan_to_num(difference, nan=np.inf).max()) / float(scale))
    return largest


def to_numpy(states: Array) -> Numbers:
    """Hidden states on the host, in float32."""
    xp: Any = array_namespace(states)
    return np.asarray(to_device(xp.astype(states, xp.float32), "cpu"), dtype=np.float32)
