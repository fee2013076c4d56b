"""Ranges: the bytes are those of the file, and how many requests and bytes it takes."""

import io
import random
import threading

import numpy as np
import pytest

from audioscan_host.remote.ranged_file import HELD, LARGEST, PAGE, RangedFile

MB = 2**20


class Store:
    """A file in memory that notes what is fetched of it, and may fail."""

    def __init__(self, size):
        self.content = np.random.default_rng(0).bytes(size)
        self.requests = []
        self.closed = 0
        self.fails_from = size + 1

    def fetch(self, begin, end):
        self.requests.append((begin, end))
        if end > self.fails_from:
            raise ConnectionResetError(104, "the line broke", "a.wav")
        return self.content[begin:end]

    def close(self):
        self.closed += 1

    def open(self):
        return RangedFile("a.wav", len(self.content), self.fetch, self.close)

    @property
    def fetched(self):
        return sum(end - begin for begin, end in self.requests)


def test_what_is_read_in_any_order_is_what_a_file_has():
    store, chance = Store(9 * MB + 17), random.Random(1)  # noqa: S311 - places, not secrets
    plain = io.BytesIO(store.content)
    with store.open() as file:
        for _ in range(400):
            place, size = (
                chance.randrange(10 * MB),
                chance.choice([0, 1, 12, 32768, PAGE, 3 * PAGE + 5, 5 * MB]),
            )
            whence = chance.choice([io.SEEK_SET, io.SEEK_END])
            offset = place if whence == io.SEEK_SET else -min(place, len(store.content))
            assert file.seek(offset, whence) == plain.seek(offset, whence)
            for _ in range(chance.randrange(4)):
                assert file.read(size) == plain.read(size)
                assert file.tell() == plain.tell()


@pytest.mark.parametrize("size", [0, 1, PAGE - 1, PAGE, PAGE + 1, MB])
def test_all_of_a_file_is_read(size):
    store = Store(size)
    with store.open() as file:
        assert file.read() == store.content
        assert file.read() == file.read(10) == b""


def test_reading_on_and_on_takes_a_request_for_every_four_megabytes():
    store = Store(40 * MB)
    with store.open() as file:
        while file.read(32768):
            pass
    assert store.fetched == len(store.content)
    assert len(store.requests) <= 40 * MB / LARGEST + 7


def test_a_look_here_and_there_takes_a_page_each():
    store = Store(40 * MB)
    with store.open() as file:
        for place in range(0, 40 * MB, 4 * MB):
            file.seek(place)
            file.read(12)
    assert len(store.requests) == 10
    assert store.fetched == 10 * PAGE


def test_what_is_wanted_at_once_is_one_request():
    store = Store(40 * MB)
    with store.open() as file:
        file.seek(MB + 5)
        assert len(file.read(LARGEST)) == LARGEST
    assert len(store.requests) == 1
    assert store.fetched <= LARGEST + PAGE


def test_little_is_held_of_a_long_file():
    store = Store(40 * MB)
    with store.open() as file:
        while file.read(MB):
            assert sum(map(len, file._pages.values())) <= HELD


def test_a_broken_line_is_an_error_and_never_the_end_of_the_file():
    store = Store(12 * MB)
    store.fails_from = 8 * MB
    with store.open() as file:
        with pytest.raises(ConnectionResetError, match="the line broke"):
            list(iter(lambda: file.read(MB), b""))
        assert file.tell() < 8 * MB
        store.fails_from = 13 * MB  # the line is there again
        file.seek(6 * MB)
        assert file.read() == store.content[6 * MB :]


def test_a_file_that_became_shorter_is_an_error():
    store = Store(2 * MB)
    with store.open() as file:
        store.content = store.content[:MB]
        with pytest.raises(OSError, match="it changed, or cannot be read by ranges"):
            file.read()


def test_closing_waits_for_the_request_that_is_under_way():
    store, go_on = Store(20 * MB), threading.Event()
    file = store.open()
    fetch = file._fetch

    def slow(begin, end):
        if threading.current_thread() is not threading.main_thread():
            go_on.wait(10)
            assert not store.closed
        return fetch(begin, end)

    file._fetch = slow
    while file._ahead is None:
        file.read(PAGE)
    threading.Timer(0.05, go_on.set).start()
    file.close()
    file.close()
    assert store.closed == 1
    with pytest.raises(ValueError, match="closed"):
        file.read(1)
