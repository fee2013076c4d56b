"""WAVELETS: the levels of wavelet packet bands, by PyWavelets, without weights and on the CPU alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audioscan_host import FINAL, Checkpoint, HiddenStates, Inputs, Model, Runtime, SettingError, hookimpl

if TYPE_CHECKING:  # listing the models must wait for neither numpy nor PyWavelets
    from audioscan_example.encoder import Array, WaveletEncoder
    from audioscan_host import Windows

CONTRACT_VERSION = 1

CHECKPOINT = Checkpoint(
    name="WAVELETS",
    source="none",
    revision="1",
    layers=0,
    sample_rate=16_000,
    step=0.010,
    shortest_window=0.064,  # one frame
    licence="MIT",
    parameters=0,
)


@hookimpl
def register_models() -> list[Model]:
    description = "levels of 32 wavelet packet bands, their mean and standard deviation; no weights"
    return [Model("WAVELETS", CHECKPOINT, (FINAL,), dim=64, description=description, pooling="mean+std")]


@hookimpl
def load(checkpoint: Checkpoint, runtime: Runtime) -> WaveletEncoder:
    if runtime.device not in {"auto", "cpu"}:
        raise SettingError(
            f"{checkpoint.name} runs on the CPU: device must be auto or cpu, not {runtime.device}"
        )
    from audioscan_example.encoder import WaveletEncoder

    return WaveletEncoder()


@hookimpl
def preprocess(encoder: WaveletEncoder, waveform: Array, windows: Windows) -> Inputs:
    return encoder.inputs(waveform, windows)


@hookimpl
def embed(encoder: WaveletEncoder, batch: Array, layers: frozenset[int]) -> HiddenStates:
    return dict.fromkeys(layers, encoder.levels(batch))  # FINAL is all that the model reads
