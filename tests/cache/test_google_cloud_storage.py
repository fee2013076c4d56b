"""The cache in Google Cloud Storage: what every store promises, and that a claim is one process's."""

import threading

import pytest

from audioscan_host.cache.object_store import ObjectStore
from audioscan_host.remote.objects import Objects
from audioscan_host.testing.store import StoreTests


class TestGoogleCloudStorage(StoreTests):
    @pytest.fixture
    def store(self, gs):
        return ObjectStore(f"{gs}/a folder/cache", expiry=3)


def test_of_several_who_create_an_object_at_once_one_does(gs):
    won, together = [], threading.Barrier(8)

    def create(number):
        objects = Objects(f"{gs}/c", patience=10)
        for name in ("a", "b", "c"):
            together.wait(30)
            if objects.create(name, b"%d" % number):
                won.append((name, b"%d" % number))

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    objects = Objects(f"{gs}/c", patience=10)
    assert sorted(won) == [(name, objects.fetch(name, 0, 10)) for name in ("a", "b", "c")]


def test_what_is_there_is_not_created_again(gs):
    objects = Objects(f"{gs}/c", patience=10)
    objects.put("a", b"of another")
    assert not objects.create("a", b"of this one")
    assert objects.fetch("a", 0, 99) == b"of another"
    assert objects.create("b", b"of this one")
    assert objects.create("b", b"of this one")  # heard, and its answer lost: it is this one's all the same
