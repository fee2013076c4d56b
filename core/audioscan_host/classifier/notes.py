"""What a user is told of a fit: what could not be done for want of labels, and what would be enough."""

from collections.abc import Iterator
from types import MappingProxyType

import numpy as np

from audioscan_host.classifier.figures import Places
from audioscan_host.classifier.fitting import LabelledWindows
from audioscan_host.classifier.folds import FOLDS, FoldKind, Folds
from audioscan_host.classifier.settings import Calibration

LEAST_RECORDINGS_TO_JUDGE = 5
"""Recordings with both classes below which held-out figures are told to be uncertain: over forty sets each of synthetic
scenes, the calibration error that is printed was off by 0.020 and 0.013 (root mean square) with three and four, and by 0.008
to 0.011 with five, six and eight."""

LEAST_WINDOWS_TO_CALIBRATE = MappingProxyType[str, int](
    {Calibration.SIGMOID: 3, Calibration.ISOTONIC: 6, Calibration.NONE: 0}
)
"""Windows that each class needs: one in each fold for two numbers, two for steps. See docs/detector.md."""

LEAST_PLACES_TO_JUDGE = 10
"""Places with the sound below which held-out figures are not shown. See docs/detector.md for how far off they are."""

LEAST_PLACES_TO_RANK = 30
"""Places with the sound below which the average precision that is shown is told to be uncertain: over real backgrounds it was
off by 0.2 (root mean square) with 5 to 29 of them, where the Brier score was off by 0.02 to 0.03. See docs/detector.md."""


def notes(
    windows: LabelledWindows, folds: Folds | None, window: float, *, calibration: str, judged: bool
) -> Iterator[str]:
    """Sentences on one label.

    Args:
        windows: what was learned from.
        folds: what was held out; None where nothing could be.
        window: length, seconds.
        calibration: what was asked for.
        judged: whether there are figures.
    """
    labels, groups = windows.truth, windows.recording
    positives, negatives = int((labels == 1).sum()), int((labels == 0).sum())
    with_both = len(np.intersect1d(groups[labels == 1], groups[labels == 0]))
    smaller, what = min((positives, "positive"), (negatives, "negative"))
    places = Places(groups, windows.times, window, window).with_sound(labels)
    enough = LEAST_WINDOWS_TO_CALIBRATE[calibration]
    if smaller < enough:
        yield (
            f"only {smaller} {what} window{'s' * (smaller != 1)}: the probabilities are not calibrated; "
            f"{enough} windows of each class would be enough"
        )
    if folds is None:
        yield (
            "the labelled windows cannot be split in three without overlap: no calibration and no "
            "cross-validated figures; the sound at three places that lie more than a window apart, "
            "and places without it near each, would be enough"
        )
    elif not judged:
        yield (
            f"the sound is labelled at {places} place{'s' * (places != 1)}: too few to say how good the detector is, so no figures; "
            f"{LEAST_PLACES_TO_JUDGE} places, in {LEAST_RECORDINGS_TO_JUDGE} recordings, would be enough"
        )
    elif folds.kind == FoldKind.TIME:
        yield (
            "too few recordings hold both classes to hold whole ones out: the figures come from blocks "
            f"of time and flatter a new recording; {FOLDS} recordings with both would be enough"
        )
    elif with_both < LEAST_RECORDINGS_TO_JUDGE:
        yield (
            f"the figures come from {with_both} recordings with both classes and may be far off; "
            f"from {LEAST_RECORDINGS_TO_JUDGE} on they say more"
        )
    if judged and places < LEAST_PLACES_TO_RANK:
        yield (
            f"the sound is labelled at {places} places: average precision, precision and recall may be off by 0.2; from "
            f"{LEAST_PLACES_TO_RANK} on they say more"
        )
