"""Window and hop come from how long the labelled sounds last, where a training is not told which to take."""

import hashlib
import json
import logging
import os
from dataclasses import replace

import numpy as np
import pytest

from audioscan_host import Windowing, evaluate, load_registry, scan, train
from audioscan_host.annotations import Annotation, Role
from audioscan_host.annotations.matching import known_annotations
from audioscan_host.annotations.window_ladder import own_window, usual_length
from audioscan_host.cache import Cache
from audioscan_host.detector import load
from audioscan_host.errors import SettingError
from audioscan_host.journeys.window_choice import choose_windowing, fitting_windowing

HEADER = "file,start,end,label\n"


def spans(label, *lengths, role=Role.POSITIVE):
    return [Annotation("a.wav", 20.0 * i, 20.0 * i + length, label, role) for i, length in enumerate(lengths)]


def points(label, count):
    return [Annotation("a.wav", 3.0 * i, None, label) for i in range(count)]


@pytest.fixture
def model_taking(tiny_plugin):
    """A model that takes windows from one length to another: `model_taking(0.5, 5)`, seconds."""

    def make(shortest, longest, name="TINY"):
        model = tiny_plugin.models[0]
        checkpoint = replace(model.checkpoint, shortest_window=shortest, longest_window=longest)
        return replace(model, name=name, checkpoint=checkpoint)

    return make


@pytest.fixture
def fitting(model_taking):
    """The choice for annotations and a model that takes any window."""
    return lambda annotations, *labels, **options: fitting_windowing(
        annotations, labels, [model_taking(0.01, np.inf)], **options
    )


class TestTheUsualLength:
    def test_it_is_the_median_of_the_positive_spans_of_the_label(self):
        annotations = [*spans("cry", 1, 2, 9), *spans("door", 30), *spans("cry", 50, 60, role=Role.SOFT)]
        annotations += [*spans("cry", 40, role=Role.NEGATIVE), *spans("cry", 40, role=Role.ABSENT)]
        assert usual_length("cry", annotations) == 2
        assert usual_length("cry", [*annotations, *spans("cry", 4)]) == 3  # of 1, 2, 4 and 9

    def test_points_among_spans_do_not_count_and_a_label_in_points_has_none(self):
        assert usual_length("cry", [*spans("cry", 3, 3), *points("cry", 2)]) == 3
        assert usual_length("cry", [*spans("cry", 3, 3), *points("cry", 3)]) is None
        assert usual_length("cry", points("cry", 1)) is None


class TestTheWindowOfALength:
    @pytest.mark.parametrize(
        ("length", "window"),
        [
            (0.003, 1), (1.4, 1), (2.82, 1), (2.84, 2), (3.4, 2), (5.64, 2), (5.66, 4), (11.3, 4), (11.32, 8),
            (16, 8), (3600, 8),
        ],
    )  # fmt: skip
    def test_it_is_the_octave_nearest_to_half_of_it(self, length, window):
        """The limits are twice the square roots of 1 x 2, 2 x 4 and 4 x 8: 2.828, 5.657 and 11.314."""
        assert own_window(length) == window

    def test_of_an_unknown_length_it_is_8_s(self):
        assert own_window(None) == 8

    @pytest.mark.parametrize(
        ("length", "shortest", "longest", "window"),
        [
            (0.7, 1.5, 10, 2),  # 1 s is too short
            (6.0, 0.1, 5, 4),
            (None, 0.1, 3, 2),
            (1.7, 2.505, 3.9, 2.51),  # no step from 2.505 to 3.9
            (7.0, 2.505, 3.999, 3.99),
            (1.7, 0.1, 0.96, 0.96),
            (1.7, 10.24, 11, 10.24),
        ],
    )
    def test_it_is_one_that_the_model_takes(self, length, shortest, longest, window):
        assert own_window(length, shortest, longest) == window


