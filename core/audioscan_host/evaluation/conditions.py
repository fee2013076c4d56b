"""What a field will show: figures where the sound is absent, rare or frequent, beside those of the recordings as labelled."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from sklearn.metrics import average_precision_score, brier_score_loss

from audioscan_host.classifier.figures import false_seconds_per_hour
from audioscan_host.classifier.notes import LEAST_PLACES_TO_JUDGE
from audioscan_host.evaluation.held_out import HeldOut
from audioscan_host.evaluation.shifted import CONDITIONS, FREQUENT, RARE, WITHOUT

AS_LABELLED = "as labelled"

LEAST_HOURS = 1.0
"""Judged audio below which a single false alarm is more than one an hour."""

_WHY_NOT = {
    WITHOUT: "no window is labelled to be without the sound",
    RARE: "the sound is at one place only, and cannot be made rarer",
    FREQUENT: "no recording holds the sound in enough windows to be filled with it: three or more would be enough",
}


@dataclass(frozen=True)
class Condition:
    """How one system does on the held-out recordings of one label, or on what a condition leaves of them.

    Attributes:
        name: `as labelled`, `without the sound`, `rare` or `frequent`.
        hours: of judged audio; a window stands for one hop. 0 where the condition cannot be made.
        windows: that were judged.
        positives: how many of them hold the sound.
        places: runs of windows with the sound.
        threshold: from which on a window counts as found.
        average_precision: None where a class is missing.
        brier: mean squared difference of probability and label; None without a window.
        recall: share of the positive windows that are found; None without one.
        false_alarms_per_hour: as `Places` counts them; None where no window is without the sound.
        false_seconds_per_hour: as `Figures` counts them; None in the same case.
    """

    name: str
    hours: float
    windows: int
    positives: int
    places: int
    threshold: float
    average_precision: float | None
    brier: float | None
    recall: float | None
    false_alarms_per_hour: float | None
    false_seconds_per_hour: float | None

    @classmethod
    def of(cls, name: str, held_out: HeldOut | None, threshold: float) -> Self:
        """Of what was predicted under a condition; None, or no labelled window, where it cannot be made."""
        if held_out is None or not len(held_out.labels):
            return cls(name, 0.0, 0, 0, 0, threshold, None, None, None, None, None)
        labels, probabilities, places = held_out.labels, held_out.probabilities, held_out.places
        found = probabilities >= threshold
        positives = int(labels.sum())
        negatives = len(labels) - positives
        ranked = positives and negatives
        return cls(
            name=name,
            hours=len(labels) * held_out.hop / 3600,
            windows=len(labels),
            positives=positives,
            places=places.with_sound(labels),
            threshold=threshold,
            average_precision=float(average_precision_score(labels, probabilities)) if ranked else None,
            brier=float(brier_score_loss(labels, probabilities, labels=[0, 1])),
            recall=float(np.mean(found[labels == 1])) if positives else None,
            false_alarms_per_hour=places.false_alarms_per_hour(labels, found) if negatives else None,
            false_seconds_per_hour=false_seconds_per_hour(labels, found) if negatives else None,
        )

    def facts(self) -> dict[str, Any]:
        """All of it by name, as plain values; None where something is not known."""
        facts = asdict(self)
        return {"condition": facts.pop("name"), **facts}


def all_conditions(
    held_out: HeldOut, shifted: Mapping[str, HeldOut], threshold: float
) -> tuple[Condition, ...]:
    """As labelled, without the sound, rare, frequent.

    Args:
        held_out: what was predicted of whole recordings.
        shifted: condition -> what was predicted of the windows that it leaves; those that can be made.
        threshold: from which on a window counts as found.
    """
    return (
        Condition.of(AS_LABELLED, held_out, threshold),
        *(Condition.of(name, shifted.get(name), threshold) for name in CONDITIONS),
    )


def notes(conditions: Iterable[Condition]) -> Iterator[str]:
    """What could not be shown, and what rests on little."""
    known = {each.name: each for each in conditions}
    for name, why in _WHY_NOT.items():
        if not known[name].windows:
            yield f"no figures for {name}: {why}"
    little = []
    if 0 < known[WITHOUT].hours < LEAST_HOURS:
        little.append(
            f"{known[WITHOUT].hours:.2f} h of audio without the sound, in which one false alarm is "
            f"{1 / known[WITHOUT].hours:.1f} an hour"
        )
    if 0 < known[RARE].places < LEAST_PLACES_TO_JUDGE:
        little.append(f"{known[RARE].places} place{'s' * (known[RARE].places > 1)} with it where it is rare")
    if little:
        yield f"what a field will show rests on {', and on '.join(little)}"


def sentence(of_labels: Sequence[Sequence[Condition]]) -> str:
    """What a field will show, in one sentence; of several labels the means of those that are known.

    Args:
        of_labels: the conditions of one system, for each label.
    """
    alarms = _mean(of_labels, WITHOUT, "false_alarms_per_hour")
    recalls = {name: _mean(of_labels, name, "recall") for name in (RARE, FREQUENT)}
    where = [f"{value:.2f} where it is {name}" for name, value in recalls.items() if value is not None]
    gives = []
    if alarms is not None:
        gives.append(f"gives {alarms:.1f} false alarms an hour on recordings without the sound")
    if where:
        gives.append("finds " + ", ".join([where[0].replace(" where", " of the sound where"), *where[1:]]))
    missing = [f"where the sound is {name}" for name, value in recalls.items() if value is None]
    if alarms is None:
        missing.insert(0, "on recordings without the sound")
    unknown = f"what it does {' or '.join(missing)} these labels cannot show" if missing else ""
    if not gives:
        return f"{unknown[0].upper()}{unknown[1:]}."
    means = f" (means of {len(of_labels)} labels)" if len(of_labels) > 1 else ""
    threshold = of_labels[0][0].threshold
    told = f"At threshold {threshold:g} it {' and '.join(gives)}{means}"
    return f"{told}; {unknown}." if unknown else f"{told}."


def _mean(of_labels: Sequence[Sequence[Condition]], name: str, figure: str) -> float | None:
    values = [getattr(each, figure) for conditions in of_labels for each in conditions if each.name == name]
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
