"""Which window suits a sound: said where recordings show it, and never by a hair."""

from types import SimpleNamespace

import numpy as np
import pytest

from audioscan_host.evaluation.comparison import compare
from audioscan_host.evaluation.held_out import System


def system(window, calibration="sigmoid", model="MADE", reading=None):
    return System(model, "logistic", calibration, reading, window, window / 4)


def rows_of(figures):
    """Rows of average precision and Brier score."""
    return [
        SimpleNamespace(system=each, figures=SimpleNamespace(average_precision=ap, brier=brier))
        for each, (ap, brier) in figures.items()
    ]


def draws(centre, spread, seed):
    return centre + spread * np.random.default_rng(seed).standard_normal(1000)


def told(**facts):
    return SimpleNamespace(**{"sources_with_sound": None, "apart": 9, "too_few": False, **facts})


@pytest.fixture
def three():
    """Windows of 1 s and 2 s by a hair apart, and of 8 s far below."""
    figures = {system(1.0): (0.80, 0.1), system(2.0): (0.81, 0.1), system(8.0): (0.40, 0.1)}
    resampled = {s: draws(ap, 0.02, seed) for seed, (s, (ap, _)) in enumerate(figures.items())}
    return rows_of(figures), resampled


def test_what_is_ahead_by_a_hair_is_not_said_to_be_better(three):
    (found,) = compare("knock", *three, told())
    assert [each.name for each in found.alternatives] == ["2 s", "1 s", "8 s"]
    assert {each.name for each in found.suited} == {"1 s", "2 s"}
    assert found.sentence.startswith(
        "Which window suits knock, by MADE: 1 s or 2 s. Average precision 0.81 with 2 s; "
    )
    assert "with 1 s 0.80, no difference that 9 recordings could show (less by -0." in found.sentence
    assert "with 8 s 0.40, which is less (by 0.3" in found.sentence


def test_a_window_that_is_ahead_of_all_others_suits():
    figures = {system(1.0): (0.9, 0.1), system(4.0): (0.5, 0.1)}
    resampled = {s: draws(ap, 0.02, seed) for seed, (s, (ap, _)) in enumerate(figures.items())}
    (found,) = compare("knock", rows_of(figures), resampled, told(sources_with_sound=7, apart=7))
    assert [each.name for each in found.suited] == ["1 s"]
    assert found.judged_by == "7 sources"
    assert ", by MADE: 1 s. Average precision 0.90 with 1 s; with 4 s 0.50, which is less" in found.sentence


def test_too_few_recordings_say_nothing(three):
    (found,) = compare("knock", *three, told(apart=3, too_few=True))
    assert found.suited == ()
    assert found.sentence == (
        "Which window suits knock, by MADE: 3 recordings with the sound are too few to say. Average precision 0.81 with 2 s; "
        "with 1 s 0.80; with 8 s 0.40."
    )


def test_only_what_differs_in_the_window_alone_is_compared_and_calibrations_count_once():
    figures = {
        system(1.0): (0.9, 0.2),
        system(1.0, "none"): (0.9, 0.1),
        system(8.0): (0.8, 0.1),
        system(1.0, model="OTHER"): (0.95, 0.1),
        system(8.0, reading="stretches"): (0.7, 0.1),
    }
    resampled = {s: draws(ap, 0.02, 1) for s, (ap, _) in figures.items()}
    (found,) = compare("knock", rows_of(figures), resampled, told())
    assert [str(each.system.calibration) for each in found.alternatives] == ["none", "sigmoid"]
    assert [each.average_precision for each in found.alternatives] == [0.9, 0.8]


def test_a_window_with_two_hops_is_named_by_its_hop():
    slow = System("MADE", "logistic", "sigmoid", None, 2.0, 1.0)
    figures = {system(2.0): (0.9, 0.1), slow: (0.8, 0.1)}
    (found,) = compare("knock", rows_of(figures), {s: draws(0.5, 0.1, 1) for s in figures}, told())
    assert [each.name for each in found.alternatives] == ["2 s every 0.5 s", "2 s every 1 s"]
