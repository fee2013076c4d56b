"""Name -> model, and one typed method a hook, scoped to the family that owns the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from audioscan_host.errors import PluginError, UnknownModelError
from audioscan_host.models.checkpoints import LocalCheckpoint, localised, named_by_user, refuse_needless
from audioscan_host.models.model import FINAL, PRECISIONS
from audioscan_host.plugins.defaults import HostDefaults
from audioscan_host.plugins.discovery import Discovery, Failure, Plugin, discover
from audioscan_host.plugins.hookspecs import Array, Encoder, HiddenStates, Inputs

if TYPE_CHECKING:
    import click
    import numpy as np
    import numpy.typing as npt

    from audioscan_host.models.model import Checkpoint, Model, Runtime
    from audioscan_host.windows import Windows


def load_registry(
    extra: Mapping[str, Any] | None = None, checkpoints: Mapping[str, str] | None = None
) -> Registry:
    """Discover the installed plugins.

    Args:
        extra: plugins that are not installed, name -> module or object with hooks.
        checkpoints: checkpoint name -> file or folder in place of the download, optionally with
            `#sha256=HEX` after it; before what `AUDIOSCAN_<CHECKPOINT>` names.

    Raises:
        SettingError: there is no checkpoint of such a name, or it has no weights.
    """
    return Registry(discover(extra), checkpoints)


class Registry:
    """The models of all plugins that work, and the reasons of those that do not.

    Attributes:
        plugins: the plugins that work, in the order of their models.
        failures: the plugins that were set aside.
        left_out: names of the installed plugins that `AUDIOSCAN_PLUGINS` leaves out.
        models: name -> model, as its plugin declares it.
        wrappers: what plugins without models do to the embeddings of all models, in a few words
            for each plugin; part of every cache key.
    """

    def __init__(self, discovery: Discovery, checkpoints: Mapping[str, str] | None = None) -> None:
        self.plugins: tuple[Plugin, ...] = discovery.plugins
        self.failures: tuple[Failure, ...] = discovery.failures
        self.left_out: tuple[str, ...] = discovery.left_out
        self.models: Mapping[str, Model] = {m.name: m for plugin in self.plugins for m in plugin.models}
        self.wrappers: tuple[str, ...] = tuple(plugin.mark for plugin in self.plugins if plugin.mark)
        self._hooks = discovery.hooks
        self._hooks.register(HostDefaults())
        self._owners = {model.name: plugin for plugin in self.plugins for model in plugin.models}
        self._local = named_by_user(checkpoints or {}, (model.checkpoint for model in self.models.values()))
        self._localised: dict[Checkpoint, Checkpoint] = {}

    def model(self, name: str) -> Model:
        """The model of that name, with the weights that the user named where there are such.

        Raises:
            UnknownModelError: there is none; the message names near ones and failed plugins.
            CheckpointError: the user's file or folder is not what the model reads.
        """
        if name in self.models:
            return self._with_users_weights(self.models[name])
        from difflib import get_close_matches

        folded = {known.casefold(): known for known in self.models}
        near = get_close_matches(name.casefold(), folded, n=1)
        parts = [f"unknown model {name!r}"]
        parts.append(
            f"did you mean {folded[near[0]]}?" if near else f"installed: {', '.join(self.models) or 'none'}"
        )
        if self.failures:
            failed = "; ".join(f"{failure.name} ({failure.reason})" for failure in self.failures)
            parts.append(f"plugins set aside: {failed}")
        raise UnknownModelError("; ".join(parts))

    def _with_users_weights(self, model: Model) -> Model:
        name = model.checkpoint.name
        if name not in self._local:
            refuse_needless(model.checkpoint)
            return model
        if model.checkpoint not in self._localised:  # hashes the file
            self._localised[model.checkpoint] = localised(model.checkpoint, self._local[name])
        return replace(model, checkpoint=self._localised[model.checkpoint])

    def local_checkpoint(self, model: Model) -> LocalCheckpoint | None:
        """What the user named in place of the model's download."""
        return self._local.get(model.checkpoint.name)

    def owner(self, model: Model) -> Plugin:
        """The plugin that registered the model."""
        return self._owners[model.name]

    def family(self, model: Model) -> Family:
        """The hooks of the plugin that registered the model."""
        owner = self.owner(model)
        others = [plugin.module for plugin in self.plugins if plugin.models and plugin is not owner]
        return Family(owner.name, self._hooks, others)

    def register_commands(self, plugin: Plugin, cli: click.Group) -> None:
        """Let one plugin add its commands to `cli`."""
        others = [other.module for other in self.plugins if other is not plugin]
        self._hooks.subset_hook_caller("register_commands", others)(cli=cli)