class TestTheChoice:
    def test_the_hop_is_a_quarter_of_the_window(self, fitting):
        choice = fitting(spans("baby_cry", 3.4), "baby_cry")
        assert choice.windowing == Windowing(2.0, 0.5)
        assert choice.by == "labels"
        assert choice.line == "windows of 2 s every 0.5 s: baby_cry usually lasts 3.4 s"
        assert fitting(spans("siren", 34), "siren").windowing == Windowing(8.0, 2.0)

    def test_a_few_more_labels_do_not_change_it(self, fitting):
        few, more = spans("cry", 1.5, 1.7, 2.1), spans("cry", 1.5, 1.7, 2.1, 2.4, 2.6, 0.9)
        assert fitting(few, "cry").windowing == fitting(more, "cry").windowing

    def test_points_have_8_s_every_second(self, fitting):
        choice = fitting(points("cry", 3), "cry")
        assert choice.windowing == Windowing(8.0, 1.0)
        assert choice.by == "points"
        assert choice.line == "windows of 8 s every 1 s: points say nothing of how long a sound is"

    def test_of_several_labels_it_is_the_median_of_their_windows(self, fitting):
        three = [*spans("beep", 0.5), *spans("door", 3.8), *spans("voice", 14)]
        choice = fitting(three, "beep", "door", "voice")
        assert choice.own_windows == {"beep": 1, "door": 2, "voice": 8}
        assert choice.windowing == Windowing(2.0, 0.5)
        assert choice.reason == "3 labels usually last 0.5 s to 14 s"

    def test_of_two_in_the_middle_it_is_the_shorter(self, fitting):
        assert fitting([*spans("door", 4), *spans("voice", 8)], "door", "voice").windowing.window == 2

    def test_a_label_that_is_not_learned_does_not_count(self, fitting):
        assert fitting([*spans("beep", 0.5), *spans("voice", 14)], "voice").windowing.window == 8

    def test_labels_more_than_an_octave_apart_are_told_with_their_lengths_and_what_to_do(self, fitting):
        advice = fitting([*spans("dog bark", 0.52), *spans("voice", 5.82)], "dog bark", "voice").advice
        assert advice == (
            "one window does not fit all of these labels; on its own each would have: dog bark (0.52 s) 1 s, "
            "voice (5.8 s) 4 s; for a detector each, run once with --label 'dog bark', then --label voice"
        )
        assert fitting([*spans("bark", 0.5), *spans("voice", 2)], "bark", "voice").advice == ""

    def test_a_label_in_points_beside_one_in_spans_has_8_s_of_its_own(self, fitting):
        choice = fitting([*spans("bark", 0.5), *points("voice", 2)], "bark", "voice")
        assert choice.windowing == Windowing(1.0, 0.25)
        assert choice.reason == "bark usually lasts 0.5 s, and 1 more is labelled in points"
        assert "voice (points) 8 s" in choice.advice

    def test_it_is_one_that_all_models_take_and_says_which_does_not_take_a_better_one(self, model_taking):
        models = [model_taking(0.1, np.inf), model_taking(2.5, 30, "LONG"), model_taking(0.1, 5, "SHORT")]
        choice = fitting_windowing(spans("beep", 0.7), ["beep"], models)
        assert choice.windowing == Windowing(4.0, 1.0)
        assert choice.reason == "beep usually lasts 0.7 s, and LONG takes windows of at least 2.5 s"
        choice = fitting_windowing(points("siren", 2), ["siren"], models)
        assert choice.windowing == Windowing(4.0, 1.0)
        assert choice.reason.endswith(", and SHORT takes windows of at most 5 s")

    def test_a_hop_that_is_given_alone_is_kept_and_must_fit(self, fitting):
        assert fitting(spans("cry", 3.4), "cry", hop=0.1).windowing == Windowing(2.0, 0.1)
        assert fitting(points("cry", 2), "cry", hop=0.5).windowing == Windowing(8.0, 0.5)
        with pytest.raises(
            SettingError,
            match=r"hop \(3 s\) must not exceed the window, which is 2 s here \(cry usually lasts 3\.4 s\): give a "
            "shorter hop, or the window too",
        ):
            fitting(spans("cry", 3.4), "cry", hop=3.0)
        with pytest.raises(SettingError, match="hop must be a multiple"):
            fitting(spans("cry", 3.4), "cry", hop=0.333)


