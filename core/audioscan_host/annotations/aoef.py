"""Reader of the JSON of soundevent (AOEF), which whombat exports."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from audioscan_host.annotations.annotation import END_OF_ALL, NO_CALL, Annotation, Role
from audioscan_host.annotations.json_content import as_written_by, parsed, seconds
from audioscan_host.annotations.label_format import LabelHead
from audioscan_host.errors import AnnotationError

_LABEL_KEYS = ("label", "class", "event", "species", "scientific_name", "dwc:scientificName", "common_name")
"""Keys of the tag that is the label, the first that a sound event has; else its first tag is."""

_DONE = {"completed", "verified"}
"""States of a task whose clip somebody has listened to."""

_GAP = 0.05  # seconds between clips that are not a place of their own


def is_aoef(head: LabelHead) -> bool:
    """Whether it is an object that says what is collected."""
    return head.begins_with("{") and '"collection_type"' in head.text and '"data"' in head.text


def read_aoef(path: Path, text: str) -> Iterable[Annotation]:
    """Read the annotated sound events, each from the first to the last time of its geometry.

    Somebody listened to the annotated clips: a clip without a sound event is negative, and what of a recording
    lies in no clip is unlabelled.
    https://mbsantiago.github.io/soundevent/
    """
    with as_written_by("whombat", path):
        data = parsed(path, text)["data"]
        if data.get("sound_event_predictions") and not data.get("sound_event_annotations"):
            raise AnnotationError(
                f"{path}: holds predictions and no annotations: export an annotation project"
            )
        return [*_sound_events(data, path), *_listened_to(data, path)]


def _sound_events(data: Mapping[str, Any], path: Path) -> Iterator[Annotation]:
    tags = {tag["id"]: tag for tag in data.get("tags") or ()}
    files = _files(data)
    events = {event["uuid"]: event for event in data.get("sound_events") or ()}
    for annotation in data.get("sound_event_annotations") or ():
        event = events[annotation["sound_event"]]
        times = _times(event["geometry"])
        start, end = (seconds(time, "a time", path) for time in (min(times), max(times)))
        label = _label([tags[tag] for tag in annotation.get("tags") or ()])
        yield Annotation(files[event["recording"]], start, end if end > start else None, label)


def _listened_to(data: Mapping[str, Any], path: Path) -> Iterator[Annotation]:
    """What the clips say: negative where one is empty, unlabelled where there is none."""
    files = _files(data)
    durations = {
        each["uuid"]: seconds(each.get("duration") or END_OF_ALL, "duration", path)
        for each in data.get("recordings") or ()
    }
    clips = {clip["uuid"]: clip for clip in data.get("clips") or ()}
    states: dict[str, set[str]] = {}
    for task in data.get("annotation_tasks") or ():
        states[task["clip"]] = {badge.get("state") for badge in task.get("status_badges") or ()}
    heard: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for annotation in data.get("clip_annotations") or ():
        clip = clips[annotation["clip"]]
        if states.get(annotation["clip"], _DONE) & _DONE:
            span = (
                seconds(clip["start_time"], "start_time", path),
                seconds(clip["end_time"], "end_time", path),
            )
            heard[clip["recording"]].append(span)
            if not annotation.get("sound_events") and span[1] > span[0]:
                yield Annotation(files[clip["recording"]], *span, NO_CALL, Role.NEGATIVE)
        else:
            heard[clip["recording"]] += []
    for recording, spans in heard.items():
        reached = 0.0
        for start, end in [*sorted(spans), (durations[recording], END_OF_ALL)]:
            if start - reached > _GAP:
                yield Annotation(files[recording], reached, start, "", Role.UNLABELLED)
            reached = max(reached, end)


def _files(data: Mapping[str, Any]) -> Mapping[str, str]:
    return {each["uuid"]: str(each["path"]) for each in data.get("recordings") or ()}


def _label(tags: Sequence[Mapping[str, Any]]) -> str:
    by_key = {_key(tag): str(tag["value"]).strip() for tag in reversed(tags)}
    first = next(reversed(by_key.values()), "")
    return next((by_key[key] for key in _LABEL_KEYS if key in by_key), first)


def _key(tag: Mapping[str, Any]) -> str:
    term = tag.get("key") or tag.get("term") or ""
    return str(term.get("name", "") if isinstance(term, dict) else term)


def _times(geometry: Mapping[str, Any]) -> Sequence[float]:
    """All times of a geometry, in which every place is a time and a frequency."""
    kind, coordinates = geometry["type"], geometry["coordinates"]
    if kind == "TimeStamp":
        return [coordinates]
    if kind == "TimeInterval":
        return list(coordinates)
    if kind == "BoundingBox":
        return [coordinates[0], coordinates[2]]
    return list(_first_of_pairs(coordinates))


def _first_of_pairs(coordinates: Any) -> Iterator[float]:
    if isinstance(coordinates[0], list):
        for each in coordinates:
            yield from _first_of_pairs(each)
    else:
        yield coordinates[0]