class Family:
    """One typed method a hook; the hooks of other families stay silent, wrappers apply.

    Raises:
        PluginError: from any method, when the plugin returned nothing.
    """

    def __init__(self, name: str, hooks: Any, others: Sequence[Any]) -> None:
        self.name = name
        self._hooks = hooks
        self._others = others

    def load(self, checkpoint: Checkpoint, runtime: Runtime) -> Encoder:
        """The encoder of a checkpoint, on the device that `runtime` names."""
        encoder = self._load(checkpoint=checkpoint, runtime=runtime)
        return self._required(encoder, "load")

    def precision(self, checkpoint: Checkpoint, runtime: Runtime) -> str:
        """`fp32`, `bf16` or `fp16`: what `load` will compute in."""
        precision: str = self._required(self._precision(checkpoint=checkpoint, runtime=runtime), "precision")
        if precision not in PRECISIONS or precision == "auto":
            raise PluginError(
                f"plugin {self.name!r}: precision must be fp32, bf16 or fp16, not {precision!r}"
            )
        return precision

    def batch_size(self, encoder: Encoder, inputs: Inputs, layers: frozenset[int]) -> int:
        """How many windows go through the encoder at once where the user does not say."""
        size: int = self._required(
            self._batch_size(encoder=encoder, inputs=inputs, layers=layers), "batch_size"
        )
        if size < 1:
            raise PluginError(f"plugin {self.name!r}: batch_size must be 1 or more, not {size!r}")
        return size

    def preprocess(self, encoder: Encoder, waveform: npt.NDArray[np.float32], windows: Windows) -> Inputs:
        """One model input for each of the windows of a block, of the waveform that wrappers leave."""
        waveform = self._filtered(waveform, windows)
        inputs: Inputs = self._required(
            self._preprocess(encoder=encoder, waveform=waveform, windows=windows), "preprocess"
        )
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
        filtered: npt.NDArray[np.float32] = self._required(
            self._filter_waveform(waveform=waveform, windows=windows), "filter_waveform"
        )
        found = (getattr(filtered, "shape", None), str(getattr(filtered, "dtype", type(filtered).__name__)))
        if found != (waveform.shape, "float32"):
            hooks = self._filter_waveform.get_hookimpls()
            at_work = [each.plugin_name for each in hooks if not isinstance(each.plugin, HostDefaults)]
            raise PluginError(
                f"filter_waveform must return {waveform.shape} float32, not {found[0]} {found[1]}; "
                f"it is implemented by {', '.join(at_work)}"
            )
        return filtered

    def embed(self, encoder: Encoder, batch: Any, layers: frozenset[int]) -> HiddenStates:
        """The hidden states of a batch: layer -> (batch, time, width)."""
        states: HiddenStates = self._required(
            self._embed(encoder=encoder, batch=batch, layers=layers), "embed"
        )
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
        selected: Sequence[Array] = self._required(
            self._select_layers(model=model, hidden_states=hidden_states), "select_layers"
        )
        return selected

    # Looked up once: `embed` and `select_layers` are called for every batch.

    @cached_property
    def _load(self) -> Any:
        return self._hooks.subset_hook_caller("load", self._others)

    @cached_property
    def _precision(self) -> Any:
        return self._hooks.subset_hook_caller("precision", self._others)

    @cached_property
    def _batch_size(self) -> Any:
        return self._hooks.subset_hook_caller("batch_size", self._others)

    @cached_property
    def _filter_waveform(self) -> Any:
        return self._hooks.subset_hook_caller("filter_waveform", self._others)

    @cached_property
    def _preprocess(self) -> Any:
        return self._hooks.subset_hook_caller("preprocess", self._others)

    @cached_property
    def _embed(self) -> Any:
        return self._hooks.subset_hook_caller("embed", self._others)

    @cached_property
    def _select_layers(self) -> Any:
        return self._hooks.subset_hook_caller("select_layers", self._others)

    def _required(self, result: Any, hook: str) -> Any:
        if result is None:
            raise PluginError(f"plugin {self.name!r}: {hook} returned nothing")
        return result
