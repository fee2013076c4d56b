"""The database of 8-cut is read without a change to it, and only where it is laid out as known."""

import random
import re
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from audioscan_host.annotations import Annotation, Role, read_annotations
from audioscan_host.annotations.points import points_of
from audioscan_host.annotations.reading import LabelReader
from audioscan_host.annotations.window_labels import window_labels
from audioscan_host.eight_cut_settings import EightCutClasses, EightCutSettings
from audioscan_host.errors import AnnotationError, SettingError

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "coming-from-8-cut.md"
DATABASES = ROOT.parent / "shared" / "labels" / "eight_cut"

PROCESSED = (
    "id INTEGER PRIMARY KEY AUTOINCREMENT, filename TEXT NOT NULL, start_time REAL NOT NULL, "
    "output_path TEXT NOT NULL, label TEXT NOT NULL DEFAULT '', category TEXT NOT NULL DEFAULT '', "
    "short_side INTEGER DEFAULT 512, portrait_ratio TEXT NOT NULL DEFAULT '', crop_center REAL NOT NULL DEFAULT 0.5, "
    "format TEXT NOT NULL DEFAULT 'MP4', clip_count INTEGER NOT NULL DEFAULT 3, clip_duration REAL NOT NULL DEFAULT 8.0, "
    "spread REAL NOT NULL DEFAULT 3.0, profile TEXT NOT NULL DEFAULT 'default', source_path TEXT NOT NULL DEFAULT '', "
    "scan_export INTEGER NOT NULL DEFAULT 0, processed_at TEXT NOT NULL"
)
HARD_NEGATIVES = (
    "id INTEGER PRIMARY KEY AUTOINCREMENT, filename TEXT NOT NULL, profile TEXT NOT NULL DEFAULT 'default', "
    "start_time REAL NOT NULL, source_path TEXT NOT NULL DEFAULT '', source_model TEXT NOT NULL DEFAULT ''"
)
OTHERS = """
    CREATE TABLE hidden_files (filename TEXT NOT NULL, profile TEXT NOT NULL DEFAULT 'default', PRIMARY KEY (filename, profile));
    CREATE TABLE scan_results (id INTEGER PRIMARY KEY AUTOINCREMENT, filename TEXT NOT NULL, profile TEXT NOT NULL DEFAULT
        'default', model TEXT NOT NULL, start_time REAL NOT NULL, end_time REAL NOT NULL, score REAL NOT NULL, disabled INTEGER
        NOT NULL DEFAULT 0, orig_start_time REAL, orig_end_time REAL, scan_timestamp TEXT NOT NULL DEFAULT '');
    CREATE INDEX idx_hardneg ON hard_negatives(filename, profile);
"""
"""As 8-cut lays it out (schema 4)."""

BY_LABEL = EightCutSettings(EightCutClasses.LABEL)


def hard_negative(start: float, profile: str = "default", file: str = "night.mp4") -> dict[str, object]:
    return {"filename": file, "profile": profile, "start_time": start, "source_model": "BEATS"}


def in_folder(folder: str, start: float, label: str = "", **others: object) -> dict[str, object]:
    return clip(start, label, output_path=f"/out/{folder}/vid_001/clip_001_m1_0.mp4", **others)


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
        if processed and hard_negatives:
            connection.executescript(OTHERS)
        connection.commit()
    return path


