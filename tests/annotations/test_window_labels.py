"""What annotations make of windows: positive, negative, or left out."""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from audioscan_host.annotations import Annotation, Role
from audioscan_host.annotations.window_labels import window_labels
from audioscan_host.errors import SettingError


def span(start: float, end: float | None, label: str = "call", role: Role = Role.POSITIVE) -> Annotation:
    return Annotation("day.wav", start, end, label, role)


def labels(annotations: list[Annotation], count: int = 20, window: float = 8.0, **settings: Any) -> str:
    """The labels of windows that start at 0, 1, 2, ... s: + positive, 0 negative, . left out."""
    found = window_labels(annotations, "call", np.arange(float(count)), window, **settings)
    assert found.dtype == np.int8
    return "".join({1: "+", 0: "0", -1: "."}[int(value)] for value in found)


class TestWindowLabels:
    def test_a_long_span_makes_positive_what_it_covers_by_half_a_window(self):
        # 8 s windows: starts 6 to 16 overlap 10..20 by 4 s or more; 3 to 5 and 17 to 19 by less.
        assert labels([span(10, 20)], count=22) == "000" + "..." + "+" * 11 + "..." + "00"

    def test_a_short_span_makes_positive_what_covers_half_of_it(self):
        # 10..12: starts 3 to 11 hold a second of it or more.
        assert labels([span(10, 12)], count=14) == "000" + "+" * 9 + "00"

    def test_exactly_half_is_half_where_decimals_round(self):
        # 0.1 + 8 - 4.1 is 3.9999999999999996 in floating point.
        assert window_labels([span(4.1, 100)], "call", np.array([0.09, 0.1]), 8.0).tolist() == [-1, 1]

    def test_a_point_makes_positive_the_starts_within_the_tolerance(self):
        found = labels([span(40, None)], count=90)
        assert [i for i, each in enumerate(found) if each == "+"] == list(range(28, 53))
        # Windows end 30 s before it up to the start 2, and begin 30 s after it from 70 on.
        assert found == "000" + "." * 25 + "+" * 25 + "." * 17 + "0" * 20

    def test_a_point_among_spans_costs_the_windows_that_hold_it_and_nothing_else(self):
        spans, point = [span(10, 10.6), span(60, 61)], span(30, None)
        without, with_it = labels(spans, count=90), labels([*spans, point], count=90, points="unsure")
        assert without.count("+") == 8 + 8  # starts 3 to 10 hold half of the first, 53 to 60 of the second
        # Starts 23 to 30 hold the time 30.
        assert with_it == without[:23] + "." * 8 + without[31:]

    def test_a_span_that_holds_a_point_stays_positive(self):
        assert labels([span(10, 20), span(15, None)], count=22, points="unsure") == labels(
            [span(10, 20)], count=22
        )

    def test_a_recording_with_nothing_but_points_among_spans_keeps_their_distance(self):
        # As far as from marks: nobody knows whether they are all that is there.
        found = labels([span(40, None)], count=90, points="unsure")
        assert found == "000" + "." * 67 + "0" * 20
        assert (
            labels([span(40, None)], count=50, points="unsure", neg_margin=0) == "0" * 33 + "." * 8 + "0" * 9
        )

    def test_a_point_of_another_label_among_its_spans_is_negative_all_the_same(self):
        found = labels([span(40, None), span(60, None, "rain")], count=80, points="unsure")
        assert found[53:61] == "0" * 8

    def test_a_small_tolerance_leaves_out_the_other_windows_that_hold_the_point(self):
        assert labels([span(10, None)], count=14, tolerance=1, neg_margin=0) == "000......+++00"[:14]

    def test_the_margin_is_the_gap_between_window_and_positive(self):
        assert labels([span(10, 12)], count=18, neg_margin=2) == "0..+++++++++..0000"

    def test_an_annotation_inside_the_margin_is_negative_all_the_same(self):
        found = labels([span(40, None), span(60, 64, "rain"), span(25, 26, role=Role.NEGATIVE)], count=80)
        assert found[54:63] == "0" * 9
        assert found[18:26] == "0" * 8
        assert found[53] == found[63] == "."

    def test_a_negative_place_yields_to_a_positive_one(self):
        assert labels([span(10, 20), span(0, 40, role=Role.NEGATIVE)], count=22) == labels(
            [span(10, 20)], count=22
        )

    def test_a_soft_place_is_left_out_even_where_it_is_positive(self):
        # On 12..14 by half: starts 5 to 13; touching it: none beside.
        found = labels([span(10, 20), span(12, 14, role=Role.SOFT)], count=22)
        assert found == "000" + "..." + "." * 8 + "+++" + "..." + "00"

    def test_a_window_that_touches_a_soft_place_is_not_negative(self):
        # On 10..30 by half: starts 6 to 26; touching: 3 to 29.
        assert labels([span(10, 30, role=Role.SOFT)], count=32) == "000" + "." * 27 + "00"
        assert (
            labels([span(10, 30, role=Role.SOFT), span(0, 40, "rain")], count=32) == "000" + "." * 27 + "00"
        )

    def test_negatives_keep_the_distance_of_points_from_a_soft_point(self):
        # As from a positive point at 40: up to the start 2 before it, from 70 on after it.
        found = labels([span(40, None, role=Role.SOFT)], count=90)
        assert found == "000" + "." * 67 + "0" * 20
        # And from both where one is positive, whose windows stay so.
        both = labels([span(40, None), span(50, None, role=Role.SOFT)], count=90)
        assert both == "000" + "." * 25 + "+" * 25 + "." * 27 + "0" * 10

    def test_a_margin_that_is_given_is_kept_from_soft_points_too(self):
        found = labels([span(40, None, role=Role.SOFT)], count=60, neg_margin=5)
        assert found == "0" * 28 + "." * 17 + "0" * 15

    def test_a_sound_of_another_label_that_may_be_this_one_is_not_negative(self):
        # The windows that contain the point, 33 to 40, would be negative for `call` by its other label.
        found = labels([span(40, None, "rain"), span(40, None, role=Role.SOFT)], count=90)
        assert found == labels([span(40, None, role=Role.SOFT)], count=90)

    def test_a_soft_place_of_another_label_says_nothing(self):
        assert labels([span(10, 30, "rain", Role.SOFT)]) == "0" * 20

    def test_where_its_own_label_is_absent_a_window_is_negative(self):
        absent = span(5, 13, role=Role.ABSENT)
        nobody = span(0, 100, "", Role.UNLABELLED)
        assert labels([nobody, absent]) == "....." + "0" + "." * 14
        assert labels([span(40, None), absent], count=40) == labels(
            [span(40, None), span(5, 13, role=Role.NEGATIVE)], count=40
        )
        assert labels([span(10, 20), absent], count=22) == labels([span(10, 20)], count=22)

    def test_where_another_label_is_absent_nothing_is_said(self):
        other, nobody = span(5, 13, "rain", Role.ABSENT), span(0, 100, "", Role.UNLABELLED)
        assert labels([nobody, other]) == "." * 20
        for others in ([span(40, None)], [span(10, 20)], [span(3, 4, "wind")]):
            assert labels([*others, other], count=80) == labels(others, count=80)
        # All that anybody listened for is the rain.
        assert labels([other]) == "." * 20
        assert labels([other, span(3, 4, role=Role.ABSENT)]) == "0" * 20

    def test_a_recording_without_a_positive_is_negative(self):
        assert labels([]) == "0" * 20
        assert labels([span(3, 4, "rain")]) == "0" * 20

    def test_of_a_recording_labelled_in_part_only_what_was_labelled_counts(self):
        nobody = span(0, 100, "", Role.UNLABELLED)
        assert labels([nobody]) == "." * 20
        # Marked to the length of a window, a place says nothing of the windows beside it.
        assert labels([nobody, span(5, 13)]) == "....." + "+" + "." * 14
        assert labels([nobody, span(5, 13, role=Role.NEGATIVE)]) == "....." + "0" + "." * 14
        assert labels([nobody, span(5, 13, "rain")]) == "....." + "0" + "." * 14
        # A short sound is in every window that holds all of it; of its absence a window knows nothing.
        assert labels([nobody, span(10, 12)]) == "...." + "+++++++" + "." * 9
        assert labels([nobody, span(10, 12, role=Role.NEGATIVE)]) == "." * 20
        # A long one holds windows.
        assert labels([nobody, span(5, 15)]) == "....." + "+++" + "." * 12

    def test_a_recording_is_labelled_throughout_where_no_place_is_unlabelled(self):
        late = span(14, 100, "rain", Role.UNLABELLED)
        # Windows end before it up to the start 6.
        assert labels([late, span(2, 4)]) == "++++" + "000" + "." * 13

    def test_rounded_times_are_still_all_of_a_window(self):
        times = np.array([5.1237, 6.1237])
        nobody, found = span(0, 100, "", Role.UNLABELLED), span(5.124, 13.124)
        assert window_labels([nobody, found], "call", times, 8.0).tolist() == [1, -1]

    def test_points_of_another_label_do_not_widen_the_margin(self):
        assert "." not in labels([span(10, 12), span(2, None, "rain")], count=14)

    def test_a_short_recording_counts_as_a_window_of_its_own_length(self):
        assert window_labels([span(0, 1.5)], "call", np.zeros(1), 3.0).tolist() == [1]
        assert window_labels([span(0, 1.4)], "call", np.zeros(1), 3.0).tolist() == [1]
        assert window_labels([span(2.5, 9)], "call", np.zeros(1), 3.0).tolist() == [-1]

    def test_there_may_be_no_window(self):
        assert window_labels([span(0, 1)], "call", np.zeros(0), 8.0).shape == (0,)

    @pytest.mark.parametrize("setting", ["tolerance", "neg_margin"])
    @pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
    def test_refuses_an_impossible_setting(self, setting, value):
        with pytest.raises(SettingError, match=f"{setting} must be 0 s or more"):
            window_labels([], "call", np.zeros(1), 8.0, **{setting: value})

    @pytest.mark.parametrize("seed", range(60))
    def test_agrees_with_the_rules_applied_to_each_window_by_itself(self, seed):
        rng = np.random.default_rng(seed)
        annotations = [
            span(
                start := round(float(rng.integers(0, 400)) / 10, 1),
                None if rng.random() < 0.3 else round(start + float(rng.integers(1, 120)) / 10, 1),
                str(rng.choice(["call", "rain"])),
                Role(str(rng.choice(["positive", "positive", "soft", "negative", "absent", "unlabelled"]))),
            )
            for _ in range(rng.integers(0, 6))
        ]
        times = np.arange(0, 500, int(rng.choice([2, 5, 7]))) / 10
        window = float(rng.choice([0.5, 2.0, 3.3, 8.0]))
        tolerance = float(rng.choice([0.0, 0.5, 12.0]))
        margin = [None, 0.0, 1.5, 6.0][rng.integers(4)]
        points = ["mark", "unsure"][rng.integers(2)]
        found = window_labels(
            annotations, "call", times, window, tolerance=tolerance, neg_margin=margin, points=points
        )
        expected = [
            label_of_one_window(
                annotations, exact(time), exact(window), exact(tolerance), margin, points=points
            )
            for time in times
        ]
        assert found.tolist() == expected


