"""Looks at recordings without decoding them: how long, how large, and what the cache lacks of them."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from audioscan_host.audio import probe
from audioscan_host.embedding.tasks import RecordingFailure, Task
from audioscan_host.errors import RecordingError
from audioscan_host.progress import Advance
from audioscan_host.sizing.total import Total, total_of


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
        seconds_each: that it took to tell one from all others, and to look it up in the cache.
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
    advance: Advance,
    *,
    most: int,
    seed: int,
) -> Survey:
    """Look at recordings, or at some of them, chosen at random; the size of each is asked for.

    Args:
        paths: of the recordings.
        tasks: looks one up, as `Embedder.tasks`.
        advance: called with 1 for each.
        most: so many are looked at; where there are no more, all of them.
        seed: of the choice.
    """
    failures: list[RecordingFailure] = []
    sizes: dict[Path, int] = {}
    for path in paths:
        try:
            sizes[path] = path.stat().st_size
        except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
            reason = getattr(error, "strerror", None) or error
            failures.append(RecordingFailure(path, f"{path}: cannot be read: {reason}"))
    there = list(sizes)
    chosen = sorted(random.Random(seed).sample(range(len(there)), min(most, len(there))))  # noqa: S311 - no secret
    looked = []
    spent = 0.0
    for path in (there[place] for place in chosen):
        begun = time.perf_counter()
        try:
            asked = tuple(tasks(path))
            spent += time.perf_counter() - begun
            looked.append(Looked(path, sizes[path], probe(path).duration, asked))
        except RecordingError as error:
            failures.append(RecordingFailure(path, str(error)))
            looked.append(Looked(path, sizes[path], 0.0))
        advance(1)
    each = spent / max(1, sum(bool(one.tasks) for one in looked))
    return Survey(len(there), sum(sizes.values()), tuple(looked), tuple(failures), each)
