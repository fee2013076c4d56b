"""For how long what failed is tried again: by what became of it."""

import errno
import itertools
import socket

import pytest

from audioscan_host.remote import patience
from audioscan_host.remote.patience import OF_A_CACHE, OF_A_RECORDING, READ_TIMEOUT, Patience, pauses, tried


class Clock:
    """Time that passes where somebody sleeps, or a request takes some."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(patience, "time", made)
    return made


def server(clock, error, seconds, until=float("inf")):
    """A request that takes so long to fail, until then."""

    def request():
        clock.sleep(seconds)
        if clock.now < until:
            raise error
        return "answer"

    return request


BUSY = OSError(errno.EIO, "not now")
BUSY.__cause__ = type("Answer", (Exception,), {"status": 503})()
SILENT = TimeoutError(errno.ETIMEDOUT, "nothing came")
REFUSED = ConnectionRefusedError(errno.ECONNREFUSED, "nobody listens")


@pytest.mark.parametrize("whose", [OF_A_CACHE, OF_A_RECORDING])
@pytest.mark.parametrize(
    ("error", "seconds", "most"), [(SILENT, READ_TIMEOUT, 45), (REFUSED, 0.01, 9), (BUSY, 0.1, 61)]
)
def test_a_server_that_is_dead_is_given_up_in_time(clock, whose, error, seconds, most):
    with pytest.raises(OSError, match=error.strerror):
        tried(server(clock, error, seconds), whose.of)
    assert clock.now < most


@pytest.mark.parametrize("whose", [OF_A_CACHE, OF_A_RECORDING])
@pytest.mark.parametrize(
    ("error", "seconds", "until"), [(BUSY, 0.1, 20), (SILENT, READ_TIMEOUT, 35), (REFUSED, 0.01, 3)]
)
def test_a_server_that_comes_back_is_waited_for(clock, whose, error, seconds, until):
    assert tried(server(clock, error, seconds, until), whose.of) == "answer"


def test_a_server_that_is_started_again_is_waited_for_longer_than_one_that_was_never_there(clock):
    request = server(clock, REFUSED, 0.01, until=25)
    assert tried(request, lambda error: OF_A_CACHE.of(error, has_answered=True)) == "answer"


@pytest.mark.parametrize("error", [FileNotFoundError(2, "none"), PermissionError(13, "denied")])
def test_an_answer_is_not_asked_for_again(clock, error):
    with pytest.raises(type(error)):
        tried(server(clock, error, 0.1), OF_A_CACHE.of)
    assert clock.now == 0.1


def test_a_host_that_nobody_knows_is_one_that_refuses():
    unknown = OSError(errno.EIO, "no such host")
    unknown.__cause__ = socket.gaierror(-2, "Name or service not known")
    assert Patience(1.0, 2.0, 3.0).of(unknown) == 3.0


def test_pauses_grow_up_to_eight_seconds_and_are_no_two_the_same():
    some, others = (list(itertools.islice(pauses(), 8)) for _ in range(2))
    assert some != others
    for pause, longest in zip(some, [0.5, 1, 2, 4, 8, 8, 8, 8], strict=True):
        assert longest / 2 <= pause <= longest