class TestReadingEightCut:
    def test_clips_are_positive_points_and_hard_negatives_are_negative_spans(self, tmp_path):
        clips = [clip(12.5, profile="storm"), clip(15.5, "dog", profile="storm")]
        path = database(tmp_path, clips, [hard_negative(61.25, "storm"), hard_negative(3.0, "storm")])
        assert read_annotations(path, reader=LabelReader(eight_cut=BY_LABEL)) == [
            Annotation("/videos/day.mp4", 12.5, None, "rain"),
            Annotation("/videos/day.mp4", 15.5, None, "dog"),
            Annotation("night.mp4", 53.25, 77.25, "storm", Role.NEGATIVE),
            Annotation("night.mp4", 0.0, 19.0, "storm", Role.NEGATIVE),
        ]

    def test_the_export_folder_is_the_class_and_each_clip_is_soft_for_the_others(self, tmp_path):
        windows = clip(20.0, "", output_path="D:\\out\\mp4_Soft\\clip_002\\clip_002_0.mp4")
        assert read_annotations(database(tmp_path, [clip(12.5), clip(12.5), windows])) == [
            Annotation("/videos/day.mp4", 12.5, None, "mp4_Intense"),
            Annotation("/videos/day.mp4", 12.5, None, "mp4_Intense"),
            Annotation("/videos/day.mp4", 20.0, None, "mp4_Soft"),
            # Once for a mark, however many clips it has.
            Annotation("/videos/day.mp4", 12.5, None, "mp4_Soft", Role.SOFT),
            Annotation("/videos/day.mp4", 20.0, None, "mp4_Intense", Role.SOFT),
        ]

    @pytest.mark.parametrize(("labels", "count"), [(["rain", "", " "], 2), (["", "", ""], 3)])
    def test_refuses_clips_without_a_label_where_labels_are_the_classes(self, tmp_path, labels, count):
        path = database(tmp_path, [clip(float(i), label) for i, label in enumerate(labels)])
        with pytest.raises(AnnotationError) as refusal:
            read_annotations(path, reader=LabelReader(eight_cut=BY_LABEL))
        row = 4 - count
        assert f"processed, row {row}: {count} of 3 clips have no label: label them in 8-cut too" in str(
            refusal.value
        )

    def test_refuses_marks_that_would_be_soft_for_millions(self, tmp_path, refused, monkeypatch):
        monkeypatch.setattr("audioscan_host.annotations.eight_cut._MOST_SOFT", 5)
        assert len(read_annotations(database(tmp_path, [in_folder(f"f{i}", 1.0) for i in range(2)]))) == 4
        path = database(tmp_path, [in_folder(f"f{i}", 1.0) for i in range(3)])
        assert "3 marks in 3 folders are too many classes" in refused(path)

    def test_lists_many_profiles_of_odd_names_in_one_line(self, tmp_path, refused):
        clips = [clip(1.0, profile=f"a\n{number:02}") for number in range(30)]
        line = refused(database(tmp_path, clips))
        assert "holds 30 profiles of 8-cut: a 00, a 01, " in line
        assert "a 19 and 10 more; say which one is meant" in line

    def test_refuses_words_that_it_does_not_know(self):
        with pytest.raises(
            SettingError, match="the classes of 8-cut must be one of folder, label, not 'both'"
        ):
            EightCutSettings("both")

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
            ({"label": "r\0in"}, r"'r\x00in' cannot be a name"),
            ({"output_path": "/out/r\0in/vid_001/clip.mp4"}, r"row 2: 'r\x00in' or 'rain' cannot be a name"),
            (
                {"source_path": "/videos/d\0y.mp4"},
                r"row 2: '/videos/d\x00y.mp4' cannot be the path of a file",
            ),
        ],
    )
    def test_names_an_impossible_row(self, tmp_path, refused, wrong, reason):
        assert reason in refused(database(tmp_path, [clip(1.0), clip(2.0) | wrong]))

    def test_refuses_a_clip_whose_sound_has_no_name(self, tmp_path, refused):
        path = database(tmp_path, [clip(1.0, "", output_path="c.mp4")])
        assert "row 1: output_path names no folder, which would be the class" in refused(path)

    def test_an_empty_database_holds_no_annotations(self, tmp_path, refused):
        assert "holds no annotations" in refused(database(tmp_path, []))

    @pytest.mark.parametrize(
        ("tables", "reason"),
        [
            ({"processed": ""}, "without the table processed"),
            ({"hard_negatives": ""}, "without the table hard_negatives"),
            (
                {"processed": PROCESSED.replace("label TEXT", "sound TEXT").replace("start_time", "t")},
                "the table processed lacks the column start_time, label (found category,clip_count",
            ),
            (
                {"hard_negatives": HARD_NEGATIVES.replace("start_time", "onset")},
                "the table hard_negatives lacks the column start_time",
            ),
        ],
    )
    def test_names_what_the_database_lacks(self, tmp_path, refused, tables, reason):
        assert reason in refused(database(tmp_path, [], **tables))

    @pytest.mark.parametrize("kind", ["view", "virtual table"])
    def test_reads_from_tables_alone(self, tmp_path, refused, kind):
        path = database(tmp_path, [], processed="")
        columns = "rowid, profile, filename, source_path, start_time, output_path, label, scan_export"
        never_ends = (
            "CREATE VIEW processed(rowid, profile, filename, source_path, start_time, output_path, label, scan_export) AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
            "SELECT i, 'default', 'a.mp4', '', 1.0, '', '', 1 FROM n"
        )
        with closing(sqlite3.connect(path)) as connection:
            if kind == "view":
                connection.execute(never_ends)
            else:
                connection.execute(
                    f"CREATE VIRTUAL TABLE processed USING fts4({columns.removeprefix('rowid, ')})"
                )
            connection.commit()
        assert "processed is no plain table, as 8-cut makes it" in refused(path)

    def test_ends_when_its_time_is_over(self, tmp_path, refused, monkeypatch):
        path = database(tmp_path, [clip(float(i)) for i in range(5000)])
        monkeypatch.setattr("audioscan_host.annotations.eight_cut_database.SECONDS", 0.0)
        assert "cannot read the database" in (line := refused(path))
        assert "within 0 s" in line

    def test_does_not_read_a_default_into_more_than_a_file_may_hold(self, tmp_path, refused, monkeypatch):
        monkeypatch.setattr("audioscan_host.annotations.eight_cut_database.CHARACTERS", 1_000_000)
        row = clip(1.0)
        del row["label"]
        path = database(tmp_path, [row] * 200, processed=PROCESSED.replace("label TEXT", "l TEXT"))
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"ALTER TABLE processed ADD COLUMN label TEXT DEFAULT '{'x' * 10_000}'")
            connection.commit()
        assert path.stat().st_size < 100_000
        assert "the rows of processed hold more than 1,000,000 characters" in refused(path)

    def test_refuses_a_cell_that_no_clip_has(self, tmp_path, refused):
        path = database(tmp_path, [clip(1.0, "x" * 2_000_000)])
        assert "cannot read the database" in refused(path)

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


