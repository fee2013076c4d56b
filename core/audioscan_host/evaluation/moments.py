"""Moments: places that detectors of windows of any length are judged at, so that their figures compare."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from audioscan_host.evaluation.held_out import HeldOut, HeldOutRecording
from audioscan_host.silence import Spans
from audioscan_host.steps import step_edges, step_scores


def moment_times(length: float, duration: float) -> npt.NDArray[np.float64]:
    """(moments,) where the moments of a recording begin: one after the other, whole ones, or the one that there is."""
    return np.arange(max(1, int(duration / length + 1e-6)), dtype=np.float64) * np.float64(length)


@dataclass(frozen=True)
class Moments:
    """The moments of every recording, and what its annotations say of them.

    Windows of several lengths hold the sound in other numbers and at other places: their own average precisions do not
    compare. A moment is labelled as a window of its length would be, and has the score of its place in a scan: the mean of
    the windows over it.

    Attributes:
        length: seconds.
        labels: for each recording (moments,) 1 positive, 0 negative, -1 left out.
        silence: for each recording (spans, 2) seconds of digital silence.
    """

    length: float
    labels: Sequence[npt.NDArray[np.int8]]
    silence: Sequence[Spans]

    def judged(self, predicted: HeldOut) -> HeldOut:
        """What was predicted of windows, as it is at the moments of the same recordings."""
        parts = zip(predicted.recordings, self.labels, self.silence, strict=True)
        recordings = tuple(self._of(each, labels, silence, predicted) for each, labels, silence in parts)
        # Twice as long as they are, neighbours overlap: what is found in a row is one place.
        return HeldOut(recordings, 2 * self.length, self.length)

    def _of(
        self,
        recording: HeldOutRecording,
        labels: npt.NDArray[np.int8],
        silence: Spans,
        predicted: HeldOut,
    ) -> HeldOutRecording:
        times = moment_times(self.length, recording.duration)
        steps = step_scores(
            recording.times,
            recording.probabilities,
            window=min(predicted.window, recording.duration),
            hop=predicted.hop,
            duration=recording.duration,
            silence=silence,
        )
        edges = step_edges(predicted.hop, recording.duration)
        centres = np.minimum(times + self.length / 2, recording.duration)
        step = np.searchsorted(edges, centres, side="right") - 1
        return replace(
            recording, times=times, labels=labels, probabilities=steps[np.clip(step, 0, len(steps) - 1)]
        )
