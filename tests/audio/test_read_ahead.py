"""Reading ahead: an iterable runs in a thread of its own, and whoever leaves early leaves nothing behind."""

import contextlib
import gc
import importlib
import queue
import subprocess
import sys
import threading
import time

import pytest

from audioscan_host.audio import read_ahead
from audioscan_host.errors import RecordingError

pytestmark = pytest.mark.timeout(60)  # what is tested is that nothing waits for ever

READ_AHEAD = importlib.import_module(
    "audioscan_host.audio.read_ahead"
)  # not the function that is named like it


def test_reading_ahead_keeps_the_order_and_ends_its_thread():
    before = threading.active_count()
    assert list(read_ahead(range(1000), 3)) == list(range(1000))
    assert list(read_ahead([], 1)) == []
    assert threading.active_count() == before


def test_reading_ahead_runs_in_another_thread_and_not_too_far():
    made = []
    enough = threading.Event()

    def source():
        for number in range(100):
            made.append(threading.current_thread())
            if number == 3:
                enough.set()
            yield number

    ahead = read_ahead(source(), 2)
    assert next(ahead) == 0
    assert enough.wait(5)  # 0 is taken, 1 and 2 wait in the queue, 3 waits for room
    ahead.close()
    assert len(made) == 4
    assert threading.current_thread() not in made


def test_what_the_source_raises_is_raised_in_its_place():
    def source():
        yield 1
        yield 2
        raise RecordingError("the disk is gone")

    ahead = read_ahead(source(), 5)
    assert [next(ahead), next(ahead)] == [1, 2]
    with pytest.raises(RecordingError, match="the disk is gone"):
        next(ahead)


@pytest.mark.parametrize("leave", ["break", "exception", "close", "forget"])
def test_a_reader_who_leaves_early_closes_the_source_and_ends_the_thread(leave):
    class Source:
        closed = False

        def __iter__(self):
            return self

        def __next__(self):
            return bytes(10)

        def close(self):
            time.sleep(0.1)
            self.closed = True

    source = Source()

    def read():
        for _ in (ahead := read_ahead(source, 2)):
            if leave == "close":
                ahead.close()
            if leave == "exception":
                raise KeyboardInterrupt
            break

    before = threading.active_count()
    with contextlib.suppress(KeyboardInterrupt):
        read()
    gc.collect()
    assert source.closed
    assert threading.active_count() == before


class Endless:
    """Numbers without end; says when it is asked for one, and whether it was closed."""

    def __init__(self):
        self.asked = 0
        self.closed = threading.Event()
        self.changed = threading.Condition()

    def __iter__(self):
        return self

    def __next__(self):
        with self.changed:
            self.asked += 1
            self.changed.notify_all()
        return self.asked

    def close(self):
        self.closed.set()

    def wait_until_full(self, depth):
        """Until one is taken, `depth` are ready, and one more has no room."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.asked == depth + 2, timeout=20)
        time.sleep(0.05)  # from making it to waiting for room is a step


@pytest.fixture
def noticed_at_once(monkeypatch):
    """The thread does not look again by itself whether anybody reads."""
    monkeypatch.setattr(READ_AHEAD, "_LOOK_AGAIN", 3600.0)


@pytest.mark.usefixtures("noticed_at_once")
@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("leave", ["close", "drop", "throw"])
def test_a_reader_who_does_not_drain_what_is_ready_is_not_kept_waiting(depth, leave):
    before = threading.active_count()
    source = Endless()
    ahead = read_ahead(source, depth)
    assert next(ahead) == 1
    source.wait_until_full(depth)
    if leave == "close":
        ahead.close()
    elif leave == "throw":
        with pytest.raises(KeyboardInterrupt):
            ahead.throw(KeyboardInterrupt)
    del ahead
    assert source.closed.is_set()
    assert source.asked == depth + 2
    assert threading.active_count() == before


@pytest.mark.usefixtures("noticed_at_once")
def test_a_source_that_ended_or_failed_while_nothing_was_taken_keeps_nobody_waiting():
    def failing():
        yield 1
        yield 2
        raise RecordingError("the disk is gone")

    before = threading.active_count()
    for source in ([1, 2], failing()):  # the end of either has no room beside the 2
        ahead = read_ahead(source, 1)
        assert next(ahead) == 1
        time.sleep(0.05)
        ahead.close()
    assert threading.active_count() == before


def left_as_garbage(source, depth):
    """Start reading, and leave the iterator in a circle that only the garbage collector finds."""
    circle = [read_ahead(source, depth)]
    circle.append(circle)
    next(circle[0])


@pytest.mark.parametrize("when", ["it makes a chunk", "it offers one", "it finds no room"])
def test_the_garbage_collector_may_end_the_reading_in_the_thread_itself(monkeypatch, when):
    dropped = threading.Event()
    put, size = queue.Queue._put, queue.Queue._qsize

    class Collecting(Endless):
        def __next__(self):
            if self.asked == 1:
                assert dropped.wait(20)
                collect("it makes a chunk")
            return super().__next__()

    def collect(here):
        if here == when and dropped.is_set():
            gc.collect()

    def collect_and_put(self, item):
        collect("it offers one")
        put(self, item)

    def size_and_collect(self):
        found = size(self)
        if found == 1:
            collect("it finds no room")
        return found

    monkeypatch.setattr(queue.Queue, "_put", collect_and_put)
    monkeypatch.setattr(queue.Queue, "_qsize", size_and_collect)
    source = Collecting()
    gc.disable()
    try:
        left_as_garbage(source, 1)
        dropped.set()
        assert source.closed.wait(20)
    finally:
        gc.enable()


def test_a_slow_reader_misses_nothing(monkeypatch):
    module = importlib.import_module(
        "audioscan_host.audio.read_ahead"
    )  # not the function that is named like it
    monkeypatch.setattr(module, "_LOOK_AGAIN", 0.001)
    taken = []
    for number in read_ahead(range(20), 1):
        time.sleep(0.01)
        taken.append(number)
    assert taken == list(range(20))


def test_a_program_may_end_with_an_iterator_open():
    program = """
import itertools, time
from audioscan_host.audio import read_ahead
ahead = read_ahead(itertools.count(), 2)
print(next(ahead))
time.sleep(0.1)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=50, check=True
    )
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_a_depth_below_one_is_refused():
    with pytest.raises(ValueError, match="depth"):
        next(read_ahead([1], 0))
