"""What the host does at each hook where no plugin says otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from audioscan_host.plugins.hookspecs import Array, Encoder, HiddenStates, Inputs, hookimpl

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from audioscan_host.models.model import Checkpoint, Model, Runtime
    from audioscan_host.windows import Windows

DEFAULT_BATCH_SIZE = 16
"""Windows that go through an encoder at once where neither the user nor the plugin says."""


class HostDefaults:
    """What the host does where no plugin says otherwise."""

    @hookimpl(trylast=True)
    def precision(self, checkpoint: Checkpoint, runtime: Runtime) -> str:  # noqa: ARG002
        return "fp32"

    @hookimpl(trylast=True)
    def batch_size(self, encoder: Encoder, inputs: Inputs, layers: frozenset[int]) -> int:  # noqa: ARG002
        return DEFAULT_BATCH_SIZE

    @hookimpl(trylast=True)
    def filter_waveform(
        self,
        waveform: npt.NDArray[np.float32],
        windows: Windows,  # noqa: ARG002
    ) -> npt.NDArray[np.float32]:
        return waveform

    @hookimpl(trylast=True)
    def select_layers(self, model: Model, hidden_states: HiddenStates) -> Sequence[Array]:
        return [hidden_states[layer] for layer in model.layers]
