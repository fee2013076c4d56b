"""The stores of the cache keep what every store promises."""

import shutil

import pytest

from audioscan_host.cache.local_folder import LocalFolder
from audioscan_host.testing.store import StoreTests


class TestLocalFolder(StoreTests):
    @pytest.fixture
    def store(self, tmp_path):
        return LocalFolder(tmp_path / "cache")

    def test_what_a_killed_process_was_writing_is_abandoned_and_can_be_removed(self, store):
        with store.writing("w2v/a.npz") as file:
            file.write(b"half")
            (temporary,) = (store.root / "w2v").iterdir()
            shutil.copy(temporary, temporary.with_name(".killed.npz.tmp"))
        (left,) = store.abandoned("w2v", -1)
        assert (left.name, left.size) == ("w2v/.killed.npz.tmp", 0)  # what was written is not on the disk yet
        store.remove(left.name)
        assert [path.name for path in (store.root / "w2v").iterdir()] == ["a.npz"]
