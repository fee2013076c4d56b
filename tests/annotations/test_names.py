"""Names that may be one name written differently: which are told, which are not, and how they are joined."""

import pytest

from audioscan_host.annotations import Annotation
from audioscan_host.annotations.names import joined, renaming, tell_unused, tell_variants, variants
from audioscan_host.errors import SettingError
from audioscan_host.notes import About, Notes


def places(**counts):
    return [Annotation("a.wav", i, i + 1, label) for label, n in counts.items() for i in range(n)]


@pytest.mark.parametrize(
    "names",
    [
        ("Chirp", "chirp", "chirps"),
        ("long call", "long-call", "longCall", "long_call"),
        ("screech", "screeches"),
        ("cries", "cry"),
        ("Wodcock", "Woodcock"),  # a letter is missing
        ("woodcick", "woodcock"),  # a letter is another
        ("woocdock", "woodcock"),  # two letters are exchanged
        ("cafe\u0301", "café"),  # composed in two ways
    ],
)
def test_names_that_differ_as_typing_differs_are_one_group(names):
    assert variants(names) == [tuple(sorted(names))]


@pytest.mark.parametrize(
    "names",
    [
        ("cat", "bat", "car"),
        ("call A", "call B"),
        ("type 1", "type 2"),
        ("call12", "call13"),
        ("type I", "type II"),
        ("TURMER", "TURMIR"),
        ("male", "female"),
        ("song", "call"),
        ("woodcock", "woodlark"),
    ],
)
def test_names_that_are_two_are_not_told(names):
    assert variants(names) == []


def test_two_groups_stay_two():
    assert variants(["Bark", "bark", "howl", "howls", "rain"]) == [("Bark", "bark"), ("howl", "howls")]


def test_variants_are_told_with_how_to_join_them_under_the_name_that_most_have():
    notes = Notes()
    tell_variants(places(Chirp=1, chirp=3, chirps=2, rain=4), notes)
    (note,) = notes.told()
    assert note.about is About.NAMES
    assert note.label == "chirp"
    assert note.message.startswith("chirp (3), chirps (2), Chirp (1): may be one sound")
    assert note.message.endswith("to join them: --same chirp=chirps,Chirp")


def test_a_negative_of_another_spelling_is_told_too_and_names_that_are_not_learned_are_not():
    annotations = [*places(bark=2, howl=1, howls=1), Annotation("a.wav", 9, 10, "Bark")]
    notes = Notes()
    tell_variants(annotations, notes, of=["bark"])
    assert [note.label for note in notes.told()] == ["bark"]


def test_joined_labels_have_the_name_that_they_are_the_same_as():
    found = joined(places(Chirp=1, chirps=1, rain=1), {"chirp": ["Chirp", "chirps", "chirp"]})
    assert [a.label for a in found] == ["chirp", "chirp", "rain"]
    assert renaming({"chirp": "Chirp"}) == {"Chirp": "chirp"}


@pytest.mark.parametrize("same", [{"a": ["b"], "c": ["b"]}, {"a": ["b"], "b": ["c"]}])
def test_a_name_in_two_places_is_refused(same):
    with pytest.raises(SettingError, match="'b' is to be the same as"):
        renaming(same)


def test_a_name_to_be_joined_that_nothing_has_is_told():
    notes = Notes()
    tell_unused(["chirp", "Chirp"], {"chirp": ["Chirp", "chrip"]}, notes)
    assert [note.message for note in notes.told()] == [
        "no annotation has the label chrip, which was to be joined"
    ]
