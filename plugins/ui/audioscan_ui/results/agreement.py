"""How often what was found was right, by label and score, with its interval."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from audioscan_ui.session.verdicts import Origin, Verdict, VerdictRole

BINS = 10
"""Of equal width, from 0 to 1."""

_Z = 1.959963984540054
"""The 97.5 % quantile of the normal distribution: an interval of 95 %."""


def wilson(right: int, judged: int) -> tuple[float, float]:
    """The 95 % interval of a share by Wilson's score method.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, Journal of the American Statistical
    Association 22 (1927), 209-212.

    Args:
        right: how many were right.
        judged: of how many, 1 or more.

    Returns:
        The lower and the upper end, 0 to 1.
    """
    middle = (right + _Z**2 / 2) / (judged + _Z**2)
    half = _Z / (judged + _Z**2) * math.sqrt(right * (judged - right) / judged + _Z**2 / 4)
    # Rounding must not put an end beyond what is possible.
    return (0.0 if right == 0 else middle - half), (1.0 if right == judged else middle + half)


@dataclass(frozen=True)
class Agreement:
    """What was said of the regions of one label within a range of scores.

    Attributes:
        detector: SHA-256 of the one that found them.
        label: that it gave them.
        score: lowest and highest score of the range.
        accepted: how many were accepted, trimmed ones among them.
        rejected: how many were rejected, or are another sound.
        unsure: how many nobody could tell; they count for neither.
    """

    detector: str
    label: str
    score: tuple[float, float]
    accepted: int
    rejected: int
    unsure: int

    @property
    def precision(self) -> float | None:
        """Share of those judged that were accepted; None where none was judged."""
        judged = self.accepted + self.rejected
        return self.accepted / judged if judged else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """In which the precision lies, by `wilson`; None where none was judged."""
        judged = self.accepted + self.rejected
        return wilson(self.accepted, judged) if judged else None


def agreement(verdicts: Iterable[Verdict]) -> list[Agreement]:
    """Count the verdicts on what detectors found: for each detector and label all scores, then each tenth that has any.

    What was drawn, suggested or searched for was not found by a threshold, and does not count; nor does a region without a score.
    A region that was judged more than once counts once: as accepted where it was accepted under the label that was found.
    """
    regions: dict[tuple[str, str], dict[tuple[int, float, float], list[Verdict]]]
    regions = defaultdict(lambda: defaultdict(list))
    for verdict in verdicts:
        if verdict.origin is Origin.FOUND and verdict.score is not None and verdict.detector:
            found = verdict.found
            start, end, label = (
                (verdict.start, verdict.end, verdict.label)
                if found is None
                else (found.start, found.end, found.label)
            )
            regions[verdict.detector, label][verdict.recording, start, end].append(verdict)
    table = []
    for (detector, label), places in regions.items():
        said = [(of_one[-1].score or 0.0, _said(of_one, label)) for of_one in places.values()]
        table.append(_counted(detector, label, (0.0, 1.0), [what for _, what in said]))
        for place in range(BINS):
            inside = [what for score, what in said if min(int(score * BINS), BINS - 1) == place]
            if inside:
                table.append(_counted(detector, label, (place / BINS, (place + 1) / BINS), inside))
    return table


def _said(verdicts: Sequence[Verdict], label: str) -> str:
    own = [each.role for each in verdicts if each.label == label]
    if VerdictRole.POSITIVE in own:
        return "accepted"
    if VerdictRole.SOFT in own:
        return "unsure"
    other = all(each.role is VerdictRole.SOFT for each in verdicts)
    return "unsure" if other else "rejected"


def _counted(detector: str, label: str, score: tuple[float, float], said: Sequence[str]) -> Agreement:
    counts = [said.count(each) for each in ("accepted", "rejected", "unsure")]
    return Agreement(detector, label, score, *counts)
