"""What every store of a cache promises, as tests of pytest: for whoever writes a further one.

from audioscan_host.testing.store import StoreTests

class TestMyStore(StoreTests):
    @pytest.fixture
    def store(self):
        return MyStore(...)  # empty, and every time another one
"""

import threading
from typing import Any

import pytest

from audioscan_host.cache.store import BusyError, Store


class StoreTests:
    """A class that inherits from this and has a fixture `store` is tested against `audioscan_host.cache.store.Store`."""

    @pytest.fixture
    def store(self) -> Any:
        """An empty store; to be overridden."""
        raise NotImplementedError("a fixture `store` makes the store that is tested")

    @staticmethod
    def _write(store: Store, name: str, content: bytes) -> None:
        with store.writing(name) as file:
            file.write(content)

    @staticmethod
    def _read(store: Store, name: str) -> bytes:
        with store.reading(name) as file:
            return file.read()

    def test_an_empty_store_can_be_prepared_and_holds_nothing(self, store: Store) -> None:
        store.prepare()
        assert list(store.files("")) == []
        assert list(store.files("w2v")) == []
        assert store.find("w2v/a.npz") is None
        with pytest.raises(FileNotFoundError), store.reading("w2v/a.npz"):
            pass

    def test_what_is_written_is_read_found_and_listed(self, store: Store) -> None:
        self._write(store, "w2v/b.npz", b"second")
        self._write(store, "w2v/a.npz", b"first")
        self._write(store, "unfinished/key/000000.npz", b"")
        assert self._read(store, "w2v/b.npz") == b"second"
        found = store.find("w2v/b.npz")
        assert found is not None
        assert (found.name, found.size) == ("w2v/b.npz", 6)
        assert [stored.name for stored in store.files("w2v")] == ["w2v/a.npz", "w2v/b.npz"]
        assert [stored.name for stored in store.files("unfinished")] == ["unfinished/key/000000.npz"]
        assert [stored.name for stored in store.files("unfinished/key")] == ["unfinished/key/000000.npz"]
        assert {stored.name: stored.size for stored in store.files("")} == {
            "unfinished/key/000000.npz": 0,
            "w2v/a.npz": 5,
            "w2v/b.npz": 6,
        }

    def test_the_first_of_several_that_is_there_is_found(self, store: Store) -> None:
        assert store.first(["w2v/a", "w2v/b", "w2v/c"]) is None
        assert store.first([]) is None
        self._write(store, "w2v/c", b"third")
        self._write(store, "w2v/b", b"2nd")
        for names, expected in (["a", "b", "c"], ("b", 3)), (["c", "a"], ("c", 5)), (["a", "c"], ("c", 5)):
            found = store.first([f"w2v/{name}" for name in names])
            assert found is not None
            assert (found.name, found.size) == (f"w2v/{expected[0]}", expected[1])

    def test_a_folder_is_no_file(self, store: Store) -> None:
        self._write(store, "unfinished/key/000000.npz", b"block")
        assert store.find("unfinished/key") is None

    def test_a_folder_is_not_one_whose_name_begins_alike(self, store: Store) -> None:
        self._write(store, "unfinished/key1/000000.npz", b"block")
        assert list(store.files("unfinished/key")) == []

    def test_a_file_can_be_sought_in(self, store: Store) -> None:
        self._write(store, "a", bytes(range(200)))
        with store.reading("a") as file:
            file.seek(-3, 2)
            assert file.read() == bytes([197, 198, 199])
            file.seek(10)
            assert file.read(2) == bytes([10, 11])

    @pytest.mark.parametrize("size", [1, 200, 1 << 18])
    def test_a_file_can_be_looked_into(self, store: Store, size: int) -> None:
        content = bytes(range(251)) * (size // 251 + 1)
        self._write(store, "a", content[:size])
        with store.looking_into("a", size) as file:
            for begin in (0, size // 2, max(0, size - 3), 0):
                file.seek(begin)
                assert file.read(100) == content[begin : min(size, begin + 100)]
        with pytest.raises(FileNotFoundError), store.looking_into("b", size) as file:
            file.read()

    def test_a_file_is_there_once_it_is_whole(self, store: Store) -> None:
        with store.writing("w2v/a.npz") as file:
            file.write(b"half")
            assert store.find("w2v/a.npz") is None
            assert list(store.files("")) == []
        assert self._read(store, "w2v/a.npz") == b"half"

    @pytest.mark.parametrize("name", ["there", "new"])
    def test_a_write_that_fails_leaves_what_was_there(self, store: Store, name: str) -> None:
        self._write(store, "there", b"before")

        def fail() -> None:
            with store.writing(name) as file:
                file.write(b"after")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert self._read(store, "there") == b"before"
        assert [stored.name for stored in store.files("")] == ["there"]

    def test_a_later_write_wins(self, store: Store) -> None:
        self._write(store, "a", b"a longer content")
        self._write(store, "a", b"short")
        assert self._read(store, "a") == b"short"

    def test_what_was_written_later_says_so(self, store: Store) -> None:
        self._write(store, "a", b"")
        self._write(store, "b", b"")
        first, second = (stored.modified for stored in store.files(""))
        assert 1.7e9 < first <= second

    def test_a_file_can_be_renamed_over_another(self, store: Store) -> None:
        self._write(store, "a", b"damaged")
        self._write(store, "a.damaged", b"of long ago")
        store.rename("a", "a.damaged")
        assert self._read(store, "a.damaged") == b"damaged"
        assert [stored.name for stored in store.files("")] == ["a.damaged"]
        store.rename("gone", "elsewhere")
        assert store.find("elsewhere") is None

    def test_files_and_whole_folders_are_removed_and_nothing_else(self, store: Store) -> None:
        for name in ("unfinished/key/0", "unfinished/key/1", "unfinished/key1/0", "w2v/a"):
            self._write(store, name, b"x")
        store.remove("unfinished/key")
        store.remove("w2v/a")
        store.remove("w2v/gone")
        assert [stored.name for stored in store.files("")] == ["unfinished/key1/0"]

    def test_one_holds_a_claim_at_a_time(self, store: Store) -> None:
        refused = []

        def other() -> None:
            try:
                with store.claim("unfinished/key", wait=False):
                    refused.append(False)
            except BusyError:
                refused.append(True)

        for expected in (True, False):
            thread = threading.Thread(target=other)
            if expected:
                with store.claim("unfinished/key", wait=False), store.claim("unfinished/other", wait=False):
                    thread.start()
                    thread.join()
            else:
                thread.start()
                thread.join()
            assert refused.pop() is expected

    def test_whoever_waits_for_a_claim_gets_it_when_it_ends(self, store: Store) -> None:
        order: list[str] = []

        def other() -> None:
            with store.claim("key", wait=True):
                order.append("other")

        thread = threading.Thread(target=other)
        with store.claim("key", wait=False):
            thread.start()
            thread.join(0.3)
            order.append("first")
        thread.join(30)
        assert order == ["first", "other"]

    def test_a_claim_ends_where_its_block_raises(self, store: Store) -> None:
        with pytest.raises(ZeroDivisionError), store.claim("key", wait=False):
            raise ZeroDivisionError
        with store.claim("key", wait=False):
            pass

    def test_claims_are_no_files_and_what_is_held_is_not_abandoned(self, store: Store) -> None:
        with store.claim("unfinished/key", wait=False):
            assert list(store.files("")) == []
            assert list(store.abandoned("unfinished", -1)) == []
        assert list(store.files("")) == []

    def test_what_is_being_written_is_abandoned_only_after_a_while(self, store: Store) -> None:
        with store.writing("w2v/a.npz") as file:
            file.write(b"half")
            assert list(store.abandoned("", 3600)) == []

    def test_a_location_tells_files_apart(self, store: Store) -> None:
        assert len({store.location(), store.location("w2v/a"), store.location("w2v/b")}) == 3
        assert store.location("w2v/a").endswith("a")
