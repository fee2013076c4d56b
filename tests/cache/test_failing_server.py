"""A server that is slow, fails, or is dead: what may pass is tried again, and what does not ends as one line."""

import errno
import subprocess
import sys
import time

import numpy as np
import pytest

from audioscan_host.cache import Cache
from audioscan_host.cache import file as cache_file
from audioscan_host.cache.file import Embeddings
from audioscan_host.cache.object_store import ObjectStore
from audioscan_host.errors import StoreError
from audioscan_host.remote.objects import Objects
from audioscan_host.remote.patience import Patience

pytest.importorskip("s3fs")

OWN = f"w2v/{'0123456789abcdef' * 4}.npz"
KEPT = Embeddings(np.arange(3.0), np.random.default_rng(0).random((3, 4), np.float32), {"model": "MEL"})


@pytest.fixture
def store(s3, unreliable):
    return ObjectStore(f"{s3}/c", patience=20)


ACTS = ["write", "read", "find", "list", "remove", "rename", "claim"]
FATES = ["500", "429", "hang", "reset"]


@pytest.mark.parametrize(
    ("act", "fate"),
    [
        *((act, "503") for act in ACTS),
        *(("read", fate) for fate in FATES),
        *(("claim", fate) for fate in FATES),
    ],
)
def test_what_passes_is_tried_again(store, unreliable, fate, act):
    cache_file.write(store, OWN, KEPT)
    unreliable.requests.clear()
    unreliable.script.extend([fate, fate] if fate != "hang" else [fate])
    if act == "write":
        cache_file.write(store, OWN, KEPT)
    elif act == "read":
        np.testing.assert_array_equal(cache_file.read(store, OWN).vectors, KEPT.vectors)
    elif act == "find":
        assert store.find(OWN) is not None
    elif act == "list":
        assert [stored.name for stored in store.files("w2v")] == [OWN]
    elif act == "remove":
        store.remove(OWN)
        assert store.find(OWN) is None
    elif act == "rename":
        store.rename(OWN, f"{OWN}.damaged")
        assert store.find(f"{OWN}.damaged") is not None
    else:
        with store.claim("unfinished/key", wait=False):
            pass
    assert not unreliable.script


def test_one_after_the_other_is_tried_again(store, unreliable):
    unreliable.script.extend(["503", "503", "hang", "reset"])
    cache_file.write(store, OWN, KEPT)
    unreliable.script.extend(["reset", "hang", "503"])
    np.testing.assert_array_equal(cache_file.read(store, OWN).vectors, KEPT.vectors)


def test_a_slow_server_is_waited_for(s3, unreliable):
    store = ObjectStore(f"{s3}/c")
    unreliable.delay = 0.3
    cache_file.write(store, OWN, KEPT)
    np.testing.assert_array_equal(cache_file.read(store, OWN).vectors, KEPT.vectors)


@pytest.mark.parametrize("fate", ["503", "hang", "reset"])
def test_what_does_not_pass_is_one_line_and_no_damage(s3, unreliable, fate):
    store = ObjectStore(f"{s3}/c", patience=2)
    cache_file.write(store, OWN, KEPT)
    unreliable.always["*"] = fate
    begun = time.monotonic()
    for act in (
        lambda: cache_file.read(store, OWN),
        lambda: cache_file.write(store, OWN, KEPT),
        lambda: store.claim("unfinished/key", wait=False).__enter__(),
    ):
        with pytest.raises(
            StoreError, match=rf"{s3}/c: does not answer, for \d+ s \(.+\); see to the network"
        ) as told:
            act()
        assert "\n" not in str(told.value)
    assert time.monotonic() - begun < 40
    unreliable.always.clear()
    assert [stored.name for stored in store.files("")] == [OWN]


def test_what_is_refused_is_not_tried_again(s3, unreliable):
    store = ObjectStore(f"{s3}/c")
    unreliable.always["*"] = "403"
    with pytest.raises(StoreError, match="access is denied"):
        store.find(OWN)
    assert len(unreliable.requests) == 1


def test_a_run_whose_store_dies_ends_with_what_it_finished_kept(s3, unreliable, tiny_registry, make_wav):
    from audioscan_host.embedding.embedder import Embedder
    from audioscan_host.windows import Windowing

    paths = [make_wav(f"{i}.wav", seed=i) for i in range(3)]
    store = ObjectStore(f"{s3}/c", patience=1)
    embedder = Embedder(tiny_registry, [tiny_registry.model("TINY")], Windowing(), Cache(store))
    results = embedder.embed_each(paths)
    assert next(results).computed
    unreliable.always["*"] = "503"
    with pytest.raises(StoreError):
        list(results)
    unreliable.always.clear()
    assert not embedder.embed(paths[0]).computed


@pytest.mark.slow
@pytest.mark.parametrize("dead_from_the_start", [True, False])
def test_a_command_ends_with_one_line_and_exit_code_1(s3, unreliable, make_wav, dead_from_the_start):
    recordings = [make_wav(f"{i}.wav", seconds=30, seed=i) for i in range(3)]
    patch = "from audioscan_host.cache.object_store import ObjectStore as S; S.__init__.__kwdefaults__['patience'] = 2"
    code = f"{patch}; from audioscan_host.cli.main import main; main()"
    arguments = ["-q", "embed", *map(str, recordings), "--model", "MEL", "--cache-dir", f"{s3}/c"]
    unreliable.always |= {"*" if dead_from_the_start else "PUT": "503"}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert f"{s3}/c: does not answer" in line
    assert "run again: what was finished is kept" in line


def test_a_server_that_answered_before_is_waited_for_while_it_is_started_again(monkeypatch):
    monkeypatch.setattr("audioscan_host.remote.objects.OF_A_CACHE", Patience(5.0, 5.0, 0.0))
    monkeypatch.setattr("audioscan_host.remote.patience.FIRST_PAUSE", 0.01)
    objects, tries = Objects("memory://restarted/c", 60.0), []

    def starting(*_):
        tries.append(len(tries))
        if len(tries) < 4:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "nobody listens")

    with pytest.raises(StoreError, match="does not answer"):
        objects._tried("a", starting)
    assert len(tries) == 1
    assert objects.find("a") is None  # which is an answer
    tries.clear()
    objects._tried("a", starting)
    assert len(tries) == 4
