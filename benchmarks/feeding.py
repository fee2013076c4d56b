"""Whether the encoder waits: recordings on disk to cache, against the encoder's own rate on stretches that lie in memory.

The encoder's own rate is that of `stretches.py`, of as much audio as one recording has. Then WAVs of 16 kHz are embedded by
stretches, by so many decoders, each number in a process of its own. One recording goes before: with it come imports, the
device and the model, whose time is told apart. Weights are random. Where there is a GPU, `nvidia-smi` says what share of the time it
is busy.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import machine


def own_rate(model: str, checkpoints: dict[str, str], device: str, seconds: float) -> float:
    """Seconds of audio a second that the encoder does where nothing has to be decoded: the best of three."""
    import encoders
    import stretches

    from audioscan_host import Runtime, load_registry
    from audioscan_host.embedding.encoders import Encoders
    from audioscan_host.embedding.stretches import stretching

    registry = load_registry(checkpoints=checkpoints)
    chosen, held = registry.model(model), Encoders(registry, Runtime(device))
    advance = stretching(chosen.checkpoint).hop
    count = max(1, round(seconds / advance))
    run = stretches.by_stretches(held, chosen, 1.0, count)
    run()  # the first call allocates
    where = held.loaded(chosen).encoder.device
    return count * advance / min(encoders.timed(run, where) for _ in range(3 if where.type == "cuda" else 1))


def embed(asked: dict[str, Any]) -> dict[str, float]:
    """Embed the first recording of a folder, then time the others."""
    from audioscan_host import Runtime, Windowing, load_registry
    from audioscan_host.cache import Cache
    from audioscan_host.embedding.embedder import Embedder
    from audioscan_host.embedding.executor import LocalExecutor
    from audioscan_host.reading import Reading

    registry = load_registry(checkpoints=asked["checkpoints"])
    model = registry.model(asked["model"])
    with tempfile.TemporaryDirectory() as cache:
        embedder = Embedder(
            registry,
            [model],
            Windowing(),
            Cache(Path(cache)),
            runtime=Runtime(asked["device"]),
            executor=LocalExecutor(decoders=asked["decoders"]),
            readings={model: Reading.STRETCHES},
        )
        first, *others = sorted(Path(asked["folder"]).iterdir())
        begun = time.perf_counter()
        for _ in embedder.embed_each([first]):
            pass
        used, clock, after = time.process_time(), time.time(), time.perf_counter()
        audio = sum(each.duration for each in embedder.embed_each(others))
        took = time.perf_counter() - after
    told = {"seconds": took, "used": time.process_time() - used, "audio": audio, "begun": clock}
    return {**told, "first": after - begun}


def measure(arguments: argparse.Namespace) -> None:
    """Print the encoder's own rate, and what share of it each number of decoders comes to."""
    import throughput

    class Fed(throughput.Side):
        def command(self, facts: dict[str, Any]) -> list[str]:
            *program, _, asked = super().command(facts)
            return [*program, __file__, "--asked", asked]

    facts = {"model": arguments.model, "device": arguments.device}
    with throughput.random_weights(arguments.model) as checkpoints:
        own = own_rate(arguments.model, checkpoints, arguments.device, 60 * arguments.minutes)
        rows = [("the encoder by itself", f"{own:8.1f} s of audio a second")]
        print(*rows[0], flush=True)
        with throughput.recordings("wav16", 1 + arguments.files, arguments.minutes) as folder:
            asked = {**facts, "folder": str(folder), "checkpoints": checkpoints}
            for number in arguments.decoders:
                result = throughput.taken(Fed(throughput.SOURCES, number), facts=asked)
                rate = result["audio"] / result["seconds"]
                text = f"{rate:8.1f} s of audio a second, {rate / own:.0%} of that"
                text += f"; GPU busy {result['busy']:.0f} %" if "busy" in result else ""
                text += f"; {result['first']:.1f} s with the first recording, before"
                rows.append((f"decoders: {number}", text))
                print(*rows[-1], flush=True)  # should the time end before the others
    title = f"{arguments.model} by stretches, {arguments.files} WAVs of {arguments.minutes:g} minutes"
    machine.report(title, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", default="AST", help="HUBERT_BASE, AST, EAT or BEATS")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--files", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=20, help="of each file")
    parser.add_argument("--decoders", nargs="+", type=int, default=[1, 2, 4])
    parser.add_argument("--asked", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.asked is None:
        measure(arguments)
    else:
        sys.stdout.write(json.dumps(embed(json.loads(arguments.asked))) + os.linesep)


if __name__ == "__main__":
    main()
