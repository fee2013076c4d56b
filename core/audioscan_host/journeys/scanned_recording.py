"""What a scan finds in one recording."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audioscan_host.regions import Region
from audioscan_host.silence import Spans, no_silence
from audioscan_host.steps import silent_steps, step_edges, step_scores


@dataclass(frozen=True)
class ScannedRecording:
    """What was found in one recording.

    Attributes:
        path: the recording.
        duration: seconds.
        times: (windows,) starts of the windows, seconds.
        window: seconds; of a recording shorter than the detector's window, its own length.
        hop: seconds; the length of a step.
        probabilities: label -> (windows,) from 0 to 1; 0 where half of a window or more is silence.
        regions: of all labels, by start.
        silence: (spans, 2) start and end of its digital silence in seconds, ascending.
        recorded_at: when it began, by its header or name, with the zone where that is known; None where it
            cannot be told.
        channel: its number where each channel is scanned by itself, else None.
        digest: SHA-256 over samples of its content; empty where it was not looked at.
    """

    path: Path
    duration: float
    times: npt.NDArray[np.float64]
    window: float
    hop: float
    probabilities: Mapping[str, npt.NDArray[np.float64]]
    regions: tuple[Region, ...]
    silence: Spans = field(default_factory=no_silence)
    recorded_at: datetime | None = None
    channel: int | None = None
    digest: str = ""

    @property
    def step_edges(self) -> npt.NDArray[np.float64]:
        """(steps + 1,) seconds: where the steps begin and end, each a hop long, the last one perhaps shorter."""
        return step_edges(self.hop, self.duration)

    @property
    def silent_steps(self) -> npt.NDArray[np.bool_]:
        """(steps,) those of which half or more is digital silence; no region reaches into one."""
        return silent_steps(self.hop, self.duration, self.silence)

    def step_scores(self, label: str) -> npt.NDArray[np.float64]:
        """The score of each step, of which regions are made: the mean of the windows that contain its centre.

        With `threshold`, `low`, `merge_gap` and `min_duration`, these, the edges and the silent steps are all that the regions
        of the method "mean" depend on.

        Args:
            label: one of `probabilities`.

        Returns:
            (steps,) 0 to 1, to nine decimals; 0 in silence.

        Raises:
            KeyError: the label was not looked for.
        """
        return step_scores(
            self.times,
            self.probabilities[label],
            window=self.window,
            hop=self.hop,
            duration=self.duration,
            silence=self.silence,
        )
