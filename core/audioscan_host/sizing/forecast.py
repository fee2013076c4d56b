"""What a run takes by what was measured: a bound by the slowest of encoder, decoders and processors."""

import math
from dataclasses import dataclass

from audioscan_host.embedding.executor import Capacity
from audioscan_host.sizing.cost import Cost
from audioscan_host.sizing.total import Total


@dataclass(frozen=True)
class Work:
    """What a checkpoint has to do.

    Attributes:
        recordings: of which the cache lacks something.
        seconds: of audio in them.
        inputs: windows or stretches in them.
    """

    recordings: Total
    seconds: Total
    inputs: Total


@dataclass(frozen=True)
class Forecast:
    """What it takes.

    Attributes:
        seconds: by the clock, once the encoder is loaded.
        decoding: seconds that one thread would decode for.
        encoding: seconds that one encoder would be at work for.
        processor: seconds of processors, both together.
        bottleneck: `encoding` or `decoding`: which of them has most to do, or takes most of the processors that both share.
        decoders: threads of decoding that keep one encoder at work.
    """

    seconds: Total
    decoding: float
    encoding: float
    processor: float
    bottleneck: str
    decoders: int


def forecast(work: Work, cost: Cost, place: Capacity) -> Forecast:
    """Of one checkpoint.

    The encoder of a worker, its decoders and its processors work at the same time; that which has most to do says how long it
    takes. Time is shared evenly among workers.
    """
    encoding = work.inputs.value * cost.encoding + work.recordings.value * cost.finishing
    decoding = work.seconds.value * cost.decoding + work.recordings.value * cost.opening
    apart = {"encoding": encoding, "decoding": decoding / place.decoders}
    shared = {
        "encoding": work.inputs.value * cost.processor_encoding,
        "decoding": work.seconds.value * cost.processor_decoding,
    }
    of_processors = math.fsum(shared.values()) / place.cores
    slowest = shared if of_processors > max(apart.values()) else apart
    seconds = max(*apart.values(), of_processors) / place.workers
    return Forecast(
        Total(seconds, _spread(seconds, work, cost)),
        decoding,
        encoding,
        math.fsum(shared.values()),
        max(slowest, key=lambda name: slowest[name]),
        max(1, math.ceil(decoding / encoding - 1e-9)) if encoding else place.decoders,
    )


def _spread(seconds: float, work: Work, cost: Cost) -> float | None:
    """Of the time: of what there is to do, and of what was measured, which have nothing to do with each other."""
    if cost.spread is None or work.inputs.spread is None:
        return None
    there = work.inputs.spread / work.inputs.value if work.inputs.value else 0.0
    return seconds * math.hypot(there, cost.spread)
