"""Looks at a session's recordings and label files, in a process of its own: `python -m audioscan_ui.session.survey`.

Containers of any kind are opened and label files of any size read for it, which must not keep the page waiting. It reads
an order of JSON on stdin, and writes a line of JSON for everything that is new.
"""

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audioscan_host import AudioscanError, RecordingError
from audioscan_host.recordings import Recording

if TYPE_CHECKING:
    from audioscan_host.cache.store import Store

MISSING = "is not there any more; bring it back, or name it where it is now"

Tell = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True)
class Seen:
    """What is known of a recording.

    Attributes:
        number: in the session.
        path: of its file.
        size: bytes, as of the file that has the digest.
        mtime_ns: of that file.
        digest: of its content; None where it was never looked at.
        duration: seconds; None where it is not known.
        unreadable: why it cannot be read; None where it can.
    """

    number: int
    path: str
    size: int
    mtime_ns: int
    digest: str | None
    duration: float | None
    unreadable: str | None

    @property
    def is_unchanged(self) -> bool:
        """Whether a file of its size and time lies at its path."""
        try:
            status = Path(self.path).stat()
        except (OSError, ValueError):
            return False
        return (status.st_size, status.st_mtime_ns) == (self.size, self.mtime_ns)


@dataclass(frozen=True)
class SurveyOrder:
    """What is to be looked at.

    Attributes:
        recordings: with what is known of them.
        label_files: number -> path.
        cache_dir: where embeddings are; None for the host's own folder.
    """

    recordings: Sequence[Seen]
    label_files: Mapping[int, str] = field(default_factory=dict)
    cache_dir: str | None = None

    def to_json(self) -> str:
        """As one text, which `of_json` reads."""
        return json.dumps(asdict(self))

    @classmethod
    def of_json(cls, content: bytes) -> "SurveyOrder":
        """Read what `to_json` gave."""
        facts = json.loads(content)
        label_files = {int(number): path for number, path in facts["label_files"].items()}
        return cls([Seen(**each) for each in facts["recordings"]], label_files, facts["cache_dir"])


def survey(order: SurveyOrder, tell: Tell) -> None:
    """Look at everything: what is quick and shown first comes first."""
    _tell_labels(order, tell)
    for recording in order.recordings:
        _tell_length(recording, tell)
    for recording in order.recordings:
        _tell_content(recording, tell)
    _tell_embedded(order, tell)


def _tell_length(recording: Seen, tell: Tell) -> None:
    from audioscan_host.audio.opening import probe

    if recording.is_unchanged and recording.duration is not None and recording.unreadable is None:
        return
    duration, unreadable = recording.duration, None
    try:
        duration = probe(Path(recording.path)).duration
    except RecordingError as error:
        unreadable = str(error) if Path(recording.path).exists() else f"{recording.path}: {MISSING}"
    if (duration, unreadable) != (recording.duration, recording.unreadable):
        tell({"recording": recording.number, "duration": duration, "unreadable": unreadable})


def _tell_content(recording: Seen, tell: Tell) -> None:
    if recording.digest is not None and recording.is_unchanged:
        return
    try:
        found = Recording.at(Path(recording.path))
    except RecordingError:
        return  # told as its length was
    tell(
        {
            "recording": recording.number,
            "size": found.size,
            "mtime_ns": found.mtime_ns,
            "digest": found.digest,
        }
    )


