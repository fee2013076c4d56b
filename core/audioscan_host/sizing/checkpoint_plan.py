"""What the models of one checkpoint ask for: what there is to do, to read and to keep, and what that takes."""

from collections.abc import Callable
from dataclasses import dataclass

from audioscan_host.audio.decoding_in_parts import parts_of
from audioscan_host.embedding.executor import Capacity
from audioscan_host.embedding.tasks import Task
from audioscan_host.errors import RecordingError
from audioscan_host.reading import Reading
from audioscan_host.sizing.cost import Cost
from audioscan_host.sizing.forecast import Forecast, Work, forecast
from audioscan_host.sizing.kept import inputs, kept
from audioscan_host.sizing.survey import Looked, Survey
from audioscan_host.sizing.total import Total
from audioscan_host.sizing.trial import Measured


@dataclass(frozen=True)
class CheckpointPlan:
    """What the models of one checkpoint ask for.

    Attributes:
        checkpoint: its name.
        models: that read it.
        reading: windows, or stretches.
        in_cache: seconds of audio of which the cache has all of it.
        work: what there is to do.
        bytes_to_read: of recordings.
        bytes_to_keep: that the cache would grow by.
        cost: what was measured; None where there is nothing to do, or nothing could be embedded.
        forecast: what that comes to; None where nothing was measured.
        is_here: whether the run would be on the machine that was measured.
        measured_on: the node of a cluster that measured, as people call it; empty where that was this machine.
    """

    checkpoint: str
    models: tuple[str, ...]
    reading: Reading
    in_cache: Total
    work: Work
    bytes_to_read: Total
    bytes_to_keep: Total
    cost: Cost | None
    forecast: Forecast | None
    is_here: bool
    measured_on: str = ""


def by_checkpoint(seen: Survey) -> list[list[Task]]:
    """The tasks of each checkpoint, of all recordings that were looked at."""
    groups: dict[object, list[Task]] = {}
    for looked in seen.looked:
        for task in looked.tasks:
            groups.setdefault((task.plugin, task.checkpoint), []).append(task)
    return list(groups.values())


def checkpoint_plan(
    seen: Survey, like: Task, measured: Measured, place: Capacity, *, here: bool = False
) -> CheckpointPlan:
    """Of one checkpoint.

    Args:
        seen: the recordings.
        like: one of its tasks.
        measured: what was measured of it.
        place: where the run would be.
        here: whether that is this machine, with what others do on it.
    """

    def own(looked: Looked) -> list[Task]:
        return [t for t in looked.tasks if (t.plugin, t.checkpoint) == (like.plugin, like.checkpoint)]

    def lacking(looked: Looked) -> list[Task]:
        return [task for task in own(looked) if task.lacking]

    def summed(value: Callable[[Task, float], float]) -> Total:
        """Of tasks that lack something, by how long their recordings are; some do not say."""

        def of(looked: Looked) -> float | None:
            asked, seconds = lacking(looked), looked.seconds
            if seconds is None:
                return None if asked else 0.0
            return sum(value(task, seconds) for task in asked)

        return seen.total(of)

    cost = measured.cost
    work = Work(
        recordings=seen.total(lambda looked: len(lacking(looked))),
        seconds=summed(lambda _task, seconds: seconds),
        inputs=summed(inputs),
    )
    asked = [task for looked in seen.looked for task in lacking(looked)]
    # Of more recordings than decoders each is decoded as a whole, and nobody has to look.
    in_parts = len(asked) >= place.decoders or all(map(_is_decoded_in_parts, asked))
    return CheckpointPlan(
        checkpoint=like.checkpoint.name,
        models=tuple(model.name for model in like.models),
        reading=like.reading,
        in_cache=seen.total(lambda looked: 0.0 if lacking(looked) or not own(looked) else looked.seconds),
        work=work,
        bytes_to_read=seen.total(lambda looked: looked.size * len(lacking(looked))),
        bytes_to_keep=summed(lambda task, seconds: sum(kept(task, m, seconds) for m in task.lacking)),
        cost=cost,
        forecast=None if cost is None else forecast(work, cost, place, here=here, in_parts=in_parts),
        is_here=here,
        measured_on=measured.where,
    )


def _is_decoded_in_parts(task: Task) -> bool:
    recording = task.recording
    try:
        return parts_of(recording.path, task.checkpoint.sample_rate, recording.channel) is not None
    except RecordingError:
        return False
