"""What each kind of work has at hand in its process."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from audioscan_host.progress import Progress
from audioscan_ui.jobs.order import Order
from audioscan_ui.jobs.plain_words import PlainWords

if TYPE_CHECKING:
    from audioscan_host import Note, RecordingFailure, SessionOptions
    from audioscan_host.windows import Windowing

Result = Mapping[str, Any]
"""What came of a job, plain values."""


Tell = Callable[[str], None]
"""Sends one line of JSON to the server, whole; from any thread."""


@dataclass(frozen=True)
class Work:
    """An order that is being done.

    Attributes:
        order: what to do.
        progress: told to the server.
        words: says sentences of the host plainly.
        tell: sends a line to the server.
    """

    order: Order
    progress: Progress
    words: PlainWords
    tell: Tell

    def note(self, sentence: str) -> None:
        """Something that people should know, as soon as it is known."""
        self.tell(json.dumps({"event": "note", "message": self.words.say(sentence)}))

    def notes(self, notes: "Iterable[Note]") -> list[str]:
        """Of a result, each once, in plain words."""
        return list(dict.fromkeys(self.words.say(each.message) for each in notes if not self.is_idle(each)))

    def is_idle(self, note: "Note") -> bool:
        """Whether it says nothing to somebody who chose some recordings of many, as that others are not among them."""
        from audioscan_host import About

        return self.order.kind in ("suggest", "counts") and note.about is About.LEFT_OUT

    def failures(self, failures: "Iterable[RecordingFailure]") -> list[dict[str, Any]]:
        """Recordings that could not be read, by number, each with the reason."""
        numbers = self.order.numbers()
        return [
            {"recording": numbers.get(each.path), "reason": self.words.say(each.reason)} for each in failures
        ]

    def options(self) -> "SessionOptions":
        """Cache, device and progress of a journey."""
        from audioscan_host.models.model import Runtime

        device = self.order.request.get("device") or "auto"
        return {
            "cache_dir": self.order.cache_dir,
            "runtime": Runtime(device),
            "progress": self.progress,
        }

    def windowing(self) -> "tuple[Windowing | None, float | None]":
        """Window and hop as far as they are asked for: both, or the hop alone, or nothing."""
        from audioscan_host.windows import Windowing

        window, hop = (self.order.request.get(name) for name in ("window", "hop"))
        if window is None:
            return None, hop
        return (Windowing.of_window(window) if hop is None else Windowing(window, hop)), None
