"""Looks at recordings without decoding them: how long, how large, and what the cache lacks of them."""

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from audioscan_host.ahead import AT_ONCE, answers
from audioscan_host.audio import probe
from audioscan_host.embedding.tasks import RecordingFailure, Task
from audioscan_host.errors import RecordingError
from audioscan_host.progress import Progress, Silent
from audioscan_host.remote_path import RemotePath
from audioscan_host.sizing.total import Total, total_of

R = TypeVar("R")


@dataclass(frozen=True)
class Looked:
    """A recording that was looked at.

    Attributes:
        path: the recording.
        size: bytes.
        seconds: by its container; None where that does not say; 0 where it cannot be read.
        tasks: what is asked of it; none where it cannot be read.
    """

    path: Path
    size: int
    seconds: float | None
    tasks: tuple[Task, ...] = ()


@dataclass(frozen=True)
class Survey:
    """What was seen of the recordings.

    Attributes:
        count: of all of them.
        size: bytes of all of them.
        looked: those that were looked at, all or a random sample, in the order of the recordings.
        failures: those of them that cannot be read, and all that are not there.
        seconds_each: of a run, to tell one from all others, and to look it up in the cache; by the clock, so that of several that are
            asked about at once each has its share.
    """

    count: int
    size: int
    looked: tuple[Looked, ...]
    failures: tuple[RecordingFailure, ...]
    seconds_each: float

    @property
    def is_sample(self) -> bool:
        """Whether not all were looked at."""
        return len(self.looked) < self.count

    def total(self, value: Callable[[Looked], float | None]) -> Total:
        """Of all recordings, by those that were looked at; None of one that does not say."""
        values = [value(each) for each in self.looked]
        return total_of(values, [each.size for each in self.looked], self.count, self.size)


def survey(
    paths: Sequence[Path],
    tasks: Callable[[Path], Sequence[Task]],
    progress: Progress,
    *,
    most: int,
    seed: int,
    is_far: bool = False,
) -> Survey:
    """Look at recordings, or at some of them, chosen at random; the size of each is asked for, where no listing told it.

    Args:
        paths: of the recordings.
        tasks: looks one up, as `Embedder.tasks`; from several threads where that waits for a server.
        progress: where it is shown.
        most: so many are looked at; where there are no more, all of them.
        seed: of the choice.
        is_far: whether recordings or cache are behind a URL: then several are asked about at once, as a run does.
    """
    at_once = AT_ONCE if is_far else 1
    failures: list[RecordingFailure] = []
    sizes = {path: size for path in paths if (size := _listed_size(path)) is not None}
    unlisted = [path for path in paths if path not in sizes]
    # Of files of this machine it is over before anybody could read that it is under way.
    shown = progress if is_far and unlisted else Silent()
    with shown.track("asking for sizes", len(unlisted), "recordings") as advance:
        for path, (size, failure) in zip(unlisted, _each(_size, unlisted, at_once), strict=True):
            advance(1)
            if failure is None:
                sizes[path] = size
            else:
                failures.append(failure)
    there = [path for path in dict.fromkeys(paths) if path in sizes]
    chosen = sorted(random.Random(seed).sample(range(len(there)), min(most, len(there))))  # noqa: S311 - no secret
    looked, spent = [], []
    look = partial(_looked, tasks=tasks, sizes=sizes)
    with progress.track("looking at", len(chosen), "recordings") as advance:
        for each, seconds, failure in _each(look, [there[place] for place in chosen], at_once):
            looked.append(each)
            if failure is not None:
                failures.append(failure)
            elif each.tasks:
                spent.append(seconds)
            advance(1)
    # A run asks about as many at once.
    each_takes = sum(spent) / max(1, len(spent)) / max(1, min(at_once, len(there)))
    return Survey(len(there), sum(sizes.values()), tuple(looked), tuple(failures), each_takes)


def _each(question: Callable[[Path], R], paths: Sequence[Path], at_once: int) -> Iterable[R]:
    return answers(question, paths, at_once) if at_once > 1 else map(question, paths)


def _listed_size(path: Path) -> int | None:
    return path.listed_size if isinstance(path, RemotePath) else None


def _size(path: Path) -> tuple[int, RecordingFailure | None]:
    try:
        return path.stat().st_size, None
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        reason = getattr(error, "strerror", None) or error
        return 0, RecordingFailure(path, f"{path}: cannot be read: {reason}")


def _looked(
    path: Path, *, tasks: Callable[[Path], Sequence[Task]], sizes: Mapping[Path, int]
) -> tuple[Looked, float, RecordingFailure | None]:
    """A recording, and the seconds that it took to look it up; or why it cannot be read."""
    begun = time.perf_counter()
    try:
        asked = tuple(tasks(path))
        seconds = time.perf_counter() - begun
        return Looked(path, sizes[path], probe(path).duration, asked), seconds, None
    except RecordingError as error:
        return Looked(path, sizes[path], 0.0), 0.0, RecordingFailure(path, str(error))
