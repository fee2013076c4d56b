"""What is suggested, and its CSV table, which is a label file once somebody has filled it in."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from audioscan_host.annotations import Role
from audioscan_host.output import cells

COLUMNS = ("file", "start", "end", "label", "role", "score", "why")


@dataclass(frozen=True)
class Suggestion:
    """A window to label.

    Attributes:
        path: the recording.
        start: seconds from its beginning.
        end: seconds.
        label: the sound that is asked for.
        probability: that it is there, by the detector.
        kind: `uncertain`, `novel` or `random`: why its label would teach something.
    """

    path: Path
    start: float
    end: float
    label: str
    probability: float
    kind: str


def suggestions_csv(suggestions: Sequence[Suggestion], durations: Mapping[Path, float]) -> str:
    """A row for each window, with the role `soft` to be changed, then one for each recording of theirs.

    The latter has the role `unlabelled`: what lies between the windows is not known.

    Args:
        suggestions: in the order to be written.
        durations: recording -> seconds.
    """
    stream = io.StringIO(newline="")
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(COLUMNS)
    for each in suggestions:
        times = cells.seconds(each.start), cells.seconds(each.end)
        table.writerow([each.path, *times, each.label, Role.SOFT, cells.score(each.probability), each.kind])
    for path in dict.fromkeys(each.path for each in suggestions):
        table.writerow([path, cells.seconds(0), cells.seconds(durations[path]), "", Role.UNLABELLED, "", ""])
    return stream.getvalue()
