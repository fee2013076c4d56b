"""Count the windows of each label that would be learned from, before anything is computed."""

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from audioscan_ui.jobs.kinds.training import TOLERANCE, windowing_facts
from audioscan_ui.jobs.work import Result, Work

if TYPE_CHECKING:
    from audioscan_host import Annotation, Model, Registry, Windowing

Annotated = Mapping[Path, Sequence["Annotation"]]

RATE = 16_000
"""Hz, where no model says at which rate it reads: windows lie on a grid of 10 ms, so it hardly matters."""

COUNTS = {"positive": 1, "negative": 0, "left_out": -1}
"""What the page calls a window -> what the host does."""


def run(work: Work) -> Result:
    """Count with what was judged on the page, and without it.

    Nothing is decoded, so windows that are digital silence are counted here and left out by a training.
    """
    from audioscan_host import load_registry

    request, registry = work.order.request, load_registry()
    models = [registry.model(request["model"])] if request.get("model") else []
    without = _annotations(work, registry, work.order.label_files)
    with_review = _annotations(work, registry, work.order.labels) if work.order.review_file else without
    counted = with_review if request.get("review", True) else without
    choice = _choice(work, counted, models)
    labels = _labels(request.get("labels") or (), counted)
    durations = _durations(work, {*without, *with_review})
    count = _Count(work, choice.windowing, models, durations)
    before = {label: count.of(label, without) for label in labels}
    after = (
        {label: count.of(label, with_review) for label in labels} if with_review is not without else before
    )
    shown = after if counted is with_review else before
    return {
        "windowing": windowing_facts(choice.to_json(), work),
        "labels": [
            {
                "label": label,
                **shown[label],
                "without_review": before[label],
                "with_review": after[label] if work.order.review_file else None,
            }
            for label in labels
        ],
    }


def _annotations(work: Work, registry: "Registry", files: Sequence[Path | str]) -> Annotated:
    from audioscan_host.annotations.matching import known_annotations
    from audioscan_host.annotations.reading import LabelReader

    if not files:
        return {}
    return known_annotations(
        work.order.paths, [Path(each) for each in files], reader=LabelReader(registry.label_formats())
    )


def _choice(work: Work, annotations: Annotated, models: "Sequence[Model]") -> Any:
    from audioscan_host.journeys.window_choice import choose_windowing

    windowing, hop = work.windowing()
    wanted = work.order.request.get("labels") or ()
    return choose_windowing(windowing, annotations, wanted, models, hop=hop, cache=None)


def _labels(wanted: Sequence[str], annotations: Annotated) -> list[str]:
    """Those that are wanted, or all that somebody heard."""
    from audioscan_host import Role

    heard = {a.label for a in chain.from_iterable(annotations.values()) if a.role is Role.POSITIVE}
    return list(dict.fromkeys(wanted)) or sorted(heard)


def _durations(work: Work, annotated: set[Path]) -> dict[Path, float]:
    """Seconds of each recording that has annotations; without those that cannot be opened."""
    from audioscan_host import RecordingError
    from audioscan_host.audio import probe

    durations: dict[Path, float] = {}
    for each in work.order.recordings:
        if (path := Path(each.path)) not in annotated:
            continue
        try:
            duration = each.duration if each.duration is not None else probe(path).duration
        except RecordingError:
            continue  # the list of recordings says why
        if duration is not None:
            durations[path] = duration
    return durations


class _Count:
    def __init__(
        self, work: Work, windowing: "Windowing", models: "Sequence[Model]", durations: Mapping[Path, float]
    ) -> None:
        from audioscan_host.windows import GRID, window_steps

        request = work.order.request
        self._tolerance = TOLERANCE if request.get("tolerance") is None else request["tolerance"]
        self._neg_margin = request.get("neg_margin")
        self._windows: dict[Path, float] = {
            path: min(windowing.window, length) for path, length in durations.items()
        }
        rate = models[0].checkpoint.sample_rate if models else RATE
        self._times = {
            path: np.array(window_steps(round(length * rate), rate, windowing), np.float64) / GRID
            for path, length in durations.items()
        }

    def of(self, label: str, annotations: Annotated) -> dict[str, int]:
        """Windows of the recordings that have annotations, by what they would be for a training."""
        from audioscan_host.annotations.points import points_of
        from audioscan_host.annotations.window_labels import window_labels

        points = points_of(label, chain.from_iterable(annotations.values()))
        counts = dict.fromkeys(COUNTS, 0)
        for path, own in annotations.items():
            if path in self._times:
                said = window_labels(
                    own,
                    label,
                    self._times[path],
                    self._windows[path],
                    tolerance=self._tolerance,
                    neg_margin=self._neg_margin,
                    points=points,
                )
                for name, value in COUNTS.items():
                    counts[name] += int(np.count_nonzero(said == value))
        return counts
