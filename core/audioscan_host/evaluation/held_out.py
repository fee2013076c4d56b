"""Systems that are compared, and what each predicted of recordings that it was not trained on."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audioscan_host.annotations import Annotation
from audioscan_host.annotations.window_labels import LEFT_OUT
from audioscan_host.classifier.figures import Places
from audioscan_host.classifier.settings import Calibration
from audioscan_host.regions import Region


@dataclass(frozen=True, order=True)
class System:
    """What makes a detector: a model, a classifier and a calibration."""

    model: str
    classifier: str
    calibration: str

    def __str__(self) -> str:
        how = "no calibration" if self.calibration == Calibration.NONE else self.calibration
        return f"{self.model} with {self.classifier} and {how}"


@dataclass(frozen=True)
class HeldOutRecording:
    """A recording, with what a detector predicted of it that was trained on others.

    Attributes:
        path: the recording.
        duration: seconds.
        times: (windows,) starts of all its windows, seconds.
        labels: (windows,) 1 positive, 0 negative, -1 left out.
        probabilities: (windows,) from 0 to 1.
        events: the positive annotations of the label.
        regions: what was found.
        throughout: whether all of it was labelled; only then a region without an event is a false one.
    """

    path: Path
    duration: float
    times: npt.NDArray[np.float64]
    labels: npt.NDArray[np.int8]
    probabilities: npt.NDArray[np.float64]
    events: tuple[Annotation, ...]
    regions: tuple[Region, ...]
    throughout: bool


@dataclass(frozen=True)
class HeldOut:
    """Every recording, predicted once by one system while it was held out.

    Attributes:
        recordings: in the order in which they were given.
        window: seconds.
        hop: seconds.
    """

    recordings: tuple[HeldOutRecording, ...]
    window: float
    hop: float

    @cached_property
    def labels(self) -> npt.NDArray[np.int64]:
        """(windows,) 0 or 1, of the windows that are either, of all recordings."""
        return np.concatenate([r.labels[r.labels != LEFT_OUT] for r in self.recordings]).astype(np.int64)

    @cached_property
    def probabilities(self) -> npt.NDArray[np.float64]:
        """(windows,) of the same windows."""
        return np.concatenate([r.probabilities[r.labels != LEFT_OUT] for r in self.recordings])

    @cached_property
    def places(self) -> Places:
        """Where the same windows lie; `groups` are places in `recordings`."""
        counts = [np.count_nonzero(r.labels != LEFT_OUT) for r in self.recordings]
        return Places(
            groups=np.repeat(np.arange(len(counts)), counts),
            times=np.concatenate([r.times[r.labels != LEFT_OUT] for r in self.recordings]),
            window=self.window,
            hop=self.hop,
        )


@dataclass(frozen=True)
class CrossValidation:
    """What systems predicted of recordings that they were not trained on.

    Attributes:
        held_out: of whole recordings.
        shifted: of what each condition of `shifted` leaves of them; without those that cannot be made.
        notes: what could not be done.
    """

    held_out: Mapping[System, HeldOut]
    shifted: Mapping[System, Mapping[str, HeldOut]]
    notes: tuple[str, ...]
