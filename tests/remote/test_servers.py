"""A server that does not answer is left alone for a while; one that answers, whatever it says, never is."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from audioscan_host.errors import RecordingError
from audioscan_host.remote.servers import Servers
from audioscan_host.remote_path import path_of

A, B = path_of("s3://dead/a.wav"), path_of("s3://dead/b.wav")


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def servers(clock):
    return Servers(most=3, again=30.0, outage=120.0, clock=clock)


SILENT = TimeoutError(110, "nothing came")


def fail(servers, path=A, error=SILENT):
    """Ask for a recording as a look-up does, in vain."""
    with pytest.raises(RecordingError, match="in vain"), servers.asked(path):
        raise RecordingError(f"{path}: in vain") from error


def is_asked(servers, path):
    try:
        with servers.asked(path):
            return True
    except RecordingError:
        return False


def test_after_three_recordings_without_an_answer_further_ones_fail_at_once_with_the_reason(servers):
    for _ in range(3):
        fail(servers)
    with pytest.raises(RecordingError) as raised, servers.asked(B):
        pytest.fail("it was asked")
    assert str(raised.value) == (
        "s3://dead/b.wav: cannot be read: s3://dead did not answer before (nothing came)"
    )


def test_two_in_a_row_are_not_enough(servers):
    fail(servers)
    fail(servers)
    assert is_asked(servers, B)
    fail(servers)
    fail(servers)
    assert is_asked(servers, B)


@pytest.mark.parametrize(
    "answer",
    [
        FileNotFoundError(2, "No such file"),
        PermissionError(13, "Access Denied"),
        type("Answer", (OSError,), {"status": 503})(),
    ],
)
def test_whatever_a_server_answers_it_is_asked_again(servers, answer):
    for _ in range(10):
        fail(servers, error=answer)
    fail(servers)
    fail(servers)
    fail(servers, error=answer)
    fail(servers)
    assert is_asked(servers, B)


def test_others_are_asked(servers):
    for _ in range(3):
        fail(servers)
    others = ["s3://lives/a.wav", "gs://dead/a.wav", "https://dead/a.wav"]
    assert all(is_asked(servers, path_of(other)) for other in others)
    assert is_asked(servers, Path("a.wav"))


def test_one_recording_is_asked_for_after_a_while_and_an_answer_lets_all_in_again(servers, clock):
    for _ in range(3):
        fail(servers)
    clock.now += 31
    fail(servers)  # it was asked
    assert not is_asked(servers, B)
    clock.now += 31
    assert is_asked(servers, B)
    assert is_asked(servers, A)


def test_of_many_threads_one_is_let_in(servers, clock):
    for _ in range(3):
        fail(servers)
    clock.now += 31
    with servers.asked(A), ThreadPoolExecutor(15) as others:
        assert not any(others.map(lambda _: is_asked(servers, B), range(15)))
    assert is_asked(servers, B)


def test_a_server_that_answered_is_not_left_alone_for_a_short_outage(servers, clock):
    assert is_asked(servers, A)
    for _ in range(10):
        clock.now += 11
        fail(servers)  # the rest of a long list would be lost to it
    clock.now += 11
    assert not is_asked(servers, B)
