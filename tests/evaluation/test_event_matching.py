"""Segment- and event-based F1, against sed_eval and against what is counted by hand."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from audioscan_host.evaluation.event_matching import Matches, match_onsets, match_segments


def some_spans(rng, count, duration):
    """Spans that overlap, touch and leave gaps; some start on a tenth of a second, as people write them."""
    starts = np.sort(rng.uniform(0, duration - 1, count)).round(rng.choice([1, 6]))
    lengths = rng.uniform(0.05, 9, count).round(3)
    return [(float(a), float(min(a + b, duration))) for a, b in zip(starts, lengths, strict=True)]


@pytest.fixture(scope="module")
def recordings():
    """Forty pairs of marked and found spans, the found ones often near a marked one; and how long each lasts."""
    rng = np.random.default_rng(11)
    made = []
    for _ in range(40):
        duration = round(rng.uniform(20, 90), 2)
        marked = some_spans(rng, rng.integers(1, 9), duration)
        near = [(max(0.0, a + rng.normal(0, 0.3)), b) for a, b in marked if rng.random() < 0.8]
        found = [(a, b) for a, b in near if b > a] + some_spans(rng, rng.integers(1, 4), duration)
        made.append((marked, sorted(found), duration))
    return made


def as_events(spans):
    return [
        {"event_label": "call", "onset": start, "offset": end, "file": "a.wav", "scene_label": "any"}
        for start, end in spans
    ]


def test_segment_based_f1_is_that_of_sed_eval(recordings):
    import sed_eval

    theirs = sed_eval.sound_event.SegmentBasedMetrics(event_label_list=["call"], time_resolution=1.0)
    for marked, found, duration in recordings:
        theirs.evaluate(as_events(marked), as_events(found), evaluated_length_seconds=duration)
    ours = Matches.total(match_segments(*recording) for recording in recordings)
    assert ours.f1 == pytest.approx(theirs.results_overall_metrics()["f_measure"]["f_measure"], abs=1e-6)


def event_based_f1_of_sed_eval(pairs, collar):
    import sed_eval

    theirs = sed_eval.sound_event.EventBasedMetrics(
        event_label_list=["call"], t_collar=collar, evaluate_onset=True, evaluate_offset=False
    )
    for marked, found in pairs:
        theirs.evaluate(as_events(marked), as_events(found))
    return theirs.results_overall_metrics()["f_measure"]["f_measure"]


@pytest.mark.parametrize("collar", [0.2, 1.5, 4.0])
def test_event_based_f1_is_that_of_sed_eval(recordings, collar):
    ours = Matches.total(onsets(marked, found, collar) for marked, found, _ in recordings)
    theirs = event_based_f1_of_sed_eval([(marked, found) for marked, found, _ in recordings], collar)
    assert ours.f1 == pytest.approx(theirs, abs=1e-6)


@pytest.mark.parametrize(("marked", "of_sed_eval"), [(5.0, 0), (20.0, 1)])
def test_the_collar_is_included_wherever_in_the_recording_it_ends(marked, of_sed_eval):
    # As floating-point numbers 5.2 - 5.0 is more than 0.2, and 20.2 - 20.0 is less.
    there, late = [(marked, marked + 1)], [(round(marked + 0.2, 6), marked + 1)]
    for spans in ((there, late), (late, there)):
        assert onsets(*spans, 0.2).f1 == 1
        assert event_based_f1_of_sed_eval([spans], 0.2) == pytest.approx(of_sed_eval, abs=1e-9)


@pytest.mark.parametrize("marked", [5.0, 20.0])
@pytest.mark.parametrize(("off", "f1"), [(0.2 - 2e-6, 1), (0.2 + 2e-6, 0)])
def test_beside_the_edge_of_the_collar_f1_is_that_of_sed_eval(marked, off, f1):
    spans = [(marked, marked + 1)], [(marked + off, marked + 1)]
    assert onsets(*spans, 0.2).f1 == f1
    assert event_based_f1_of_sed_eval([spans], 0.2) == pytest.approx(f1, abs=1e-9)


@pytest.mark.parametrize("collar", [0.2, 1.5, 4.0])
def test_as_many_onsets_are_paired_as_can_be(recordings, collar):
    for marked, found, _ in recordings:
        near = abs(np.subtract.outer([a for a, _ in marked], [a for a, _ in found])) <= collar
        largest = np.count_nonzero(maximum_bipartite_matching(csr_array(near)) >= 0)
        assert onsets(marked, found, collar).hits == largest


def onsets(marked, found, collar):
    return match_onsets([start for start, _ in marked], [start for start, _ in found], collar)


def test_segments_worked_by_hand():
    # Marked are the seconds 1, 2, 6 and 7; found 1, 2 and 3, and 9, of which half a second is there.
    matches = match_segments([(1.0, 2.5), (6.2, 7.1)], [(1.1, 3.5), (9.0, 12.0)], duration=9.5)
    assert matches == Matches(hits=2, found=4, marked=4)
    assert matches.f1 == 0.5


def test_onsets_worked_by_hand():
    # 10.0 is near both events but makes one of them right; 20.0 is as far off as may be, and included.
    matches = match_onsets([9.9, 10.1, 20.2], [10.0, 20.0, 40.0], collar=0.2)
    assert matches == Matches(hits=2, found=3, marked=3)


def test_where_nothing_is_marked_and_nothing_found_there_is_no_f1():
    assert match_onsets([], [], 0.2).f1 is None
    assert match_onsets([1.0], [], 0.2).f1 == 0
    assert match_segments([], [(0.0, 1.0)], duration=0.0) == Matches(0, 0, 0)
