"""A later label file corrects an earlier one where they speak of the same place and sound."""

import random

import pytest

from audioscan_host.annotations import Annotation, Role, corrected


def at(start: float, end: float | None = None, label: str = "call", role: Role = Role.POSITIVE) -> Annotation:
    return Annotation("day.wav", start, end, label, role)


class TestCorrected:
    @pytest.mark.parametrize("role", [Role.POSITIVE, Role.SOFT, Role.NEGATIVE])
    def test_a_later_span_replaces_the_spans_that_it_overlaps_whatever_the_roles(self, role):
        earlier = [at(0, 2), at(4, 6, role=Role.NEGATIVE), at(5, 9, role=Role.SOFT), at(12, 14)]
        later = [at(5.5, 12.5, role=role)]
        assert corrected(earlier, later) == [at(0, 2), *later]

    def test_what_is_absent_later_replaces_all_but_a_negative(self):
        # By which nothing is there at all, which says more.
        nothing = at(4, 6, role=Role.NEGATIVE)
        earlier = [at(3, 5), nothing, at(5, 7, role=Role.SOFT), at(5, 7, role=Role.ABSENT)]
        absent = at(4, 8, role=Role.ABSENT)
        assert corrected(earlier, [absent]) == [nothing, absent]
        assert corrected([absent], [nothing]) == [nothing]
        assert corrected([absent], [at(5, 6)]) == [at(5, 6)]

    def test_spans_that_only_touch_stay(self):
        assert corrected([at(0, 2), at(4, 6)], [at(2, 4)]) == [at(0, 2), at(4, 6), at(2, 4)]

    def test_another_label_stays(self):
        assert corrected([at(0, 2, "rain")], [at(0, 2)]) == [at(0, 2, "rain"), at(0, 2)]

    def test_points_within_a_later_span_are_replaced(self):
        earlier = [at(0.9), at(1), at(3), at(3.1)]
        assert corrected(earlier, [at(1, 3)]) == [at(0.9), at(3.1), at(1, 3)]

    def test_points_that_coincide_are_replaced(self):
        earlier = [at(0.94), at(0.95), at(1.05), at(1.06)]
        assert corrected(earlier, [at(1)]) == [at(0.94), at(1.06), at(1)]

    def test_a_later_point_leaves_an_earlier_span(self):
        assert corrected([at(0, 2)], [at(1)]) == [at(0, 2), at(1)]

    def test_a_short_span_inside_a_long_one_does_not_hide_it(self):
        assert corrected([at(50, 51), at(50.5)], [at(0, 100), at(10, 11)]) == [at(0, 100), at(10, 11)]

    def test_what_both_files_leave_unlabelled_is_unlabelled(self):
        def nobody(start, end):
            return at(start, end, "", Role.UNLABELLED)

        assert corrected([at(1, 2), nobody(0, 30)], [at(4, 5), nobody(20, 60)]) == [
            at(1, 2), at(4, 5), nobody(20, 30),
        ]  # fmt: skip
        assert corrected([nobody(0, 30)], [nobody(30, 60)]) == []

    @pytest.mark.parametrize("first", [True, False])
    def test_what_one_file_labels_throughout_is_labelled(self, first):
        throughout, partly = [at(1, 2)], [at(4, 5), at(0, 60, "", Role.UNLABELLED)]
        assert sorted(
            corrected(throughout, partly) if first else corrected(partly, throughout), key=lambda a: a.start
        ) == [at(1, 2), at(4, 5)]
        # A file that says nothing of the recording is not one that labels it.
        assert corrected([], partly) == corrected(partly, []) == partly

    def test_an_unlabelled_place_replaces_nothing(self):
        nobody = at(0, 60, role=Role.UNLABELLED)
        assert corrected([at(1, 2), nobody], [nobody]) == [at(1, 2), nobody]

    def test_annotations_of_one_file_may_overlap(self):
        later = [at(0, 2), at(1, 3)]
        assert corrected([], later) == corrected(later, later) == later
        assert corrected(later, []) == later

    @pytest.mark.parametrize("seed", range(20))
    def test_agrees_with_each_pair_compared_by_itself(self, seed):
        rng = random.Random(seed)  # noqa: S311 - the seed is the point

        def some() -> list[Annotation]:
            starts = [rng.randrange(200) / 20 for _ in range(8)]
            ends = [None if rng.random() < 0.4 else round(s + rng.randrange(1, 30) / 20, 2) for s in starts]
            return [at(s, e, rng.choice(["call", "rain"])) for s, e in zip(starts, ends, strict=True)]

        earlier, later = some(), some()
        kept = [old for old in earlier if not any(replaces(new, old) for new in later)]
        assert corrected(earlier, later) == kept + later


def replaces(new: Annotation, old: Annotation) -> bool:
    """The rule as it is written, in hundredths of a second."""
    if new.label != old.label:
        return False
    (a, b), (c, d) = (
        (round(p.start * 100), None if p.end is None else round(p.end * 100)) for p in (new, old)
    )
    if d is None:
        return abs(a - c) <= 5 if b is None else a <= c <= b
    return b is not None and max(a, c) < min(b, d)
