"""Systems that are compared, and what each predicted of recordings that it was not trained on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from audioscan_host.annotations import Annotation
from audioscan_host.annotations.window_labels import LEFT_OUT
from audioscan_host.classifier.figures import Places
from audioscan_host.classifier.settings import Calibration
from audioscan_host.regions import Region


@dataclass(frozen=True, order=True)
class System:
    """What makes a detector: a model, a classifier and a calibration; reading and window where several are compared.

    Attributes:
        model: its name.
        classifier: a word of `ClassifierKind`.
        calibration: a word of `Calibration`.
        reading: how the model reads recordings; None where only one way is tried.
        window: seconds; None where only one window is tried.
        hop: seconds, of that window.
    """

    model: str
    classifier: str
    calibration: str
    reading: str | None = None
    window: float | None = None
    hop: float | None = None

    def __str__(self) -> str:
        reading = "" if self.reading is None else f" read in {self.reading}"
        windows = "" if self.window is None else f" in windows of {self.window:g} s every {self.hop:g} s"
        how = "no calibration" if self.calibration == Calibration.NONE else self.calibration
        return f"{self.model}{reading}{windows} with {self.classifier} and {how}"

    def facts(self) -> dict[str, Any]:
        """Its parts by name: reading, window and hop only where several are compared."""
        facts = asdict(self)
        order = ("model", "reading", "window", "hop", "classifier", "calibration")
        return {name: facts[name] for name in order if facts[name] is not None}

    def uncalibrated(self) -> "System":
        """It, whatever the calibration, which leaves the order of windows nearly as it is."""
        return replace(self, calibration="")


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

    @classmethod
    def joined(cls, parts: Sequence["CrossValidation"], systems: Iterable[System]) -> "CrossValidation":
        """What was predicted in several ways of the same recordings, system by system in this order."""
        held_out = {system: each for part in parts for system, each in part.held_out.items()}
        shifted = {system: each for part in parts for system, each in part.shifted.items()}
        order = list(systems)
        return cls(
            {system: held_out[system] for system in order},
            {system: shifted[system] for system in order},
            tuple(dict.fromkeys(note for part in parts for note in part.notes)),
        )
