"""Claims in an object store: one holder at a time while it lives, and anybody's once it is dead."""

import threading
import time

import pytest

from audioscan_host.cache import BusyError, Cache, upkeep
from audioscan_host.cache.object_store import ObjectStore
from audioscan_host.errors import StoreError
from audioscan_host.file_lock import HeldError
from audioscan_host.remote.claims import Claims
from audioscan_host.remote.objects import Objects

pytest.importorskip("s3fs")

EXPIRY = 1.0
VOID = EXPIRY + 2.5  # S3 tells times in whole seconds


@pytest.fixture(params=["memory", "s3"])
def url(request, tmp_path):
    if request.param == "memory":
        return f"memory://{tmp_path.name}/c"
    return f"{request.getfixturevalue(request.param)}/c"


@pytest.fixture
def store(url):
    return ObjectStore(url, expiry=EXPIRY)


def is_free(store, name="unfinished/key"):
    try:
        with store.claim(name, wait=False):
            return True
    except BusyError:
        return False


def dead(store, monkeypatch, name="unfinished/key"):
    """A claim whose holder was killed: it is neither renewed nor removed."""
    with monkeypatch.context() as patch:
        patch.setattr(type(store._claims), "_renewed", lambda *_: None)
        patch.setattr(type(store._objects), "remove", lambda *_: None)
        with store.claim(name, wait=False):
            pass


def test_a_claim_of_the_living_lasts_however_long_they_work(store, url):
    with store.claim("unfinished/key", wait=False):
        time.sleep(2 * VOID)
        assert not is_free(ObjectStore(url, expiry=EXPIRY))
    assert is_free(ObjectStore(url, expiry=EXPIRY))


def test_a_claim_of_the_dead_expires_and_leaves_nothing_when_the_next_is_done(store, url, monkeypatch):
    dead(store, monkeypatch)
    assert not is_free(store)
    begun = time.monotonic()
    with ObjectStore(url, expiry=EXPIRY).claim("unfinished/key", wait=True):
        assert time.monotonic() - begun < VOID + 10
        assert not is_free(store)
    assert store._objects.listed("") == []


@pytest.mark.parametrize("url", ["memory", "s3", "gs"], indirect=True)
def test_of_several_who_wait_for_the_dead_one_gets_it_at_a_time(store, url, monkeypatch):
    dead(store, monkeypatch)
    (left,) = store._objects.listed("unfinished/key.claim")
    time.sleep(1.1)  # S3 tells times in whole seconds, and none of the living is to be taken for it
    # The living have time enough to renew theirs on a machine that is busy.
    by_age = Claims._is_void
    monkeypatch.setattr(Claims, "_is_void", lambda self, claim: claim == left or by_age(self, claim))
    holders, most, lock = [], [], threading.Lock()

    def work(number):
        with ObjectStore(url, expiry=6 * EXPIRY).claim("unfinished/key", wait=True):
            with lock:
                holders.append(number)
                most.append(len(holders))
            time.sleep(0.05)
            with lock:
                holders.remove(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert most == [1] * 6


@pytest.mark.parametrize("url", ["memory", "s3", "gs"], indirect=True)
def test_ages_are_told_by_the_clock_of_the_server_alone(store, url, monkeypatch):
    now = time.time
    with store.claim("unfinished/key", wait=False):
        for hours in (-5, 5):
            monkeypatch.setattr(time, "time", lambda hours=hours: now() + 3600 * hours)
            assert not is_free(ObjectStore(url, expiry=EXPIRY))


def test_what_the_dead_left_is_abandoned_and_can_be_pruned(store, url, monkeypatch):
    dead(store, monkeypatch, "unfinished/dead")
    time.sleep(VOID)
    with store.claim("unfinished/living", wait=False):
        found = [stored.name for stored in store.abandoned("unfinished", 0)]
        assert found == ["unfinished/dead.claim/000001"]
        assert list(store.abandoned("unfinished", 3600)) == []
    cache = Cache(store)
    monkeypatch.setattr("audioscan_host.cache.contents.KEPT_UNFINISHED", 0.0)
    assert upkeep.prune(cache, dry_run=True).locations == (f"{url}/unfinished/dead.claim/000001",)
    upkeep.prune(cache)
    assert store._objects.listed("") == []


def test_a_holder_that_cannot_renew_its_claim_goes_on(store, monkeypatch):
    def refused(*_, **__):
        raise StoreError("does not answer")

    with store.claim("unfinished/key", wait=False):
        monkeypatch.setattr(type(store._objects), "put", refused)
        time.sleep(EXPIRY)
        monkeypatch.setattr(type(store._objects), "remove", refused)


def test_whoever_was_heard_without_the_answer_has_the_claim(s3, unreliable, monkeypatch):
    store = ObjectStore(f"{s3}/c", expiry=EXPIRY)
    unreliable.script.extend(["pass", "lost"])
    with store.claim("unfinished/key", wait=False):
        pass
    assert unreliable.methods["PUT"] == 2


def test_where_the_condition_is_not_known_whoever_is_read_back_has_the_claim(s3, unreliable):
    store = ObjectStore(f"{s3}/c", expiry=EXPIRY)
    unreliable.script.extend(["pass", "501"])
    with store.claim("unfinished/key", wait=False):
        assert not is_free(store)


# --- being the only one, of which more depends


@pytest.fixture
def claims(tmp_path):
    objects = Objects(f"memory://{tmp_path.name}/c", 0.0)
    return lambda expiry=0.3: Claims(objects, expiry)


def test_who_has_to_be_alone_waits_for_the_dead_and_not_for_the_living(claims, monkeypatch):
    waits = []
    with claims().alone("run", lambda: waits.append("nobody")) as is_held:
        assert is_held()
        with pytest.raises(HeldError), claims().alone("run", lambda: waits.append("for the living")):
            pass
        monkeypatch.setattr(Claims, "_age", lambda *_: 0.0 if len(waits) < 2 else 99.0)
        monkeypatch.setattr(Claims, "_renewed", lambda *_: None)
    with claims().alone("run", lambda: None) as first_holds:
        with claims().alone("run", lambda: waits.append("for the dead")) as is_held:
            assert is_held()
            assert not first_holds()
        assert not first_holds()  # though nobody else is there any more
    assert waits == ["for the living", "for the dead"]
    assert claims().objects.listed("") == []


def test_a_claim_that_was_lost_does_not_come_back_by_being_renewed(claims):
    with claims(expiry=0.06).alone("run", lambda: None) as is_held:
        objects = claims().objects
        (there,) = [each.name for each in objects.listed("run.claim")]
        objects.remove([there])
        time.sleep(0.1)
        assert objects.listed("run.claim") == []
        objects.put(there, b"of another, who came since")
        assert not is_held()
    assert objects.fetch(there, 0, 99) == b"of another, who came since"
