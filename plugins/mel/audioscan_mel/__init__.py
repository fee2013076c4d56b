"""MEL: log-mel time steps and their deltas, without weights and on the CPU alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audioscan_host import FINAL, Checkpoint, HiddenStates, Inputs, Model, Runtime, SettingError, hookimpl

if TYPE_CHECKING:  # listing the models must not wait for numpy
    from audioscan_host import Windows
    from audioscan_mel.spectrogram import Array, MelEncoder

CONTRACT_VERSION = 1

CHECKPOINT = Checkpoint(
    name="MEL",
    source="none",
    revision="1",
    layers=0,
    sample_rate=16000,
    step=0.010,
    shortest_window=0.025,  # one frame
    licence="MIT",
    parameters=0,
    stretch=10.0,
    context=0.05,  # a frame, and deltas over five of them
)


@hookimpl
def register_models() -> list[Model]:
    description = "log-mel spectrogram with deltas, their mean and standard deviation; no weights"
    return [Model("MEL", CHECKPOINT, (FINAL,), dim=256, description=description, pooling="mean+std")]


@hookimpl
def load(checkpoint: Checkpoint, runtime: Runtime) -> MelEncoder:
    if runtime.device not in {"auto", "cpu"}:
        raise SettingError(
            f"{checkpoint.name} runs on the CPU only: device must be auto or cpu, not {runtime.device}"
        )
    from audioscan_mel.spectrogram import MelEncoder

    return MelEncoder()


@hookimpl
def preprocess(encoder: MelEncoder, waveform: Array, windows: Windows) -> Inputs:
    return encoder.cut(encoder.log_mel(waveform), windows.starts, windows.length)


@hookimpl
def embed(encoder: MelEncoder, batch: Array, layers: frozenset[int]) -> HiddenStates:
    return dict.fromkeys(layers, encoder.with_deltas(batch))  # FINAL is all that MEL's model reads
