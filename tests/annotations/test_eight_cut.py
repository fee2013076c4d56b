"""The database of 8-cut is read without a change to it, and only where it is laid out as known."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from audioscan_host.annotations import Annotation, Role, read_annotations
from audioscan_host.errors import AnnotationError

PROCESSED = (
    "id INTEGER PRIMARY KEY AUTOINCREMENT, filename TEXT NOT NULL, start_time REAL NOT NULL, "
    "output_path TEXT NOT NULL, processed_at TEXT NOT NULL, label TEXT NOT NULL DEFAULT '', "
    "category TEXT NOT NULL DEFAULT '', profile TEXT NOT NULL DEFAULT 'default', "
    "source_path TEXT NOT NULL DEFAULT '', scan_export INTEGER NOT NULL DEFAULT 0"
)
HARD_NEGATIVES = (
    "id INTEGER PRIMARY KEY AUTOINCREMENT, filename TEXT NOT NULL, profile TEXT NOT NULL DEFAULT 'default', "
    "start_time REAL NOT NULL, source_path TEXT NOT NULL DEFAULT '', source_model TEXT NOT NULL DEFAULT ''"
)


def clip(start: object, label: str = "rain", **others: object) -> dict[str, object]:
    return {
        "filename": "day.mp4",
        "start_time": start,
        "output_path": f"/out/mp4_Intense/clip_001/clip_001_{start}.mp4",
        "processed_at": "2026-04-19T14:30:22",
        "label": label,
        "source_path": "/videos/day.mp4",
        **others,
    }


def database(
    folder: Path,
    clips: list[dict[str, object]],
    negatives: list[dict[str, object]] = [],  # noqa: B006 - never changed
    *,
    processed: str = PROCESSED,
    hard_negatives: str = HARD_NEGATIVES,
    journal: str = "delete",
) -> Path:
    path = folder / "some #1?.db"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode={journal}")
        for table, columns, rows in (
            ("processed", processed, clips),
            ("hard_negatives", hard_negatives, negatives),
        ):
            if columns:
                connection.execute(f"CREATE TABLE {table} ({columns})")
            for row in rows:
                places = ", ".join("?" * len(row))
                connection.execute(
                    f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})",  # noqa: S608 - names of the test
                    tuple(row.values()),
                )
        connection.commit()
    return path


class TestReadingEightCut:
    def test_clips_are_positive_points_and_hard_negatives_are_negative_spans(self, tmp_path):
        negatives = [
            {"filename": "night.mp4", "profile": "storm", "start_time": 61.25, "source_model": "BEATS"}
        ]
        assert read_annotations(database(tmp_path, [clip(12.5), clip(15.5, "dog")], negatives)) == [
            Annotation("/videos/day.mp4", 12.5, None, "rain"),
            Annotation("/videos/day.mp4", 15.5, None, "dog"),
            Annotation("night.mp4", 61.25, 69.25, "storm", Role.NEGATIVE),
        ]

    def test_the_export_folder_is_the_label_where_no_clip_has_one(self, tmp_path):
        windows = clip(20.0, "", output_path="D:\\out\\mp4_Soft\\clip_002\\clip_002_0.mp4")
        found = read_annotations(database(tmp_path, [clip(12.5, ""), windows]))
        assert [a.label for a in found] == ["mp4_Intense", "mp4_Soft"]

    def test_refuses_labels_on_some_of_the_clips(self, tmp_path, refused):
        path = database(tmp_path, [clip(1.0), clip(2.0, ""), clip(3.0, " ")])
        assert "processed, row 2: 2 of 3 clips have no label: label them in 8-cut too" in refused(path)

    def test_leaves_out_what_a_scan_exported(self, tmp_path):
        path = database(tmp_path, [clip(1.0), clip(2.0, "", scan_export=1)])
        assert [a.start for a in read_annotations(path)] == [1.0]

    @pytest.mark.parametrize(
        ("wrong", "reason"),
        [
            ({"start_time": "soon"}, "row 2: start_time must be a number of seconds from 0 on, not 'soon'"),
            ({"start_time": -1.0}, "row 2: start_time must be a number of seconds from 0 on, not -1.0"),
            ({"start_time": float("inf")}, "row 2: start_time must be"),
            ({"filename": "", "source_path": ""}, "row 2: filename and source_path are empty"),
        ],
    )
    def test_names_an_impossible_row(self, tmp_path, refused, wrong, reason):
        assert reason in refused(database(tmp_path, [clip(1.0), clip(2.0) | wrong]))

    def test_refuses_a_clip_whose_sound_has_no_name(self, tmp_path, refused):
        assert "neither label nor output_path" in refused(
            database(tmp_path, [clip(1.0, "", output_path="c.mp4")])
        )

    def test_an_empty_database_holds_no_annotations(self, tmp_path, refused):
        assert "holds no annotations" in refused(database(tmp_path, []))

    @pytest.mark.parametrize(
        ("tables", "reason"),
        [
            ({"processed": ""}, "without the table processed"),
            ({"hard_negatives": ""}, "without the table hard_negatives"),
            (
                {"processed": PROCESSED.replace("label TEXT", "sound TEXT").replace("start_time", "t")},
                "the table processed lacks the column start_time, label (found category,filename",
            ),
            (
                {"hard_negatives": HARD_NEGATIVES.replace("start_time", "onset")},
                "the table hard_negatives lacks the column start_time",
            ),
        ],
    )
    def test_names_what_the_database_lacks(self, tmp_path, refused, tables, reason):
        assert reason in refused(database(tmp_path, [], **tables))

    @pytest.mark.parametrize("journal", ["delete", "wal"])
    def test_changes_nothing(self, tmp_path, journal):
        path = database(tmp_path, [clip(1.0)], journal=journal)
        before = path.read_bytes()
        assert len(read_annotations(path)) == 1
        assert path.read_bytes() == before
        assert list(tmp_path.iterdir()) == [path]

    def test_reads_what_a_running_8_cut_has_just_written(self, tmp_path):
        path = database(tmp_path, [clip(1.0)], journal="wal")
        with closing(sqlite3.connect(path)) as running:
            running.execute("UPDATE processed SET start_time = 7.0")
            running.commit()
            assert [a.start for a in read_annotations(path)] == [7.0]

    def test_refuses_a_damaged_database(self, tmp_path, refused):
        whole = database(tmp_path, [clip(float(i)) for i in range(200)]).read_bytes()
        assert len(whole) > 20_000
        path = tmp_path / "damaged.db"
        for size in (16, 17, 99, 100, 1000, 4096, len(whole) // 2, len(whole) - 4096):
            path.write_bytes(whole[:size])
            assert "damaged.db" in refused(path)
        path.write_bytes(whole[:16] + bytes(range(256)) * 40)
        assert "cannot read the database" in refused(path)

    @pytest.mark.parametrize("seed", range(60))
    def test_a_database_with_wrong_bytes_is_read_or_refused(self, tmp_path, seed):
        rng = random.Random(seed)  # noqa: S311 - the seed is the point
        path = database(tmp_path, [clip(float(i)) for i in range(30)])
        content = bytearray(path.read_bytes())
        for _ in range(rng.randrange(1, 30)):
            content[rng.randrange(16, len(content))] = rng.randrange(256)
        path.write_bytes(content)
        message = path.name
        try:
            read_annotations(path)
        except AnnotationError as error:
            message = str(error)
        assert len(message.splitlines()) == 1
        assert path.name in message
