"""Who measures: this process, or a worker of an executor that can have it done."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from audioscan_host.embedding.tasks import RecordingFailure, Task
from audioscan_host.embedding.worker import Worker
from audioscan_host.notes import Note, Tell
from audioscan_host.progress import Progress
from audioscan_host.sizing.cost import Cost
from audioscan_host.sizing.measurement import Measurement


@dataclass(frozen=True)
class Trial:
    """What is to be measured; it can be pickled.

    Attributes:
        tasks: of one checkpoint, in the order in which they are taken.
        seconds: to be spent once the encoder is loaded.
    """

    tasks: Sequence[Task]
    seconds: float


@dataclass(frozen=True)
class Measured:
    """What came of it.

    Attributes:
        cost: None where nothing could be embedded.
        failures: the recordings that it failed on.
        notes: what users must know and were not told yet.
        where: the node that measured, as people call it; empty where that was this process.
    """

    cost: Cost | None
    failures: tuple[RecordingFailure, ...]
    notes: tuple[Note, ...] = ()
    where: str = ""


@runtime_checkable
class Measures(Protocol):
    """An executor whose workers can measure, since they are on other machines; one that cannot is planned for by this process."""

    def measured(self, trial: Trial, worker: Worker) -> Measured:
        """Have one worker measure, into the cache of `worker`, while it has its node to itself.

        Raises:
            ExecutorError: it cannot be had, or does not suit.
            AudioscanError: what `Measurement.cost` raises.
        """
        ...


def measured(trial: Trial, worker: Worker, progress: Progress, tell: Tell, *, cores: float = 1.0) -> Measured:
    """Measure in this process.

    Args:
        trial: what.
        worker: that computes it, into a cache that is thrown away afterwards.
        progress: where it is shown.
        tell: is told of damage.
        cores: processors that this process may use.

    Raises:
        CheckpointError: the weights are not there, and cannot be fetched.
    """
    cost, failures = Measurement(worker, tell, cores).cost(trial.tasks, trial.seconds, progress)
    return Measured(cost, tuple(failures))
