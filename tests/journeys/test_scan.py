"""What a scan makes of probabilities: the rate of the sound, and what is said where a recording is full of it."""

import csv
import wave

import numpy as np
import pytest

from audioscan_host import SettingError, load_registry, scan
from audioscan_host.classifier import Classifier, Statistics
from audioscan_host.classifier.calibration import Calibrator
from audioscan_host.classifier.linear import Linear
from audioscan_host.detector import Detector, save

RATE = 16_000
LEARNT = {"cry": 0.2, "bark": 0.05}
"""By label the share of windows with the sound where it was learned."""


@pytest.fixture
def recording(make_wav):
    return make_wav("night.wav", seconds=30)


@pytest.fixture
def make_detector():
    """A detector of MEL that nobody trained: its probabilities in noise lie between 0.1 and 0.9, and are no two alike."""

    def make(labels=LEARNT, highest_mean=1.0, bias=0.0):
        model = load_registry().model("MEL")
        random = np.random.default_rng(0)
        return Detector(
            model=model.name,
            model_revision=model.revision,
            checkpoint_revision=model.checkpoint.revision,
            dim=model.dim,
            window=2.0,
            hop=0.5,
            statistics=Statistics(np.full(model.dim, -2.0), np.ones(model.dim)),
            classifiers={
                label: Classifier(
                    "logistic",
                    Calibrator("none"),
                    LEARNT[label],
                    1.0,
                    None,
                    (Linear(random.normal(0, 0.3, model.dim), bias),),
                    highest_mean,
                )
                for label in labels
            },
            figures=dict.fromkeys(labels),
            training={},
        )

    return make


@pytest.fixture
def detector(make_detector):
    return make_detector()


def probabilities(recordings, detector, **options):
    (found,) = scan([recordings], detector, **options).recordings
    return found.probabilities


def by_bayes(probabilities, learned, wanted):
    """The posterior odds are the likelihood ratio times the prior odds."""
    likelihood_ratio = probabilities / (1 - probabilities) / (learned / (1 - learned))
    odds = likelihood_ratio * wanted / (1 - wanted)
    return odds / (1 + odds)


# --- the rate of the sound


@pytest.mark.parametrize("rate", [0.001, 0.5, 0.9])
def test_a_rate_puts_all_labels_to_it(recording, detector, rate):
    before, after = (probabilities(recording, detector, rate=each) for each in (None, rate))
    for label, learned in LEARNT.items():
        assert np.ptp(before[label]) > 0.001
        np.testing.assert_allclose(after[label], by_bayes(before[label], learned, rate), rtol=1e-9)


def test_rates_by_label_change_these_alone(recording, detector):
    before, after = (probabilities(recording, detector, rate=each) for each in (None, {"cry": 0.5}))
    np.testing.assert_array_equal(after["bark"], before["bark"])
    np.testing.assert_allclose(after["cry"], by_bayes(before["cry"], 0.2, 0.5), rtol=1e-9)
    both = probabilities(recording, detector, rate={"cry": 0.5, "bark": 0.01})
    np.testing.assert_allclose(both["bark"], by_bayes(before["bark"], 0.05, 0.01), rtol=1e-9)


def test_the_rate_where_it_was_learned_changes_nothing(recording, detector):
    before, after = (probabilities(recording, detector, rate=each) for each in (None, LEARNT))
    for label in LEARNT:
        np.testing.assert_allclose(after[label], before[label], rtol=1e-12)


def test_regions_are_those_at_the_rate(recording, make_detector):
    detector = make_detector(["cry"], bias=-0.5)
    few, many = (scan([recording], detector, rate=rate).recordings[0] for rate in (0.01, 0.99))
    assert few.regions == ()
    assert [(region.start, region.end) for region in many.regions] == [(0.0, 30.0)]


def test_silence_stays_without_probability_at_any_rate(half_silent, detector):
    before, after = (probabilities(half_silent, detector, rate=each) for each in (None, 0.999))
    for label in LEARNT:
        assert (before[label] == 0).any()
        np.testing.assert_array_equal(after[label] == 0, before[label] == 0)


