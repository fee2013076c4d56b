"""Recordings and models -> embeddings: the one path, through the cache."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import MappingProxyType

from audioscan_host.ahead import answers
from audioscan_host.audio import AudioInfo
from audioscan_host.cache import Cache
from audioscan_host.channels import MIX
from audioscan_host.embedding.eight_cut_tally import EightCutTally
from audioscan_host.embedding.embedded_recording import EmbeddedRecording
from audioscan_host.embedding.executor import Executor, LocalExecutor
from audioscan_host.embedding.expectation import Expectation
from audioscan_host.embedding.look_up import LookUp, Seen
from audioscan_host.embedding.reports import Reports
from audioscan_host.embedding.tasks import Done, Outcome, RecordingFailure, Task
from audioscan_host.embedding.worker import Worker
from audioscan_host.errors import RecordingError, SettingError
from audioscan_host.models.model import Model, Runtime
from audioscan_host.notes import Tell, log
from audioscan_host.plugins.registry import Registry
from audioscan_host.progress import Advance, Progress, Silent
from audioscan_host.reading import Reading
from audioscan_host.recordings import Recording
from audioscan_host.remote_path import RemotePath
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
        self._models = tuple(dict.fromkeys(models))
        self._windowing = windowing
        self._cache = cache
        runtime = runtime or Runtime()
        self._look_up = LookUp(
            registry,
            self._models,
            windowing,
            cache,
            runtime=runtime,
            channel=channel,
            readings=readings,
            block_seconds=block_seconds,
        )
        self._progress = progress or Silent()
        self._worker = Worker(registry, cache, runtime, self._progress)
        self._executor = executor or LocalExecutor()
        self._tell = tell
        self._tally = tally or EightCutTally()

    def embed_each(
        self,
        paths: Sequence[Path],
        done: Done | None = None,
        *,
        beside: Callable[[Path], object] | None = None,
    ) -> Iterator[EmbeddedRecording | RecordingFailure]:
        """Embed recordings, each once, or each of their channels; those that another process works on come last.

        Of those that are done nothing is asked.

        A recording is looked at when its turn comes, or a little before where it or the cache lies behind a URL. One that cannot be read, or that a plugin fails on, gives a
        failure, and the others go on.

        Args:
            paths: of the recordings.
            done: whether nothing is asked of one.
            beside: called with each that is looked at before its turn, in the same thread: for what else waits for a server.
        """
        with (
            self._progress.track("embedding", None, "s of audio") as advance,
            self._looked_up(paths, done, beside) as looked_up,
        ):
            expectation = Expectation(len(paths), advance)
            failures: list[tuple[int, RecordingFailure]] = []
            turns: dict[Path, int] = {}
            outcomes: dict[Recording, list[Outcome]] = {}
            failed: set[Path] = set()

            def tasks() -> Iterator[Task]:
                for turn, seen in enumerate(looked_up):
                    turns.setdefault(seen.path, turn)
                    expectation.looked_at(seen.path, seen.passes)
                    if seen.failure is not None:
                        failures.append((turn, seen.failure))
                    yield from seen.tasks

            reports = self._reports(advance, expectation)
            for outcome in self._executor.run(tasks(), self._worker, reports):
                recording = outcome.task.recording
                yield from _taken(failures, turns[recording.path])
                outcomes.setdefault(recording, []).append(outcome)
                del outcome  # its vectors, which may be gigabytes, before the next recording's are computed
                if len(outcomes[recording]) < len(self._look_up.checkpoints):
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
        return [task for task, _ in self._look_up.asked(path, done)]

    @contextmanager
    def _looked_up(
        self, paths: Sequence[Path], done: Done | None, beside: Callable[[Path], object] | None
    ) -> Iterator[Iterator[Seen]]:
        """The recordings, looked up when they are asked for; where that waits for a server, several before their turn."""
        look = partial(self._look_up.at, done=done)

        def ahead(path: Path) -> Seen:
            seen = look(path)
            if self._cache.is_behind_url and not seen.passes:
                for task, size in zip(seen.tasks, seen.sizes, strict=True):
                    self._worker.finished.read_ahead(task, size)
            if seen.tasks and beside is not None:
                beside(path)
            return seen

        is_far = self._cache.is_behind_url or any(isinstance(path, RemotePath) for path in paths)
        seen = answers(ahead, paths) if is_far else (look(path) for path in paths)
        try:
            yield seen
        finally:
            seen.close()
            self._worker.finished.forget_ahead()

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
            self._look_up.number(recording),
        )


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
