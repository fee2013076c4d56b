"""How jobs begin, wait, end and fail, and what is left of them."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from audioscan_ui.jobs.job import State
from audioscan_ui.jobs.process import Process

pytestmark = pytest.mark.slow
posix = pytest.mark.skipif(os.name != "posix", reason="sends signals")


def _process(job, wait_for):
    """The process of a job that runs."""
    wait_for(lambda: job.end is not None)
    return job.end.__self__


def _stopped(job, wait_for):
    """Hold the process of a job where it is, so that it does nothing that is asked of it."""
    process = _process(job, wait_for)
    os.kill(process.pid, signal.SIGSTOP)
    return process


def test_something_is_shown_within_a_second_and_no_more_than_five_times_a_second(bench):
    begun = time.monotonic()
    job = bench.finished({"kind": "train", "model": "MEL", "window": 1.0, "hop": 0.05})

    told = bench.heard.of(job.number)
    shown = next(at for at, facts in told if facts["works"]) - begun
    assert shown < 1.0
    assert told[-1][1]["state"] == "done"
    whats = [facts["works"][0]["what"] for _, facts in told if facts["works"]]
    assert whats[0] == "starting"
    assert "computing embeddings" in whats
    turns = len(set(whats)) * 4  # what begins or ends is told at once
    assert len(told) <= 5 * (time.monotonic() - begun) + turns


@posix
def test_a_job_that_runs_is_cancelled_within_two_seconds_even_where_it_does_not_listen(bench, wait_for):
    job = bench.jobs.start({"kind": "train", "model": "MEL"})
    process = _stopped(job, wait_for)

    begun = time.monotonic()
    bench.jobs.cancel(job.number)
    assert job.state is State.CANCELLED
    assert job.problem is None
    wait_for(lambda: not _is_alive(process.pid))
    assert time.monotonic() - begun < 2.0
    assert not bench.session.detectors


@posix
def test_a_job_that_listens_is_ended_at_once_and_can_be_started_again(bench, wait_for):
    job = bench.jobs.start({"kind": "train", "model": "MEL"})
    process = _process(job, wait_for)
    time.sleep(0.3)

    bench.jobs.cancel(job.number)

    assert wait_for(lambda: not _is_alive(process.pid)) < 1.0
    assert bench.done(dict(job.request))["detector"] == 1


@posix
def test_a_scan_ends_where_it_is_and_the_next_one_goes_on_from_there(open_bench, trained, hour, wait_for):
    bench = open_bench([hour], detectors=[trained])
    request = {"kind": "scan", "detector": 1, "recordings": "all"}
    job = bench.jobs.start(request)
    process = _process(job, wait_for)
    wait_for(lambda: any(each["done"] > 600 for each in job.facts()["works"]), 60)

    bench.jobs.cancel(job.number)

    assert wait_for(lambda: not _is_alive(process.pid)) < 1.0
    again = bench.finished(request)
    assert again.result["recordings"] == 1
    works = [each for _, facts in bench.heard.of(again.number) for each in facts["works"]]
    seconds = [each["done"] for each in works if each["what"] == "computing embeddings"]
    assert next(done for done in seconds if done) >= 400  # a block of stretches was kept


@posix
def test_a_heavy_job_waits_for_the_one_before_and_counting_does_not(bench, wait_for):
    first = bench.jobs.start({"kind": "train", "model": "MEL"})
    process = _stopped(first, wait_for)
    second = bench.jobs.start({"kind": "train", "model": "MEL", "window": 1.0})
    third = bench.jobs.start({"kind": "pull", "models": ["MEL"]})

    assert bench.done({"kind": "counts", "model": "MEL"})["labels"]
    assert (first.state, second.state) == (State.RUNNING, State.WAITING)
    bench.jobs.cancel(second.number)
    assert second.state is State.CANCELLED
    os.kill(process.pid, signal.SIGCONT)

    assert bench.over(first).state is State.DONE
    assert bench.over(third).state is State.DONE
    assert third.started >= first.ended


@posix
def test_a_newer_count_takes_the_place_of_an_older_one(bench, wait_for):
    older = bench.jobs.start({"kind": "counts", "model": "MEL"})
    _stopped(older, wait_for)

    newer = bench.finished({"kind": "counts", "model": "MEL"})

    assert older.state is State.CANCELLED
    assert newer.state is State.DONE
    assert [job.number for job in bench.jobs.jobs] == [newer.number]
    wait_for(lambda: not list((bench.folder / "jobs").glob("*")))


def test_what_people_can_mend_is_told_in_one_line(bench):
    job = bench.finished({"kind": "train", "model": "MEL", "labels": ["cough"]})

    assert job.state is State.FAILED
    assert job.problem is not None
    assert "cough" in job.problem
    assert "\n" not in job.problem
    assert not list((bench.folder / "jobs").glob("*.log"))


@posix
def test_a_process_that_is_killed_by_the_system_fails_with_the_reason(bench, wait_for):
    job = bench.jobs.start({"kind": "train", "model": "MEL"})
    os.kill(_process(job, wait_for).pid, signal.SIGKILL)

    assert bench.over(job).state is State.FAILED
    assert job.problem == "The system ended the work, most likely since there was not enough memory."


def test_a_fault_of_the_program_is_told_by_its_last_line_and_kept_whole(tmp_path):
    process = Process({"no": "order"}, tmp_path / "0001.log")

    assert list(process.events()) == []
    reason = process.reason(process.wait())

    assert "KeyError: 'detector'" in reason
    assert "0001.log" in reason
    assert "Traceback" in (tmp_path / "0001.log").read_text()


@posix
def test_the_process_ends_when_the_server_is_killed(tmp_path, beeps, wait_for):
    script = f"""
