"""The contract between the host and a plugin: every hook, on one screen.

The host calls the hooks that concern a model only on the plugin that registered it, so no plugin asks
whether a model is its own. A plugin without models wraps them for every family, with
`@hookimpl(wrapper=True)`; it states `WRAPPER_REVISION`, raised whenever the embeddings that come of it
change and part of every cache key, or None where it changes none. Unstated, its version is in the key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import pluggy

if TYPE_CHECKING:
    import click
    import numpy as np
    import numpy.typing as npt

    from audioscan_host.annotations.label_format import LabelFormat
    from audioscan_host.models.model import Checkpoint, Model, Runtime
    from audioscan_host.plugins.executor_kind import ExecutorKind
    from audioscan_host.windows import Windows

CONTRACT_VERSION = 1
"""Raised when a hook changes; an optional hook more changes none. A plugin may state `CONTRACT_VERSION = 1` as what it was built for."""

OLDEST_CONTRACT_VERSION = 1
"""Plugins built for versions from here on work. A hook that goes keeps its specification until this is
raised, with `warn_on_impl=FutureWarning("what to write instead")`: `plugins` and `doctor` show that."""

Encoder = Any  # what `load` returned; opaque to the host
Array = Any  # a numpy or device array
HiddenStates = Mapping[int, Array]
"""What `embed` returns: layer -> (batch, time, width), time in order."""


class Inputs(Protocol):
    """What `preprocess` returns: one model input a window."""

    def __len__(self) -> int: ...
    def __getitem__(self, part: slice, /) -> Any: ...


hookspec = pluggy.HookspecMarker("audioscan_host")
hookimpl = pluggy.HookimplMarker("audioscan_host")
"""Marks a function of a plugin as a hook; with `wrapper=True` as one that wraps the hooks of other plugins."""


@hookspec
def register_models() -> Sequence[Model]:  # type: ignore[empty-body]
    """The plugin's models. Called once, when plugins are discovered; must be quick."""


@hookspec(firstresult=True)
def precision(checkpoint: Checkpoint, runtime: Runtime) -> str:  # type: ignore[empty-body]
    """`fp32`, `bf16` or `fp16`: what `load` would compute in; part of every cache key.

    Optional: without it, fp32 whatever the user asks for. Called before the cache is read, so
    it must be quick wherever it can.
    """


@hookspec(firstresult=True)
def load(checkpoint: Checkpoint, runtime: Runtime) -> Encoder:
    """Bring the weights into memory. Called once for all models of a checkpoint, at first need.

    The place for heavy imports. `runtime` names the device and the precision. The files of
    `checkpoint.weights` are there: fetched, or named by the user.
    """


@hookspec(firstresult=True)
def batch_size(encoder: Encoder, inputs: Inputs, layers: frozenset[int]) -> int:  # type: ignore[empty-body]
    """How many of these inputs the encoder takes at once. Called once, with the first block.

    Optional: without it 16; not called where the user says. Where `embed` then runs out of memory
    (`MemoryError`, or an error named `OutOfMemoryError`), the host halves the batch and goes on.
    """


@hookspec(firstresult=True)
def filter_waveform(waveform: npt.NDArray[np.float32], windows: Windows) -> npt.NDArray[np.float32]:  # type: ignore[empty-body]
    """Change what `preprocess` is given, such as take noise away. Called once a block, before it.

    Optional, and made to be wrapped: the host's own answer is the waveform as it is, a wrapper
    returns another array of as many float32 samples. `waveform` may be shared: do not write to it.
    """


@hookspec(firstresult=True)
def preprocess(encoder: Encoder, waveform: npt.NDArray[np.float32], windows: Windows) -> Inputs:  # type: ignore[empty-body]
    """Turn a block of a recording into one model input a window. Called once a block.

    `waveform` is (samples,) float32, mono, at the checkpoint's rate, and may be shared: do not
    write to it. A spectrogram can be computed once here for windows that overlap.
    """


@hookspec(firstresult=True)
def embed(encoder: Encoder, batch: Any, layers: frozenset[int]) -> HiddenStates:  # type: ignore[empty-body]
    """Run the network over a batch: a slice of what `preprocess` returned.

    `layers` is all that the models asked for need together. Returns each as (batch, time, width):
    time steps of real audio only, in order; frequency and special tokens averaged or left out.
    """


@hookspec(firstresult=True)
def select_layers(model: Model, hidden_states: HiddenStates) -> Sequence[Array]:  # type: ignore[empty-body]
    """Pick what `model` reads from the hidden states; the host pools and concatenates it.

    Optional: without it the host picks `model.layers` in their order.
    """


@hookspec
def read_labels() -> Sequence[LabelFormat]:  # type: ignore[empty-body]
    """The formats of label files that the plugin reads. Called before label files are read.

    Optional. They are asked after the host's own, of files that none of those recognises.
    """


@hookspec
def register_executors() -> Sequence[ExecutorKind]:  # type: ignore[empty-body]
    """Where the plugin can have tasks computed, by the addresses that `--on` takes.

    Optional. Called where an address is not `local`, and by `plugins`; must be quick.
    """


@hookspec
def register_commands(cli: click.Group) -> None:
    """Add commands to `audioscan-host`. Optional; a built-in command cannot be replaced."""
