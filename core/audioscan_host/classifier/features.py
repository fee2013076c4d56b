"""Windows as a classifier reads them: computed where they are needed, so that embeddings are in memory once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

import numpy as np
import numpy.typing as npt

from audioscan_host.classifier.background import Background, UsualBackground
from audioscan_host.classifier.statistics import Statistics, one_length, parts

Relative = tuple[Background, UsualBackground]
"""The background of a recording, and the usual one."""

_Float = TypeVar("_Float", bound=np.floating[Any])


@dataclass(frozen=True, eq=False)
class Chosen:
    """Some windows of a recording, of which only those that are worked on are copied.

    Attributes:
        vectors: (windows, dim) of all of the recording.
        places: (chosen,) which of them, ascending.
    """

    vectors: npt.NDArray[np.floating[Any]]
    places: npt.NDArray[np.intp]

    @classmethod
    def all_of(cls, vectors: npt.NDArray[np.floating[Any]]) -> Self:
        """All of them."""
        return cls(vectors, np.arange(len(vectors)))

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, rows: slice) -> npt.NDArray[np.floating[Any]]:
        """A copy of these."""
        return self.vectors.take(self.places[rows], axis=0)


def features(
    vectors: npt.NDArray[np.floating[Any]] | Chosen, relative: Relative | None, statistics: Statistics
) -> npt.NDArray[np.float32]:
    """Windows as a classifier reads them: (windows, dim), each of one length."""
    read = np.empty((len(vectors), len(statistics.mean)), np.float32)
    for rows in parts(len(vectors)):
        standardised = statistics.standardised(vectors[rows])
        if relative is not None:
            known, usual = relative
            standardised = known.removed(standardised, usual)
        read[rows] = one_length(standardised)
    return read


@dataclass(frozen=True, eq=False)
class FeatureRows:
    """The features of some windows of several recordings, which need not lie in memory together.

    Attributes:
        chosen: the windows, recording by recording.
        relative: what those of each recording are read relative to; None where all are read without.
        statistics: of all that is learned from.
    """

    chosen: Sequence[Chosen]
    relative: Sequence[Relative] | None
    statistics: Statistics

    @property
    def shape(self) -> tuple[int, int]:
        """Windows and dimensions."""
        return sum(map(len, self.chosen)), len(self.statistics.mean)

    @property
    def size(self) -> int:
        """How many numbers they are."""
        windows, dim = self.shape
        return windows * dim

    def relative_of(self, number: int) -> Relative | None:
        """What the windows of a recording are read relative to, by its place among these."""
        return self.relative[number] if self.relative else None

    def spread(self, most: int) -> Self:
        """As many of the windows at most, as evenly spread over all as can be."""
        windows, _ = self.shape
        if windows <= most:
            return self
        kept = np.arange(most) * windows // most
        ends = np.cumsum([len(each) for each in self.chosen])
        of_each = np.split(kept, np.searchsorted(kept, ends[:-1]))
        chosen = [
            Chosen(each.vectors, each.places[places - (end - len(each))])
            for each, places, end in zip(self.chosen, of_each, ends.tolist(), strict=True)
        ]
        return replace(self, chosen=chosen)

    def matrix(self, dtype: type[_Float]) -> npt.NDArray[_Float]:
        """All of them, (windows, dim) of a type that holds float32."""
        matrix = np.empty(self.shape, dtype)
        first = 0
        for number, chosen in enumerate(self.chosen):
            for rows in parts(len(chosen)):
                read = features(chosen[rows], self.relative_of(number), self.statistics)
                matrix[first : first + len(read)] = read
                first += len(read)
        return matrix