def _tell_labels(order: SurveyOrder, tell: Tell) -> None:
    from audioscan_host import load_registry
    from audioscan_host.annotations import Annotation
    from audioscan_host.annotations.corrections import corrected
    from audioscan_host.annotations.matching import match_recordings
    from audioscan_host.annotations.reading import LabelReader, read_label_files

    if not order.label_files:
        return
    reader = LabelReader(load_registry().label_formats())
    numbers = {Path(each.path): each.number for each in order.recordings}
    on: dict[int, list[Annotation]] = {}
    for number, path in order.label_files.items():
        counts: Counter[str] = Counter()
        labels: set[str] = set()
        problem = None
        try:
            read = read_label_files([Path(path)], reader=reader)
            for _, each in read:
                counts.update(str(annotation.role) for annotation in each.annotations)
                labels |= {annotation.label for annotation in each.annotations if annotation.label}
            for file, each in read:
                matched = match_recordings(each.annotations, list(numbers), file)
                for place, some in matched.by_recording.items():
                    if some:  # later files win, as in training
                        on[numbers[place]] = corrected(on.get(numbers[place], []), some)
        except AudioscanError as error:
            problem = str(error)
        tell({"label_file": number, "counts": counts, "labels": sorted(labels), "problem": problem})
    tell({"annotated": {number: len(annotations) for number, annotations in on.items()}})


def _tell_embedded(order: SurveyOrder, tell: Tell) -> None:
    """Which models have embeddings of which recording, of any reading: as the cache itself would look for them."""
    from audioscan_host import UnknownModelError, Windowing, load_registry
    from audioscan_host.cache.cache import Cache
    from audioscan_host.cache.entry import FINISHED
    from audioscan_host.cache.keys import Provenance

    found: dict[int, set[str]] = {}
    try:
        cache, registry = Cache(order.cache_dir), load_registry()
        names = {stored.name for stored in cache.store.files(FINISHED)}
        kinds = {repr(kind): kind for name in names if (kind := _kind_of(cache.store, name)) is not None}
        contents = [(each.number, _content_of(each)) for each in order.recordings]
        for kind in kinds.values():
            try:
                model = registry.model(kind.model)
            except UnknownModelError:
                continue
            for number, content in contents:
                if content is None:
                    continue
                at = replace(content, channel=kind.channel)
                provenance = Provenance(at, model, kind.precision, registry.wrappers)
                if kind.in_stretches:
                    entry = cache.grains(provenance, kind.hop)
                else:
                    entry = cache.entry(provenance, Windowing(kind.window, kind.hop))
                if entry.name in names:
                    found.setdefault(number, set()).add(kind.model)
    except (AudioscanError, OSError):
        return  # whoever uses the cache is told what is wrong with it
    tell({"embedded": {number: sorted(models) for number, models in found.items()}})


@dataclass(frozen=True)
class _Kind:
    """What of its meta a cache's file is named by, beside the recording."""

    model: str
    window: float
    hop: float
    precision: str
    channel: str
    in_stretches: bool


def _kind_of(store: "Store", name: str) -> _Kind | None:
    """What a cache's file is of; None where it is damaged, or of another program."""
    from audioscan_host.cache.file import describe

    try:
        _, meta = describe(store, name)
        return _Kind(
            str(meta["model"]),
            float(meta["window"]),
            float(meta["hop"]),
            str(meta["precision"]),
            str(meta.get("channel", "mix")),
            "reading" in meta,
        )
    except (AudioscanError, OSError, KeyError, ValueError):
        return None


def _content_of(recording: Seen) -> Recording | None:
    if recording.digest is not None and recording.is_unchanged:
        return Recording(Path(recording.path), recording.size, recording.mtime_ns, recording.digest)
    try:
        return Recording.at(Path(recording.path))
    except RecordingError:
        return None


def _main() -> None:
    # By a descriptor of its own: what a plugin prints goes to stderr.
    lines = os.dup(1)
    os.dup2(2, 1)
    if hasattr(os, "nice"):
        os.nice(10)  # whoever listens and trains goes first

    def tell(facts: Mapping[str, Any]) -> None:
        os.write(lines, json.dumps(facts).encode() + b"\n")

    with suppress(BrokenPipeError):  # the server has ended, and nobody waits for the rest
        if order := sys.stdin.buffer.read():
            survey(SurveyOrder.of_json(order), tell)


if __name__ == "__main__":
    _main()
