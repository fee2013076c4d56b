"""How labelled windows are split for calibration and cross-validation, so that none is judged by its neighbours."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

FOLDS = 3
"""Parts that the windows are split into; each is held out once."""

Indices = npt.NDArray[np.intp]
Split = tuple[Indices, Indices]

_TOUCH = 1e-6  # seconds; windows that meet end to start do not overlap, whatever their rounding


class FoldKind(StrEnum):
    """What is held out at a time."""

    RECORDINGS = "recordings"
    TIME = "time"
    """Blocks of time, of as many recordings as there are."""
    NONE = "none"
    """Nothing could be."""


@dataclass(frozen=True)
class Folds:
    """A split of the labelled windows in three.

    Attributes:
        kind: `recordings` where each recording lies whole in one fold, `time` where the folds are
            blocks of time.
        splits: per fold the indices to train on and those held out. Each window is held out once;
            both sides have both classes.
    """

    kind: FoldKind
    splits: tuple[Split, ...]


def split(
    labels: npt.NDArray[np.int64],
    groups: npt.NDArray[np.int64],
    times: npt.NDArray[np.float64],
    window: float,
    usable: npt.NDArray[np.bool_],
    *,
    sources: npt.NDArray[np.int64] | None = None,
) -> Folds | None:
    """Split by sources where there are enough of them, else by recordings, else by blocks of time.

    Blocks of time are contiguous parts of all windows with equal shares of the positives. Where
    such a part lacks a class (one recording is all positive, the next all negative), each class is
    cut in three by itself. In blocks, training windows that overlap a held-out one are left out.

    Args:
        labels: (windows,) 0 or 1.
        groups: (windows,) which recording.
        times: (windows,) start in the recording, seconds.
        window: length, seconds.
        usable: (windows,) which ones may be fitted on; each side needs both classes among these.
        sources: (windows,) which group of recordings that share a source; None where each is its own.

    Returns:
        None where no split leaves both classes on both sides.
    """
    for apart in (groups,) if sources is None else (sources, groups):
        for by_recording in (_by_recording(labels, apart), _dealt(labels, apart, usable)):
            if _has_both_classes(by_recording, labels, usable):
                return Folds(FoldKind.RECORDINGS, by_recording)
    for fold_of in (_blocks(labels, groups, times), _blocks_by_class(labels, groups, times, usable)):
        splits = tuple(_hold_out(fold_of == fold, groups, times, window) for fold in range(FOLDS))
        if _has_both_classes(splits, labels, usable):
            return Folds(FoldKind.TIME, splits)
    return None


def _by_recording(labels: npt.NDArray[np.int64], groups: npt.NDArray[np.int64]) -> tuple[Split, ...]:
    from sklearn.model_selection import StratifiedGroupKFold  # not needed to scan

    positives = int(labels.sum())
    if min(positives, len(labels) - positives, len(np.unique(groups))) < FOLDS:
        return ()
    return tuple(StratifiedGroupKFold(FOLDS).split(np.zeros(len(labels)), labels, groups))


def _dealt(
    labels: npt.NDArray[np.int64], groups: npt.NDArray[np.int64], usable: npt.NDArray[np.bool_]
) -> tuple[Split, ...]:
    """Recordings dealt out one by one: those that hold both classes first, so that three of them are enough.

    The split above balances how many windows the folds have of each class, and may leave one without a
    class where most recordings hold a few windows of one.
    """
    recordings, group_of = np.unique(groups, return_inverse=True)
    held = np.zeros((len(recordings), 2), np.int64)  # windows of each recording by class
    np.add.at(held, (group_of[usable], labels[usable]), 1)
    both = held.min(axis=1) > 0
    folds = np.zeros((FOLDS, 3), np.int64)  # recordings with both classes, windows of either
    fold_of = np.zeros(len(recordings), np.int64)
    for recording in np.lexsort((-held.sum(axis=1), ~both)).tolist():
        scarce = [0, 1, 2] if both[recording] else [1 + int(held[recording].argmax())]
        fold = min(range(FOLDS), key=lambda each: folds[each, scarce].tolist())
        fold_of[recording] = fold
        folds[fold] += [int(both[recording]), *held[recording].tolist()]
    found = [np.flatnonzero(fold_of[group_of] == fold) for fold in range(FOLDS)]
    everything = np.arange(len(labels))
    return tuple((np.setdiff1d(everything, fold), fold) for fold in found)


def _blocks(
    labels: npt.NDArray[np.int64], groups: npt.NDArray[np.int64], times: npt.NDArray[np.float64]
) -> npt.NDArray[np.int64]:
    order = np.lexsort((times, groups))
    earlier_positives = np.cumsum(labels[order]) - labels[order]
    fold_of = np.empty(len(labels), np.int64)
    fold_of[order] = np.minimum(earlier_positives * FOLDS // labels.sum(), FOLDS - 1)
    return fold_of


def _blocks_by_class(
    labels: npt.NDArray[np.int64],
    groups: npt.NDArray[np.int64],
    times: npt.NDArray[np.float64],
    usable: npt.NDArray[np.bool_],
) -> npt.NDArray[np.int64]:
    order = np.lexsort((times, groups))
    fold_of = np.empty(len(labels), np.int64)
    for label in (0, 1):
        members = order[labels[order] == label]
        earlier = np.cumsum(usable[members]) - usable[members]
        fold_of[members] = np.minimum(earlier * FOLDS // max(1, usable[members].sum()), FOLDS - 1)
    return fold_of


def _hold_out(
    held: npt.NDArray[np.bool_],
    groups: npt.NDArray[np.int64],
    times: npt.NDArray[np.float64],
    window: float,
) -> Split:
    overlapping = np.zeros(len(held), np.bool_)
    for group in np.unique(groups[held]):
        here = np.flatnonzero(groups == group)
        starts = np.sort(times[here][held[here]])
        after = np.searchsorted(starts, times[here])
        previous = starts[np.maximum(after - 1, 0)]
        following = starts[np.minimum(after, len(starts) - 1)]
        distance = np.minimum(abs(times[here] - previous), abs(following - times[here]))
        overlapping[here] = distance < window - _TOUCH
    return np.flatnonzero(~held & ~overlapping), np.flatnonzero(held)


def _has_both_classes(
    splits: Sequence[Split], labels: npt.NDArray[np.int64], usable: npt.NDArray[np.bool_]
) -> bool:
    return len(splits) == FOLDS and all(
        len(np.unique(labels[side[usable[side]]])) == 2 for fold in splits for side in fold
    )
