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


def forecast(
    work: Work, cost: Cost, place: Capacity, *, here: bool = False, in_parts: bool = True
) -> Forecast:
    """Of one checkpoint.

    The encoder of a worker, its decoders and its processors work at the same time; that which has most to do says how long it
    takes. Time is shared evenly among workers.

    Args:
        work: what there is to do.
        cost: what was measured.
        place: where the run would be.
        here: whether it would be on the machine that was measured, with what others do there.
        in_parts: whether several decoders share one recording where there are more decoders than recordings.
    """
    recordings = work.recordings.value
    encoding = work.inputs.value * cost.encoding + recordings * cost.keeping
    decoding = work.seconds.value * cost.decoding + recordings * cost.opening
    at_once = place.decoders if in_parts else min(place.decoders, max(1.0, recordings / place.workers))
    apart = {"encoding": encoding, "decoding": decoding / at_once}
    shared = {
        "encoding": work.inputs.value * cost.processor_encoding + recordings * cost.processor_keeping,
        "decoding": work.seconds.value * cost.processor_decoding + recordings * cost.processor_opening,
    }
    of_processors = math.fsum(shared.values()) / (min(place.cores, cost.processors) if here else place.cores)
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
