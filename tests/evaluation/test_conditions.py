"""What a field will show: which windows a condition leaves, and what a detector makes of them, worked by hand."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from audioscan_host import Windowing
from audioscan_host.annotations import Annotation
from audioscan_host.cache.file import Embeddings
from audioscan_host.classifier import ClassifierSettings
from audioscan_host.embedding.embedded_recording import EmbeddedRecording
from audioscan_host.evaluation import conditions
from audioscan_host.evaluation.conditions import Condition, all_conditions
from audioscan_host.evaluation.held_out import HeldOut, HeldOutRecording, System
from audioscan_host.evaluation.shifted import FREQUENT, RARE, WITHOUT, windows_left
from audioscan_host.journeys import cross_validation
from audioscan_host.journeys.cross_validation import Material, cross_validate
from audioscan_host.region_settings import RegionSettings

WINDOWING = Windowing(2.0, 1.0)
SYSTEM = System("MADE", "logistic", "sigmoid")


def said(text):
    """Labels of windows: `+` positive, `-` negative, `?` left out."""
    return np.array([{"+": 1, "-": 0, "?": -1}[each] for each in text], np.int8)


def left(name, *texts, windowing=WINDOWING, seed=0):
    """What a condition leaves of recordings of a window a second: their signs, and a dot for what is gone."""
    labels = [said(text) for text in texts]
    masks = windows_left(labels, [np.arange(float(len(text))) for text in texts], windowing, seed)[name]
    return [
        "".join(s if k else "." for s, k in zip(t, m, strict=True)) for t, m in zip(texts, masks, strict=True)
    ]


class TestWindowsLeft:
    def test_without_the_sound_are_the_windows_that_do_not_hold_it(self):
        assert left(WITHOUT, "--?++?--", "+++") == ["--....--", "..."]

    def test_a_recording_that_has_none_counts_as_it_is(self):
        assert left(WITHOUT, "--??--", "-+-") == ["--??--", "-.-"]

    def test_rare_is_one_in_five_of_the_places_and_all_windows_without_it(self):
        texts = ["--?++?--?++?--?++?--", "-++--++-", "-" * 5] * 2  # ten places in six recordings
        shown = left(RARE, *texts)
        assert "".join(shown).count("+") == 2 * 2
        for text, each in zip(texts, shown, strict=True):
            assert each.count("-") == text.count("-")
            # A place is there as a whole, with the left-out windows that touch it, or not at all.
            assert set(each.replace("?++?", "").replace("++", "")) <= {"-", "."}
        assert "..." in "".join(shown)

    def test_left_out_windows_go_with_the_place_that_they_touch_and_no_other(self):
        # Two places of which one is kept. A window of 2 s touches those that begin up to 2 s off.
        texts = ["???+???---???+???"]
        assert left(RARE, *texts)[0] in ("???+???---?.....?", "?.....?---???+???")

    def test_one_place_of_two_is_kept_and_one_alone_cannot_be_made_rarer(self):
        assert sorted(left(RARE, "-+-", "-+-")) == ["-+-", "-.-"]
        assert left(RARE, "-+-", "---") == ["...", "..."]

    def test_places_are_runs_that_overlap(self):
        # Windows that meet end to end are two places: with a hop of 2 s every positive is one.
        labels, times = [said("++++++++++")], [np.arange(0.0, 20, 2)]
        (mask,) = windows_left(labels, times, Windowing(2.0, 2.0), seed=0)[RARE]
        assert mask.sum() == 2

    def test_frequent_is_four_windows_with_the_sound_for_one_without(self):
        text = "-" * 20 + "?++++++++?" + "-" * 20
        (shown,) = left(FREQUENT, text)
        assert shown[20:30] == "?++++++++?"
        assert shown.count("-") == 2
        assert "--" in shown  # a run of a window's length
        many = left(FREQUENT, "-" * 200 + "+" * 80 + "-" * 200, windowing=Windowing(5.0, 1.0))[0]
        assert many.count("-") == 20
        assert (
            len(many.replace("+", " ").replace(".", " ").split()) <= 4
        )  # four runs of five, some side by side

    def test_frequent_leaves_what_is_filled_already_and_nothing_of_what_cannot_be(self):
        assert left(FREQUENT, "-++++++++-", "-" * 9 + "++", "----") == ["-++++++++-", "." * 11, "...."]

    def test_left_out_windows_far_from_the_sound_are_no_part_of_what_it_fills(self):
        (shown,) = left(FREQUENT, "-" * 4 + "?" * 9 + "++++" + "?" * 9)
        assert shown[4:] == "." * 7 + "??" + "++++" + "??" + "." * 7
        assert shown.count("-") == 1

    def test_a_seed_leaves_the_same_windows_and_another_others(self):
        texts = ["-" * 9 + "++++" + "-" * 9] * 10
        shown = [left(RARE, *texts, seed=seed) + left(FREQUENT, *texts, seed=seed) for seed in (1, 1, 2)]
        assert shown[0] == shown[1] != shown[2]


def held_out(*recordings):
    """Of signs and probabilities, a window of 2 s every 900 s: four are an hour of audio."""
    return HeldOut(
        tuple(
            HeldOutRecording(
                Path("x.wav"), 9e9, np.arange(len(signs)) * 900.0, said(signs), np.array(p), (), (), False
            )
            for signs, p in recordings
        ),
        window=2.0,
        hop=900.0,
    )


class TestFigures:
    def test_worked_by_hand(self):
        each = Condition.of(
            RARE, held_out(("+-?-", [0.6, 0.8, 1.0, 0.1]), ("+---+", [0.4, 0, 0, 0, 0.9])), 0.5
        )
        assert (each.windows, each.positives, each.places) == (8, 3, 3)
        assert each.hours == 2.0
        # In descending order: + - + + - - - -.
        assert each.average_precision == pytest.approx((1 / 1 + 2 / 3 + 3 / 4) / 3)
        assert each.brier == pytest.approx((0.4**2 + 0.8**2 + 0.1**2 + 0.6**2 + 0.1**2) / 8)
        assert each.recall == pytest.approx(2 / 3)
        assert each.false_alarms_per_hour == 0.5
        assert each.false_seconds_per_hour == 450  # one window of 900 s in two hours

    def test_without_the_sound_there_is_nothing_to_rank_or_recall(self):
        each = Condition.of(WITHOUT, held_out(("----", [0.9, 0.1, 0.2, 0.6])), 0.5)
        assert (each.average_precision, each.recall) == (None, None)
        assert each.brier == pytest.approx((0.81 + 0.01 + 0.04 + 0.36) / 4)
        assert each.false_alarms_per_hour == 2
        assert each.false_seconds_per_hour == 1800

    def test_with_the_sound_everywhere_nothing_can_be_false(self):
        each = Condition.of(FREQUENT, held_out(("++", [0.9, 0.1])), 0.5)
        assert (each.average_precision, each.recall) == (None, 0.5)
        assert (each.false_alarms_per_hour, each.false_seconds_per_hour) == (None, None)

    @pytest.mark.parametrize("made", [None, held_out(("??", [0.9, 0.1]))])
    def test_a_condition_that_cannot_be_made_has_no_figures(self, made):
        facts = Condition.of(FREQUENT, made, 0.5).facts()
        known = {name for name, value in facts.items() if value is not None}
        assert known == {"condition", "hours", "windows", "positives", "places", "threshold"}
        assert facts["windows"] == facts["hours"] == 0

    def test_all_of_them_begin_with_the_recordings_as_labelled(self):
        whole, part = held_out(("-+", [0.1, 0.9])), held_out(("-", [0.1]))
        shown = all_conditions(whole, {WITHOUT: part}, 0.5)
        assert [(each.name, each.windows) for each in shown] == [
            ("as labelled", 2),
            ("without the sound", 1),
            ("rare", 0),
            ("frequent", 0),
        ]


def made(name, *, recall=None, alarms=None, windows=9, hours=5.0, places=50):
    return Condition(name, hours, windows, 0, places, 0.5, None, None, recall, alarms, None)


class TestWords:
    def test_one_sentence_says_what_a_field_will_show(self):
        shown = [made(WITHOUT, alarms=0.42), made(RARE, recall=0.611), made(FREQUENT, recall=0.55)]
        assert conditions.sentence([shown]) == (
            "At threshold 0.5 it gives 0.4 false alarms an hour on recordings without the sound and finds 0.61 of the "
            "sound where it is rare, 0.55 where it is frequent."
        )

    def test_it_says_which_condition_could_not_be_made(self):
        shown = [made(WITHOUT, alarms=3), made(RARE, recall=0.6), made(FREQUENT, windows=0)]
        assert conditions.sentence([shown]).endswith(
            "finds 0.60 of the sound where it is rare; what it does where the sound is frequent these labels cannot show."
        )
        assert conditions.sentence([[made(name) for name in (WITHOUT, RARE, FREQUENT)]]) == (
            "What it does on recordings without the sound or where the sound is rare or where the sound is frequent "
            "these labels cannot show."
        )

    def test_of_several_labels_it_gives_means(self):
        one = [made(WITHOUT, alarms=1), made(RARE, recall=0.2), made(FREQUENT, recall=0.5)]
        other = [made(WITHOUT, alarms=3), made(RARE, recall=0.6), made(FREQUENT)]
        assert conditions.sentence([one, other]) == (
            "At threshold 0.5 it gives 2.0 false alarms an hour on recordings without the sound and finds 0.40 of the "
            "sound where it is rare, 0.50 where it is frequent (means of 2 labels)."
        )

    def test_notes_say_why_there_is_none_and_what_rests_on_little(self):
        shown = [made(WITHOUT, hours=0.25), made(RARE, places=4), made(FREQUENT, windows=0)]
        missing, little = conditions.notes(shown)
        assert missing.startswith("no figures for frequent: no recording holds the sound in enough windows")
        assert little == (
            "what a field will show rests on 0.25 h of audio without the sound, in which one false alarm is 4.0 an "
            "hour, and on 4 places with it where it is rare"
        )
        assert not list(conditions.notes([made(name) for name in (WITHOUT, RARE, FREQUENT)]))


class AboveTheMean:
    """A classifier to which a window holds the sound when it is more than the mean of the windows beside it."""

    calibrator = SimpleNamespace(method="sigmoid")

    def __init__(self, trained_on):
        self.trained_on = trained_on

    def probabilities(self, recording, statistics):
        assert not {float(each) for each in recording.vectors[:, 0]} & self.trained_on
        assert len(recording.vectors) == len(recording.silence)
        values = recording.vectors[:, 0] // 1  # whole numbers; the rest of each names its recording
        return np.where(values > values.mean(), 0.9, 0.2)


@pytest.fixture
def cross_validated(monkeypatch):
    """Five recordings of a window of 2 s every 2 s, whose values are given, by a detector of the others."""

    def fit_label(label, recordings, labels, statistics, **settings):
        seen = {float(each) for r in recordings for each in r.evidence.vectors[:, 0]}
        return SimpleNamespace(classifier=AboveTheMean(seen))

    monkeypatch.setattr(cross_validation, "fit_label", fit_label)
    values = [0, 2, 4, 4, 8, 8, 8, 8]
    labels = [0, 0, 0, 0, 1, 1, 1, 1]
    embedded, annotations = [], {}
    for number in range(5):
        path, times = Path(f"{number}.wav"), np.arange(0.0, 16, 2)
        vectors = np.array(values, np.float32)[:, np.newaxis] + np.float32(number / 8)
        embedded.append(EmbeddedRecording(path, 16.0, {"MADE": Embeddings(times, vectors)}, {}, frozenset()))
        annotations[path] = [
            Annotation(path.name, t, t + 2, "call") for t, label in zip(times, labels, strict=True) if label
        ]
    material = Material(embedded, annotations, Windowing(2.0, 2.0), 12.0, None)
    return cross_validate(
        "call",
        [[number] for number in range(5)],
        material,
        {SYSTEM: ClassifierSettings()},
        regions=RegionSettings(),
        seed=3,
        advance=lambda _: None,
    )


class TestCrossValidation:
    def test_the_background_is_that_of_the_windows_that_are_left(self, cross_validated):
        """The mean of a whole recording is 5.25, over which only the sound lies; of its windows without it 2.5: two of four are over that."""
        whole, shifted = cross_validated.held_out[SYSTEM], cross_validated.shifted[SYSTEM]
        assert whole.probabilities.tolist() == ([0.2] * 4 + [0.9] * 4) * 5
        assert shifted[WITHOUT].probabilities.tolist() == [0.2, 0.2, 0.9, 0.9] * 5
        as_labelled, without, _, _ = all_conditions(whole, shifted, 0.5)
        assert (as_labelled.false_seconds_per_hour, as_labelled.recall) == (0, 1)
        assert without.false_seconds_per_hour == 1800
        assert without.brier == pytest.approx((2 * 0.2**2 + 2 * 0.9**2) / 4)

    def test_where_the_sound_fills_a_recording_its_mean_hides_it(self, cross_validated):
        """Four windows of 8 and one of 0, 2 or 4 have a mean of 6.4 to 7.2: found again."""
        frequent = cross_validated.shifted[SYSTEM][FREQUENT]
        assert (len(frequent.labels), frequent.labels.sum()) == (5 * 5, 5 * 4)
        assert all_conditions(frequent, {}, 0.5)[0].recall == 1

    def test_windows_that_are_left_keep_their_times(self, cross_validated):
        shifted = cross_validated.shifted[SYSTEM]
        assert shifted[WITHOUT].places.times.tolist() == [0, 2, 4, 6] * 5
        rare = shifted[RARE]
        assert rare.labels.sum() == 4  # of twenty places, as windows of 2 s every 2 s do not overlap
        for each in rare.recordings:
            assert each.times[each.labels == 0].tolist() == [0, 2, 4, 6]
            assert set(each.times[each.labels == 1].tolist()) <= {8, 10, 12, 14}
