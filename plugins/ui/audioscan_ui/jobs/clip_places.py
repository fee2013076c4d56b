"""The places that are cut out by a job: those that a page sends, or what was accepted; kept so that it can be done again."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from audioscan_host.atomic_write import atomic_write
from audioscan_ui.jobs.csv_file import csv_bytes
from audioscan_ui.jobs.records import Records
from audioscan_ui.problems import Problem
from audioscan_ui.session.verdicts import Verdict, VerdictRole

Place = Mapping[str, Any]
"""`recording` (its number), `start`, `end` (seconds), `label` and `score`, which may be None."""


class KeptPlaces:
    """The places of jobs, as `jobs/NNNN.places.json`.

    Args:
        records: of the jobs.
    """

    def __init__(self, records: Records) -> None:
        self._records = records

    def keep(self, number: int, places: Sequence[Place]) -> Path:
        """Keep the places of a job, and give their file.

        Raises:
            OSError: it cannot be written.
        """
        path = self._records.path(number, ".places.json")
        with atomic_write(path) as file:
            file.write(json.dumps(list(places)).encode())
        return path

    def of(self, number: int) -> list[Place]:
        """The places of an earlier job.

        Raises:
            Problem: they were not kept.
        """
        try:
            places = json.loads(self._records.path(number, ".places.json").read_bytes())
        except (OSError, ValueError) as error:
            raise Problem(404, f"The places of job {number} were not kept: choose them again.") from error
        return list(places)


def accepted_places(verdicts: Iterable[Verdict]) -> list[Place]:
    """What was accepted, relabelled or drawn."""
    return [
        {
            "recording": each.recording,
            "start": each.start,
            "end": each.end,
            "label": each.label,
            "score": each.score,
        }
        for each in verdicts
        if each.role == VerdictRole.POSITIVE
    ]


def free_clips_folder(folder: Path) -> Path:
    """`clips-NNNN` in the session's folder, with a number that none has yet."""
    taken = [path.name.partition("-")[2] for path in folder.glob("clips-*")]
    return folder / f"clips-{max((int(name) for name in taken if name.isdecimal()), default=0) + 1:04}"


def write_places(places_file: Path, table: Path, paths: Mapping[int, str]) -> None:
    """Write kept places as a label file of the host.

    Args:
        places_file: as `KeptPlaces.keep` wrote it.
        table: the label file.
        paths: of the recordings, by number.
    """
    rows: list[list[object]] = [["file", "start", "end", "label", "role", "score"]]
    for each in json.loads(places_file.read_bytes()):
        score = "" if each.get("score") is None else f"{each['score']:.6f}"
        times = [f"{each[time]:.6f}" for time in ("start", "end")]
        rows.append([paths[each["recording"]], *times, each.get("label") or "", "positive", score])
    with atomic_write(table) as file:
        file.write(csv_bytes(rows))