ROWS = re.findall(
    r"^\| (.+?) \|",
    PAGE.read_text(encoding="utf-8").split("**Labels.**")[1].split("**Regions.**")[0],
    re.MULTILINE,
)
"""What the page says of the database, by the first cell of each line of its tables."""

SECONDS = np.arange(200.0)  # windows of 8 s that start at 0 to 199 s


def windows(annotations: Sequence[Annotation], label: str, file: str = "day.mp4") -> str:
    """The labels of the windows of a recording: + positive, 0 negative, . left out."""
    own = [a for a in annotations if Path(a.file).name == file]
    points = points_of(label, annotations)
    found = window_labels(own, label, SECONDS, 8.0, points=points)
    return "".join({1: "+", 0: "0", -1: "."}[int(value)] for value in found)


MARK_AT_100 = "0" * 63 + "." * 25 + "+" * 25 + "." * 17 + "0" * 70
"""Starts 88 to 112 are within 12 s of it; windows that end by 70 or begin from 130 on are 30 s from it."""


class TestThePage:
    """Every line of the tables on what a database says holds for a database of 8-cut's layout."""

    @pytest.mark.parametrize("row", [row for row in ROWS if row not in {"---", "in the database", "option"}])
    def test_a_line_is_true(self, row, tmp_path):
        getattr(self, NAMES[row])(lambda *rows: database(tmp_path, *rows))

    def test_every_line_is_there(self):
        assert set(NAMES) == set(ROWS) - {"---", "in the database", "option"}

    def clip(self, made):
        assert windows(read_annotations(made([clip(100.0)])), "mp4_Intense") == MARK_AT_100

    def folder(self, made):
        found = read_annotations(made([clip(100.0, "cry"), clip(20.0, "")]))
        assert [(a.label, a.role) for a in found] == [("mp4_Intense", Role.POSITIVE)] * 2

    def other_folder(self, made):
        found = read_annotations(made([clip(100.0), in_folder("mp4_Soft", 160.0)]))
        # From a soft mark at 160 windows keep 30 s as from a positive: the starts 123 to 189 are left out.
        assert windows(found, "mp4_Intense") == MARK_AT_100[:123] + "." * 67 + "0" * 10
        near = read_annotations(made([clip(100.0), in_folder("mp4_Soft", 105.0)]))
        assert windows(near, "mp4_Intense").count("+") == 25
        assert windows(near, "mp4_Soft").count("+") == 25

    def far(self, made):
        found = windows(read_annotations(made([clip(40.0), in_folder("mp4_Soft", 150.0)])), "mp4_Intense")
        negative = [i for i, each in enumerate(found) if each == "0"]
        assert negative == [*range(3), *range(70, 113), *range(180, 200)]

    def disabled(self, made):
        off = in_folder("mp4_Intense_disabled", 30.0)
        only = in_folder("mp4_Intense_disabled", 30.0, "cry", source_path="/videos/off.mp4")
        found = read_annotations(made([clip(100.0), off, only]))
        assert {Path(a.file).name for a in found} == {"day.mp4"}
        assert windows(found, "mp4_Intense") == MARK_AT_100

    def scan_export(self, made):
        found = read_annotations(made([clip(100.0), in_folder("mp4_Scan", 160.0, scan_export=1)]))
        assert windows(found, "mp4_Intense") == MARK_AT_100

    def hard_negative(self, made):
        found = read_annotations(
            made([clip(100.0), clip(20.0, profile="default")], [hard_negative(121.0, file="day.mp4")])
        )
        # Starts 109 to 133 are within 12 s of it; those up to 112 are positive by the clip.
        assert windows(found, "mp4_Intense")[109:134] == "++++" + "0" * 21
        soft = read_annotations(
            made([clip(20.0), in_folder("mp4_Soft", 100.0)], [hard_negative(100.0, file="day.mp4")])
        )
        assert windows(soft, "mp4_Intense")[87:114] == "." + "0" * 5 + "." * 8 + "0" * 12 + "."

    def hard_negative_among_disabled(self, made):
        off = in_folder("mp4_Intense_disabled", 30.0, source_path="", filename="off.mp4")
        found = read_annotations(made([clip(100.0), off], [hard_negative(100.0, file="off.mp4")]))
        negative = windows(found, "mp4_Intense", "off.mp4")
        # Of the 24 s from 92 to 116 on, what lies wholly on them: nothing is known of the rest.
        assert negative == "." * 92 + "0" * 17 + "." * 91

    def profiles(self, made):
        clips = [clip(100.0), clip(20.0, profile="words"), clip(60.0, profile="words")]
        path = made(
            clips, [hard_negative(30.0, "words", "day.mp4"), hard_negative(40.0, "portrait", "day.mp4")]
        )
        with pytest.raises(
            AnnotationError, match="holds 3 profiles of 8-cut: default, portrait, words; say which one"
        ) as refusal:
            read_annotations(path)
        assert "--eight-cut-profile NAME" in str(refusal.value)
        assert "\n" not in str(refusal.value)
        starts = {
            name: [
                a.start
                for a in read_annotations(path, reader=LabelReader(eight_cut=EightCutSettings(profile=name)))
            ]
            for name in ("default", "words")
        }
        assert starts == {"default": [100.0], "words": [20.0, 60.0, 22.0]}
        with pytest.raises(
            AnnotationError, match="no marks of the profile 'word'; there are: default, portrait, words"
        ):
            read_annotations(path, reader=LabelReader(eight_cut=EightCutSettings(profile="word")))

    def others(self, made):
        path = made([clip(100.0)])
        before = read_annotations(path)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("INSERT INTO hidden_files VALUES ('day.mp4', 'another')")
            connection.execute(
                "INSERT INTO scan_results (filename, profile, model, start_time, end_time, score) VALUES ('day.mp4', 'third', "
                "'BEATS', 10, 18, 0.9)"
            )
            connection.commit()
        assert read_annotations(path) == before

    def by_label(self, made):
        clips = [
            in_folder("mp4_A", 40.0, "cry"),
            in_folder("mp4_B", 100.0, "cry"),
            in_folder("mp4_B", 180.0, "rain"),
        ]
        found = read_annotations(made(clips), reader=LabelReader(eight_cut=BY_LABEL))
        assert [(a.label, a.role) for a in found] == [
            (name, Role.POSITIVE) for name in ("cry", "cry", "rain")
        ]
        assert windows(found, "cry")[173:181] == "0" * 8  # the windows that hold the other sound

    def negatives(self, made):
        clips = [clip(100.0), in_folder("mp4_No", 160.0), in_folder("mp4_Never", 40.0)]
        settings = EightCutSettings(negatives=["mp4_No", "mp4_Never"])
        found = read_annotations(made(clips), reader=LabelReader(eight_cut=settings))
        assert [(a.label, a.role) for a in found] == [
            ("mp4_Intense", Role.POSITIVE),
            ("mp4_No", Role.NEGATIVE),
            ("mp4_Never", Role.NEGATIVE),
        ]
        assert windows(found, "mp4_Intense")[148:173] == "0" * 25
        with pytest.raises(
            AnnotationError, match="to the folder 'No'; there are: mp4_Intense, mp4_Never, mp4_No"
        ):
            read_annotations(made(clips), reader=LabelReader(eight_cut=EightCutSettings(negatives=["No"])))


