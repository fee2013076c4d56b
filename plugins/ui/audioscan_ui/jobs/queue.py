"""The jobs of a session: heavy ones one after the other, each in a process of its own."""

import contextlib
import logging
import threading
import time
from collections.abc import Mapping
from typing import Any

from audioscan_host import AudioscanError
from audioscan_ui.events import Events
from audioscan_ui.jobs.finishing import taken_over
from audioscan_ui.jobs.job import Job, State
from audioscan_ui.jobs.order import Order
from audioscan_ui.jobs.ordering import Ordering
from audioscan_ui.jobs.process import Process
from audioscan_ui.jobs.records import ENDED_WITH_SERVER, Records
from audioscan_ui.jobs.telling import Telling
from audioscan_ui.jobs.titles import title_of
from audioscan_ui.problems import Problem
from audioscan_ui.session.review_session import ReviewSession

LIGHT = frozenset({"counts"})
"""Kinds that wait for nothing, of which a newer one replaces an older one, and that are not kept."""

CLOSING_SECONDS = 4.0
"""That processes have to end when the server does."""

logger = logging.getLogger(__name__)


class JobQueue:
    """Starts jobs, watches them and tells of them; may be used from any thread.

    Args:
        session: that they work for.
        events: tells pages of them.
        cache_dir: where embeddings are; None for the host's own folder.
    """

    def __init__(self, session: ReviewSession, events: Events, cache_dir: str | None) -> None:
        self._session, self._events = session, events
        self._records = Records(session.folder / "jobs")
        self._ordering = Ordering(session, self._records, cache_dir)
        self._telling = Telling(events)
        self._jobs = {job.number: job for job in self._records.read()}
        self._last = self._records.highest()
        self._lock = threading.Lock()
        self._one_at_a_time = threading.Lock()
        self._threads: set[threading.Thread] = set()
        self._closed = False

    @property
    def jobs(self) -> list[Job]:
        """All of them, in their order."""
        with self._lock:
            return list(self._jobs.values())

    def start(self, request: Mapping[str, Any]) -> Job:
        """Start a job, or let it wait for the one before.

        Args:
            request: `kind`, and what that needs.

        Raises:
            Problem: something in the request is missing or wrong, or the folder cannot be written to.
        """
        with self._lock:
            if self._closed:
                raise Problem(503, "The server is stopping.")
            self._last += 1
            number = self._last
        try:
            order = self._ordering.order(number, request)
            job = Job(number, order.request, title_of(order))
            if order.kind not in LIGHT:
                self._records.keep(job)
        except OSError as error:
            raise Problem(
                422, f"The session's folder cannot be written to: {error.strerror or error}"
            ) from error
        replaced: list[Job] = []
        with self._lock:
            if order.kind in LIGHT:
                replaced = [each for each in self._jobs.values() if each.kind == order.kind]
                for each in replaced:
                    del self._jobs[each.number]
            self._jobs[number] = job
            thread = threading.Thread(target=self._run, args=(job, order), name=f"job {number}", daemon=True)
            self._threads.add(thread)
        for each in replaced:
            self._cancel(each, "A newer count was asked for.")
        self._telling.tell(job, at_once=True)
        thread.start()
        return job

    def cancel(self, number: int) -> Job:
        """End a job, whether it runs or waits; one that is over stays as it is.

        Raises:
            Problem: there is no such job.
        """
        with self._lock:
            job = self._jobs.get(number)
        if job is None:
            raise Problem(404, f"There is no job {number}.")
        self._cancel(job, None)
        return job

    def close(self) -> None:
        """End all that run or wait, and start nothing any more."""
        with self._lock:
            self._closed = True
            jobs, threads = list(self._jobs.values()), list(self._threads)
        for job in jobs:
            self._cancel(job, ENDED_WITH_SERVER)
        self._telling.close()
        until = time.monotonic() + CLOSING_SECONDS
        for thread in threads:
            if thread is not threading.current_thread() and thread.is_alive():
                thread.join(max(until - time.monotonic(), 0.0))

    def _cancel(self, job: Job, why: str | None) -> None:
        with job.lock:
            if not job.finish(State.CANCELLED, problem=why):
                return
            end = job.end
        if end is not None:
            end()
        self._over(job)

    def _run(self, job: Job, order: Order) -> None:
        # A waiting job that is cancelled keeps its place here, and leaves when its turn comes.
        turn = contextlib.nullcontext() if order.kind in LIGHT else self._one_at_a_time
        try:
            with turn:
                if job.begin():
                    self._telling.tell(job, at_once=True)
                    self._work(job, order)
        except Exception as error:  # a thread: whatever it is must reach the page
            logger.exception("job %d failed in the server", job.number)
            if job.end is not None:
                job.end()
            self._finish(job, State.FAILED, problem=f"The server failed at it: {error}")
        finally:
            with self._lock:
                self._threads.discard(threading.current_thread())

    def _work(self, job: Job, order: Order) -> None:
        log = self._records.path(job.number, ".log")
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            order = self._ordering.ready(job.number, order)
            process = Process(order.to_json(), log)
        except AudioscanError as error:
            self._finish(job, State.FAILED, problem=str(error))
            return
        except OSError as error:
            self._finish(
                job, State.FAILED, problem=f"The work could not be started: {error.strerror or error}"
            )
            return
        with job.lock:
            job.end = process.end
            was_cancelled = job.state.is_over
        if was_cancelled:
            process.end()
        told = self._watch(job, process)
        code = process.wait()
        if told or job.state.is_over:
            log.unlink(missing_ok=True)
        if "result" in told:
            self._take_over(job, order, told["result"])
        else:
            self._finish(job, State.FAILED, problem=told.get("message") or process.reason(code))
        if job.kind in LIGHT:
            self._records.path(job.number, ".labels.csv").unlink(missing_ok=True)

    def _watch(self, job: Job, process: Process) -> Mapping[str, Any]:
        """Take what the process tells; gives its last word."""
        last: Mapping[str, Any] = {}
        for event in process.events():
            if event["event"] in ("result", "error"):
                last = event
                continue
            turned = False
            with job.lock:
                if event["event"] == "progress":
                    turned = job.works.take(event)
                elif event["event"] == "note":
                    job.note(event["message"])
            if not job.state.is_over:
                self._telling.tell(job, at_once=turned)
        return last

    def _take_over(self, job: Job, order: Order, result: Mapping[str, Any]) -> None:
        with job.lock:
            if job.state.is_over:  # cancelled as it was about to be done
                return
        try:
            whole = taken_over(self._session, order, result)
        except Exception as error:  # a thread: whatever it is must reach the page
            logger.exception("the result of job %d could not be added to the session", job.number)
            self._finish(job, State.FAILED, problem=f"The result could not be added to the session: {error}")
            return
        self._finish(job, State.DONE, result=whole)

    def _finish(
        self, job: Job, state: State, *, problem: str | None = None, result: Mapping[str, Any] | None = None
    ) -> None:
        if job.finish(state, problem=problem, result=result):
            self._over(job)

    def _over(self, job: Job) -> None:
        if job.kind not in LIGHT:
            # Detectors, recordings or scores may be new.
            self._events.tell("state")
        self._telling.tell(job, at_once=True)
        if job.kind not in LIGHT:
            try:
                self._records.keep(job)  # last: a busy disk may take seconds
            except OSError as error:
                logger.warning("job %d could not be kept: %s", job.number, error)
