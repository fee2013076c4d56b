"""A session of short recordings with beeps at known places, and its jobs, each in a real process."""

import csv
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audioscan_ui.events import Events
from audioscan_ui.jobs.job import Job, State
from audioscan_ui.jobs.queue import JobQueue
from audioscan_ui.session.review_session import ReviewSession, opened

RATE = 16_000
SECONDS = 24.0
BEEPS = [(2.0, 3.5), (8.0, 9.5), (14.0, 15.5), (20.0, 21.5)]
"""Where each recording has a beep of 1 kHz, seconds."""


@dataclass
class Heard:
    """What pages would have heard: (seconds of `time.monotonic`, event)."""

    events: list[tuple[float, dict[str, Any]]] = field(default_factory=list)

    def of(self, number: int) -> list[tuple[float, dict[str, Any]]]:
        """When what was told of a job."""
        return [
            (at, event["job"])
            for at, event in self.events
            if event["kind"] == "job" and event["job"]["number"] == number
        ]


class HeardEvents(Events):
    """Keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = Heard()

    def tell(self, kind, facts=None):
        self.heard.events.append((time.monotonic(), {"kind": kind, **(facts or {})}))
        super().tell(kind, facts)


@dataclass
class Bench:
    """A session and its jobs."""

    session: ReviewSession
    jobs: JobQueue
    heard: Heard
    folder: Path

    def finished(self, request: dict[str, Any], seconds: float = 120.0) -> Job:
        """The job of a request when it is over."""
        return self.over(self.jobs.start(request), seconds)

    def done(self, request: dict[str, Any]) -> dict[str, Any]:
        """What came of a request, which must go well."""
        job = self.finished(request)
        assert job.state is State.DONE, job.problem
        return dict(job.result or {})

    def over(self, job: Job, seconds: float = 120.0) -> Job:
        until(lambda: job.state.is_over, seconds)
        until(
            lambda: self.heard.of(job.number)[-1][1]["state"] == job.state
        )  # pages hear of it a moment later
        return job

    def judge(self, *places: tuple[int, float, float, str, str]) -> None:
        """Judge places: recording, start, end, label, role."""
        verdicts = [
            {
                "id": uuid.uuid4().hex,
                "recording": recording,
                "start": start,
                "end": end,
                "label": label,
                "role": role,
                "score": None,
                "detector": None,
                "origin": "drawn",
                "found": None,
            }
            for recording, start, end, label, role in places
        ]
        self.session.act({"id": uuid.uuid4().hex, "kind": "judge", "add": verdicts, "remove": []})


def until(is_so: Callable[[], bool], seconds: float = 10.0) -> float:
    """Wait until something is so; gives the seconds that it took."""
    begun = time.monotonic()
    while not is_so():
        if time.monotonic() - begun > seconds:
            raise AssertionError(f"it was not so within {seconds:g} s")
        time.sleep(0.01)
    return time.monotonic() - begun


@pytest.fixture(scope="session")
def wait_for():
    return until


@pytest.fixture(scope="session")
def beeps(tmp_path_factory, write_wav) -> Path:
    """Three recordings, and `labels.csv` of the beeps in the first two."""
    folder = tmp_path_factory.mktemp("beeps")
    time_axis = np.arange(round(SECONDS * RATE)) / RATE
    for number in (1, 2, 3):
        samples = np.random.default_rng(number).standard_normal(len(time_axis)) * 0.02
        for start, end in BEEPS:
            on = (time_axis >= start) & (time_axis < end)
            samples[on] += 0.4 * np.sin(2 * np.pi * 1000 * time_axis[on])
        write_wav(folder / f"{number}.wav", samples, RATE)
    with (folder / "labels.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file", "start", "end", "label"])
        table.writerows([f"{n}.wav", start, end, "beep"] for n in (1, 2) for start, end in BEEPS)
    return folder


@pytest.fixture(scope="session")
def hour(tmp_path_factory, write_wav) -> Path:
    """An hour of noise, which takes some seconds to embed."""
    noise = np.random.default_rng(0).standard_normal(60 * RATE) * 0.1
    return write_wav(tmp_path_factory.mktemp("hour") / "hour.wav", np.tile(noise, 60), RATE)


@pytest.fixture(scope="session")
def trained(beeps, tmp_path_factory) -> Path:
    """A detector of the beeps."""
    from audioscan_host import Windowing, train

    out = tmp_path_factory.mktemp("detector") / "beep.detector"
    train(
        [beeps / "1.wav", beeps / "2.wav"],
        [beeps / "labels.csv"],
        "MEL",
        out=out,
        windowing=Windowing(1.0, 0.25),
        cache_dir=tmp_path_factory.mktemp("training"),
    )
    return out


@pytest.fixture
def open_bench(tmp_path) -> Iterator[Callable[..., Bench]]:
    """Open a session of recordings: `open_bench(paths, labels=[...], detectors=[...])`; a closed one can be opened again."""
    with ExitStack() as stack:

        def make(recordings=(), labels=(), detectors=()) -> Bench:
            events = HeardEvents()
            session = stack.enter_context(opened(tmp_path / "a.review", events))
            if recordings:
                session.add_recordings(recordings)
            if labels:
                session.add_label_files(labels)
            for each in detectors:
                session.add_detector(each)
            jobs = JobQueue(session, events, str(tmp_path / "embeddings"))
            stack.callback(jobs.close)
            return Bench(session, jobs, events.heard, session.folder)

        make.close = stack.close
        yield make


@pytest.fixture
def bench(open_bench, beeps) -> Bench:
    """The three recordings and their labels."""
    return open_bench([beeps], labels=[beeps / "labels.csv"])


@pytest.fixture
def scanner(open_bench, beeps, trained) -> Bench:
    """The three recordings, and a detector."""
    return open_bench([beeps], detectors=[trained])
