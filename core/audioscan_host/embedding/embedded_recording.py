"""What one recording became: its embeddings, and what is known of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from audioscan_host.cache import Embeddings
from audioscan_host.evidence import Evidence
from audioscan_host.silence import Spans, no_silence, silent_share
from audioscan_host.windows import Windowing


@dataclass(frozen=True)
class EmbeddedRecording:
    """What one recording became.

    Attributes:
        path: the recording.
        duration: seconds.
        embeddings: model name -> its embeddings.
        files: model name -> where the cache file that holds them lies.
        computed: names of the models whose embeddings were not in the cache before.
        silence: (spans, 2) float64, start and end of its digital silence in seconds, ascending.
        digest: SHA-256 over samples of its content; empty where it was not looked at.
        by_eight_cut: names of the models whose embeddings are of files of 8-cut, and not those that are computed here.
        channel: its number where each channel is embedded by itself, else None.
    """

    path: Path
    duration: float
    embeddings: Mapping[str, Embeddings]
    files: Mapping[str, str]
    computed: frozenset[str]
    silence: Spans = field(default_factory=no_silence)
    digest: str = ""
    by_eight_cut: frozenset[str] = frozenset()
    channel: int | None = None

    def evidence(self, model: str, windowing: Windowing) -> Evidence:
        """Its windows by one model, as a detector is given them."""
        found = self.embeddings[model]
        share = silent_share(found.times, min(windowing.window, self.duration), self.silence)
        return Evidence(found.vectors, share, windowing.hop)
