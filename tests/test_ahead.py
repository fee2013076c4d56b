"""Questions asked ahead of their turn: in order, not too many, and none left behind."""

import threading
from contextlib import closing

import pytest

from audioscan_host.ahead import answers


def threads():
    return [each for each in threading.enumerate() if each.name == "ahead"]


def test_answers_come_in_the_order_of_their_items_whichever_is_there_first():
    later = threading.Event()

    def question(item):
        if item == 0:
            assert later.wait(20)  # the first is answered last
        if item == 3:
            later.set()
        return item * 10

    assert list(answers(question, range(6), 4)) == [0, 10, 20, 30, 40, 50]
    assert threads() == []


def test_no_more_are_asked_ahead_than_was_said():
    asked = []
    with closing(answers(lambda item: asked.append(item) or item, iter(range(100)), 4)) as all_of_them:
        for taken in range(5):
            assert next(all_of_them) == taken
            assert len(asked) <= taken + 1 + 4


def test_an_error_is_raised_at_the_turn_of_its_item_and_ends_it():
    def question(item):
        if item == 2:
            raise LookupError("the third")
        return item

    all_of_them = answers(question, range(9), 4)
    assert [next(all_of_them), next(all_of_them)] == [0, 1]
    with pytest.raises(LookupError, match="the third"):
        next(all_of_them)
    assert list(all_of_them) == []
    assert threads() == []


def test_who_stops_asking_leaves_nothing_under_way():
    asked, under_way = [], threading.Barrier(4)

    def question(item):
        asked.append(item)
        if item:
            under_way.wait(20)
        return item

    all_of_them = answers(question, range(100), 4)
    assert next(all_of_them) == 0
    all_of_them.close()
    assert threads() == []
    assert sorted(asked) == [0, 1, 2, 3, 4]


def test_of_nothing_there_are_no_answers():
    assert list(answers(str, [])) == []
