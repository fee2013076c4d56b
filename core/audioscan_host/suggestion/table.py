"""What is suggested, and its CSV table, which is a label file once somebody has filled it in."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from audioscan_host.annotations import Role
from audioscan_host.output import cells

COLUMNS = ("file", "start", "end", "label", "role", "score", "why", "recorded_at")


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
        recorded_at: date and time of its start, with the zone where that is known; None where it cannot be told.
    """

    path: Path
    start: float
    end: float
    label: str
    probability: float
    kind: str
    recorded_at: datetime | None = None


def suggestions_csv(
    suggestions: Sequence[Suggestion], durations: Mapping[Path, float], recorded_at: Mapping[Path, datetime]
) -> str:
    """A row for each window, with the role `soft` to be changed, then one for each recording of theirs.

    The latter has the role `unlabelled`: what lies between the windows is not known.

    Args:
        suggestions: in the order to be written.
        durations: recording -> seconds.
        recorded_at: recording -> when it began, where that is known.
    """
    stream = io.StringIO(newline="")
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(COLUMNS)
    for each in suggestions:
        times = cells.seconds(each.start), cells.seconds(each.end)
        why = cells.score(each.probability), each.kind, cells.recorded_at(each.recorded_at)
        table.writerow([each.path, *times, each.label, Role.SOFT, *why])
    for path in dict.fromkeys(each.path for each in suggestions):
        whole, began = (cells.seconds(0), cells.seconds(durations[path])), recorded_at.get(path)
        table.writerow([path, *whole, "", Role.UNLABELLED, "", "", cells.recorded_at(began)])
    return stream.getvalue()
