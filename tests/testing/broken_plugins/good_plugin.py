"""A small plugin that keeps the contract, on numpy alone; `test_conformance.py` breaks one line of it at a time."""

from audioscan_host import FINAL, Checkpoint, Model, SettingError, hookimpl

STEP = 1600  # samples

CHECKPOINT = Checkpoint(
    name="GOOD",
    source="none",
    revision="1",
    layers=4,
    sample_rate=16_000,
    step=0.1,
    shortest_window=0.1,
    stretch=10.0,
    context=0.0,
    licence="MIT",
    parameters=0,
)


@hookimpl
def register_models():
    return [
        Model("GOOD", CHECKPOINT, (FINAL,), 3, "levels, one layer"),
        Model("GOOD_ML", CHECKPOINT, CHECKPOINT.quartiles, 12, "levels, four layers"),
    ]


@hookimpl
def precision(checkpoint, runtime):
    return "fp32"


@hookimpl
def load(checkpoint, runtime):
    if runtime.device not in {"auto", "cpu"}:
        raise SettingError(f"{checkpoint.name} runs on the CPU only, not on {runtime.device}")
    import numpy as np

    return np.random.default_rng(0).normal(size=(5, 2, 3)).astype(np.float32)


@hookimpl
def preprocess(encoder, waveform, windows):
    import numpy as np

    steps = windows.length // STEP
    cut = [waveform[start : start + steps * STEP] for start in windows.starts]
    return np.stack(cut).reshape(len(windows), steps, STEP)


@hookimpl
def batch_size(encoder, inputs, layers):
    return 8


@hookimpl
def embed(encoder, batch, layers):
    import numpy as np

    power = (batch**2).mean(axis=2)
    level = np.log(power + 1e-10)
    crossings = (np.diff(np.sign(batch), axis=2) != 0).mean(axis=2)
    states = np.stack([level, crossings], axis=2).astype(np.float32)
    return {layer: states @ encoder[layer] for layer in layers}
