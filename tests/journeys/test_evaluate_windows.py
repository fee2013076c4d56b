"""An evaluation of several windows and readings: encoded once, judged at the same places, told apart with care."""

import csv
import json

import numpy as np
import pytest

from audioscan_host import SettingError, Windowing, embed, evaluate, load_registry
from audioscan_host.classifier import ClassifierSettings
from audioscan_host.evaluation import folder
from audioscan_host.reading import Reading

FOUR = Windowing.of_windows([1.0, 2.0, 4.0, 8.0])
TWO = Windowing.of_windows([1.0, 8.0])
QUICK = (ClassifierSettings(kind="logistic"),)
RATE = 16_000


def write_knocks(where, write_wav):
    """Six recordings of 40 s with five knocks of 0.4 s in each; and `knocks.csv`."""
    rows = ["file,start,end,label"]
    for number in range(6):
        random = np.random.default_rng(number)
        samples = random.standard_normal(40 * RATE) * 0.02
        for start in random.choice(np.arange(1, 38, 3), 5, replace=False).tolist():
            samples[start * RATE : round((start + 0.4) * RATE)] *= 3
            rows.append(f"{number}.wav,{start},{start + 0.4},knock")
        write_wav(where / f"{number}.wav", samples)
    (where / "knocks.csv").write_text("\n".join(rows) + "\n")
    return where


@pytest.fixture
def knocks(tmp_path, write_wav):
    return write_knocks(tmp_path, write_wav)


@pytest.fixture
def plugin(make_plugin):
    """Its time steps are 0.1 s, and depend on nothing beside them."""
    return make_plugin(stretch=3.0)


@pytest.fixture
def registry(no_installed_plugins, plugin):
    return load_registry({"tiny": plugin})


@pytest.fixture
def judge_knocks(knocks, registry):
    def judged(**settings):
        settings = {
            "models": ["TINY"],
            "classifiers": QUICK,
            "resamples": 100,
            "registry": registry,
            **settings,
        }
        return evaluate([knocks], [knocks / "knocks.csv"], **settings)

    return judged


@pytest.fixture(scope="module")
def compared(make_plugin, write_wav, tmp_path_factory):
    """Four windows, after `embed` at a hop of 0.25 s: the result, and the hooks that were called for it."""
    knocks = write_knocks(tmp_path_factory.mktemp("knocks"), write_wav)
    plugin, cache = make_plugin(stretch=3.0), knocks / "cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUDIOSCAN_PLUGINS", "")
        registry = load_registry({"tiny": plugin})
    embed([knocks], ["TINY"], windowing=Windowing(8.0, 0.25), registry=registry, cache_dir=cache)
    plugin.calls.clear()
    result = evaluate(
        [knocks],
        [knocks / "knocks.csv"],
        ["TINY"],
        windowings=FOUR,
        classifiers=QUICK,
        resamples=100,
        registry=registry,
        cache_dir=cache,
    )
    return result, list(plugin.calls)


