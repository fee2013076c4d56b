"""A plan measures with a cache inside the real one, of which nothing stays."""

import os

import pytest

from audioscan_host.cache import Cache, upkeep
from audioscan_host.sizing.trial_cache import trial_cache


def test_it_lies_in_the_cache_and_goes_with_all_that_is_in_it(tmp_path):
    with trial_cache(Cache(tmp_path), print) as trial:
        assert trial.store.root.parent == tmp_path / "unfinished"
        with trial.store.writing("w2v/a.npz") as file:
            file.write(b"a")
        assert trial.store.find("w2v/a.npz").size == 1
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_it_goes_where_measuring_is_interrupted(tmp_path):
    def interrupted():
        with trial_cache(Cache(tmp_path), print) as trial, trial.store.writing("w2v/a.npz") as file:
            file.write(b"a")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_what_a_killed_plan_left_is_pruned_after_a_week(tmp_path):
    left = tmp_path / "unfinished" / "plan-0" / "w2v" / "a.npz"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"a")
    upkeep.prune(Cache(tmp_path))
    assert left.exists()
    os.utime(left, (0, 0))
    upkeep.prune(Cache(tmp_path))
    assert not left.exists()
