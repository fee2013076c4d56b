"""The journey from recordings to what embedding them would take, readable top to bottom."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
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
from audioscan_host.sizing.survey import survey
from audioscan_host.sizing.total import Total
from audioscan_host.sizing.trial import Measured, Measures, Trial, measured
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
    that is: here, or by one worker of those that `on` names, where they can measure. What they give is kept beside what is unfinished in the cache, and removed: so the time of its disk or store
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
    # What others leave of this machine says nothing of another.
    here = isinstance(session.executor, LocalExecutor)
    groups, failures, plans = by_checkpoint(seen), list(seen.failures), []
    with _measuring(session, place.cores if here else 1.0) as measure:
        for tasks in groups:
            lacking = [task for task in tasks if task.lacking]
            random.Random(seed).shuffle(lacking)  # noqa: S311 - chosen over the set, and no secret
            found = measure(Trial(lacking, seconds)) if lacking else Measured(None, ())
            known = {failure.path for failure in failures}
            failures += [each for each in found.failures if each.path not in known]
            for note in found.notes:
                session.notes(note)
            plans.append(checkpoint_plan(seen, tasks[0], found, place, here=here))
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


@contextmanager
def _measuring(session: Session, cores: float) -> Iterator[Callable[[Trial], Measured]]:
    """What measures: a worker of the executor, where that can be; else this process, which has the machine to itself."""
    executor, workers = session.executor, list[Worker]()
    with ExitStack() as trial:

        def measure(what: Trial) -> Measured:
            if not workers:
                cache = trial.enter_context(trial_cache(session.cache, session.notes))
                trial.callback(executor.close)  # before its cache goes
                workers.append(Worker(session.registry, cache, session.runtime, session.progress))
            (worker,) = workers
            if not isinstance(executor, Measures):
                return measured(what, worker, session.progress, session.notes, cores=cores)
            name = what.tasks[0].checkpoint.name
            with session.progress.track(f"having {name} measured", None, "s of audio") as advance:
                found = executor.measured(what, worker)
                advance(0.0 if found.cost is None else found.cost.audio)
            return found

        if not isinstance(executor, Measures):
            executor.close()
        else:
            trial.callback(executor.close)
        yield measure
