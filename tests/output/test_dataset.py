"""What a dataset is made of: numbers as in the CSV, and a small memory of what it holds."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from audioscan_host.errors import OutputError
from audioscan_host.output import cells
from audioscan_host.output.dataset.journal import Held, Record
from audioscan_host.output.dataset.known import Known
from audioscan_host.output.dataset.places import LocalFolder
from audioscan_host.output.dataset.rows import Rows, region_rows, score_rows
from audioscan_host.output.dataset.tables import parquet, without
from audioscan_host.recorded_at.moments import later
from audioscan_host.regions import Region

NOON = datetime(2024, 5, 1, 12)


def rows_of(starts, values, recorded_at=None, file="a.wav", channel=None):
    starts = np.asarray(starts, float)
    labels = np.zeros(len(starts), np.int32)
    return Rows(file, "d", 10.0, recorded_at, channel, starts, starts + 1, labels, np.asarray(values, float))


def table_of(*rows, of_channels=False):
    content = parquet(
        rows, labels=["cry"], value="score", of_channels=of_channels, metadata={"audioscan.x": "é"}
    )
    return pq.read_table(pa.BufferReader(content))


# --- numbers


def test_numbers_are_those_of_the_text_ties_among_them():
    random = np.random.default_rng(0)
    # Whole numbers of samples end in ties at the fourth decimal.
    starts = np.concatenate([random.integers(0, 10**8, 20_000) / 16_000, np.arange(2000) / 2000])
    values = np.concatenate([random.random(len(starts) - 2000), np.arange(2000) / 2_000_000])
    table = table_of(rows_of(starts, values))
    assert table["start"].to_pylist() == [float(cells.seconds(each)) for each in starts.tolist()]
    assert table["score"].to_pylist() == [float(cells.score(each)) for each in values.tolist()]


@pytest.mark.parametrize(
    "began",
    [
        NOON.replace(tzinfo=UTC),
        NOON.replace(tzinfo=timezone(-timedelta(hours=3, minutes=30)), microsecond=999_500),
        datetime(1969, 12, 31, 23, 59, 59, 123_456, UTC),
    ],
)
def test_a_time_with_a_zone_is_an_instant_and_what_the_clock_showed(began):
    starts = [0.0, 0.0005, 0.4995, 3599.9996, 86_400.25]
    table = table_of(rows_of(starts, [0.5] * 5, began))
    texts = [cells.recorded_at(later(began, start)) for start in starts]
    assert table["recorded_at"].to_pylist() == [datetime.fromisoformat(text) for text in texts]
    clock = [datetime.fromisoformat(text).replace(tzinfo=None) for text in texts]
    assert table["recorded_local"].to_pylist() == clock


def test_a_time_without_a_zone_is_no_instant_and_an_unknown_one_is_nothing():
    table = table_of(rows_of([1], [0.5], NOON), rows_of([1], [0.5]))
    assert table["recorded_at"].to_pylist() == [None, None]
    assert table["recorded_local"].to_pylist() == [NOON + timedelta(seconds=1), None]


def test_recordings_without_rows_leave_a_file_with_columns():
    table = table_of(rows_of([], []), rows_of([], [], channel=2), of_channels=True)
    assert table.num_rows == 0
    assert table.schema.field("channel").type == pa.int16()
    assert table.schema.field("label").type == pa.string()


def test_rows_are_taken_as_the_csv_orders_them():
    scanned = SimpleNamespace(
        path=Path("a.wav"),
        digest="d",
        duration=2.5,
        recorded_at=NOON,
        channel=None,
        times=np.array([0.0, 1.0]),
        window=2.0,
        probabilities={"song": np.array([0.1, 0.2]), "cry": np.array([0.3, 0.4])},
        regions=[Region(0.0, 1.0, "song", 0.9), Region(1.0, 2.0, "cry", 0.8)],
    )
    scores = score_rows(scanned, ["cry", "song"])
    assert scores.values.tolist() == [0.1, 0.3, 0.2, 0.4]
    assert scores.labels.tolist() == [1, 0, 1, 0]
    assert scores.ends.tolist() == [2.0, 2.0, 2.5, 2.5]
    assert region_rows(scanned, ["cry", "song"]).labels.tolist() == [1, 0]
    assert scores.month == "2024-05"


# --- taking recordings out


def test_a_part_without_a_recording_has_all_else_and_its_metadata():
    content = parquet(
        [rows_of([1, 2], [0.1, 0.2], NOON), rows_of([3], [0.3], NOON, "b.wav")],
        labels=["cry"],
        value="score",
        of_channels=False,
        metadata={"audioscan.x": "é"},
    )
    left = without(content, {"a.wav"})
    before, after = (pq.read_table(pa.BufferReader(each)) for each in (content, left))
    assert after.to_pylist() == before.to_pylist()[2:]
    assert after.schema.equals(before.schema)
    for each in (content, left):
        metadata = pq.read_metadata(pa.BufferReader(each)).metadata
        assert {key: text.decode() for key, text in metadata.items()} == {b"audioscan.x": "é"}


def test_damage_inside_a_part_is_seen_by_its_checksums():
    content = bytearray(
        parquet(
            [rows_of(np.arange(5000) / 7, np.random.default_rng(0).random(5000))],
            labels=["cry"],
            value="score",
            of_channels=False,
            metadata={},
        )
    )
    content[len(content) // 2] ^= 255
    with pytest.raises(OutputError, match="is no whole Parquet file"):
        without(bytes(content), {"b.wav"})


# --- what is known


def test_a_recording_is_known_by_its_path_its_content_and_its_channel():
    known = Known()
    known.add("a.wav", "one", None, 0)
    known.add("b.wav", "two", 1, 0)
    known.add("b.wav", "two", 64, 3)
    assert known.holds("a.wav", "one", None)
    assert not known.holds("a.wav", "two", None)
    assert not known.holds("A.wav", "one", None)
    assert [known.holds("b.wav", "two", channel) for channel in (1, 2, 64, None)] == [
        True,
        False,
        True,
        False,
    ]
    assert known.outdated("b.wav", "two") == set()
    assert known.outdated("b.wav", "three") == {0, 3}
    known.forget("b.wav", 3)
    assert known.outdated("b.wav", "three") == {0}


def test_names_that_are_not_utf8_are_known_and_recorded():
    name = "a\udce9.wav"
    known = Known()
    known.add(name, "one", None, 0)
    assert known.holds(name, "one", None)
    record = Record("month=unknown/x.parquet", 7, [Held(name, "one", None, 1.5, None, 0)])
    assert Record.of_lines(record.to_lines()) == record


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[1]\n", b'{"part": "x"}', b'{"part": "x", "size": 1}\n{"file": 1}']
)
def test_a_damaged_record_says_nothing(damage):
    assert Record.of_lines(damage) is None


# --- where it lies


def test_a_file_that_was_begun_lies_apart_from_what_readers_open(tmp_path, monkeypatch):
    place = LocalFolder(tmp_path)
    seen = []

    def killed(self, target):
        seen.extend(path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*") if path.is_file())
        raise OSError("killed here")

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(OSError, match="killed here"):
        place.write("month=2024-05/a.parquet", b"rows")
    assert seen == ["_unfinished"]
    monkeypatch.undo()
    place.write("month=2024-05/a.parquet", b"rows")
    assert place.sizes() == {"month=2024-05/a.parquet": 4}
