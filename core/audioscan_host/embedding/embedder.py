"""Recordings and models -> embeddings: the one path, through the cache."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from itertools import product
from pathlib import Path
from types import MappingProxyType

from audioscan_host.audio import AudioInfo, probe
from audioscan_host.cache import Cache
from audioscan_host.channels import EACH, MIX
from audioscan_host.embedding.eight_cut_tally import EightCutTally
from audioscan_host.embedding.embedded_recording import EmbeddedRecording
from audioscan_host.embedding.executor import Executor, LocalExecutor
from audioscan_host.embedding.expectation import Expectation
from audioscan_host.embedding.reports import Reports
from audioscan_host.embedding.tasks import Done, Outcome, RecordingFailure, Task
from audioscan_host.embedding.worker import Worker
from audioscan_host.errors import RecordingError, SettingError
from audioscan_host.models.model import Checkpoint, Model, Runtime
from audioscan_host.notes import Tell, log
from audioscan_host.plugins.registry import Registry
from audioscan_host.progress import Advance, Progress, Silent
from audioscan_host.reading import Reading
from audioscan_host.recordings import Recording
from audioscan_host.silence import no_silence, within
from audioscan_host.windows import BLOCK_SECONDS, Windowing


class Embedder:
    """Embeds recordings by the same models; what the cache holds is not computed again.

    Windows are read one by one but by models whose `readings` say stretches.

    Raises:
        SettingError: the window is shorter or longer than a checkpoint takes.
    """

    def __init__(
        self,
        registry: Registry,
        models: Sequence[Model],
        windowing: Windowing,
        cache: Cache,
        *,
        runtime: Runtime | None = None,
        progress: Progress | None = None,
        executor: Executor | None = None,
        tell: Tell = log,
        tally: EightCutTally | None = None,
        channel: str = MIX,
        readings: Mapping[Model, Reading] = MappingProxyType({}),
        block_seconds: float = BLOCK_SECONDS,
    ) -> None:
        for model in models:
            _require_window(model, windowing)
        self._registry = registry
        self._models = tuple(dict.fromkeys(models))
        self._windowing = windowing
        self._cache = cache
        runtime = runtime or Runtime()
        self._precisions = {m: registry.family(m).precision(m.checkpoint, runtime) for m in self._models}
        self._progress = progress or Silent()
        self._worker = Worker(registry, cache, runtime, self._progress)
        self._executor = executor or LocalExecutor()
        self._tell = tell
        self._tally = tally or EightCutTally()
        self._channel = channel
        self._readings = readings
        self._block_seconds = block_seconds
        self._known: dict[Path, Recording] = {}

    def embed_each(
        self, paths: Sequence[Path], done: Done | None = None
    ) -> Iterator[EmbeddedRecording | RecordingFailure]:
        """Embed recordings, each once, or each of their channels; those that another process works on come last.

        Of those that are done nothing is asked.

        A recording is looked at when its turn comes. One that cannot be read, or that a plugin fails on, gives a
        failure, and the others go on.
        """
        with self._progress.track("embedding", None, "s of audio") as advance:
            expectation = Expectation(len(paths), advance)
            failures: list[tuple[int, RecordingFailure]] = []
            turns: dict[Path, int] = {}
            outcomes: dict[Recording, list[Outcome]] = {}
            failed: set[Path] = set()

            def tasks() -> Iterator[Task]:
                for turn, path in enumerate(paths):
                    turns.setdefault(path, turn)
                    try:
                        of_recording = self.tasks(path, done)
                    except RecordingError as error:
                        expectation.looked_at(path, 0)
                        failures.append((turn, RecordingFailure(path, str(error))))
                        continue
                    expectation.looked_at(path, self._passes(of_recording))
                    yield from of_recording

            reports = self._reports(advance, expectation)
            for outcome in self._executor.run(tasks(), self._worker, reports):
                recording = outcome.task.recording
                yield from _taken(failures, turns[recording.path])
                outcomes.setdefault(recording, []).append(outcome)
                del outcome  # its vectors, which may be gigabytes, before the next recording's are computed
                if len(outcomes[recording]) < len(self._checkpoints):
                    continue
                joined = self._joined(outcomes.pop(recording))
                if not (isinstance(joined, RecordingFailure) and joined.path in failed):  # by another channel
                    yield joined
                if isinstance(joined, RecordingFailure):
                    failed.add(joined.path)
                del joined
            yield from _taken(failures, len(paths))
        self._tally.tell(self._tell)

    def embed(self, path: Path, advance: Advance | None = None, *, wait: bool = True) -> EmbeddedRecording:
        """The embeddings of a recording by all the models, computed where the cache lacks them.

        Args:
            path: the media file.
            advance: called with the seconds of audio that were embedded.
            wait: for another process that is embedding the same recording.

        Raises:
            RecordingError: it cannot be read.
            EmbeddingError: a plugin fails on it.
            BusyError: another process is embedding it, and `wait` is off.
        """
        reports = self._reports(advance or (lambda _amount: None))
        joined = self._joined([self._worker.run(task, reports, wait=wait) for task in self.tasks(path)])
        if isinstance(joined, RecordingFailure):
            raise RecordingError(joined.reason)
        return joined

    def tasks(self, path: Path, done: Done | None = None) -> list[Task]:
        """What is asked of a recording but where it is done, a task for each checkpoint, which plugins may share, and channel.

        Raises:
            RecordingError: it is not there, or cannot be read.
        """
        recordings = self._channels(self._recording(path))
        if done is not None:
            recordings = [each for each in recordings if not done(path, each.digest, self._number(each))]
        asked = product(recordings, self._checkpoints.items())
        tasks = []
        for recording, ((plugin, _), models) in asked:
            task = Task(
                recording,
                plugin,
                models,
                (),
                self._precisions[models[0]],
                self._registry.wrappers,
                self._windowing,
                self._block_seconds,
                self._readings.get(models[0], Reading.WINDOWS),
            )
            tasks.append(replace(task, lacking=tuple(m for m in models if not task.kept(self._cache, m))))
        return tasks

    def _recording(self, path: Path) -> Recording:
        """Its content is read once, however often a journey comes back to it, unless it changes."""
        known = self._known.get(path)
        if known is not None:
            with suppress(RecordingError):
                known.require_unchanged()
                return known
        self._known[path] = replace(Recording.at(path), channel=self._channel)
        return self._known[path]

    def _channels(self, recording: Recording) -> list[Recording]:
        """The recording as it is read: once, or once for each of its channels. That of a single one is its mix."""
        if self._channel != EACH:
            return [recording]
        count = probe(recording.path).channels
        words = [MIX] if count == 1 else map(str, range(1, count + 1))
        return [replace(recording, channel=word) for word in words]

    @cached_property
    def _checkpoints(self) -> dict[tuple[str, Checkpoint], tuple[Model, ...]]:
        groups: dict[tuple[str, Checkpoint], tuple[Model, ...]] = {}
        for model in self._models:
            key = (self._registry.owner(model).name, model.checkpoint)
            groups[key] = (*groups.get(key, ()), model)
        return groups

    def _passes(self, tasks: Sequence[Task]) -> int:
        """How often a recording has to be decoded: for each checkpoint and channel, or for its silence alone."""
        lacking = sum(bool(task.lacking) for task in tasks)
        return lacking or sum(
            not self._cache.silence_of(each).exists for each in {task.recording for task in tasks}
        )

    def _reports(self, advance: Advance, expectation: Expectation | None = None) -> Reports:
        def opened(task: Task, info: AudioInfo) -> None:
            if expectation is not None:
                expectation.opened(task.recording.path, info.duration)

        return Reports(opened, advance, self._tell)

    def _joined(self, outcomes: Sequence[Outcome]) -> EmbeddedRecording | RecordingFailure:
        """One recording, of its outcomes by each checkpoint."""
        failed = [outcome.failure for outcome in outcomes if outcome.failure]
        if failed:
            return failed[0]
        embeddings = {name: each for outcome in outcomes for name, each in outcome.embeddings.items()}
        in_order = {model.name: embeddings[model.name] for model in self._models}
        first = next(iter(in_order.values()))
        recording = outcomes[0].task.recording
        # 8-cut keeps no duration; its last window ends less than a hop before the end.
        duration = float(first.meta.get("duration", first.times[-1] + self._windowing.window))
        silence = next((outcome.silence for outcome in outcomes if outcome.silence is not None), no_silence())
        by_eight_cut = frozenset[str]().union(*(outcome.by_eight_cut for outcome in outcomes))
        self._tally.count(recording.path, in_order, by_eight_cut)
        return EmbeddedRecording(
            recording.path,
            duration,
            in_order,
            {name: where for outcome in outcomes for name, where in outcome.files.items()},
            frozenset[str]().union(*(outcome.computed for outcome in outcomes)),
            within(silence, duration),
            recording.digest,
            by_eight_cut,
            self._number(recording),
        )

    def _number(self, recording: Recording) -> int | None:
        """Of its channel, where each is embedded by itself."""
        return None if self._channel != EACH else 1 if recording.channel == MIX else int(recording.channel)


def _require_window(model: Model, windowing: Windowing) -> None:
    shortest, longest = model.checkpoint.shortest_window, model.checkpoint.longest_window
    if not shortest <= windowing.window <= longest:
        limit = f"at least {shortest:g}" if windowing.window < shortest else f"at most {longest:g}"
        raise SettingError(f"{model.name} takes windows of {limit} s, not {windowing.window:g} s")


def _taken(failures: list[tuple[int, RecordingFailure]], before: int) -> list[RecordingFailure]:
    """The failures so far of recordings whose turn came before that one, each once."""
    taken = [failure for turn, failure in failures if turn < before]
    failures[:] = [each for each in failures if each[0] >= before]
    return taken
