"""Whether what a plugin gives as hidden states can be pooled."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from array_api_compat import array_namespace, is_array_api_obj

from audioscan_host.errors import PluginError
from audioscan_host.plugins.hookspecs import Array, HiddenStates


def require_hidden_states(plugin: str, states: HiddenStates, layers: Iterable[int], windows: int) -> None:
    """Look at what `embed` returned.

    Args:
        plugin: its name.
        states: layer -> what should be (batch, time, width).
        layers: those that will be read.
        windows: in the batch.

    Raises:
        PluginError: one of them is something else, or not of floating numbers.
    """
    for layer in sorted(layers):
        _require(f"plugin {plugin!r}: embed: layer {layer}", states[layer], windows)


def require_selected(plugin: str, model: str, selected: Sequence[Array], windows: int) -> None:
    """Look at what `select_layers` returned for a model; the rest as of `require_hidden_states`."""
    where = f"plugin {plugin!r}: select_layers for {model}"
    if not isinstance(selected, Collection) or not len(selected):
        raise PluginError(f"{where} gave {type(selected).__name__}; expected one array or more")
    for states in selected:
        _require(where, states, windows)


def _require(where: str, states: Array, windows: int) -> None:
    expected = f"expected (batch, time, width), the batch {windows}"
    if not is_array_api_obj(states):
        raise PluginError(f"{where} is {type(states).__name__}; {expected}")
    shape = tuple(states.shape)
    if len(shape) != 3 or shape[0] != windows or 0 in shape:
        raise PluginError(f"{where} has shape {shape}; {expected}")
    xp: Any = array_namespace(states)
    if not xp.isdtype(states.dtype, "real floating"):
        raise PluginError(f"{where} has numbers of type {states.dtype}; expected floating ones")
