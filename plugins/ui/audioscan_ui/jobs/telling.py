"""How often pages hear of jobs: at once where something began or ended, else a few times a second."""

import threading
import time

from audioscan_ui.events import Events
from audioscan_ui.jobs.job import Job

SECONDS = 0.2
"""Between two events on one job."""


class Telling:
    """Tells pages of jobs; may be called from any thread.

    Args:
        events: who listens.
    """

    def __init__(self, events: Events) -> None:
        self._events = events
        self._lock = threading.Lock()
        self._told: dict[int, float] = {}
        self._waiting: dict[int, threading.Timer] = {}

    def tell(self, job: Job, *, at_once: bool = False) -> None:
        """Tell of a job now, or as soon as its turn is; what is told then is the newest."""
        with self._lock:
            left = self._told.get(job.number, 0.0) + SECONDS - time.monotonic()
            if not at_once and left > 0:
                if job.number not in self._waiting:
                    timer = threading.Timer(left, self._tell, [job])
                    timer.daemon = True
                    self._waiting[job.number] = timer
                    timer.start()
                return
        self._tell(job)

    def _tell(self, job: Job) -> None:
        with self._lock:
            self._told[job.number] = time.monotonic()
            timer = self._waiting.pop(job.number, None)
            if timer is not None:
                timer.cancel()
            # Under the lock, so that no older state of a job follows a newer one.
            self._events.tell("job", {"job": job.facts()})

    def close(self) -> None:
        """Tell no more of what is waiting."""
        with self._lock:
            for timer in self._waiting.values():
                timer.cancel()
            self._waiting.clear()
