"""The journey from labelled recordings to which model to use, readable top to bottom."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Unpack

import numpy as np
import numpy.typing as npt

from audioscan_host.annotations import positive_labels
from audioscan_host.annotations.matching import annotated
from audioscan_host.annotations.names import Same
from audioscan_host.annotations.window_labels import NEGATIVE, POSITIVE
from audioscan_host.classifier import ClassifierSettings
from audioscan_host.classifier.folds import FOLDS
from audioscan_host.eight_cut_settings import EightCutSettings
from audioscan_host.errors import SettingError, TrainingError
from audioscan_host.evaluation import folder
from audioscan_host.evaluation.bootstrap import RESAMPLES, draw_recordings
from audioscan_host.evaluation.held_out import CrossValidation, System
from audioscan_host.evaluation.judgement import judge
from audioscan_host.evaluation.recording_folds import recording_folds
from audioscan_host.journeys.copies import tell_copies
from audioscan_host.journeys.cross_validation import Material, cross_validate
from audioscan_host.journeys.evaluation_result import EvaluationResult, overall
from audioscan_host.journeys.labelled import any_positive
from audioscan_host.journeys.material_each_way import MaterialEachWay
from audioscan_host.journeys.odd_labels import tell_odd_labels
from audioscan_host.journeys.session import Session, SessionOptions
from audioscan_host.journeys.ways_of_reading import WayOfReading, Ways
from audioscan_host.journeys.window_choice import WindowChoice, choose_windowing, tell_choice
from audioscan_host.notes import About, Note, Tell
from audioscan_host.progress import Advance
from audioscan_host.reading import Reading
from audioscan_host.recordings import find_recordings
from audioscan_host.region_settings import RegionSettings
from audioscan_host.remote_path import path_of, written_path
from audioscan_host.windows import Windowing

SEED = 42


def evaluate(
    recordings: Iterable[Path | str],
    labels: Iterable[Path | str],
    models: Sequence[str],
    *,
    out: Path | str | None = None,
    only: Collection[str] = (),
    same: Same | None = None,
    windowing: Windowing | None = None,
    windowings: Sequence[Windowing] = (),
    hop: float | None = None,
    readings: Sequence[str] = (),
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
    """Compare models, classifiers, windows and readings on the user's own labels, by recordings that were left out.

    The recordings are split into up to five parts. Each part is judged by detectors that are
    trained on all the others, as `train` does it: statistics, classifier and calibration know nothing
    of it. Each is also judged where the sound is absent, rare or frequent: with windows of it taken out.

    Windows of several lengths are judged at the same places, moments as long as the shortest hop, each of which has the mean
    probability of the windows over it. Recordings are encoded once for all windows that can be made of the same grains.

    Args:
        recordings: files and folders.
        labels: label files; see `audioscan_host.annotations.read_annotations`.
        models: names of the models.
        out: a folder for tables, pictures and a page that shows them; nothing is saved unless given.
        only: the labels to judge; all of them unless given.
        same: labels that are joined: name -> the others that stand for it, as {"chirp": ["Chirp", "chirps"]}.
        windowing: window and hop; those that fit the labels unless given, see `choose_windowing`.
        windowings: in its place: several windows to compare, as of `Windowing.of_windows`.
        hop: seconds, where only the window is to fit the labels.
        readings: words of `Reading` to compare; that of the session unless given.
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
        SettingError: the hop does not fit the window, or the window not a model; a window or a reading is given in two ways.
        AnnotationError: a label file cannot be read, or names none of the recordings.
        TrainingError: no label is in enough recordings.
        OutputError: the folder cannot be written to, or matplotlib is missing.
    """
    if readings and "reading" in options:
        raise SettingError("give readings to compare, or the reading alone, not both")
    session = Session.of(**options)
    asked = tuple(dict.fromkeys(Reading.of(each, "reading") for each in readings)) or (session.reading,)
    windowings = _given(windowing, windowings)
    chosen = [session.registry.model(model) for model in models]
    regions = RegionSettings(threshold)
    if out is not None:
        folder.check(written_path(out))
    paths = find_recordings(recordings, session.notes)
    annotations = annotated(
        paths,
        [path_of(path) for path in labels],
        same=same,
        tell=session.notes,
        reader=session.label_reader(labels_as, eight_cut),
    )
    names = positive_labels(chain.from_iterable(annotations.values()), only)
    tell_odd_labels(names, annotations, chosen, session.registry, session.notes)

    choice = choose_windowing(
        windowings[0] if windowings else None,
        annotations,
        names,
        chosen,
        hop=hop,
        cache=session.cache_of_mix,
        wrappers=session.registry.wrappers,
    )
    windowings = windowings or (choice.windowing,)
    tell_choice(choice, session.notes)
    ways = Ways.of(
        session,
        chosen,
        windowings=windowings,
        readings=asked,
        classifiers=classifiers,
        paths=list(annotations),
    )
    each_way = MaterialEachWay(session, ways.ways, annotations, tolerance=tolerance, neg_margin=neg_margin)
    session.executor.close()  # what it holds is not needed for fitting
    labelled = {name: each_way.labels(name) for name in names}
    material = each_way.of(0)
    first = [labels_of_ways[0] for labels_of_ways in labelled.values()]
    copies_by = ways.ways[0].models[0].name
    tell_copies(material.embedded, copies_by, any_positive(first), material.groups, session.notes)
    groups = material.groups  # drawn together, as they are held out together
    del material  # its vectors, before those of another way are read
    folds, skipped = _folds(labelled, groups.tolist(), session.notes)

    fits = FOLDS * len(ways.systems) * sum(map(len, folds.values()))
    with session.progress.track("fitting", fits, "fits") as advance:
        predicted = [
            _predicted(way, each_way.of(number), folds, regions=regions, seed=seed, advance=advance)
            for number, way in enumerate(ways.ways)
        ]
    drawn = draw_recordings(len(np.unique(groups)), resamples, seed)[:, groups]
    judged = [
        judge(
            name,
            CrossValidation.joined([each[name] for each in predicted], ways.systems),
            folds=len(parts),
            groups=groups,
            drawn=drawn,
            threshold=threshold,
            moments=each_way.moments(name, ways.moment) if ways.moment else None,
        )
        for name, parts in folds.items()
    ]
    conclusion = overall(judged)
    result = EvaluationResult(
        tuple(judged),
        skipped,
        conclusion,
        each_way.paths,
        each_way.failures,
        _of_best(choice, conclusion.best),
        notes=session.notes.told(),
        windowings=tuple(windowings),
    )
    if out is None:
        return result
    return replace(
        result, files=folder.save(written_path(out), result.labels, result.sentence, skipped, *windowings)
    )


def _given(windowing: Windowing | None, windowings: Sequence[Windowing]) -> tuple[Windowing, ...]:
    """The windows that are given, each once; none where the labels decide."""
    if windowing is not None and windowings:
        raise SettingError("give windowings to compare, or one windowing, not both")
    return tuple(dict.fromkeys(windowings if windowing is None else (windowing,)))


def _of_best(choice: WindowChoice, best: System) -> WindowChoice:
    if best.window is None or best.hop is None:
        return choice
    return replace(choice, windowing=Windowing(best.window, best.hop))


def _predicted(
    way: WayOfReading,
    material: Material,
    folds: Mapping[str, Sequence[Sequence[int]]],
    *,
    regions: RegionSettings,
    seed: int,
    advance: Advance,
) -> dict[str, CrossValidation]:
    """What the systems of one way predict, for each label."""
    return {
        name: cross_validate(name, parts, material, way.systems, regions=regions, seed=seed, advance=advance)
        for name, parts in folds.items()
    }


def _folds(
    labelled: Mapping[str, Sequence[Sequence[npt.NDArray[np.int8]]]], groups: Sequence[int], tell: Tell
) -> tuple[dict[str, list[list[int]]], dict[str, str]]:
    """For each label the recordings that are held out together, or why it cannot be judged.

    Args:
        labelled: for each label, way of reading and recording (windows,) what its annotations say. A recording has a class
            where it has it in all of the ways: what is left of each split can then be learned from in all.
        groups: (recordings,) those that share a source.
        tell: is told what is left out.
    """
    folds, skipped = {}, {}
    for name, of_ways in labelled.items():
        positives, negatives = (
            [min(int(np.count_nonzero(each == wanted)) for each in one) for one in zip(*of_ways, strict=True)]
            for wanted in (POSITIVE, NEGATIVE)
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
