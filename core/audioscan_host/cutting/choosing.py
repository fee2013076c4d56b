"""Which of the places that were found become clips."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from audioscan_host.annotations import Annotation, Role
from audioscan_host.errors import AnnotationError, SettingError


@dataclass(frozen=True)
class Find:
    """A place in a recording that exists.

    Attributes:
        recording: its path.
        place: what the label file says of it.
    """

    recording: Path
    place: Annotation


def chosen(
    places: Mapping[Path, Sequence[Annotation]],
    *,
    only: Collection[str] = (),
    merge_gap: float = 0.0,
    top: int | None = None,
    sample: int | None = None,
    seed: int = 42,
) -> list[Find]:
    """The places to cut, by recording and time; what is unlabelled is none.

    Args:
        places: of each recording.
        only: labels; all of them where empty.
        merge_gap: seconds; places of one label with a shorter gap between them are one.
        top: how many, those with the highest scores.
        sample: how many of those that are left; see `stratified`.
        seed: of the sample.

    Raises:
        AnnotationError: a wanted label has no place.
        SettingError: a number is out of its range, or the highest scores are wanted of places without any.
    """
    for name, number in (("top", top), ("sample", sample)):
        if number is not None and number < 1:
            raise SettingError(f"{name} must be 1 clip or more, not {number}")
    if not merge_gap >= 0:
        raise SettingError(f"merge gap must be 0 s or more, not {merge_gap:g}")
    labelled = {path: [a for a in found if a.role is not Role.UNLABELLED] for path, found in places.items()}
    _require_labels(only, {a.label for found in labelled.values() for a in found})
    finds = [
        Find(path, place)
        for path, found in labelled.items()
        for place in merged((a for a in found if not only or a.label in only), merge_gap)
    ]
    if top is not None:
        finds = _best(finds, top)
    if sample is not None:
        finds = stratified(finds, sample, seed)
    order = {path: number for number, path in enumerate(places)}
    return sorted(finds, key=lambda find: (order[find.recording], find.place.start))


def _require_labels(only: Collection[str], known: set[str]) -> None:
    unknown = sorted(set(only) - known)
    if unknown:
        there = ", ".join(sorted(known)) or "none"
        raise AnnotationError(f"nothing that was found has the label {unknown[0]!r}; there are: {there}")


def merged(places: Iterable[Annotation], gap: float) -> list[Annotation]:
    """The places of one recording, in order of time, as one where less than `gap` seconds is between them.

    They have one label and one role; what they become has their highest score. A gap of 0 leaves all as they are.
    """
    result: list[Annotation] = []
    last: dict[tuple[str, Role], int] = {}  # where in the result
    for place in sorted(places, key=lambda each: each.start):
        kind = (place.label, place.role)
        before = result[last[kind]] if kind in last else None
        if before is not None and _is_gap_under(gap, before, place):
            scores = [each.score for each in (before, place) if each.score is not None]
            end = max(before.end or 0.0, place.end or 0.0)
            result[last[kind]] = replace(before, end=end, score=max(scores, default=None))
            continue
        result.append(place)
        if place.end is not None:  # a point is joined with nothing
            last[kind] = len(result) - 1
    return result


def _is_gap_under(gap: float, before: Annotation, place: Annotation) -> bool:
    # Microseconds: the difference of two times of three decimals is not one of three decimals.
    return (
        gap > 0
        and before.end is not None
        and place.end is not None
        and round(place.start - before.end, 6) < gap
    )


def _best(finds: Sequence[Find], top: int) -> list[Find]:
    with_score = [find for find in finds if find.place.score is not None]
    if finds and not with_score:
        raise SettingError(
            "the highest scores are asked for, but what was found has none: a column `score` has them, as "
            "`scan` and `search` write it"
        )
    return sorted(with_score, key=_score, reverse=True)[:top]


def stratified(finds: Sequence[Find], number: int, seed: int) -> list[Find]:
    """That many of the places, spread over their scores.

    In order of their scores they are cut into `number` groups of equal size, or of one more, of which each gives
    one at random. So every range of scores is there as often as in the whole, and the share of right ones among
    the drawn is that of the whole. Without scores the groups are of neighbours in the recordings.
    """
    if number >= len(finds):
        return list(finds)
    ordered = sorted(finds, key=_score)
    random = np.random.default_rng(seed)
    groups = np.array_split(np.arange(len(ordered)), number)
    return [ordered[int(random.choice(group))] for group in groups]


def _score(find: Find) -> float:
    return -np.inf if find.place.score is None else find.place.score
