"""What an evaluation gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from audioscan_host.embedding.tasks import RecordingFailure
from audioscan_host.evaluation import conditions
from audioscan_host.evaluation.conclusion import Conclusion, conclude
from audioscan_host.evaluation.judgement import LabelEvaluation
from audioscan_host.journeys.window_choice import WindowChoice
from audioscan_host.notes import Note
from audioscan_host.windows import Windowing


@dataclass(frozen=True)
class EvaluationResult:
    """How systems do on recordings that they were not trained on.

    Attributes:
        labels: each label that could be judged.
        skipped: label -> why it could not be.
        conclusion: which system to use for all of the labels.
        recordings: those that were embedded.
        failures: recordings that could not be read.
        window_choice: window and hop, and why these; of the best system where several were given.
        files: what was written.
        notes: what users must know of recordings, labels and figures.
        windowings: all windows that are compared, with their hops.
    """

    labels: tuple[LabelEvaluation, ...]
    skipped: Mapping[str, str]
    conclusion: Conclusion
    recordings: tuple[Path, ...]
    failures: tuple[RecordingFailure, ...]
    window_choice: WindowChoice
    files: tuple[Path, ...] = ()
    notes: tuple[Note, ...] = ()
    windowings: tuple[Windowing, ...] = ()

    @property
    def sentence(self) -> str:
        """Which system to use, how sure that is, and what a field will show of it."""
        several = len(self.labels) > 1
        return self.conclusion.sentence(
            f"mean average precision of {len(self.labels)} labels" if several else "average precision",
            conditions.sentence([each.conditions[self.conclusion.best] for each in self.labels]),
        )

    def to_json(self) -> dict[str, Any]:
        """Everything of it as plain values."""
        return {
            "rows": [row.facts() for each in self.labels for row in each.rows],
            "conditions": [facts for each in self.labels for facts in each.condition_facts()],
            "labels": {
                each.label: {
                    "folds": each.folds,
                    "rate": each.rate,
                    "conclusion": {**each.conclusion.to_json(), "sentence": each.sentence},
                    "notes": list(each.notes),
                    **({"comparisons": [c.to_json() for c in each.comparisons]} if each.comparisons else {}),
                    **({} if each.moment is None else {"moment": each.moment}),
                }
                for each in self.labels
            },
            "skipped": dict(self.skipped),
            "conclusion": {**self.conclusion.to_json(), "sentence": self.sentence},
            "windowing": self.window_choice.to_json(),
            "files": [str(path) for path in self.files],
            "notes": [note.to_json() for note in self.notes],
            "failures": [{"recording": str(f.path), "reason": f.reason} for f in self.failures],
        }


def overall(labels: Sequence[LabelEvaluation]) -> Conclusion:
    """Which system to use for all labels together: by the mean of their average precisions."""
    systems = [row.system for row in labels[0].rows]
    of_each = list(zip(*(each.rows for each in labels), strict=True))  # the rows of each system
    values = [float(np.mean([row.figures.average_precision for row in rows])) for rows in of_each]
    briers = [float(np.mean([row.figures.brier for row in rows])) for rows in of_each]
    return conclude(
        dict(zip(systems, values, strict=True)),
        dict(zip(systems, briers, strict=True)),
        {system: np.mean([each.resampled[system] for each in labels], axis=0) for system in systems},
        recordings=max(each.conclusion.recordings for each in labels),
        with_sound=min(each.conclusion.with_sound for each in labels),
        sources_with_sound=min(
            (n for each in labels if (n := each.conclusion.sources_with_sound) is not None), default=None
        ),
    )
