"""The label files of a session, which are only read."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class SessionLabelFile:
    """A label file, or a folder of them, as it was named.

    Attributes:
        number: in the session, from 1.
        path: where it lies.
        name: as it is shown.
        counts: role -> annotations that have it.
        labels: in the order of the alphabet.
        problem: why it cannot be used; None where it can.
    """

    number: int
    path: Path
    counts: Mapping[str, int] = field(default_factory=dict)
    labels: Sequence[str] = ()
    problem: str | None = None

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.path.name.encode("utf-8", "replace").decode()


def survey(label_files: Sequence[SessionLabelFile], recordings: Sequence[Path]) -> dict[Path, int]:
    """Read each label file, and count the annotations of each recording that fit it.

    Args:
        label_files: what was read, or why not, is set in them.
        recordings: those of the session.

    Returns:
        Recording -> annotations of any role; later files win, as in training.
    """
    from audioscan_host import AudioscanError, load_registry
    from audioscan_host.annotations.corrections import corrected
    from audioscan_host.annotations.matching import match_recordings
    from audioscan_host.annotations.reading import LabelReader, read_label_files

    reader = LabelReader(load_registry().label_formats())
    found: dict[Path, list[object]] = {}
    for label_file in label_files:
        try:
            read = read_label_files([label_file.path], reader=reader)
            annotations = [annotation for _, each in read for annotation in each.annotations]
            label_file.counts = Counter(str(annotation.role) for annotation in annotations)
            label_file.labels = sorted({annotation.label for annotation in annotations if annotation.label})
            label_file.problem = None
            for file, each in read:
                matched = match_recordings(list(each.annotations), recordings, file)
                for path, of_one in matched.by_recording.items():
                    found[path] = corrected(found.get(path, []), of_one)  # type: ignore[arg-type,assignment]
        except AudioscanError as error:
            label_file.problem = str(error)
    return {path: len(annotations) for path, annotations in found.items()}
