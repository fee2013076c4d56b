"""The journey from recordings to what embedding them would take, readable top to bottom."""

import random
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

from audioscan_host.embedding.executor import Capacity, LocalExecutor
from audioscan_host.embedding.tasks import RecordingFailure
from audioscan_host.embedding.worker import Worker
from audioscan_host.errors import SettingError
from audioscan_host.journeys.session import Session, SessionOptions
from audioscan_host.notes import Note
from audioscan_host.recordings import find_recordings
from audioscan_host.remote_path import RemotePath
from audioscan_host.sizing.checkpoint_plan import CheckpointPlan, by_checkpoint, checkpoint_plan
from audioscan_host.sizing.measurement import Measurement
from audioscan_host.sizing.survey import survey
from audioscan_host.sizing.total import Total
from audioscan_host.sizing.trial_cache import trial_cache
from audioscan_host.windows import Windowing

LOOKED_AT = 400
"""Recordings that are looked at: of ten thousand alike ones, hours are known to a hundredth or better by so many."""


@dataclass(frozen=True)
class PlanResult:
    """What embedding the recordings would take.

    Attributes:
        recordings: number of them.
        looked_at: of these; the rest is estimated by them.
        size: bytes of all.
        audio: seconds of audio.
        looking: seconds that a run takes to tell all recordings apart and look them up.
        checkpoints: what each of them asks for, one after the other.
        place: where the run would be.
        failures: recordings that cannot be read, of those that were looked at.
        notes: what users must know.
    """

    recordings: int
    looked_at: int
    size: int
    audio: Total
    looking: float
    checkpoints: tuple[CheckpointPlan, ...]
    place: Capacity
    failures: tuple[RecordingFailure, ...]
    notes: tuple[Note, ...] = ()

    @property
    def seconds(self) -> Total | None:
        """By the clock; None where there is something to do that could not be measured."""
        total = Total(self.looking)
        for each in self.checkpoints:
            if each.forecast is not None:
                total += each.forecast.seconds + Total(each.cost.loading if each.cost else 0.0)
            elif each.work.recordings.value:
                return None
        return total

    @property
    def gpu_hours(self) -> float | None:
        """That GPUs are held for, at work or not; None where no encoder ran on one."""
        on_gpu = any(each.cost is not None and each.cost.on_accelerator for each in self.checkpoints)
        return self._held(self.place.gpus) if on_gpu else None

    @property
    def core_hours(self) -> float | None:
        """That processors are held for, at work or not."""
        return self._held(self.place.cores)

    def _held(self, each: float) -> float | None:
        seconds = self.seconds
        return None if seconds is None else seconds.value / 3600 * self.place.workers * each


def plan(
    recordings: Iterable[Path | str],
    models: Sequence[str],
    *,
    windowing: Windowing | None = None,
    seconds: float = 10.0,
    sample: int = LOOKED_AT,
    seed: int = 0,
    **options: Unpack[SessionOptions],
) -> PlanResult:
    """Say what embedding recordings would take, before it is done. Nothing stays in the cache.

    Containers say how long recordings are, and the cache what it has. Pieces of some recordings are embedded, which says how fast
    that is here. What they give is kept beside what is unfinished in the cache, and removed: so the time of its disk or store
    is counted.

    Args:
        recordings: files and folders.
        models: names of the models; those of one checkpoint share its forward passes.
        windowing: window and hop, 8 s and 1 s unless given.
        seconds: that each checkpoint is measured for, once its encoder is loaded.
        sample: recordings that are looked at; of a larger set so many are chosen at random, and the rest is estimated.
        seed: of that choice.
        options: cache, device, models and progress; see `SessionOptions`.

    Raises:
        UnknownModelError: a model is not installed.
        SettingError: the windows do not suit a model, or nothing is to be measured or looked at.
        CacheError: the cache folder cannot be used.
        CheckpointError: the weights are not there, and cannot be fetched.
    """
    if not seconds > 0 or sample < 1:
        raise SettingError(
            f"there must be a time to measure and recordings to look at, not {seconds:g} s and {sample}"
        )
    session = Session.of(each_channel=True, **options)
    chosen = [session.registry.model(name) for name in models]
    paths = find_recordings(recordings, session.notes)
    windowing = windowing or Windowing()
    readings = session.readings(chosen, windowing, paths)
    embedder = session.embedder(chosen, windowing, readings=readings)
    is_far = session.cache.is_behind_url or any(isinstance(path, RemotePath) for path in paths)
    seen = survey(paths, embedder.tasks, session.progress, most=sample, seed=seed, is_far=is_far)
    place = session.executor.capacity(session.runtime)
    session.executor.close()  # what is measured now has the machine to itself
    # What others leave of this machine says nothing of another.
    here = isinstance(session.executor, LocalExecutor)
    groups, failures, costs = by_checkpoint(seen), list(seen.failures), []
    with ExitStack() as trial:
        worker: Worker | None = None
        for tasks in groups:
            lacking = [task for task in tasks if task.lacking]
            random.Random(seed).shuffle(lacking)  # noqa: S311 - chosen over the set, and no secret
            if lacking:
                worker = worker or _worker(session, trial)
                measurement = Measurement(worker, session.notes, place.cores if here else 1.0)
                cost, failed = measurement.cost(lacking, seconds, session.progress)
                failures += [each for each in failed if each.path not in {known.path for known in failures}]
            costs.append(cost if lacking else None)
    plans = [
        checkpoint_plan(seen, tasks[0], cost, place, here=here)
        for tasks, cost in zip(groups, costs, strict=True)
    ]
    return PlanResult(
        recordings=len(paths),
        looked_at=len(seen.looked),
        size=seen.size,
        audio=seen.total(lambda each: each.seconds),
        looking=seen.seconds_each * seen.count,
        checkpoints=tuple(plans),
        place=place,
        failures=tuple(failures),
        notes=session.notes.told(),
    )


def _worker(session: Session, trial: ExitStack) -> Worker:
    """It computes as those of a run do, into a cache that goes with `trial`."""
    cache = trial.enter_context(trial_cache(session.cache, session.notes))
    return Worker(session.registry, cache, session.runtime, session.progress)