class TestWindows:
    def test_after_one_pass_all_windows_come_from_the_cache(self, compared):
        result, calls = compared
        assert "embed" not in calls
        assert "load" not in calls
        assert result.windowings == FOUR
        assert [(row.system.window, row.system.hop) for row in result.labels[0].rows] == [
            (1.0, 0.25),
            (2.0, 0.5),
            (4.0, 1.0),
            (8.0, 2.0),
        ]

    def test_all_windows_are_judged_at_the_same_moments(self, compared):
        (label,) = compared[0].labels
        assert label.moment == 0.25
        first, *others = label.held_out.values()
        assert len(first.labels) > 6 * 100
        for each in others:
            assert np.array_equal(each.labels, first.labels)
            assert np.array_equal(each.places.times, first.places.times)
        assert {row.figures.positives for row in label.rows} == {first.labels.sum()}

    def test_a_window_that_dilutes_the_sound_is_said_to_suit_it_less(self, compared):
        result, _ = compared
        (comparison,) = result.labels[0].comparisons
        behind = {each.name: each.is_behind for each in comparison.alternatives}
        assert behind["8 s"]
        assert behind["4 s"]
        assert "8 s" not in [each.name for each in comparison.suited]
        assert comparison.sentence.startswith("Which window suits knock, by TINY: ")
        assert "with 8 s 0." in comparison.sentence
        assert result.window_choice.windowing in FOUR[:2]

    def test_json_names_window_and_hop(self, compared):
        facts = json.loads(json.dumps(compared[0].to_json()))
        assert [row["window"] for row in facts["rows"]] == [1.0, 2.0, 4.0, 8.0]
        assert "reading" not in facts["rows"][0]
        assert {each["window"] for each in facts["conditions"]} == {1.0, 2.0, 4.0, 8.0}
        assert facts["conclusion"]["best"]["window"] in (1.0, 2.0)
        assert facts["windowing"]["window"] == facts["conclusion"]["best"]["window"]
        assert facts["labels"]["knock"]["moment"] == 0.25
        (comparison,) = facts["labels"]["knock"]["comparisons"]
        assert {each["name"] for each in comparison["alternatives"]} == {"1 s", "2 s", "4 s", "8 s"}

    @pytest.mark.slow
    def test_tables_and_page_name_window_and_hop(self, compared, tmp_path):
        result, _ = compared
        folder.save(tmp_path, result.labels, result.sentence, {}, *result.windowings)
        for name in ("table", "conditions", "thresholds"):
            with (tmp_path / f"{name}.csv").open(newline="") as file:
                rows = list(csv.DictReader(file))
            assert list(rows[0])[:6] == ["label", "model", "window", "hop", "classifier", "calibration"]
            assert {float(row["window"]) for row in rows} == {1.0, 2.0, 4.0, 8.0}
        page = (tmp_path / "evaluation.html").read_text(encoding="utf-8")
        assert result.labels[0].comparisons[0].sentence in page
        assert "1 s every 0.25 s, 2 s every 0.5 s, 4 s every 1 s, 8 s every 2 s" in page
        assert "moments as long as the shortest hop" in page

    def test_windows_that_do_not_overlap_are_made_of_the_same_grains(self, judge_knocks, plugin, knocks):
        cache = knocks / "cache"
        judge_knocks(windowings=[Windowing(2.0, 1.0)], cache_dir=cache)
        plugin.calls.clear()
        judge_knocks(windowings=[Windowing(1.0, 1.0), Windowing(2.0, 1.0)], cache_dir=cache)
        assert "embed" not in plugin.calls

    def test_a_recording_that_cannot_be_read_takes_part_in_no_way(self, judge_knocks, knocks):
        (knocks / "broken.wav").write_bytes(b"RIFF nothing")
        with (knocks / "knocks.csv").open("a") as file:
            file.write("broken.wav,1,2,knock\n0.wav,50,51,knock\n")
        result = judge_knocks(windowings=TWO)
        assert [failure.path.name for failure in result.failures] == ["broken.wav"]
        assert len(result.recordings) == 6
        assert len([note for note in result.notes if "0.wav" in note.message]) == 1, "told once"

    def test_models_keep_their_order_and_each_is_compared(self, judge_knocks):
        result = judge_knocks(models=["TINY_ML", "TINY"], windowings=TWO)
        rows = [(row.system.model, row.system.window) for row in result.labels[0].rows]
        assert rows == [("TINY_ML", 1.0), ("TINY_ML", 8.0), ("TINY", 1.0), ("TINY", 8.0)]
        assert [each.model for each in result.labels[0].comparisons] == ["TINY_ML", "TINY"]


class TestReadings:
    def test_with_a_finite_context_both_do_the_same_and_are_said_not_to_differ(self, judge_knocks):
        result = judge_knocks(windowing=Windowing(2.0, 0.5), readings=["windows", "stretches"])
        (label,) = result.labels
        windows, stretches = label.rows
        assert [row.system.reading for row in label.rows] == ["windows", "stretches"]
        assert windows.figures.average_precision == pytest.approx(
            stretches.figures.average_precision, abs=1e-3
        )
        (comparison,) = label.comparisons
        assert len(comparison.suited) == 2
        assert "no difference that 6 recordings could show" in comparison.sentence
        assert label.moment is None, "of one window its own figures compare"
        assert "window" not in result.to_json()["rows"][0]

    def test_a_model_that_reads_no_stretches_reads_windows_alone(
        self, judge_knocks, make_plugin, no_installed_plugins
    ):
        registry = load_registry({"tiny": make_plugin(stretch=3.0), "plain": make_plugin("PLAIN")})
        result = judge_knocks(
            models=["PLAIN", "TINY"],
            windowing=Windowing(2.0, 0.5),
            readings=["stretches", "windows"],
            registry=registry,
        )
        assert [(row.system.model, row.system.reading) for row in result.labels[0].rows] == [
            ("PLAIN", "windows"),
            ("TINY", "stretches"),
            ("TINY", "windows"),
        ]
        assert any("PLAIN cannot read stretches here" in note.message for note in result.notes)

    def test_what_auto_comes_to_is_not_tried_twice(self, judge_knocks):
        result = judge_knocks(windowing=Windowing(2.0, 0.5), readings=list(Reading))
        assert [row.system.reading for row in result.labels[0].rows] == ["stretches", "windows"]

    def test_stretches_alone_are_refused_where_a_model_has_none(self, judge_knocks, make_plugin):
        registry = load_registry({"plain": make_plugin("PLAIN")})
        with pytest.raises(SettingError, match="PLAIN cannot read stretches"):
            judge_knocks(models=["PLAIN"], readings=["stretches"], registry=registry)


def test_what_is_given_twice_is_refused(judge_knocks):
    with pytest.raises(SettingError, match="windowings to compare, or one windowing"):
        judge_knocks(windowing=TWO[0], windowings=TWO)
    with pytest.raises(SettingError, match="readings to compare, or the reading alone"):
        judge_knocks(reading="windows", readings=["windows", "stretches"])