def exact(number: float) -> Fraction:
    return Fraction(str(round(float(number), 6)))


@dataclass(frozen=True)
class ExactWindow:
    """One window, asked about annotations one by one."""

    start: Fraction
    length: Fraction
    tolerance: Fraction
    partly: bool = False

    def overlap(self, a: Annotation) -> Fraction:
        return min(self.start + self.length, exact(a.end)) - max(self.start, exact(a.start))

    def touches(self, a: Annotation) -> bool:
        if a.end is None:
            return self.start <= exact(a.start) < self.start + self.length
        return self.overlap(a) > 0

    def is_on(self, a: Annotation) -> bool:
        if a.end is None:
            return self.touches(a)
        return self.overlap(a) >= min(self.length, exact(a.end) - exact(a.start)) / 2

    def holds_all_of(self, a: Annotation, length: Fraction) -> bool:
        return a.end is not None and self.overlap(a) >= length - min(Fraction(1, 20), length / 10)

    def is_positive(self, a: Annotation) -> bool:
        if a.end is None:
            return abs(self.start - exact(a.start)) <= self.tolerance
        if self.partly:
            return self.holds_all_of(a, min(self.length, exact(a.end) - exact(a.start)))
        return self.is_on(a)

    def is_negative(self, a: Annotation) -> bool:
        return self.holds_all_of(a, self.length) if self.partly else self.is_on(a)

    def gap(self, a: Annotation) -> Fraction:
        after = exact(a.start if a.end is None else a.end)
        return max(exact(a.start) - (self.start + self.length), self.start - after)


