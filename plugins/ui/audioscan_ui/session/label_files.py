"""The label files of a session, which are only read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class SessionLabelFile:
    """A label file, or a folder of them, as it was named.

    Attributes:
        number: in the session, from 1.
        path: where it lies.
        counts: role -> annotations that have it.
        labels: in the order of the alphabet.
        problem: why it cannot be used; None where it can.
    """

    number: int
    path: Path
    counts: Mapping[str, int] = field(default_factory=dict)
    labels: Sequence[str] = ()
    problem: str | None = None

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.path.name.encode("utf-8", "replace").decode()

    def take(self, facts: Mapping[str, Any]) -> None:
        """Take what a survey found."""
        self.counts, self.labels, self.problem = facts["counts"], facts["labels"], facts["problem"]
