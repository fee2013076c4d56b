"""Ways to read a window of its grains: what benchmarks/short_sounds.py compares."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audioscan_host import Annotation, Windowing
from audioscan_host.annotations import Role
from audioscan_host.cache import Embeddings

GRAIN = 0.1
"""Seconds."""

TENTH = 0.1

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Heard:
    """A recording of a scene: its grains, and where each label is on."""

    grains: Embeddings
    annotations: Sequence[Annotation]

    def spans(self, label: str) -> list[tuple[float, float]]:
        """Of the events of a label, seconds."""
        return [
            (each.start, each.end)
            for each in self.annotations
            if each.label == label and each.role is Role.POSITIVE and each.end is not None
        ]


@dataclass(frozen=True)
class Way:
    """How the windows of a recording are read.

    Attributes:
        windowing: of the windows, as they are labelled and scored.
        scales: seconds of what is read, each about the middle of the window.
        poolings: what is computed of the grains of each scale, side by side.
    """

    windowing: Windowing
    scales: tuple[float, ...]
    poolings: tuple["Pool", ...]

    def vectors(self, heard: Heard, times: npt.NDArray[np.float64], usual: "Usual") -> Vectors:
        """(windows, dim)."""
        parts = []
        for scale in self.scales:
            count, last = round(scale / GRAIN), len(heard.grains.vectors)
            middle = times + self.windowing.window / 2
            first = np.clip(np.round((middle - scale / 2) / GRAIN).astype(int), 0, max(last - count, 0))
            places = np.minimum(first[:, None] + np.arange(count), last - 1)
            parts += [pool(heard.grains, places, usual) for pool in self.poolings]
        return np.concatenate(parts, axis=1).astype(np.float32)


@dataclass(frozen=True)
class Usual:
    """Mean of a recording's grains, and the deviation of all grains of training."""

    mean: npt.NDArray[np.float64]
    deviation: npt.NDArray[np.float64]


Pool = Callable[[Embeddings, npt.NDArray[np.intp], Usual], npt.NDArray[np.floating]]


def own(grains: Embeddings, places: npt.NDArray[np.intp], _usual: Usual) -> npt.NDArray[np.floating]:
    """As the host does it: means, and where there are deviations and maxima those of the time steps."""
    wide = grains.vectors.astype(np.float64)[places]
    pooled = wide.mean(axis=1)
    begin = 0
    for name, width in grains.meta["statistics"]:
        columns, means = slice(begin, begin + width), slice(begin - width, begin)
        if name == "std":
            pooled[:, columns] = np.sqrt(
                (wide[:, :, columns] ** 2).mean(axis=1) + wide[:, :, means].var(axis=1)
            )
        if name == "max":
            pooled[:, columns] = wide[:, :, columns].max(axis=1)
        begin += width
    return pooled


def mean_and_deviation(
    grains: Embeddings, places: npt.NDArray[np.intp], _usual: Usual
) -> npt.NDArray[np.floating]:
    """Of the grains."""
    wide = grains.vectors[places]
    return np.concatenate([wide.mean(axis=1), wide.std(axis=1)], axis=1)


def highest(grains: Embeddings, places: npt.NDArray[np.intp], _usual: Usual) -> npt.NDArray[np.floating]:
    """Of the grains, dimension by dimension."""
    return grains.vectors[places].max(axis=1)


def unusual(grains: Embeddings, places: npt.NDArray[np.intp], usual: Usual) -> npt.NDArray[np.floating]:
    """The mean of the tenth of the grains that is farthest from the recording's mean."""
    distance = np.linalg.norm((grains.vectors - usual.mean) / usual.deviation, axis=1)
    count = max(1, round(TENTH * places.shape[1]))
    farthest = np.argsort(-distance[places], axis=1, kind="stable")[:, :count]
    return grains.vectors[np.take_along_axis(places, farthest, axis=1)].mean(axis=1)


POOLINGS: dict[str, tuple[Pool, ...]] = {
    "own": (own,),
    "mean+std": (mean_and_deviation,),
    "max": (highest,),
    "own+max": (own, highest),
    "tenth": (unusual,),
    "own+tenth": (own, unusual),
}


def ways(beginnings: Sequence[str]) -> Iterator[tuple[str, Way]]:
    """What is compared, by name: those whose name begins so."""
    for name, way in _ways():
        if name.startswith(tuple(beginnings)):
            yield name, way


def _ways() -> Iterator[tuple[str, Way]]:
    for windowing in (Windowing(8.0, 1.0), Windowing(2.0, 0.5)):
        for name, poolings in POOLINGS.items():
            yield f"{windowing.window:g} s, {name}", Way(windowing, (windowing.window,), poolings)
    for windowing in (Windowing(0.5, 0.2), Windowing(1.0, 0.2)):
        yield f"{windowing.window:g} s, own", Way(windowing, (windowing.window,), (own,))
    for scales in ((0.5, 2.0), (0.5, 2.0, 8.0)):
        name = "+".join(f"{scale:g}" for scale in scales)
        yield f"{name} s, own", Way(Windowing(0.5, 0.2), scales, (own,))
