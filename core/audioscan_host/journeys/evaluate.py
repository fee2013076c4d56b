"""The journey from labelled recordings to which model to use, readable top to bottom."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import numpy.typing as npt

from audioscan_host.annotations import positive_labels
from audioscan_host.annotations.matching import annotated
from audioscan_host.annotations.names import Same
from audioscan_host.annotations.window_labels import NEGATIVE, POSITIVE
from audioscan_host.classifier import ClassifierSettings
from audioscan_host.classifier.folds import FOLDS
from audioscan_host.eight_cut_settings import EightCutSettings
from audioscan_host.embedding.tasks import RecordingFailure
from audioscan_host.errors import TrainingError
from audioscan_host.evaluation import conditions, folder
from audioscan_host.evaluation.bootstrap import RESAMPLES, draw_recordings
from audioscan_host.evaluation.conclusion import Conclusion, conclude
from audioscan_host.evaluation.held_out import System
from audioscan_host.evaluation.judgement import LabelEvaluation, judge
from audioscan_host.evaluation.recording_folds import recording_folds
from audioscan_host.journeys.copies import tell_copies
from audioscan_host.journeys.cross_validation import Material, cross_validate
from audioscan_host.journeys.labelled import any_positive, embed_labelled
from audioscan_host.journeys.odd_labels import tell_odd_labels
from audioscan_host.journeys.session import Session, SessionOptions
from audioscan_host.journeys.window_choice import WindowChoice, choose_windowing, tell_choice
from audioscan_host.notes import About, Note, Tell
from audioscan_host.recordings import find_recordings
from audioscan_host.region_settings import RegionSettings
from audioscan_host.windows import Windowing

SEED = 42


@dataclass(frozen=True)
class EvaluationResult:
    """How systems do on recordings that they were not trained on.

    Attributes:
        labels: each label that could be judged.
        skipped: label -> why it could not be.
        conclusion: which system to use for all of the labels.
        recordings: those that were embedded.
        failures: recordings that could not be read.
        window_choice: window and hop, and why these.
        files: what was written.
        notes: what users must know of recordings, labels and figures.
    """

    labels: tuple[LabelEvaluation, ...]
    skipped: Mapping[str, str]
    conclusion: Conclusion
    recordings: tuple[Path, ...]
    failures: tuple[RecordingFailure, ...]
    window_choice: WindowChoice
    files: tuple[Path, ...] = ()
    notes: tuple[Note, ...] = ()

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


def evaluate(
    recordings: Iterable[Path | str],
    labels: Iterable[Path | str],
    models: Sequence[str],
    *,
    out: Path | str | None = None,
    only: Collection[str] = (),
    same: Same | None = None,
    windowing: Windowing | None = None,
    hop: float | None = None,
    tolerance: float = 12.0,
    neg_margin: float | None = None,
    labels_as: str = "auto",
    classifiers: Sequence[ClassifierSettings] = (ClassifierSettings(),),
    threshold: float = 0.5,
    resamples: int = RESAMPLES,
    seed: int = SEED,
    eight_cut: EightCutSettings | None = None,
    **options: Unpack[SessionOptions],
) -> EvaluationResult:
    """Compare models and classifiers on the user's own labels, by recordings that were left out.

    The recordings are split into up to five parts. Each part is judged by detectors that are
    trained on all the others, as `train` does it: statistics, classifier and calibration know nothing
    of it. Each is also judged where the sound is absent, rare or frequent: with windows of it taken out.

    Args:
        recordings: files and folders.
        labels: label files; see `audioscan_host.annotations.read_annotations`.
        models: names of the models.
        out: a folder for tables, pictures and a page that shows them; nothing is saved unless given.
        only: the labels to judge; all of them unless given.
        same: labels that are joined: name -> the others that stand for it, as {"chirp": ["Chirp", "chirps"]}.
        windowing: window and hop; those that fit the labels unless given, see `choose_windowing`.
        hop: seconds, where only the window is to fit the labels.
        tolerance: seconds around a point annotation in which a window's start makes it positive.
        neg_margin: seconds that a negative window keeps from every positive; see `window_labels`.
        labels_as: what the second number of a row without a header is: `ends`, `durations`, or `auto`, an end that is
            refused where it is likely a duration.
        classifiers: ways to fit and calibrate; each is tried with each model.
        threshold: probability from which on a window counts as found, and that makes a region.
        resamples: for the intervals.
        seed: of the resamples, and of the windows that are taken out where the sound is to be rare or frequent.
        eight_cut: how a database of 8-cut among the label files is read; see `EightCutSettings`.
        options: cache, device, models and progress; see `SessionOptions`.

    Raises:
        UnknownModelError: a model is not installed.
        SettingError: the hop does not fit the window, or the window not a model.
        AnnotationError: a label file cannot be read, or names none of the recordings.
        TrainingError: no label is in enough recordings.
        OutputError: the folder cannot be written to, or matplotlib is missing.
    """
    session = Session.of(**options)
    systems = {
        System(session.registry.model(model).name, each.kind, each.calibration): each
        for model in models
        for each in classifiers
    }
    regions = RegionSettings(threshold)
    if out is not None:
        folder.check(Path(out))
    paths = find_recordings(recordings, session.notes)
    annotations = annotated(
        paths,
        [Path(path) for path in labels],
        same=same,
        tell=session.notes,
        reader=session.label_reader(labels_as, eight_cut),
    )
    names = positive_labels(chain.from_iterable(annotations.values()), only)
    chosen = [session.registry.model(model) for model in models]
    tell_odd_labels(names, annotations, chosen, session.registry, session.notes)

    choice = choose_windowing(
        windowing,
        annotations,
        names,
        chosen,
        hop=hop,
        cache=session.cache_of_mix,
        wrappers=session.registry.wrappers,
    )
    windowing = choice.windowing
    tell_choice(choice, session.notes)
    readings = session.readings(chosen, windowing, list(annotations))
    embedded, failures = embed_labelled(session, chosen, windowing, annotations, readings)
    material = Material(embedded, annotations, windowing, tolerance, neg_margin)
    recordings_of_first = material.prepared(chosen[0].name)  # windows are the same for every model
    labelled = {name: material.labels(name, recordings_of_first) for name in names}
    tell_copies(embedded, chosen[0].name, any_positive(labelled.values()), material.groups, session.notes)
    folds, skipped = _folds(labelled, material.groups.tolist(), session.notes)

    groups = material.groups  # drawn together, as they are held out together
    drawn = draw_recordings(len(np.unique(groups)), resamples, seed)[:, groups]
    judged = []
    fits = FOLDS * len(systems) * sum(map(len, folds.values()))
    with session.progress.track("fitting", fits, "fits") as advance:
        for name, parts in folds.items():
            predicted = cross_validate(
                name, parts, material, systems, regions=regions, seed=seed, advance=advance
            )
            judged.append(
                judge(name, predicted, folds=len(parts), groups=groups, drawn=drawn, threshold=threshold)
            )
    result = EvaluationResult(
        tuple(judged),
        skipped,
        _overall(judged),
        tuple(each.path for each in embedded),
        failures,
        choice,
        notes=session.notes.told(),
    )
    if out is None:
        return result
    return replace(result, files=folder.save(Path(out), result.labels, result.sentence, skipped, windowing))


def _folds(
    labelled: Mapping[str, Sequence[npt.NDArray[np.int8]]], groups: Sequence[int], tell: Tell
) -> tuple[dict[str, list[list[int]]], dict[str, str]]:
    """For each label the recordings that are held out together, or why it cannot be judged."""
    folds, skipped = {}, {}
    for name, labels in labelled.items():
        positives, negatives = (
            [int(np.count_nonzero(each == wanted)) for each in labels] for wanted in (POSITIVE, NEGATIVE)
        )
        try:
            folds[name] = recording_folds(name, positives, negatives, groups)
        except TrainingError as error:
            skipped[name] = str(error)
    if not folds:
        raise TrainingError("; ".join(skipped.values()))
    for name, reason in skipped.items():
        tell(Note(About.LEFT_OUT, f"left out: {reason}", label=name))
    return folds, skipped


def _overall(labels: Sequence[LabelEvaluation]) -> Conclusion:
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
