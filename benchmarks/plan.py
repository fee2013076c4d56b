"""What `plan` says against what `embed` then takes, by the clock and of processors.

Each is a process of its own, both take turns, and each `embed` fills a cache of its own. Start-up of the program is in neither.
The encoder is MEL, or SMALL, a transformer of two layers with random weights. On a machine that others use too, what each gets changes
from one minute to the next: the ratio of processor seconds says how good the model of cost is, the clock how busy the machine was.
"""

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import machine
import numpy as np
from throughput import write

from audioscan_host import FINAL, Checkpoint, Model, embed, hookimpl, plan
from audioscan_host.plugins.registry import Registry, load_registry

CASES = {
    "one of 45 min": ("wav", 1, 45.0),
    "400 of 10 s": ("wav", 400, 1 / 6),
    "40 of 5 min, AAC": ("m4a", 40, 5.0),
    "one of 3 h": ("wav", 1, 180.0),
}
"""Suffix, number and minutes of recordings."""


class Small:
    """A family of one transformer of two layers, which reads stretches of 10 s."""

    @hookimpl
    def register_models(self) -> list[Model]:
        checkpoint = Checkpoint(
            name="SMALL",
            source="none",
            revision="1",
            layers=2,
            sample_rate=machine.RATE,
            step=0.1,
            shortest_window=0.1,
            licence="MIT",
            parameters=0,
            stretch=10.0,
            context=math.inf,
        )
        return [Model("SMALL", checkpoint, (FINAL,), 128, "random")]

    @hookimpl
    def load(self, checkpoint: Checkpoint, runtime: Any) -> Any:
        import torch
        from torch import nn

        torch.manual_seed(0)
        layers = [nn.TransformerEncoderLayer(128, 4, 512, batch_first=True) for _ in range(checkpoint.layers)]
        return nn.ModuleList([nn.Conv1d(1, 128, 1600, 1600), nn.Sequential(*layers)]).eval()

    @hookimpl
    def preprocess(self, encoder: Any, waveform: Any, windows: Any) -> Any:
        return np.stack([waveform[start : start + windows.length] for start in windows.starts])

    @hookimpl
    def embed(self, encoder: Any, batch: Any, layers: frozenset[int]) -> Any:
        import torch

        with torch.inference_mode():
            states = encoder[1](encoder[0](torch.from_numpy(batch)[:, None]).transpose(1, 2))
        return dict.fromkeys(layers, states)


def registry(model: str) -> Registry:
    """The models that are installed, or SMALL."""
    return load_registry({"small": Small()}) if model == "SMALL" else load_registry()


def side(what: str, folder: str, model: str, cache: str) -> dict[str, float]:
    """What one of both says or takes: seconds by the clock and of processors."""
    models = registry(model)
    begun, used = time.perf_counter(), used_processors()
    if what == "embed":
        embed([folder], [model], registry=models, cache_dir=cache)
        return {"clock": time.perf_counter() - begun, "processors": used_processors() - used}
    done = plan([folder], [model], registry=models, cache_dir=cache)
    (only,) = done.checkpoints
    if only.cost is None or only.forecast is None or done.seconds is None:
        raise SystemExit("nothing was measured")
    processors = only.forecast.processor + only.cost.processor_loading + done.looking
    return {"clock": done.seconds.value, "processors": processors, "spent": time.perf_counter() - begun}


def used_processors() -> float:
    """Of this process and its decoders, which have ended by then."""
    return sum(os.times()[:4])


def recordings(case: str, folder: Path) -> None:
    """Noise with bursts, or AAC; each is another to the cache."""
    suffix, count, minutes = CASES[case]
    for number in range(count):
        path = folder / f"{number:03d}.{suffix}"
        if suffix == "wav":
            machine.write_noise(path, minutes, number)
        elif number == 0:
            write(path, "aac48", minutes, number)
        else:
            shutil.copyfile(folder / f"000.{suffix}", path)
            os.utime(path, (number, number))


def rows_of(case: str, model: str, rounds: int) -> list[tuple[str, str]]:
    """Rows of the report: best rounds, and the ratio of both in each round."""
    found: dict[str, list[dict[str, float]]] = {"plan": [], "embed": []}
    with tempfile.TemporaryDirectory() as folder:
        recordings(case, Path(folder))
        for _ in range(rounds):
            for what, results in found.items():
                with tempfile.TemporaryDirectory() as cache:
                    command = [sys.executable, __file__, "--side", what, folder, model, cache]
                    done = subprocess.run(command, check=True, stdout=-1, text=True, env=machine.ENVIRONMENT)
                results.append(json.loads(done.stdout.splitlines()[-1]))
    rows = []
    for unit in ("processors", "clock"):
        said, took = ([each[unit] for each in found[what]] for what in ("plan", "embed"))
        ratios = [s / t for s, t in zip(said, took, strict=True)]
        figures = f"said {min(said):6.2f} s, took {min(took):6.2f} s: {min(said) / min(took):.2f} times"
        spread = f"in turn {min(ratios):.2f} to {max(ratios):.2f}, median {statistics.median(ratios):.2f}"
        rows.append((f"{model}, {case}, {unit}", f"{figures}; {spread}"))
    spent = statistics.median(each["spent"] for each in found["plan"])
    return [*rows, (f"{model}, {case}, plan itself", f"{spent:.1f} s")]


def main() -> None:
    """Compare them, or be one side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", nargs="+", choices=CASES, default=[*CASES])
    parser.add_argument("--models", nargs="+", choices=["MEL", "SMALL"], default=["MEL", "SMALL"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--side", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side:
        print(json.dumps(side(*arguments.side)))
        return
    rows = [row for m in arguments.models for c in arguments.cases for row in rows_of(c, m, arguments.rounds)]
    machine.report(f"What plan says against what embed takes, best of {arguments.rounds} rounds", rows)


if __name__ == "__main__":
    main()
