"""The hooks of one family: one typed method a hook, and what comes back checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from audioscan_host.errors import PluginError
from audioscan_host.models.model import FINAL, Precision
from audioscan_host.plugins.defaults import HostDefaults
from audioscan_host.plugins.hookspecs import Array, Encoder, HiddenStates, Inputs

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from audioscan_host.models.model import Checkpoint, Model, Runtime
    from audioscan_host.windows import Windows


class Family:
    """One typed method a hook; the hooks of other families stay silent, wrappers apply.

    Raises:
        PluginError: from any method, when the plugin returned nothing.
    """

    def __init__(self, name: str, hooks: Any, others: Sequence[Any]) -> None:
        """Scope the hooks of all plugins to one.

        Args:
            name: of the plugin.
            hooks: pluggy's manager, which has all plugins.
            others: the plugins that have models of their own.
        """
        self.name = name
        self._hooks = hooks
        self._others = others
        self._callers: dict[str, Any] = {}

    def load(self, checkpoint: Checkpoint, runtime: Runtime) -> Encoder:
        """The encoder of a checkpoint, on the device that `runtime` names."""
        return self._call("load", checkpoint=checkpoint, runtime=runtime)

    def precision(self, checkpoint: Checkpoint, runtime: Runtime) -> str:
        """`fp32`, `bf16` or `fp16`: what `load` will compute in."""
        precision: str = self._call("precision", checkpoint=checkpoint, runtime=runtime)
        if precision not in tuple(Precision) or precision == Precision.AUTO:
            raise PluginError(
                f"plugin {self.name!r}: precision must be fp32, bf16 or fp16, not {precision!r}"
            )
        return precision

    def batch_size(self, encoder: Encoder, inputs: Inputs, layers: frozenset[int]) -> int:
        """How many windows go through the encoder at once where the user does not say."""
        size: int = self._call("batch_size", encoder=encoder, inputs=inputs, layers=layers)
        if size < 1:
            raise PluginError(f"plugin {self.name!r}: batch_size must be 1 or more, not {size!r}")
        return size

    def preprocess(self, encoder: Encoder, waveform: npt.NDArray[np.float32], windows: Windows) -> Inputs:
        """One model input for each of the windows of a block, of the waveform that wrappers leave."""
        waveform = self._filtered(waveform, windows)
        inputs: Inputs = self._call("preprocess", encoder=encoder, waveform=waveform, windows=windows)
        kind = type(inputs).__name__
        if isinstance(inputs, Mapping) or not hasattr(inputs, "__len__"):
            raise PluginError(
                f"plugin {self.name!r}: preprocess returned a {kind}; expected a list, an array or what else has "
                "len() and slices, one input a window"
            )
        if len(inputs) != len(windows):
            raise PluginError(
                f"plugin {self.name!r}: preprocess returned {len(inputs)} inputs ({kind}) for {len(windows)} windows"
            )
        return inputs

    def _filtered(self, waveform: npt.NDArray[np.float32], windows: Windows) -> npt.NDArray[np.float32]:
        filtered: npt.NDArray[np.float32] = self._call("filter_waveform", waveform=waveform, windows=windows)
        found = (getattr(filtered, "shape", None), str(getattr(filtered, "dtype", type(filtered).__name__)))
        if found != (waveform.shape, "float32"):
            hooks = self._caller("filter_waveform").get_hookimpls()
            at_work = [each.plugin_name for each in hooks if not isinstance(each.plugin, HostDefaults)]
            raise PluginError(
                f"filter_waveform must return {waveform.shape} float32, not {found[0]} {found[1]}; "
                f"it is implemented by {', '.join(at_work)}"
            )
        return filtered

    def embed(self, encoder: Encoder, batch: Any, layers: frozenset[int]) -> HiddenStates:
        """The hidden states of a batch: layer -> (batch, time, width)."""
        states: HiddenStates = self._call("embed", encoder=encoder, batch=batch, layers=layers)
        if not isinstance(states, Mapping):
            raise PluginError(
                f"plugin {self.name!r}: embed returned a {type(states).__name__}; expected a mapping of layers to "
                "arrays, such as {FINAL: array}"
            )
        missing = sorted(layers - set(states))
        if missing:
            given = ", ".join(map(repr, states)) or "none"
            raise PluginError(
                f"plugin {self.name!r}: embed left out layers {missing}; it returned {given} (FINAL is {FINAL})"
            )
        return states

    def select_layers(self, model: Model, hidden_states: HiddenStates) -> Sequence[Array]:
        """What the model reads of the hidden states, each (batch, time, width)."""
        selected: Sequence[Array] = self._call("select_layers", model=model, hidden_states=hidden_states)
        return selected

    def _call(self, hook: str, **arguments: Any) -> Any:
        result = self._caller(hook)(**arguments)
        if result is None:
            raise PluginError(f"plugin {self.name!r}: {hook} returned nothing")
        return result

    def _caller(self, hook: str) -> Any:
        # Looked up once: `embed` and `select_layers` are called for every batch.
        if hook not in self._callers:
            self._callers[hook] = self._hooks.subset_hook_caller(hook, self._others)
        return self._callers[hook]
