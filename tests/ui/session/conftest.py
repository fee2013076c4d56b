"""A session without a server, and what it is filled with."""

import itertools
import wave

import numpy as np
import pytest

from audioscan_ui.events import Events
from audioscan_ui.session.review_session import opened


class Heard:
    """Notes the events of a session."""

    def __init__(self):
        self.events = []

    def hear(self, event):
        self.events.append(event)

    def of(self, kind):
        return [event for event in self.events if event["kind"] == kind]


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def open_session(tmp_path, heard):
    """A way into the session of the test, to be gone again and again."""

    def open_it(name="it.review"):
        events = Events()
        events.add(heard)
        return opened(tmp_path / name, events)

    return open_it


@pytest.fixture
def sound(tmp_path):
    """Write a recording of noise by name and seed; the same seed is the same content."""

    def write(name, seed=0, seconds=1.0):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        samples = np.random.default_rng(seed).integers(-3000, 3000, round(seconds * 8000))
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(samples.astype("<i2").tobytes())
        return path

    return write


@pytest.fixture
def verdict():
    """Make a verdict as a page sends it, with an id of its own: `verdict(recording=2, label="cry")`."""
    numbers = itertools.count(1)

    def make(**facts):
        plain = {"recording": 1, "start": 1.0, "end": 2.0, "label": "knock", "role": "positive", "score": 0.9}
        plain |= {"detector": "0" * 64, "origin": "found", "found": None}
        return {"id": f"{next(numbers):032x}"} | plain | facts

    return make


@pytest.fixture
def judge():
    """`judge(session, add=[verdict])`: what the page does; each call is an action of its own."""
    numbers = itertools.count(1)

    def act(session, kind="judge", **facts):
        facts = {"add": [], "remove": []} | facts if kind == "judge" else facts
        return session.act({"id": f"a{next(numbers)}", "kind": kind} | facts)

    return act