class TestEmbeddingsOfEightCut:
    @pytest.fixture
    def model(self, make_plugin):
        return make_plugin("HUBERT_BASE", revision="torchaudio-1").models[0]

    @pytest.fixture
    def chosen(self, make_wav, model, tmp_path):
        """The choice of four recordings, some of which 8-cut has embedded: `chosen(2, hop=0.5)`."""

        def choose(embedded, windows="1.0|8.0", models=(model,), hop=None, wrappers=()):
            cache = Cache(tmp_path / "cache")
            paths = [make_wav(f"{i}.wav", seconds=1, seed=i) for i in range(4)]
            for path in paths[:embedded]:
                text = f"{path.resolve()}|{path.stat().st_mtime}|{windows}|HUBERT_BASE"
                file = f"w2v/{hashlib.sha256(text.encode()).hexdigest()[:16]}.npz"
                with cache.store.writing(file):
                    pass
            annotations = {path: spans("knock", 0.7) for path in paths}
            return choose_windowing(
                None, annotations, ["knock"], models, hop=hop, cache=cache, wrappers=wrappers
            )

        return choose

    def test_of_half_of_the_recordings_they_are_used(self, chosen):
        choice = chosen(2)
        assert choice.windowing == Windowing(8.0, 1.0)
        assert choice.by == "8-cut"
        assert choice.line == "windows of 8 s every 1 s: 8-cut has embedded 2 of the 4 recordings with them"
        assert choice.usual_lengths == {"knock": pytest.approx(0.7)}

    @pytest.mark.parametrize(
        "found",
        [
            {"embedded": 1},
            {"embedded": 4, "windows": "0.5|8.0"},
            {"embedded": 4, "wrappers": ["denoise revision 1"]},
        ],
        ids=["fewer", "other windows", "other numbers"],
    )
    def test_else_the_labels_decide(self, chosen, found):
        assert chosen(**found).windowing == Windowing(1.0, 0.25)

    def test_another_hop_or_a_model_of_other_numbers_or_of_shorter_windows_has_no_use_for_them(
        self, chosen, model, tiny_plugin, model_taking
    ):
        assert chosen(4, hop=0.5).windowing == Windowing(1.0, 0.5)
        assert chosen(4, models=[replace(model, name="OTHER")]).windowing == Windowing(1.0, 0.25)
        assert chosen(4, models=[model, model_taking(0.1, 5)]).windowing == Windowing(1.0, 0.25)
        assert chosen(4, models=[model, *tiny_plugin.models]).windowing == Windowing(8.0, 1.0)


class TestWhatIsKnownBeforeAReview:
    def test_later_files_win_and_nothing_is_said(self, tmp_path, caplog):
        caplog.set_level(logging.INFO)
        (tmp_path / "one.csv").write_text(HEADER + "a.wav,1,2,cry\na.wav,5,9,cry\nelsewhere.wav,1,2,cry\n")
        (tmp_path / "two.csv").write_text(HEADER + "a.wav,4,7,cry\n")
        (tmp_path / "nothing.csv").write_text(HEADER)
        paths = [tmp_path / "a.wav", tmp_path / "b.wav"]
        files = [tmp_path / name for name in ("one.csv", "two.csv", "nothing.csv")]
        found = known_annotations(paths, files)
        assert {path: [(a.start, a.end) for a in each] for path, each in found.items()} == {
            paths[0]: [(1, 2), (4, 7)]
        }
        assert not caplog.records


@pytest.fixture
def knocks(make_wav, tmp_path):
    """Four recordings of a minute with three knocks of 0.7 s each; returns them and their labels."""
    recordings = [make_wav(f"{i}.wav", seconds=60, seed=i) for i in range(4)]
    rows = "".join(f"{path.name},{at},{at + 0.7},knock\n" for path in recordings for at in (5, 25, 45))
    (tmp_path / "labels.csv").write_text(HEADER + rows)
    return recordings, tmp_path / "labels.csv"