import time
from pathlib import Path
from audioscan_ui.events import Events
from audioscan_ui.jobs.queue import JobQueue
from audioscan_ui.session.review_session import opened
with opened(Path({str(tmp_path / "b.review")!r}), Events()) as session:
    session.add_recordings([Path({str(beeps)!r})])
    session.add_label_files([Path({str(beeps / "labels.csv")!r})])
    job = JobQueue(session, Events(), None).start({{"kind": "train", "model": "MEL"}})
    while job.end is None:
        time.sleep(0.01)
    print(job.end.__self__.pid, flush=True)
    time.sleep(60)
"""
    server = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    pid = int(server.stdout.readline())
    time.sleep(0.5)
    assert _is_alive(pid)

    server.kill()
    server.wait()
    server.stdout.close()

    assert wait_for(lambda: not _is_alive(pid)) < 2.0


@posix
def test_jobs_are_there_after_a_restart_and_what_was_not_done_is_cancelled(open_bench, beeps, wait_for):
    bench = open_bench([beeps], labels=[beeps / "labels.csv"])
    done = bench.finished({"kind": "pull", "models": ["MEL"]})
    under_way = bench.jobs.start({"kind": "train", "model": "MEL"})
    _process(under_way, wait_for)
    open_bench.close()
    assert under_way.state is State.CANCELLED

    again = open_bench()
    before, after = again.jobs.jobs

    assert before.facts() == done.facts()
    assert (after.state, after.problem) == (
        State.CANCELLED,
        "The page's server was ended before this was done.",
    )
    assert again.done(dict(after.request))["detector"] == 1
    assert again.jobs.jobs[-1].number == 3


def test_a_job_that_a_killed_server_left_running_is_cancelled(open_bench):
    kept = {"request": {"kind": "demo"}, "title": "Make", "state": "running", "notes": [], "problem": None}
    kept |= {"result": None, "started": 1.0, "ended": None}
    first = open_bench()
    (first.folder / "jobs").mkdir()
    (first.folder / "jobs" / "0007.json").write_text(json.dumps(kept))
    (first.folder / "jobs" / "0008.json").write_text("{")
    open_bench.close()

    again = open_bench()

    (job,) = again.jobs.jobs
    assert (job.number, job.state) == (7, State.CANCELLED)
    assert again.finished({"kind": "pull", "models": ["MEL"]}).number == 9


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