@pytest.mark.parametrize("rate", [0, 1, -0.5, 2, float("nan"), {"cry": 0.0}, {"cry": 0.5, "bark": 1.0}])
def test_a_rate_out_of_its_range_is_refused(recording, detector, rate):
    with pytest.raises(SettingError, match="a rate is a share of windows above 0 and below 1, not "):
        scan([recording], detector, rate=rate)


def test_a_rate_of_a_label_that_is_not_looked_for_is_refused(recording, detector):
    with pytest.raises(
        SettingError, match="a rate is given for 'meow'; the labels looked for are: cry, bark"
    ):
        scan([recording], detector, rate={"meow": 0.5})
    with pytest.raises(SettingError, match="a rate is given for 'bark'; the labels looked for are: cry"):
        scan([recording], detector, rate={"bark": 0.5}, only=["cry"])


# --- where a recording holds more of the sound than what was learned from


@pytest.fixture
def half_silent(make_wav):
    """30 s of the noise of `recording`, then 30 s of zeros."""
    path = make_wav("half.wav", seconds=30)
    with wave.open(str(path)) as file:
        noise = file.readframes(file.getnframes())
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(noise + bytes(2 * 30 * RATE))
    return path


def told(caplog):
    return [message for message in caplog.messages if "holds more of" in message]


def test_more_of_the_sound_than_in_any_recording_learned_from_is_told(recording, make_detector, caplog):
    mean = probabilities(recording, make_detector(["cry"]))["cry"].mean()
    scan([recording], make_detector(["cry"], highest_mean=mean * 1.01))
    assert told(caplog) == []
    scan([recording], make_detector(["cry"], highest_mean=mean * 0.99))
    (message,) = told(caplog)
    assert message.startswith(f"{recording}: holds more of cry than any recording learned from")
    assert f"(mean probability {mean:.2f}, there at most {mean * 0.99:.2f})" in message
    assert message.endswith("--rate SHARE puts them to another")


def test_of_several_labels_the_one_with_more_is_named(recording, detector, make_detector, caplog):
    scan([recording], make_detector(highest_mean=0.01))
    assert [message.rpartition("--rate ")[2] for message in told(caplog)] == [
        "cry=SHARE puts them to another",
        "bark=SHARE puts them to another",
    ]


def test_nothing_of_it_is_told_where_the_rate_is_given(recording, make_detector, caplog):
    detector = make_detector(highest_mean=0.01)
    scan([recording], detector, rate=0.5)
    assert told(caplog) == []
    scan([recording], detector, rate={"cry": 0.5})
    (message,) = told(caplog)
    assert "more of bark" in message


def test_the_mean_is_over_what_was_heard_and_not_over_silence(half_silent, make_detector, caplog):
    found = probabilities(half_silent, make_detector(["cry"]))["cry"]
    heard, of_all = found[found > 0].mean(), found.mean()
    assert of_all < 0.6 * heard
    scan([half_silent], make_detector(["cry"], highest_mean=(heard + of_all) / 4))
    (message,) = told(caplog)
    assert f"mean probability {heard:.2f}" in message


def test_a_recording_of_silence_alone_holds_nothing_of_it(tmp_path, write_wav, make_detector, caplog):
    path = write_wav(tmp_path / "silent.wav", np.zeros(10 * RATE))
    scan([path], make_detector(highest_mean=0.0))
    assert told(caplog) == []


# --- the command


@pytest.fixture
def scan_by(run, recording, tmp_path):
    """Scan the recording by a detector, with those options."""

    def scanned(detector, *options, expect=0):
        save(detector, tmp_path / "x.detector")
        return run("scan", recording, "--detector", "x.detector", *options, expect=expect)

    return scanned


