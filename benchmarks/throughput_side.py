"""One side of `throughput.py`: embeds the recordings of a folder with the source that it finds, and prints what it took.

It takes what is asked of it as JSON, and answers with JSON.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from audioscan_host import FINAL, Checkpoint, Model, Runtime, Windowing, hookimpl, load_registry
from audioscan_host.cache import Cache
from audioscan_host.embedding.embedder import Embedder
from audioscan_host.embedding.executor import LocalExecutor

NOTHING = "NOTHING"
RATE = 16_000


class Nothing:
    """A plugin whose embeddings are zeros, one a second."""

    def __init__(self, reading: str) -> None:
        self._reading = reading

    @hookimpl
    def register_models(self) -> list[Model]:
        facts: dict[str, Any] = {"name": NOTHING, "source": "none", "revision": "1", "layers": 0}
        facts |= {"sample_rate": RATE, "step": 1.0, "shortest_window": 1.0, "licence": "MIT"}
        if self._reading == "stretches":
            facts |= {"stretch": 10.0, "context": 1.0}
        return [Model(NOTHING, Checkpoint(parameters=0, **facts), (FINAL,), 1, "zeros")]

    @hookimpl
    def load(self) -> str:
        return "nothing"

    @hookimpl
    def preprocess(self, windows: Any) -> Any:
        self.steps = round(windows.length / windows.sample_rate)
        return windows.starts

    @hookimpl
    def embed(self, batch: Any) -> dict[int, Any]:
        return {FINAL: np.zeros((len(batch), self.steps, 1), np.float32)}


def processor_seconds() -> float:
    """Of this process and of its children that have ended."""
    return sum(os.times()[:4])


def main() -> None:
    asked = json.loads(sys.argv[1])
    folder, model, reading, decoders = (
        Path(asked["folder"]),
        *map(asked.get, ("model", "reading", "decoders")),
    )
    registry = load_registry(
        {"nothing": Nothing(reading)} if model == NOTHING else None, checkpoints=asked["checkpoints"]
    )
    chosen = registry.model(model)
    facts: dict[str, Any] = {"runtime": Runtime(device=asked["device"])}
    if decoders is not None:
        facts["executor"] = LocalExecutor(decoders)
        if asked["threads"]:
            from audioscan_host.audio import decoders as processes

            processes.WORTH = sys.maxsize
    if reading == "stretches":  # of which an earlier source knows nothing
        from audioscan_host.reading import Reading

        facts["readings"] = {chosen: Reading.STRETCHES}
    paths = sorted(folder.iterdir())
    with tempfile.TemporaryDirectory() as cache:
        used, begun, clock = processor_seconds(), time.perf_counter(), time.time()
        embedder = Embedder(registry, [chosen], Windowing(), Cache(Path(cache)), **facts)
        first, embedded = None, 0.0
        for each in embedder.embed_each(paths):
            first = first or time.perf_counter() - begun
            embedded += each.duration
        took = time.perf_counter() - begun
    told = {"seconds": took, "used": processor_seconds() - used, "audio": embedded, "begun": clock}
    print(json.dumps({**told, "first": first}))


if __name__ == "__main__":
    main()