class TestTraining:
    def test_the_detector_keeps_the_window_and_how_it_was_chosen(
        self, knocks, tiny_registry, tmp_path, caplog
    ):
        caplog.set_level(logging.INFO)
        recordings, labels = knocks
        result = train(recordings, [labels], "TINY", out=tmp_path / "k.detector", registry=tiny_registry)
        assert result.window_choice.windowing == Windowing(1.0, 0.25)
        line = "windows of 1 s every 0.25 s: knock usually lasts 0.7 s (--window, --hop to choose)"
        assert caplog.messages.count(line) == 1
        detector = load(tmp_path / "k.detector")
        assert (detector.window, detector.hop) == (1.0, 0.25)
        told = detector.training["windowing"]
        assert (told["by"], told["reason"]) == ("labels", "knock usually lasts 0.7 s")
        assert told["usual_lengths"] == {"knock": pytest.approx(0.7)}
        (scanned,) = scan(recordings[:1], detector, registry=tiny_registry).recordings
        assert len(scanned.probabilities["knock"]) == 59 * 4 + 1

    def test_windows_that_are_given_are_taken_without_a_word(self, knocks, tiny_registry, caplog):
        caplog.set_level(logging.INFO)
        recordings, labels = knocks
        result = train(recordings, [labels], "TINY", windowing=Windowing(4.0, 2.0), registry=tiny_registry)
        assert result.detector.windowing == Windowing(4.0, 2.0)
        assert result.detector.training["windowing"]["by"] == "given"
        assert not any(message.startswith("windows of") for message in caplog.messages)

    def test_a_hop_alone_goes_with_the_window_of_the_labels(self, knocks, tiny_registry):
        recordings, labels = knocks
        result = train(recordings, [labels], "TINY", hop=0.5, registry=tiny_registry)
        assert result.detector.windowing == Windowing(1.0, 0.5)
        with pytest.raises(SettingError, match="not both"):
            train(recordings, [labels], "TINY", windowing=Windowing(), hop=0.5, registry=tiny_registry)

    def test_the_labels_that_are_learned_decide(self, knocks, tiny_registry, caplog):
        recordings, labels = knocks
        with labels.open("a") as file:
            file.writelines(f"{path.name},30,45,voice\n" for path in recordings)
        both = train(recordings, [labels], "TINY", registry=tiny_registry)
        assert both.detector.window == 1.0
        assert "knock (0.7 s) 1 s, voice (15 s) 8 s" in caplog.text
        alone = train(recordings, [labels], "TINY", only=["voice"], registry=tiny_registry)
        assert alone.detector.windowing == Windowing(8.0, 2.0)

    def test_what_a_review_kept_counts_as_labels_do(self, knocks, tiny_registry, tmp_path, caplog):
        caplog.set_level(logging.INFO)
        recordings, _ = knocks
        found, corrected = tmp_path / "found.csv", tmp_path / "corrected.csv"
        found.write_text(HEADER + "0.wav,10,14,hiss\n0.wav,30,34,hiss\n1.wav,40,55,hiss\n")
        corrected.write_text(HEADER + "0.wav,10,14,hiss\n0.wav,30,34,hiss\n")
        result = train(recordings, [], "TINY", from_regions=[(found, corrected)], registry=tiny_registry)
        assert result.detector.windowing == Windowing(2.0, 0.5)
        assert result.window_choice.usual_lengths == {"hiss": 4.0}
        assert (
            sum(
                "that was found is gone" in message or "that were found are gone" in message
                for message in caplog.messages
            )
            == 1
        )

    def test_points_have_8_s_every_second(self, make_wav, tiny_registry, tmp_path):
        recordings = [make_wav(f"{i}.wav", seconds=90, seed=i) for i in range(2)]
        (tmp_path / "labels.csv").write_text(HEADER + "0.wav,20,,cry\n1.wav,60,,cry\n")
        result = train(recordings, [tmp_path / "labels.csv"], "TINY", registry=tiny_registry)
        assert result.detector.windowing == Windowing(8.0, 1.0)
        assert result.window_choice.by == "points"

    def test_embeddings_of_eight_cut_are_used_as_they_are(self, knocks, make_plugin, monkeypatch, tmp_path):
        monkeypatch.setenv("AUDIOSCAN_PLUGINS", "")
        plugin = make_plugin("HUBERT_BASE", revision="torchaudio-1")
        recordings, labels = knocks
        cache = Cache(tmp_path / "cache")
        for path in recordings:
            text = f"{os.path.abspath(path)}|{path.stat().st_mtime}|1.0|8.0|HUBERT_BASE"  # noqa: PTH100 - as 8-cut
            vectors = np.random.default_rng(0).random((53, 2)).astype(np.float32)
            file = f"w2v/{hashlib.sha256(text.encode()).hexdigest()[:16]}.npz"
            with cache.store.writing(file) as written:
                np.savez(written, timestamps=np.arange(53.0), embeddings=vectors)
        result = train(
            recordings,
            [labels],
            "HUBERT_BASE",
            cache_dir=tmp_path / "cache",
            registry=load_registry({"h": plugin}),
        )
        assert result.detector.windowing == Windowing(8.0, 1.0)
        assert "embed" not in plugin.calls