NAMES = {
    "an exported clip": "clip",
    "the folder of the clip": "folder",
    "a clip of another folder": "other_folder",
    "what is far from all clips": "far",
    "a folder that ends in `_disabled`": "disabled",
    "a clip that was exported from a scan": "scan_export",
    "a hard negative": "hard_negative",
    "a hard negative where all clips are disabled": "hard_negative_among_disabled",
    "several profiles": "profiles",
    "tables of scans, hidden files": "others",
    "`--eight-cut-classes label`": "by_label",
    "`--eight-cut-negatives FOLDER`": "negatives",
}
"""Each line of the page, and what holds it."""


class TestDatabasesOfEightCut:
    """Databases that 8-cut itself made, and how many clips it trains on."""

    @pytest.fixture
    def read(self):
        if not DATABASES.is_dir():
            pytest.skip("the databases of ../shared/labels are not on this machine")
        return lambda name, **settings: read_annotations(
            DATABASES / f"{name}.db", reader=LabelReader(eight_cut=EightCutSettings(**settings))
        )

    @pytest.mark.parametrize("name", ["disabled_with_labels", "disabled_without_labels"])
    def test_disabled_clips_and_their_recordings_are_left_out(self, read, name):
        found = read(name)
        assert {(a.label, a.role) for a in found} == {("mp4_baby_cry", Role.POSITIVE)}
        assert len(found) == 63
        assert "scene_00.wav" not in {Path(a.file).name for a in found}

    def test_a_label_that_was_typed_on_some_is_a_note(self, read):
        assert [a.label for a in read("label_typed_once")] == ["mp4_baby_cry"] * 72

    def test_what_is_near_a_clip_of_another_folder_is_not_negative(self, read):
        found = read("two_folders")
        intense = [a for a in found if a.label == "mp4_Intense" and a.role is Role.POSITIVE]
        soft = [a for a in found if a.label == "mp4_Soft" and a.role is Role.POSITIVE]
        assert (len(intense), len(soft)) == (48, 24)
        near_soft_alone = 0
        for file in {a.file for a in found}:
            own = [a for a in found if a.file == file]
            said = window_labels(own, "mp4_Intense", np.arange(473.0), 8.0)
            for start, each in enumerate(said):
                to_intense, to_soft = (
                    min((abs(start - a.start) for a in marks if a.file == file), default=np.inf)
                    for marks in (intense, soft)
                )
                assert (each == 1) == (to_intense <= 12)
                if to_soft <= 30 < to_intense:
                    near_soft_alone += 1
                    assert each == -1
        assert near_soft_alone == 280

    def test_one_profile_is_read_at_a_time(self, read):
        with pytest.raises(AnnotationError, match="3 profiles of 8-cut: default, portrait, words"):
            read("three_profiles")
        counts = {
            profile: Counter(a.role for a in read("three_profiles", profile=profile))
            for profile in ("default", "portrait", "words")
        }
        assert counts == {
            "default": {Role.POSITIVE: 72},
            "portrait": {Role.POSITIVE: 72, Role.NEGATIVE: 1},
            "words": {Role.POSITIVE: 24, Role.NEGATIVE: 1},
        }

    def test_windows_near_a_hard_negative_are_negative(self, read):
        found = [a for a in read("three_profiles", profile="words") if a.file.endswith("scene_00.wav")]
        said = window_labels(found, "mp4_speech", np.arange(473.0), 8.0)
        assert said[188:213].tolist() == [0] * 25