@pytest.fixture
def scores(scan_by, detector, tmp_path):
    """Run a scan with those options; by label what it writes as scores."""

    def scores(*options):
        scan_by(detector, "--scores", "scores.csv", *options)
        found = {label: [] for label in LEARNT}
        with (tmp_path / "scores.csv").open(newline="") as file:
            for row in csv.DictReader(file):
                found[row["label"]].append(float(row["probability"]))
        return {label: np.array(values) for label, values in found.items()}

    return scores


@pytest.mark.parametrize(
    ("options", "rates"),
    [
        (["--rate", "0.5"], {"cry": 0.5, "bark": 0.5}),
        (["--rate", "cry=0.5"], {"cry": 0.5}),
        (["--rate", "cry=0.5", "--rate", "bark=0.9"], {"cry": 0.5, "bark": 0.9}),
    ],
)
def test_the_command_takes_one_rate_or_one_by_label(scores, options, rates):
    before, after = scores(), scores(*options)
    for label, learned in LEARNT.items():
        expected = by_bayes(before[label], learned, rates.get(label, learned))
        np.testing.assert_allclose(after[label], expected, atol=2e-5)  # six decimals are written


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--rate", "0.5", "--rate", "cry=0.5"], "--rate is of all labels, or of each by its name"),
        (["--rate", "often"], "expected a share or LABEL=SHARE, found 'often'"),
        (["--rate", "1.5"], "a share is between 0 and 1, not 1.5"),
        (["--rate", "nan"], "a share is between 0 and 1, not nan"),
        (["--rate", "0"], "a rate is a share of windows above 0 and below 1, not 0"),
        (["--rate", "cry=1"], "a rate is a share of windows above 0 and below 1, not 1"),
        (["--rate", "meow=0.5"], "a rate is given for 'meow'; the labels looked for are: cry, bark"),
    ],
)
def test_rates_that_make_no_sense_are_refused_by_the_command(scan_by, detector, options, said):
    done = scan_by(detector, *options, expect=2)
    assert said in done.stderr
    assert done.stdout == ""


def test_what_a_label_would_do_to_a_terminal_is_shown_and_stays_as_it_is_in_the_result(
    scan_by, make_detector, monkeypatch
):
    monkeypatch.setitem(LEARNT, "cry\x1b[2J", 0.2)
    detector = make_detector(["cry\x1b[2J"], highest_mean=0.01)
    done = scan_by(detector, "--threshold", "0")
    assert "more of cry\\x1b[2J than" in done.stderr
    assert "\x1b" not in done.stderr
    assert ",cry\x1b[2J," in done.stdout
    refused = scan_by(detector, "--label", "x", expect=1)
    assert "it knows: cry\\x1b[2J" in refused.stderr


def test_the_steps_of_a_scan_are_what_its_regions_are_made_of(recording, detector):
    (scanned,) = scan([recording], detector).recordings
    edges = scanned.step_edges
    thresholds = {label: float(np.median(scanned.step_scores(label))) for label in LEARNT}
    (scanned,) = scan([recording], detector, thresholds=thresholds).recordings
    assert scanned.hop == detector.hop
    assert (edges[0], edges[-1], len(edges)) == (0, 30, 61)
    assert not scanned.silent_steps.any()
    for label, threshold in thresholds.items():
        steps = scanned.step_scores(label)
        found = [each for each in scanned.regions if each.label == label]
        inside = [(edges[:-1] >= each.start) & (edges[1:] <= each.end) for each in found]
        assert found
        assert [steps[each].max() for each in inside] == [each.score for each in found]
        assert ((steps >= threshold) == np.any(inside, axis=0)).all()


def test_the_steps_of_silence_are_told(write_wav, tmp_path, detector):
    noise = np.random.default_rng(0).normal(0, 0.1, 30 * 16_000)
    noise[10 * 16_000 : 15 * 16_000] = 0
    (scanned,) = scan([write_wav(tmp_path / "hole.wav", noise)], detector).recordings
    assert np.flatnonzero(scanned.silent_steps).tolist() == list(range(20, 30))
    assert (scanned.step_scores("cry")[scanned.silent_steps] == 0).all()
