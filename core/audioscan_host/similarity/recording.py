"""A recording as it is searched: its windows, and which of them belong to an example."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audioscan_host.evidence import Evidence
from audioscan_host.recordings import place_of
from audioscan_host.similarity.query_spans import Place
from audioscan_host.windows import microseconds


@dataclass(frozen=True, eq=False)
class SearchedRecording:
    """A recording that is searched, or that an example is in.

    Attributes:
        path: the recording.
        duration: seconds.
        times: (windows,) starts in seconds.
        window: seconds; of a recording that is shorter than the window, its own length.
        evidence: its windows by one model.
    """

    path: Path
    duration: float
    times: npt.NDArray[np.float64]
    window: float
    evidence: Evidence

    def inside(self, place: Place) -> npt.NDArray[np.intp]:
        """Indices of the windows in a place, but for digital silence; where it holds none, of the one that holds most of it."""
        starts, length = microseconds(self.times), int(microseconds(self.window))
        first, last = int(microseconds(place.start)), int(microseconds(place.end))
        inside = np.flatnonzero((starts >= first) & (starts + length <= last))
        if not len(inside):
            overlap = np.minimum(starts + length, last) - np.maximum(starts, first)
            off_centre = np.abs(2 * starts + length - first - last)
            inside = np.lexsort((starts, off_centre, -overlap))[:1]
        return inside[self.evidence.audible[inside]]

    def apart_from(self, places: Iterable[Place]) -> npt.NDArray[np.bool_]:
        """(windows,) which windows overlap none of the places that are in this recording."""
        starts, length = microseconds(self.times), int(microseconds(self.window))
        apart = np.ones(len(starts), np.bool_)
        for place in places:
            if place_of(place.path) == place_of(self.path):
                first, last = microseconds([place.start, place.end])
                apart &= (starts >= last) | (starts + length <= first)
        return apart
