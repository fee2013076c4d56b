"""The notes of a run: each once, in order, however many there are."""

from dataclasses import dataclass

from audioscan_host import About, Note
from audioscan_host.notes import Notes


def test_a_note_that_is_told_again_is_kept_and_logged_once(caplog):
    notes = Notes()
    first, second = Note(About.DAMAGE, "a.wav: is damaged"), Note(About.RATE, "a.wav: holds more")
    for note in (first, second, Note(About.DAMAGE, "a.wav: is damaged")):
        notes(note)
    assert notes.told() == (first, second)
    assert caplog.messages == ["a.wav: is damaged", "a.wav: holds more"]


def test_a_note_is_not_compared_with_every_note_before_it():
    comparisons = []

    @dataclass(frozen=True, eq=False)
    class Counted(Note):
        def __eq__(self, other):
            comparisons.append(other)
            return self.message == other.message

        def __hash__(self):
            return hash(self.message)

    notes = Notes()
    for number in range(300):
        notes(Counted(About.RATE, f"{number}.wav: holds more"))
    assert len(notes.told()) == 300
    assert len(comparisons) < 300