def label_of_one_window(
    annotations: list[Annotation],
    start: Fraction,
    window: Fraction,
    tolerance: Fraction,
    margin: float | None,
    *,
    points: str,
) -> int:
    """The rules as they are written, for one window, in exact numbers and without a shortcut."""
    one = ExactWindow(start, window, tolerance)
    one = replace(one, partly=any(one.touches(a) for a in annotations if a.role == "unlabelled"))
    own = [a for a in annotations if a.label == "call" and a.role == "positive"]
    soft = [a for a in annotations if a.label == "call" and a.role == "soft"]
    against = [
        a
        for a in annotations
        if a.role == "negative" or (a.role, a.label) in {("absent", "call"), ("positive", "rain")}
    ]
    if annotations and all((a.role, a.label) == ("absent", "rain") for a in annotations):
        return -1
    mark = points == "mark"
    default = 30.0 if own and (any if mark else all)(a.end is None for a in own) else 0.0
    farther = exact(default if margin is None else margin)
    farther_from_soft = exact(30.0 if margin is None else margin)

    if any(map(one.is_on, [a for a in soft if a.end is not None])):
        return -1
    if any(map(one.is_positive, [a for a in own if mark or a.end is not None])):
        return 1
    if any(map(one.touches, [*own, *soft])):
        return -1
    far = (
        not one.partly
        and all(one.gap(a) >= farther for a in own)
        and all(one.gap(a) >= farther_from_soft for a in soft if a.end is None)
    )
    return 0 if far or any(map(one.is_negative, against)) else -1
