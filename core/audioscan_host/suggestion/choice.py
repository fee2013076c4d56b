"""The choice among candidates: spread over kinds, labels, recordings and the space of embeddings."""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import cycle, islice

import numpy as np

from audioscan_host.suggestion.candidates import Candidate, Kind

TURNS = (
    Kind.UNCERTAIN, Kind.NOVEL, Kind.UNCERTAIN, Kind.NOVEL, Kind.RANDOM,
    Kind.UNCERTAIN, Kind.NOVEL, Kind.UNCERTAIN, Kind.UNCERTAIN, Kind.RANDOM,
)  # fmt: skip
"""Which kind is chosen next: of ten, five uncertain, three novel and two random."""


def choose(
    candidates: Sequence[Candidate], n: int, labels: Sequence[str], recordings: int
) -> list[Candidate]:
    """Choose windows one by one, each for what it is worth beside those before it.

    The worth of a window falls with the distance to the nearest one that is chosen already. No
    two windows of a recording overlap, and no recording gives much more than its share, unless
    there are no others; random windows are where chance puts them.

    Args:
        candidates: of all recordings, in their order.
        n: how many.
        labels: which are asked for in turn.
        recordings: how many recordings there are to spread over.
    """
    share = math.ceil(n / max(1, recordings)) + 1
    worth = _Worth(candidates)
    turns = ((kind, label) for kind in cycle(TURNS) for label in labels)
    chosen = []
    for kind, label in islice(turns, n):
        best = worth.best(kind, label, share)
        if best is None:
            break
        worth.take(best)
        chosen.append(candidates[best])
    return chosen


class _Worth:
    """What each candidate is worth, falling as others are taken."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self._features = np.array([c.features for c in candidates], np.float64)
        self._distance = np.array([c.distance for c in candidates])
        self._weight = np.array([c.weight for c in candidates])
        self._kind = np.array([c.kind.value for c in candidates])
        self._label = np.array([c.label for c in candidates])
        self._recording = np.array([str(c.path) for c in candidates])
        self._start = np.array([c.start for c in candidates])
        self._end = np.array([c.end for c in candidates])
        self._free = np.ones(len(candidates), np.bool_)
        self._taken: Counter[str] = Counter()

    def best(self, kind: Kind, label: str, share: int) -> int | None:
        """The best free candidate: of the kind and label, else of the label, else any."""
        random = self._kind == Kind.RANDOM.value
        full = [recording for recording, count in self._taken.items() if count >= share]
        within = random | ~np.isin(self._recording, full)
        of_label = self._label == label
        of_kind = of_label & (self._kind == kind.value)
        worth = self._weight * np.where(random, 1.0, self._distance)
        for wanted in (of_kind & within, of_label & within, of_label, np.ones_like(random)):
            free = np.flatnonzero(self._free & wanted)
            if len(free):
                return int(free[worth[free].argmax()])
        return None

    def take(self, chosen: int) -> None:
        """Let the others know: what overlaps it is gone, what is like it is worth less."""
        self._taken[self._recording[chosen]] += 1
        nearness = np.linalg.norm(self._features - self._features[chosen], axis=1)
        np.minimum(self._distance, nearness, out=self._distance)
        apart = (self._start >= self._end[chosen]) | (self._end <= self._start[chosen])
        self._free &= apart | (self._recording != self._recording[chosen])
