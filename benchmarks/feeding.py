"""Whether the encoder waits: recordings on disk to cache, against the encoder's own rate on stretches that lie in memory.

The encoder's own rate is that of `stretches.py`, of as much audio as one recording has. Then WAVs of 16 kHz are embedded by
stretches as in `throughput.py`, by so many decoders, each number in a process of its own. `steady` leaves out all before the
first recording was there, and that one: imports, the device, and loading the model. Weights are random.
"""

import argparse

import encoders
import machine
import stretches
import throughput

from audioscan_host import Runtime, load_registry
from audioscan_host.embedding.encoders import Encoders
from audioscan_host.embedding.stretches import stretching


def own_rate(model: str, checkpoints: dict[str, str], device: str, seconds: float) -> float:
    """Seconds of audio a second that the encoder does where nothing has to be decoded: the best of three."""
    chosen = load_registry(checkpoints=checkpoints).model(model)
    held = Encoders(load_registry(checkpoints=checkpoints), Runtime(device))
    advance = stretching(chosen.checkpoint).hop
    count = max(1, round(seconds / advance))
    run = stretches.by_stretches(held, chosen, 1.0, count)
    run()  # the first call allocates
    where = held.loaded(chosen).encoder.device
    return count * advance / min(encoders.timed(run, where) for _ in range(3 if where.type == "cuda" else 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", default="AST", help="HUBERT_BASE, AST, EAT or BEATS")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--files", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=20, help="of each file")
    parser.add_argument("--decoders", nargs="+", type=int, default=[1, 2, 4])
    arguments = parser.parse_args()
    facts = {"model": arguments.model, "device": arguments.device, "reading": "stretches"}
    with throughput.random_weights(arguments.model) as checkpoints:
        own = own_rate(arguments.model, checkpoints, arguments.device, 60 * arguments.minutes)
        rows = [("the encoder by itself", f"{own:8.1f} s of audio a second")]
        print(*rows[0], flush=True)
        with throughput.recordings("wav16", arguments.files, arguments.minutes) as folder:
            asked = {**facts, "folder": str(folder), "checkpoints": checkpoints}
            for number in arguments.decoders:
                result = throughput.taken(throughput.Side(throughput.SOURCES, number), facts=asked)
                rows.append((f"decoders: {number}", told(result, own, arguments.files)))
                print(*rows[-1], flush=True)  # should the time end before the others
    title = f"{arguments.model} by stretches, {arguments.files} WAVs of {arguments.minutes:g} minutes"
    machine.report(title, rows)


def told(result: dict[str, float], own: float, files: int) -> str:
    """The rate of a run, also without its beginning, the share of the encoder's own rate, and that of the GPU's time."""
    rate, later = result["audio"] / result["seconds"], result["seconds"] - result["first"]
    text = f"{rate:8.1f} s of audio a second, {rate / own:.0%} of that"
    if files > 1 and later > 0:
        steady = result["audio"] * (files - 1) / files / later
        text += f"; steady {steady:.1f}, {steady / own:.0%}"
    text += f"; the first recording after {result['first']:.1f} s"
    return text + (f"; GPU busy {result['busy']:.0f} %" if "busy" in result else "")


if __name__ == "__main__":
    main()
