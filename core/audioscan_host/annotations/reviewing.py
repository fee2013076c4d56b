"""A scan's result and the copy that a person corrected -> annotations: what was removed is absent."""

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from audioscan_host.annotations.annotation import END_OF_ALL, Annotation, Role
from audioscan_host.annotations.reading import AS_IT_STANDS, LabelReader, read_label_files
from audioscan_host.errors import AnnotationError
from audioscan_host.notes import About, Note, Tell, log

logger = logging.getLogger(__name__)


def read_review(
    found: Path, corrected: Path, window: float, tell: Tell = log, reader: LabelReader = AS_IT_STANDS
) -> list[Annotation]:
    """What a corrected scan result says of the recordings that were scanned.

    What the corrected copy still holds, moved or relabelled perhaps, is as it says; what it lacks
    is absent: a region that is gone, and of one that was cut the part that was cut off. That denies the
    region's own label alone: what else is there, a false cry does not say. The rest of a
    recording is unlabelled, since nobody who corrects a result listens to it. A removed region that
    is shorter than a window makes negative the windows that hold it, which found it.

    Args:
        found: the result as `scan` wrote it, in any of its formats that are label files; a file or folder.
        corrected: the corrected copy; nothing may be left in it.
        window: length of the windows, seconds.
        tell: is told of recordings that the corrected copy lacks.
        reader: how both are read.

    Raises:
        AnnotationError: a file cannot be read, or the two are not of the same recordings.
    """
    before, after = _by_file(found, reader), _by_file(corrected, reader)
    foreign = sorted(set(after) - set(before))
    if foreign:
        raise AnnotationError(
            f"{corrected} names {foreign[0]!r}, which {found} does not: give the result as it was, then its corrected copy"
        )
    reviewed: list[Annotation] = []
    removed = 0
    for file, regions in before.items():
        if file not in after:
            places = (
                "the place that was found there counts"
                if len(regions) == 1
                else f"all {len(regions)} places that were found there count"
            )
            message = (
                f"{corrected}: has nothing of {file}: {places} as wrong; where nobody has looked at that recording, take it "
                f"out of {found} too"
            )
            tell(Note(About.LABELS, message))
        kept = after.get(file, [])
        rejected = [
            piece
            for region in regions
            for piece in _rejected(region, _standing(region, regions, kept), window)
        ]
        removed += len(rejected)
        reviewed += [*kept, *rejected, Annotation(file, 0.0, END_OF_ALL, "", Role.UNLABELLED)]
    gone = "1 place that was found is" if removed == 1 else f"{removed} places that were found are"
    logger.info("%s: %s gone, and count as negative for the label found there", corrected, gone)
    return reviewed


def _by_file(path: Path, reader: LabelReader) -> dict[str, list[Annotation]]:
    found: dict[str, list[Annotation]] = defaultdict(list)
    for _, read in read_label_files([path], may_be_empty=True, reader=reader):
        for annotation in read.annotations:
            found[annotation.file].append(annotation)
    return found


def _standing(
    region: Annotation, regions: Sequence[Annotation], kept: Sequence[Annotation]
) -> list[Annotation]:
    """What of the kept may stand for a region: those of its label, and those that were moved, relabelled or added.

    One of another label that was found beside it and is as it was does not.
    """
    as_found = {(each.start, each.end, each.label) for each in regions}
    return [
        each
        for each in kept
        if each.label == region.label or (each.start, each.end, each.label) not in as_found
    ]


def _rejected(region: Annotation, kept: Sequence[Annotation], window: float) -> Iterator[Annotation]:
    """The parts of a region that no kept annotation overlaps."""
    end = region.start if region.end is None else region.end
    overlapping = sorted(
        (a.start, a.start if a.end is None else a.end)
        for a in kept
        if a.start < end and (a.start if a.end is None else a.end) > region.start
    )
    if not overlapping:
        short = end - region.start < window
        first, last = (end - window, region.start + window) if short else (region.start, end)
        yield replace(region, start=max(first, 0.0), end=last, role=Role.ABSENT)
        return
    reached = region.start
    for start, stop in [*overlapping, (end, end)]:
        if start > reached:
            yield replace(region, start=reached, end=start, role=Role.ABSENT)
        reached = max(reached, stop)
