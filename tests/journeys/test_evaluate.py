"""The journey of an evaluation: what is held out is not learned from, and its figures are right."""

import csv
import io
import json
import os
import re
import struct
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn import metrics
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from audioscan_host import Windowing, evaluate, load_registry, scan, train
from audioscan_host.annotations import Annotation
from audioscan_host.cache.file import Embeddings
from audioscan_host.classifier import ClassifierSettings
from audioscan_host.cli.main import main
from audioscan_host.embedding.embedded_recording import EmbeddedRecording
from audioscan_host.errors import OutputError, TrainingError
from audioscan_host.evaluation import canvas, folder
from audioscan_host.evaluation.held_out import System
from audioscan_host.evaluation.recording_folds import recording_folds
from audioscan_host.journeys import cross_validation, labelled
from audioscan_host.journeys.cross_validation import Material, cross_validate
from audioscan_host.region_settings import RegionSettings

WINDOWING = Windowing(2.0, 1.0)
QUICK = (ClassifierSettings(kind="logistic"),)
NAMES = ("table", "precision_recall", "reliability", "histogram", "thresholds")


@pytest.fixture
def make_material():
    """Recordings whose windows are given: `make_material([(vectors, labels), ...])` of 2 s every 1 s."""

    def make(recordings):
        embedded, annotations = [], {}
        for number, (vectors, labels) in enumerate(recordings):
            path, times = Path(f"{number}.wav"), np.arange(0.0, 2 * len(labels), 2)
            embeddings = {"MADE": Embeddings(times, np.asarray(vectors, np.float32))}
            embedded.append(EmbeddedRecording(path, times[-1] + 2, embeddings, {}, frozenset()))
            spans = [Annotation(path.name, t, t + 2, "call") for t in times[np.asarray(labels) == 1]]
            annotations[path] = [*spans, Annotation(path.name, 0.0, 0.1, "other")]
        return Material(embedded, annotations, WINDOWING, 12.0, None)

    return make


def predicted_of(material, settings):
    system = System("MADE", settings.kind, settings.calibration)
    labels = material.labels("call", material.prepared("MADE"))
    folds = recording_folds("call", *([int(np.sum(each == v)) for each in labels] for v in (1, 0)))
    predicted = cross_validate(
        "call",
        folds,
        material,
        {system: settings},
        regions=RegionSettings(),
        seed=1,
        advance=lambda _: None,
    )
    return predicted.held_out[system], predicted.notes


