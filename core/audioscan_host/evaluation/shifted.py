"""Which windows of held-out recordings are left where the sound is absent, rare or frequent.

A season in which the sound hardly occurs, or never stops, is not like the recordings that somebody labelled. Windows
that are taken out of these make recordings like it, for which nothing has to be decoded or embedded.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from audioscan_host.annotations.window_labels import LEFT_OUT, NEGATIVE, POSITIVE
from audioscan_host.classifier.figures import Places
from audioscan_host.windows import Windowing

WITHOUT, RARE, FREQUENT = CONDITIONS = ("without the sound", "rare", "frequent")

RARE_SHARE = 0.2
"""Of the places with the sound, those that are kept where it is rare."""

FREQUENT_SHARE = 0.8
"""Of the windows, those with the sound where it is frequent."""

Masks = Sequence[npt.NDArray[np.bool_]]
_Labels = npt.NDArray[np.int8]
_Times = npt.NDArray[np.float64]


def windows_left(
    labels: Sequence[_Labels], times: Sequence[_Times], windowing: Windowing, seed: int
) -> Mapping[str, Masks]:
    """For each condition and recording (windows,) which windows are left; none of a recording that is not part of it.

    Args:
        labels: for each recording (windows,) 1 positive, 0 negative, -1 left out.
        times: for each recording (windows,) starts in seconds, ascending.
        windowing: window and hop.
        seed: of what is drawn. The same seed draws the same windows, whatever the model.
    """
    rng = np.random.default_rng(seed)
    return {
        WITHOUT: [_without(each) for each in labels],
        RARE: _rare(labels, times, windowing, rng),
        FREQUENT: [_frequent(each, at, windowing, rng) for each, at in zip(labels, times, strict=True)],
    }


def _without(labels: _Labels) -> npt.NDArray[np.bool_]:
    """The windows that do not hold the sound; all of a recording in which no window holds it."""
    return labels == NEGATIVE if (labels == POSITIVE).any() else np.ones(len(labels), np.bool_)


def _rare(
    labels: Sequence[_Labels], times: Sequence[_Times], windowing: Windowing, rng: np.random.Generator
) -> Masks:
    """All but four in five of the places with the sound, and the left-out windows that touch those."""
    groups = np.repeat(np.arange(len(labels)), list(map(len, labels)))
    places = Places(groups, np.concatenate(times), windowing.window, windowing.hop)
    positive, begins = places.runs(np.concatenate(labels) == POSITIVE)
    place = np.full(len(groups), -1)
    place[positive] = np.cumsum(begins) - 1
    count = int(begins.sum())
    if count < 2:  # one place cannot be made rarer
        return [np.zeros(len(each), np.bool_) for each in labels]
    kept = rng.permutation(count)[: max(1, round(count * RARE_SHARE))]
    out = np.split((place >= 0) & ~np.isin(place, kept), np.cumsum(list(map(len, labels)))[:-1])
    return [
        ~(gone | ((each == LEFT_OUT) & _touch(at, at[gone], windowing.window)))
        for each, at, gone in zip(labels, times, out, strict=True)
    ]


def _frequent(
    labels: _Labels, times: _Times, windowing: Windowing, rng: np.random.Generator
) -> npt.NDArray[np.bool_]:
    """The windows with the sound, left-out ones that touch them, and a quarter as many without it.

    Those without it are drawn in runs of about a window's length, as they lie between two sounds. None is left of
    a recording with too little of the sound for a single one.
    """
    positive = labels == POSITIVE
    wanted = round(np.count_nonzero(positive) * (1 / FREQUENT_SHARE - 1))
    if not wanted:
        return np.zeros(len(labels), np.bool_)
    negatives = np.flatnonzero(labels == NEGATIVE)
    first = np.flatnonzero(np.diff(negatives, prepend=-2) != 1)  # of each run
    since = np.arange(len(negatives)) - np.repeat(first, np.diff(first, append=len(negatives)))
    run = np.cumsum(since % max(1, round(windowing.window / windowing.hop)) == 0) - 1
    drawn = rng.permutation(run.max(initial=-1) + 1)
    left: npt.NDArray[np.bool_] = positive | (
        (labels == LEFT_OUT) & _touch(times, times[positive], windowing.window)
    )
    left[negatives[np.argsort(drawn[run], kind="stable")][:wanted]] = True
    return left


def _touch(times: _Times, others: _Times, window: float) -> npt.NDArray[np.bool_]:
    """(windows,) which windows overlap or meet one of the others."""
    if not len(others):
        return np.zeros(len(times), np.bool_)
    after = np.searchsorted(others, times)
    before, behind = others[np.maximum(after - 1, 0)], others[np.minimum(after, len(others) - 1)]
    distance = np.minimum(abs(times - before), abs(behind - times))
    touch: npt.NDArray[np.bool_] = distance <= window + 1e-6
    return touch
