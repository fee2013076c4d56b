"""What goes wrong in a plugin's `read_labels` costs its own formats, and is told."""

import pytest

from audioscan_host import About, LabelFormat, hookimpl, load_registry


def form(name):
    return LabelFormat(name, "", lambda head: False, lambda path, text: [])


class Reads:
    def __init__(self, answer):
        self.answer = answer

    @hookimpl
    def read_labels(self):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def formats(no_installed_plugins):
    """Names of the formats of these plugins, and the notes that are told."""

    def formats(**answers):
        notes = []
        registry = load_registry({name: Reads(answer) for name, answer in answers.items()})
        assert registry.failures == ()
        return [each.name for each in registry.label_formats(notes.append)], notes

    return formats


def test_the_formats_of_all_plugins_are_there_in_their_order(formats):
    assert formats(b=[form("one"), form("two")], a=(form("three"),)) == (["one", "two", "three"], [])


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (RuntimeError("no pen"), "raised RuntimeError: no pen"),
        ("notes", "must return a list of LabelFormat objects, not 'notes'"),
        (form("alone"), "must return a list of LabelFormat objects, not LabelFormat("),
        ([form("one"), 7], "must return LabelFormat objects, not 7"),
    ],
)
def test_a_hook_that_fails_is_told_and_the_formats_of_the_others_are_there(formats, answer, reason):
    names, notes = formats(wrong=answer, right=[form("one")])
    assert names == ["one"]
    (note,) = notes
    assert note.about is About.LABELS
    assert note.message.startswith(f"plugin 'wrong': read_labels {reason}")
    assert note.message.endswith("its formats of label files are not read")
