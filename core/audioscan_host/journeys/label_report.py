"""What was learned of one label, for whoever trains."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audioscan_host.annotations.window_labels import LEFT_OUT
from audioscan_host.classifier import Fitted
from audioscan_host.classifier.figures import Figures
from audioscan_host.notes import About, Note, Tell


@dataclass(frozen=True)
class LabelReport:
    """What was learned of one label.

    Attributes:
        label: the label.
        positives: windows that hold the sound.
        negatives: windows that do not.
        left_out: windows that are neither.
        rate: share of positives among the windows that are either; probabilities are at that rate.
        figures: held-out figures; None where there was too little to hold out.
        notes: what could not be done, and what would be enough.
    """

    label: str
    positives: int
    negatives: int
    left_out: int
    rate: float
    figures: Figures | None
    notes: tuple[str, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Windows by what they were for training."""
        return {"positive": self.positives, "negative": self.negatives, "left out": self.left_out}


def report_of(name: str, labels: Sequence[npt.NDArray[np.int8]], fitted: Fitted, tell: Tell) -> LabelReport:
    """The report of a label that was fitted to (windows,) labels of each recording; its notes are told too."""
    left_out, negatives, positives = map(int, np.bincount(np.concatenate(labels) - LEFT_OUT, minlength=3))
    for sentence in fitted.notes:
        tell(Note(About.FIT, f"{name}: {sentence}", label=name))
    return LabelReport(
        name, positives, negatives, left_out, fitted.classifier.rate, fitted.figures, fitted.notes
    )
