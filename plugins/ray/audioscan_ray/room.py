"""How many workers there is room for, and what each of them asks of its node."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from audioscan_host.embedding.executor import MOST_DECODERS
from audioscan_host.errors import ExecutorError
from audioscan_host.plugins.executor_kind import Resources

CORES = 2.0
"""Of a worker without a GPU: an encoder and its decoders."""

CORES_BESIDE_GPU = 4.0
"""Of a worker with one, at most: its decoders."""

SMALLEST_SHARE = 1 / 64
"""Of a core, where this machine is to have more workers than cores."""


@dataclass(frozen=True)
class Room:
    """Workers that are alike.

    Attributes:
        workers: how many.
        cores: of each.
        gpus: of each.
    """

    workers: int
    cores: float
    gpus: float

    @property
    def decoders(self) -> int:
        """Processes that decode for each; none where it has a core at most, and decodes in threads."""
        return min(MOST_DECODERS, int(self.cores)) if self.cores >= 2 else 0

    @property
    def hands(self) -> int:
        """Tasks of each: all of its decoders are at work, and at the least one task is decoded while another is embedded."""
        return max(2, self.decoders)


def room(nodes: Sequence[Mapping[str, float]], asked: Resources, *, device: str, crowded: bool) -> Room:
    """The workers of a run.

    Args:
        nodes: `CPU` and `GPU` of each.
        asked: by the user.
        device: that encoders are to run on; on the CPU they need no GPU.
        crowded: whether workers may have less than a core where more are asked for than there are.

    Raises:
        ExecutorError: no node has what a worker needs.
    """
    gpus = asked.gpus_per_worker
    if gpus is None:
        gpus = 0.0 if device.startswith("cpu") or not any(_of(node, "GPU") for node in nodes) else 1.0
    if gpus:
        fits = [int(_of(node, "GPU") / gpus + 1e-9) for node in nodes]
        cores = min(
            (_of(node, "CPU") / fit for node, fit in zip(nodes, fits, strict=True) if fit), default=1.0
        )
        workers = asked.workers or sum(fits)
        if not workers:
            raise ExecutorError(
                f"no node of the cluster has {gpus:g} GPU, which each worker is to have: --gpus-per-worker 0"
            )
        return Room(workers, min(CORES_BESIDE_GPU, _even(cores)), gpus)
    cores = CORES
    while cores > 1 and _fitting(nodes, cores) < (asked.workers or 1):
        cores /= 2
    while crowded and cores > SMALLEST_SHARE and _fitting(nodes, cores) < (asked.workers or 1):
        cores /= 2
    workers = asked.workers or _fitting(nodes, cores)
    if not workers:
        raise ExecutorError("no node of the cluster has a core for a worker")
    return Room(workers, cores, 0.0)


def _fitting(nodes: Sequence[Mapping[str, float]], cores: float) -> int:
    return sum(int(_of(node, "CPU") / cores + 1e-9) for node in nodes)


def _even(cores: float) -> float:
    """Ray takes whole cores, or a share of one."""
    return float(int(cores)) if cores >= 1 else cores


def _of(node: Mapping[str, float], what: str) -> float:
    return float(node.get(what, 0.0))
