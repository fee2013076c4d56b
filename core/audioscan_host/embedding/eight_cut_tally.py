"""How many recordings have embeddings of 8-cut that are not those computed here, and a word where both meet."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from audioscan_host.notes import About, Note, Tell

TRAINING_FACT = "eight_cut_files"
"""What a detector's `training` calls the number of its recordings with such embeddings; not there where there are none."""


class EightCutTally:
    """Counts the recordings of a run, for each model.

    Args:
        training: facts of the detector that is used, by which its own recordings count too.
    """

    def __init__(self, training: Mapping[str, Any] | None = None) -> None:
        self._learned, self._learned_of = _learned(training or {})
        self._by_eight_cut: dict[str, dict[Path, None]] = defaultdict(dict)
        self._by_host: dict[str, dict[Path, None]] = defaultdict(dict)
        self._told: set[str] = set()

    def count(self, recording: Path, models: Collection[str], by_eight_cut: Collection[str]) -> None:
        """Take a recording into account; `by_eight_cut` are those of the models whose embeddings are 8-cut's."""
        for model in models:
            (self._by_eight_cut if model in by_eight_cut else self._by_host)[model][recording] = None

    def tell(self, tell: Tell) -> None:
        """Say once of each model that both kinds meet, where they do."""
        for model in [*self._by_eight_cut, *self._by_host]:
            foreign, own = self._by_eight_cut[model], self._by_host[model]
            met = (foreign or self._learned) and (own or self._learned < self._learned_of)
            if met and model not in self._told:
                self._told.add(model)
                tell(Note(About.EIGHT_CUT, self._message(model, foreign, len(foreign) + len(own))))

    def _message(self, model: str, foreign: Mapping[Path, None], count: int) -> str:
        such = f" (such as {next(iter(foreign))})" if foreign else ""
        learned = f" and {self._learned} of the {self._learned_of} that the detector learned from"
        learned *= bool(self._learned_of)
        again = ", for the training too" * bool(self._learned)
        return (
            f"{model}: {len(foreign)} of {count} recordings{such}{learned} have embeddings from files of 8-cut whose numbers are "
            "not those that are computed here, and the others have not: probabilities and distances do not compare between "
            f"the two; --eight-cut-cache ignore computes all anew{again}"
        )


def _learned(training: Mapping[str, Any]) -> tuple[int, int]:
    """Of how many of its recordings a detector learned from such files; it may be a stranger's."""
    found, recordings = training.get(TRAINING_FACT, 0), training.get("recordings", 0)
    sound = isinstance(found, int) and isinstance(recordings, int) and 0 <= found <= recordings
    return (found, recordings) if sound else (0, 0)
