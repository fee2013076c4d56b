"""Jobs on disk, so that what was not finished can be gone on with: `jobs/NNNN.json` in the session's folder."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from audioscan_host.atomic_write import atomic_write
from audioscan_ui.jobs.job import Job, State

_KEPT = ("request", "title", "state", "notes", "problem", "result", "started", "ended")

MOST_READ = 200
"""Of the jobs of earlier days, which every page is told."""

ENDED_WITH_SERVER = "The page's server was ended before this was done."


class Records:
    """The folder of the jobs.

    Args:
        folder: of the jobs; it is made when the first is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, number: int, suffix: str) -> Path:
        """A file of a job: `0003.json`, `0003.log`."""
        return self.folder / f"{number:04}{suffix}"

    def keep(self, job: Job) -> None:
        """Write a job as it is now.

        Raises:
            OSError: the folder cannot be written to.
        """
        facts = job.facts()
        with atomic_write(self.path(job.number, ".json")) as file:
            file.write(json.dumps({name: facts[name] for name in _KEPT}).encode())

    def read(self) -> list[Job]:
        """The last jobs that were kept, in order; what was not over then is cancelled. What cannot be read is passed over."""
        jobs = []
        paths = [path for path in self.folder.glob("[0-9]*.json") if path.stem.isdecimal()]
        for path in sorted(paths, key=lambda path: int(path.stem))[-MOST_READ:]:
            try:
                jobs.append(_job(int(path.stem), json.loads(path.read_bytes())))
            except (OSError, ValueError, KeyError, TypeError):
                continue  # it holds nothing that could not be asked for again
        return jobs

    def highest(self) -> int:
        """The highest number that a file in the folder has; 0 where there is none."""
        stems = (path.name.partition(".")[0] for path in self.folder.glob("[0-9]*"))
        return max((int(stem) for stem in stems if stem.isdecimal()), default=0)


def _job(number: int, kept: Mapping[str, Any]) -> Job:
    job = Job(number, dict(kept["request"]), str(kept["title"]), State(kept["state"]))
    job.request["kind"]  # a job without is none
    job.notes, job.problem, job.result = list(kept["notes"]), kept["problem"], kept["result"]
    job.started, job.ended = kept["started"], kept["ended"]
    if not job.state.is_over:
        job.state, job.problem = State.CANCELLED, ENDED_WITH_SERVER
    return job
