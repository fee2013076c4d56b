"""How a classifier is learned, in the words that the command line, Python and a detector's file share.

The command line lists them before anything is learned: nothing heavy is imported here.
"""

import math
from dataclasses import dataclass

from audioscan_host.choices import Choice
from audioscan_host.errors import SettingError


class ClassifierKind(Choice):
    """What tells windows with the sound from those without; see docs/calibration.md."""

    LOGISTIC = "logistic"
    """Logistic regression, which needs fewer labels."""
    HIST_GBT = "hist-gbt"
    """Boosted trees."""


class Calibration(Choice):
    """How scores become probabilities."""

    SIGMOID = "sigmoid"
    ISOTONIC = "isotonic"
    NONE = "none"


class Normalisation(Choice):
    """What windows are read relative to; see docs/detector.md."""

    BACKGROUND = "background"
    """The background of their recording."""
    GLOBAL = "global"
    """Only what all recordings have in common."""


@dataclass(frozen=True)
class ClassifierSettings:
    """How a classifier is learned.

    Attributes:
        kind: `logistic`, which needs fewer labels, or `hist-gbt` (boosted trees); see docs/calibration.md.
        calibration: `sigmoid`, `isotonic` or `none`.
        normalisation: windows relative to the `background` of their recording, or only to what all that is
            learned from has in common, `global`; see docs/detector.md.
        negatives_per_positive: how many negatives are fitted on, drawn at random; None for all.
        natural_rate: put the probabilities back to the rate before thinning; off only to compare.
        seed: of the thinning and of the trees.

    Raises:
        SettingError: a value is unknown or out of its range.
    """

    kind: ClassifierKind | str = ClassifierKind.LOGISTIC
    calibration: Calibration | str = Calibration.SIGMOID
    normalisation: Normalisation | str = Normalisation.BACKGROUND
    negatives_per_positive: float | None = None
    natural_rate: bool = True
    seed: int = 42

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", ClassifierKind.of(self.kind, "classifier"))
        object.__setattr__(self, "calibration", Calibration.of(self.calibration, "calibration"))
        object.__setattr__(self, "normalisation", Normalisation.of(self.normalisation, "normalisation"))
        ratio = self.negatives_per_positive
        if ratio is not None and not 0 < ratio < math.inf:
            raise SettingError(f"negatives per positive must be above 0, not {ratio:g}")
