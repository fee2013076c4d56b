"""Reader of the annotation documents of ELAN."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from audioscan_host.annotations.annotation import Annotation
from audioscan_host.annotations.label_format import LabelHead
from audioscan_host.errors import AnnotationError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def is_elan(head: LabelHead) -> bool:
    """Whether it is XML of ELAN's."""
    return head.begins_with("<") and "<ANNOTATION_DOCUMENT" in head.text


def read_elan(path: Path, text: str) -> Iterator[Annotation]:
    """Read the annotations of every tier; the recording is the document's medium, audio where there are several.

    An annotation that refers to another has its times. What a tier is called does not count.
    https://www.mpi.nl/corpus/html/elan/
    """
    root = _root(path, text)
    file = _medium(root) or path.stem
    slots = {slot.get("TIME_SLOT_ID", ""): slot.get("TIME_VALUE") for slot in root.iter("TIME_SLOT")}
    parents = {
        ref.get("ANNOTATION_ID", ""): ref.get("ANNOTATION_REF", "") for ref in root.iter("REF_ANNOTATION")
    }
    spans = {
        each.get("ANNOTATION_ID", ""): (each.get("TIME_SLOT_REF1", ""), each.get("TIME_SLOT_REF2", ""))
        for each in root.iter("ALIGNABLE_ANNOTATION")
    }
    for tier in root.iter("TIER"):
        for each in [*tier.iter("ALIGNABLE_ANNOTATION"), *tier.iter("REF_ANNOTATION")]:
            name = each.get("ANNOTATION_ID", "")
            place = f"{path}, annotation {name}"
            start, end = (_seconds(slots.get(slot), place) for slot in _span(name, spans, parents, place))
            if end < start:
                raise AnnotationError(f"{place}: end ({end}) must be after start ({start})")
            label = " ".join((each.findtext("ANNOTATION_VALUE") or "").split())
            yield Annotation(file, start, end if end > start else None, label)


def _root(path: Path, text: str) -> "Element":
    from xml.etree import ElementTree

    if (
        "<!DOCTYPE" in text or "<!ENTITY" in text
    ):  # ELAN writes none, and one can make gigabytes of a few lines
        raise AnnotationError(f"{path}: an ELAN document has no DOCTYPE: save it again in ELAN")
    try:
        return ElementTree.fromstring(text)  # noqa: S314 - without a DOCTYPE there are no entities
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise AnnotationError(f"{path}: not XML that can be read: {error}") from error


def _medium(root: "Element") -> str:
    media = list(root.iter("MEDIA_DESCRIPTOR"))
    audio = [each for each in media if each.get("MIME_TYPE", "").startswith("audio")]
    for each in [*audio, *media]:
        address = each.get("RELATIVE_MEDIA_URL") or each.get("MEDIA_URL") or ""
        name = unquote(address.removeprefix("file:///").removeprefix("file:"))
        if name:
            return name
    return ""


def _span(
    name: str, spans: Mapping[str, tuple[str, str]], parents: Mapping[str, str], place: str
) -> tuple[str, str]:
    """The time slots of an annotation, or of the one that it refers to in the end."""
    seen = set()
    while name not in spans:
        if name in seen or name not in parents:
            raise AnnotationError(
                f"{place}: refers to an annotation that is not there: save the document again in ELAN"
            )
        seen.add(name)
        name = parents[name]
    return spans[name]


def _seconds(value: str | None, place: str) -> float:
    """A time of a slot, which is in whole milliseconds."""
    if value is None:
        raise AnnotationError(f"{place}: has no time: align it in ELAN, or remove it")
    if not (value.isascii() and value.isdigit() and len(value) < 16):
        raise AnnotationError(f"{place}: a time must be a number of milliseconds, not {value[:40]!r}")
    return int(value) / 1000
