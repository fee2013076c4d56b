"""How far a task is, how often it was lost, and what idle workers take over."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from audioscan_host import AudioInfo
from audioscan_ray.desk import Done, Events
from audioscan_ray.turns import MOST_CRASHES, Turn, shares


@pytest.fixture
def told():
    """What is reported: containers, seconds of each report, notes."""
    told = SimpleNamespace(containers=[], seconds=[], notes=[])
    told.opened = lambda task, info: told.containers.append(info.duration)
    told.advance = told.seconds.append
    told.tell = told.notes.append
    return told


def info(duration):
    return AudioInfo("wav", "pcm_s16le", 16_000, 1, duration)


def turn():
    return Turn(SimpleNamespace(recording=SimpleNamespace(path=Path("a.wav"))), 0)


def test_seconds_are_told_once_though_a_task_is_computed_again(told):
    task = turn()
    task.begin()
    task.happened(Events(info(100.0), 40.0), told, helper=False)
    assert task.lost("n", with_node=True)
    task.begin()
    task.happened(Events(info(100.0), 30.0), told, helper=False)
    assert told.seconds == [40.0]
    task.happened(Events(seconds=50.0), told, helper=False)
    task.settle(Done(events=Events(seconds=20.0)), told)
    assert told.seconds == [40.0, 40.0, 20.0]
    assert told.containers == [100.0]


def test_what_helpers_compute_counts_and_is_not_counted_again_by_whoever_finds_it(told):
    task = turn()
    task.begin()
    task.happened(Events(info(100.0), 30.0), told, helper=False)
    task.happened(Events(seconds=50.0), told, helper=True)
    task.settle(Done(events=Events(seconds=70.0)), told)
    assert sum(told.seconds) == 100.0


def test_three_crashes_are_a_failure_of_the_recording_and_lost_nodes_are_not():
    task = turn()
    for _ in range(10):
        assert task.lost("b", with_node=True)
    assert not task.is_suspect
    assert [task.lost("b", with_node=False) for _ in range(MOST_CRASHES)] == [True, True, False]
    assert task.is_suspect
    assert task.done.failure.reason == (
        "a.wav: 3 processes died while they computed it, the last on node b; it is left out"
    )


def opened(duration, done, told):
    task = turn()
    task.begin()
    task.happened(Events(info(duration), done), told, helper=False)
    return task


def test_idle_workers_take_equal_shares_of_what_is_left_from_behind(told):
    long = opened(10_000.0, 1_000.0, told)
    given = [span for _, span in shares([long], 2)]
    assert given == [(7_000.0, 10_000.0), (4_000.0, 7_000.0)]
    assert long.given_up_to == 4_000.0


def test_the_longest_is_helped_first_and_short_ones_are_left_alone(told):
    long, short = opened(9_000.0, 0.0, told), opened(400.0, 0.0, told)
    assert {id(task) for task, _ in shares([short, long], 3)} == {id(long)}
    assert shares([short], 3) == []
    assert shares([], 3) == []
    assert shares([turn()], 3) == []  # nobody knows yet how long it is