def test_what_tells_only_the_recordings_windows_apart_is_worth_nothing_on_others(make_material):
    """In each recording a dimension of its own is the label: it is there for every window, and means nothing."""
    rng = np.random.default_rng(5)
    recordings = []
    for number in range(10):
        labels = (np.arange(60) // 6 + number) % 2
        vectors = rng.standard_normal((60, 10))
        vectors[:, number] = 8.0 * (2 * labels - 1)
        recordings.append((vectors, labels))
    predicted, _ = predicted_of(make_material(recordings), QUICK[0])

    features = np.concatenate([vectors for vectors, _ in recordings])
    truth = np.concatenate([labels for _, labels in recordings])
    within = StratifiedKFold(5, shuffle=True, random_state=0)
    leaky = cross_val_predict(LogisticRegression(), features, truth, cv=within, method="predict_proba")
    assert metrics.roc_auc_score(truth, leaky[:, 1]) > 0.99
    assert metrics.roc_auc_score(predicted.labels, predicted.probabilities) == pytest.approx(0.5, abs=0.1)


def test_no_fit_sees_a_window_of_what_it_is_judged_by(make_material, monkeypatch):
    rng = np.random.default_rng(6)
    recordings = [(rng.standard_normal((40, 3)) + number, np.arange(40) % 4 == 0) for number in range(7)]
    seen, judged = [], []
    fit = labelled.fit

    def noted_fit(recordings, labels, times, statistics, **rest):
        vectors = np.concatenate([each.vectors for each in recordings])
        seen.append({row.tobytes() for row in vectors})
        np.testing.assert_allclose(statistics.mean, vectors.mean(axis=0), rtol=1e-6)
        fitted = fit(recordings, labels, times, statistics, **rest)

        class Noted:
            calibrator = fitted.classifier.calibrator

            @staticmethod
            def probabilities(recording, statistics):
                judged.append((len(seen), {row.tobytes() for row in recording.vectors}))
                return fitted.classifier.probabilities(recording, statistics)

        return replace(fitted, classifier=Noted)

    monkeypatch.setattr(labelled, "fit", noted_fit)
    predicted_of(make_material(recordings), QUICK[0])
    assert len(seen) == 5
    assert sum(len(windows) == 40 for _, windows in judged) == 7
    for fit_number, windows in judged:
        assert not windows & seen[fit_number - 1]


@pytest.fixture
def bursts(tmp_path, write_wav):
    """A folder of recordings with bursts, and `bursts.csv` that says where."""
    return write_bursts(tmp_path, write_wav)


def write_bursts(where, write_wav):
    """Six recordings of 40 s with three places louder than the rest, one of them hardly; and `bursts.csv`."""
    rows = ["file,start,end,label"]
    for number in range(6):
        rng = np.random.default_rng(number)
        samples = rng.standard_normal(40 * 16_000) * 0.02
        for start, loudness in ((5 + number, 8), (17, 1.004 + number % 3 / 500), (30, 3)):
            samples[start * 16_000 : (start + 3) * 16_000] *= loudness
            rows.append(f"{number}.wav,{start},{start + 3},burst")
        rows.append(f"{number}.wav,1,2,rumble")
        write_wav(where / f"{number}.wav", samples)
    (where / "bursts.csv").write_text("\n".join(rows) + "\n")
    return where


@pytest.fixture
def judge_bursts(bursts, tiny_registry):
    def judged(**settings):
        settings = {"models": ["TINY"], "classifiers": QUICK, "only": ["burst"], **settings}
        return evaluate(
            [bursts], [bursts / "bursts.csv"], windowing=WINDOWING, registry=tiny_registry, **settings
        )

    return judged


def test_figures_are_scikit_learns_over_all_held_out_windows(judge_bursts):
    result = judge_bursts()
    (label,) = result.labels
    (row,), (predicted,) = label.rows, label.held_out.values()
    assert row.figures.windows == len(predicted.labels) > 150
    assert row.figures.average_precision == metrics.average_precision_score(
        predicted.labels, predicted.probabilities
    )
    assert row.figures.roc_auc == metrics.roc_auc_score(predicted.labels, predicted.probabilities)
    assert row.figures.brier == pytest.approx(np.mean((predicted.labels - predicted.probabilities) ** 2))
    assert 0.7 < row.figures.average_precision < 1
    assert row.onsets_half_window.marked == 18
    assert row.segments.marked == 54


def test_a_held_out_recording_scores_as_by_a_detector_of_the_others(judge_bursts, bursts, tiny_registry):
    label = judge_bursts(models=["TINY_ML"]).labels[0]
    (predicted,) = label.held_out.values()
    assert label.folds == 5
    alone = predicted.recordings[1]
    labels = (
        [np.sum(r.labels == 1) for r in predicted.recordings],
        [np.sum(r.labels == 0) for r in predicted.recordings],
    )
    together = next(fold for fold in recording_folds("burst", *labels) if 1 in fold)
    others = [r.path for i, r in enumerate(predicted.recordings) if i not in together]
    detector = train(
        others, [bursts / "bursts.csv"], "TINY_ML", only=["burst"], windowing=WINDOWING, registry=tiny_registry,
        classifier=QUICK[0],
    ).detector  # fmt: skip
    (scanned,) = scan([alone.path], detector, registry=tiny_registry).recordings
    np.testing.assert_array_equal(scanned.probabilities["burst"], alone.probabilities)
    assert scanned.regions == alone.regions


def test_models_of_one_checkpoint_are_embedded_in_one_pass(judge_bursts, tiny_plugin):
    result = judge_bursts(models=["TINY", "TINY_ML"])
    assert [row.system.model for row in result.labels[0].rows] == ["TINY", "TINY_ML"]
    assert tiny_plugin.calls.count("load") == 1
    assert all(len(layers) > 1 for layers in tiny_plugin.layers_asked)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_and_another_seed_other_intervals(judge_bursts):
    results = [judge_bursts(seed=seed, resamples=50) for seed in (1, 1, 2)]
    facts = [each.to_json() for each in results]
    assert facts[0] == facts[1]
    assert facts[0]["rows"][0]["average_precision"] == facts[2]["rows"][0]["average_precision"]
    drawn = [each.labels[0].resampled for each in results[1:]]
    (first,), (second,) = (each.values() for each in drawn)
    assert not np.array_equal(first, second)


def test_recordings_of_one_source_are_held_out_together(judge_bursts, bursts, monkeypatch):
    lines = (bursts / "bursts.csv").read_text().splitlines()
    sources = {"0": "hill", "1": "lake", "2": "hill", "3": "", "4": "wood", "5": "lake"}
    rows = [f"{line},{sources[line[0]]}" for line in lines[1:]]
    (bursts / "bursts.csv").write_text("\n".join([f"{lines[0]},source", *rows]))
    learned_from = []

    def noted_fit_label(name, recordings, labels, statistics, **rest):
        learned_from.append({Path(each.annotations[0].file).stem for each in recordings})
        return labelled.fit_label(name, recordings, labels, statistics, **rest)

    monkeypatch.setattr(cross_validation, "fit_label", noted_fit_label)
    result = judge_bursts()
    (label,) = result.labels
    assert sorted("".join(sorted(set("012345") - each)) for each in learned_from) == ["02", "15", "3", "4"]
    assert "4 sources are too few to be sure" in result.sentence
    # Drawn together too.
    (values,) = label.resampled.values()
    assert len(values[~np.isnan(values)]) > 900


def test_points_have_onsets_but_no_segments(judge_bursts, bursts):
    text = re.sub(r"(\d+),(\d+),(burst)", r"\1,,\3", (bursts / "bursts.csv").read_text())
    (bursts / "bursts.csv").write_text(text)
    result = judge_bursts(tolerance=1.0, neg_margin=3.0)
    facts = result.to_json()["rows"][0]
    assert facts["segment_f1"] is None
    assert facts["event_f1_half_window"] is not None
    assert any("points" in note and "no segment-based F1" in note for note in result.labels[0].notes)


def test_a_point_among_spans_leaves_the_segments_to_be_judged(judge_bursts, bursts, caplog):
    before = judge_bursts()
    with (bursts / "bursts.csv").open("a") as file:
        file.write("3.wav,36.5,,burst\n")
    after = judge_bursts()
    (row,), (was,) = (each.labels[0].rows for each in (after, before))
    assert row.figures.positives == was.figures.positives
    assert row.segments.marked == was.segments.marked == 54
    assert any("1 of its labels is a point among spans" in note for note in after.labels[0].notes)
    (told,) = [message for message in caplog.messages if "have no length" in message]
    assert told.startswith("burst: 1 of its 19 annotations")


@pytest.fixture(scope="module")
def saved(make_plugin, write_wav, tmp_path_factory):
    """A result, the folder it was saved to, and its labels; to be read only."""
    bursts, out = (
        write_bursts(tmp_path_factory.mktemp("bursts"), write_wav),
        tmp_path_factory.mktemp("out"),
    )
    text = (bursts / "bursts.csv").read_text().replace("rumble", "<b>A&B $x_1$</b>")
    (bursts / "bursts.csv").write_text(text)
    both = ["burst", "<b>A&B $x_1$</b>"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUDIOSCAN_PLUGINS", "")
        registry = load_registry({"tiny": make_plugin()})
    result = evaluate(
        [bursts],
        [bursts / "bursts.csv"],
        ["TINY"],
        only=both,
        classifiers=(*QUICK, ClassifierSettings("logistic", "none")),
        resamples=40,
        windowing=WINDOWING,
        registry=registry,
        out=out,
        cache_dir=bursts / "cache",
    )
    return result, out, both


@pytest.mark.slow
class TestFolder:
    def test_every_table_and_picture_is_there_and_can_be_read(self, saved):
        result, out, both = saved
        assert {path.name for path in out.iterdir()} == {path.name for path in result.files}
        assert {path.name for path in result.files} == {
            "evaluation.html",
            "conditions.csv",
            *(f"{name}.csv" for name in NAMES),
            *(f"{name}-{label}.png" for name in NAMES for label in ("burst", "_b_A_B_x_1_b_")),
        }
        for name in NAMES:
            with (out / f"{name}.csv").open(newline="") as file:
                rows = list(csv.DictReader(file))
            systems = {(row["label"], row["model"], row["classifier"], row["calibration"]) for row in rows}
            assert len(systems) == 4
            assert {label for label, *_ in systems} == set(both)
        for path in out.glob("*.png"):
            content = path.read_bytes()
            assert content.startswith(b"\x89PNG\r\n")
            width, height = struct.unpack(">II", content[16:24])
            assert min(width, height) > 250

    def test_tables_keep_every_digit(self, saved):
        result, out, _ = saved
        with (out / "table.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        for row, facts in zip(rows, result.to_json()["rows"], strict=True):
            assert list(row) == list(facts)
            assert row == {name: "" if value is None else str(value) for name, value in facts.items()}

    def test_what_a_field_will_show_is_in_the_table_the_page_and_the_json(self, saved):
        result, out, both = saved
        with (out / "conditions.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        facts = result.to_json()["conditions"]
        assert rows == [
            {name: "" if value is None else str(value) for name, value in each.items()} for each in facts
        ]
        names = ("as labelled", "without the sound", "rare", "frequent")
        assert [(each["label"], each["calibration"], each["condition"]) for each in facts] == [
            (label, how, name) for label in sorted(both) for how in ("sigmoid", "none") for name in names
        ]
        page = (out / "evaluation.html").read_text(encoding="utf-8")
        assert page.count("<h3>What a field will show</h3>") == 2
        for each in facts:
            assert f'<td class="name">{each["condition"]}</td><td>{each["hours"]:.2f}</td>' in page
        for row in result.to_json()["rows"]:
            of_it = [
                each for each in facts if all(each[n] == row[n] for n in ("label", "model", "calibration"))
            ]
            as_labelled, without, rare, frequent = of_it
            assert {name: as_labelled[name] for name in as_labelled if name in row} == {
                name: row[name] for name in row if name in as_labelled
            }
            assert without["positives"] == 0
            assert without["windows"] == rare["windows"] - rare["positives"]
            assert 0 < rare["places"] < as_labelled["places"] / 2
            if row["label"] == "burst":
                assert frequent["positives"] / frequent["windows"] == pytest.approx(0.8, abs=0.05)
            else:  # two windows in each recording: too few to fill one
                assert frequent["windows"] == 0
                assert frequent["brier"] is None
        assert page.count("Note: no figures for frequent: ") == 1
        assert "where the sound is frequent these labels cannot show" in page

    def test_the_page_says_at_which_rate_probabilities_are(self, saved):
        result, out, _ = saved
        page = (out / "evaluation.html").read_text(encoding="utf-8")
        for label in result.labels:
            rate = label.rows[0].figures.positives / label.rows[0].figures.windows
            assert result.to_json()["labels"][label.label]["rate"] == rate
            assert f"Probabilities are at a rate of {100 * rate:.3g} % of windows, as labelled" in page

    def test_thresholds_and_bins_agree_with_the_table(self, saved):
        _, out, _ = saved
        tables = {
            name: list(csv.DictReader(io.StringIO((out / f"{name}.csv").read_text()))) for name in NAMES
        }
        names = ("label", "model", "classifier", "calibration")
        for row in tables["table"]:
            mine = {
                name: [each for each in table if all(each[n] == row[n] for n in names)]
                for name, table in tables.items()
            }
            (at_half,) = [each for each in mine["thresholds"] if each["threshold"] == "0.5"]
            for figure in ("precision", "recall", "false_alarms_per_hour", "false_seconds_per_hour"):
                assert float(at_half[figure] or "nan") == pytest.approx(
                    float(row[figure] or "nan"), nan_ok=True
                )
            assert sum(int(each["windows"]) for each in mine["reliability"]) == int(row["windows"])
            assert sum(int(each["positives"]) for each in mine["histogram"]) == int(row["positives"])
            assert mine["precision_recall"][-1]["threshold"] == ""

    def test_the_page_needs_nothing_beside_it_and_escapes_what_labels_say(self, saved):
        result, out, _ = saved
        text = (out / "evaluation.html").read_text(encoding="utf-8")
        tags, references = [], []

        class Reader(HTMLParser):
            def handle_starttag(self, tag, attributes):
                tags.append(tag)
                references.extend(value for name, value in attributes if name in ("src", "href", "srcset"))

        Reader().feed(text)
        assert len(references) == tags.count("img") == 10
        assert all(reference.startswith("data:image/png;base64,") for reference in references)
        assert not {"script", "link", "iframe", "b"} & set(tags)
        assert not re.search(r"https?:|url\(|@import|javascript:", text)
        assert "prefers-color-scheme: dark" in text
        assert "&lt;b&gt;A&amp;B $x_1$&lt;/b&gt;" in text
        assert result.sentence in text

    def test_the_same_evaluation_is_the_same_bytes_and_old_pictures_go(self, judge_bursts, tmp_path):
        out = tmp_path / "out"
        result = judge_bursts(out=out, resamples=40)
        before = {path.name: path.read_bytes() for path in result.files}
        (out / "histogram-of_before.png").write_bytes(b"old")
        (out / "notes.txt").write_text("mine")
        judge_bursts(out=out, resamples=40)
        assert {path.name: path.read_bytes() for path in out.iterdir()} == before | {"notes.txt": b"mine"}

    def test_on_a_full_disk_nothing_is_written_and_the_folder_can_be_used_again(
        self, saved, tmp_path, monkeypatch
    ):
        result, _, _ = saved
        facts = (tmp_path / "out", result.labels, result.sentence, {}, WINDOWING)
        files = len(result.files)
        for failing in (1, files // 2, files):  # before a file has its name all are on the disk
            with monkeypatch.context() as patch:
                room = iter(range(failing - 1))

                def fsync(_descriptor, room=room):
                    if next(room, None) is None:
                        raise OSError(28, "No space left on device")

                patch.setattr(os, "fsync", fsync)
                with pytest.raises(OutputError, match="cannot be written to: No space left on device"):
                    folder.save(*facts)
            assert list((tmp_path / "out").iterdir()) == []
        folder.save(*facts)
        assert len(list((tmp_path / "out").iterdir())) == files

    def test_a_folder_in_which_an_evaluation_was_killed_can_be_used_again(self, saved, tmp_path):
        result, out, _ = saved
        left = [tmp_path / "table.csv", tmp_path / "evaluation.html.unfinished-0123.tmp"]
        for path in left:
            path.write_text("half")
        folder.check(tmp_path)
        folder.save(tmp_path, result.labels, result.sentence, {}, WINDOWING)
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
            path.name: path.read_bytes() for path in out.iterdir()
        }

    def test_a_folder_of_something_else_is_left_alone(self, judge_bursts, tmp_path, tiny_plugin):
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "table.csv").write_text("days of work")
        with pytest.raises(OutputError, match="holds other files already"):
            judge_bursts(out=tmp_path / "mine")
        assert "load" not in tiny_plugin.calls

    def test_without_matplotlib_nothing_is_begun(self, judge_bursts, tmp_path, tiny_plugin, monkeypatch):
        monkeypatch.setattr(canvas, "find_spec", lambda _: None)
        with pytest.raises(OutputError, match=r"pip install 'audioscan-host\[plot\]'"):
            judge_bursts(out=tmp_path / "out")
        assert "load" not in tiny_plugin.calls
        assert not (tmp_path / "out").exists()

    def test_labels_that_look_alike_to_a_file_system_have_files_of_their_own(self):
        names = folder._file_names(["a/b", "a b", "A_B", "", "x" * 300])
        assert len({name.casefold() for name in names.values()}) == 5
        assert all(re.fullmatch(r"[\w-]{1,64}", name) for name in names.values())


class TestTooLittle:
    def test_one_recording_is_one_line_that_says_what_would_do(self, bursts, tiny_registry):
        with pytest.raises(TrainingError, match=r"burst: 1 of 1 recordings holds it.* 2 recordings or more"):
            evaluate(
                [bursts / "0.wav"], [bursts / "bursts.csv"], ["TINY"], only=["burst"], registry=tiny_registry
            )

    def test_a_label_in_one_recording_is_left_out_and_the_others_judged(self, judge_bursts, bursts, caplog):
        with (bursts / "bursts.csv").open("a") as file:
            file.write("3.wav,10,12,once\n")
        result = judge_bursts(only=["burst", "once"])
        assert [label.label for label in result.labels] == ["burst"]
        assert "once: 1 of 6 recordings holds it" in result.skipped["once"]
        assert "left out: once" in caplog.text

    @pytest.mark.parametrize(
        ("calibration", "windows", "told"),
        # With one of three recordings held out, two, four and six windows with the sound are left.
        [("sigmoid", 1, True), ("sigmoid", 2, False), ("isotonic", 2, True), ("isotonic", 3, False)],
    )
    def test_what_is_too_little_to_calibrate_is_said(self, make_material, calibration, windows, told):
        rng = np.random.default_rng(1)
        few = np.arange(40) % 13 < 1
        few[13 * windows :] = False
        material = make_material([(rng.standard_normal((40, 3)), few)] * 3)
        _, notes = predicted_of(material, replace(QUICK[0], calibration=calibration))
        assert any("3 detectors could not be calibrated" in note for note in notes) == told


class TestCommand:
    @pytest.fixture
    def run(self, bursts, monkeypatch):
        monkeypatch.chdir(bursts)

        def invoke(*arguments, expect=0):
            settings = [
                "--labels",
                "bursts.csv",
                "--window",
                "2",
                "--label",
                "burst",
                "--classifier",
                "logistic",
            ]
            done = CliRunner().invoke(main, ["evaluate", *arguments, *settings, "--model", "MEL"])
            assert done.exit_code == expect, done.output
            return done

        return invoke

    def test_a_table_and_last_a_sentence(self, run):
        done = run(".", "--calibration", "isotonic", "--calibration", "none")
        lines = done.stdout.splitlines()
        assert lines[0].split()[:5] == ["label", "model", "classifier", "calibration", "average"]
        assert [line.split()[:4] for line in lines[2:4]] == [
            ["burst", "MEL", "logistic", "isotonic"],
            ["burst", "MEL", "logistic", "none"],
        ]
        assert lines[4:6] == [
            "",
            f"What a field will show of {' '.join(lines[-1].split()[1:6]).rstrip(':')}:",
        ]
        assert lines[7].split()[:4] == ["label", "condition", "hours", "places"]
        names = ["as labelled", "without the sound", "rare", "frequent"]
        assert [" ".join(re.split(r"\s{2,}", line)[:2]) for line in lines[9:13]] == [
            f"burst {n}" for n in names
        ]
        assert "Probabilities are at a rate of " in done.stdout
        assert lines[-1].startswith("Use MEL with logistic and ")
        assert "At threshold 0.5 it gives " in lines[-1]
        assert "interval" in lines[-1]
        assert "fitting: 30 fits" in done.stderr

    def test_json_has_every_figure(self, run):
        facts = json.loads(run(".", "--json").stdout)
        sections = {
            "rows",
            "conditions",
            "labels",
            "skipped",
            "conclusion",
            "windowing",
            "files",
            "notes",
            "failures",
        }
        assert set(facts) == sections
        (row,) = facts["rows"]
        assert set(row) == set(
            "label model classifier calibration windows positives average_precision average_precision_low "
            "average_precision_high resamples_skipped roc_auc brier expected_calibration_error threshold "
            "precision recall false_alarms_per_hour false_seconds_per_hour segment_f1 event_f1_200_ms "
            "event_f1_half_window".split()
        )
        assert all(isinstance(row[name], str) for name in ("label", "model", "classifier", "calibration"))
        numbers = {name: value for name, value in row.items() if not isinstance(value, str)}
        assert all(isinstance(value, int | float) for value in numbers.values())
        assert row["average_precision_low"] <= row["average_precision"] <= row["average_precision_high"]
        assert facts["labels"]["burst"]["folds"] == 5
        assert facts["conclusion"]["recordings"] == 6
        assert facts["conclusion"]["sentence"].startswith("Use MEL")

    def test_a_recording_that_cannot_be_read_is_named_at_the_end_and_the_others_judged(self, run, bursts):
        (bursts / "broken.wav").write_bytes(b"RIFF nothing")
        with (bursts / "bursts.csv").open("a") as file:
            file.write("broken.wav,1,2,burst\n")
        done = run(".", expect=1)
        assert "burst: 6 recordings, 6 of them with the sound" in done.stdout
        assert done.stderr.splitlines()[-2] == "1 of 7 recordings could not be read:"
        assert "broken.wav" in done.stderr.splitlines()[-1]

    def test_a_missing_extra_is_one_line_before_any_work(self, run, monkeypatch):
        monkeypatch.setattr(canvas, "find_spec", lambda _: None)
        done = run(".", "--out", "out", expect=1)
        assert done.stderr.count("\n") == 1
        assert "pip install 'audioscan-host[plot]'" in done.stderr

    def test_several_windows_and_readings_have_columns_and_a_sentence(self, run):
        done = run(".", "--window", "8", "--reading", "windows", "--reading", "stretches")
        lines = done.stdout.splitlines()
        assert lines[0].split()[:8] == [
            "label", "model", "reading", "window", "hop", "classifier", "calibration", "average",
        ]  # fmt: skip
        assert [line.split()[:5] for line in lines[2:6]] == [
            ["burst", "MEL", "windows", "8", "2"],
            ["burst", "MEL", "windows", "2", "0.5"],
            ["burst", "MEL", "stretches", "8", "2"],
            ["burst", "MEL", "stretches", "2", "0.5"],
        ]
        assert " % of the moments of 0.5 s hold the sound." in done.stdout
        for what in ("window", "reading"):
            assert any(line.startswith(f"  Which {what} suits burst, by MEL: ") for line in lines)
        assert lines[-1].startswith("Use MEL read in ")

    @pytest.mark.slow
    def test_train_says_at_the_same_rate_as_evaluate(self, run, bursts):
        evaluated = re.search(r"at a rate of ([\d.]+) % of windows, as labelled", run(".").stdout)
        arguments = ["train", ".", "--labels", "bursts.csv", "--window", "2", "--model", "MEL", "--out", "x"]
        trained = CliRunner().invoke(main, [*arguments, "--label", "burst"]).stdout
        assert (
            f"Probabilities are at a rate of {evaluated[1]} % of windows, as labelled; scan --rate" in trained
        )
        both = CliRunner().invoke(main, arguments).stdout
        assert re.search(rf"at a rate of {evaluated[1]} % \(burst\), [\d.]+ % \(rumble\) of windows", both)
        facts = json.loads(CliRunner().invoke(main, [*arguments, "--json"]).stdout)["labels"]
        for label in ("burst", "rumble"):
            windows = facts[label]["windows"]
            expected = windows["positive"] / (windows["positive"] + windows["negative"])
            assert facts[label]["rate"] == pytest.approx(expected)
        assert f"{100 * facts['burst']['rate']:.3g}" == evaluated[1]

    @pytest.mark.slow
    def test_the_page_is_named(self, run):
        assert "evaluation.html" in run(".", "--out", "out").stdout