class TestEvaluating:
    def test_it_judges_by_the_windows_that_training_would_take(self, knocks, tiny_registry, caplog):
        caplog.set_level(logging.INFO)
        recordings, labels = knocks
        result = evaluate(recordings, [labels], ["TINY", "TINY_ML"], resamples=20, registry=tiny_registry)
        assert result.window_choice.windowing == Windowing(1.0, 0.25)
        assert result.labels[0].rows[0].figures.windows > 4 * 59 * 3
        assert result.to_json()["windowing"]["own_windows"] == {"knock": 1.0}
        assert sum(message.startswith("windows of 1 s every 0.25 s") for message in caplog.messages) == 1


class TestCommands:
    TRAIN = ("train", "0.wav", "1.wav", "--labels", "labels.csv", "--model", "MEL", "--out", "k.detector")

    def windows(self, run, *options):
        facts = json.loads(run(*self.TRAIN, *options, "--json").stdout)["windowing"]
        return facts["window"], facts["hop"]

    def test_the_window_is_said_on_stderr_in_one_line(self, run, knocks):
        done = run(*self.TRAIN)
        line = "windows of 1 s every 0.25 s: knock usually lasts 0.7 s (--window, --hop to choose)"
        assert done.stderr.splitlines().count(line) == 1
        assert line not in done.stdout

    def test_a_window_alone_has_a_hop_of_a_quarter_and_a_hop_alone_the_window_of_the_labels(
        self, run, knocks
    ):
        assert self.windows(run, "--window", "4") == (4.0, 1.0)
        assert self.windows(run, "--hop", "0.5") == (1.0, 0.5)
        assert self.windows(run, "--window", "2", "--hop", "2") == (2.0, 2.0)

    def test_a_hop_that_does_not_fit_is_wrong_usage_and_says_why(self, run, knocks):
        done = run(*self.TRAIN, "--hop", "2", expect=2)
        assert "the window, which is 1 s here (knock usually lasts 0.7 s)" in done.stderr
        assert done.stderr.count("\n") == 1

    def test_without_labels_it_is_8_s_every_second_unless_told(self, run, knocks):
        def starts(*options):
            facts = json.loads(
                run("embed", "0.wav", "--model", "MEL", "--reading", "windows", *options, "--json").stdout
            )
            return np.load(facts[0]["file"])["timestamps"]

        np.testing.assert_array_equal(starts(), np.arange(53.0))
        np.testing.assert_array_equal(starts("--hop", "4"), np.arange(0.0, 53.0, 4))
        np.testing.assert_array_equal(starts("--window", "2"), np.arange(0.0, 58.1, 0.5))
