"""Run the fits of one label: one a fold, each judged on the windows that it has not seen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from audioscan_host.classifier import large_linear
from audioscan_host.classifier.background import FirstPass, UsualBackground
from audioscan_host.classifier.classifier import background, log_odds
from audioscan_host.classifier.features import Chosen, FeatureRows, Relative
from audioscan_host.classifier.folds import Folds
from audioscan_host.classifier.kind import Estimator, Kind
from audioscan_host.classifier.statistics import Statistics
from audioscan_host.evidence import Evidence

_WORTH_THREADS = 2**17  # numbers; fewer take one thread a second, and many that wait for a busy core a minute


@dataclass(frozen=True, eq=False)
class LabelledWindows:
    """The labelled windows of all recordings, one recording after the other.

    Attributes:
        recordings: with all of their windows.
        chosen: for each recording (windows,) which ones are labelled.
        truth: (labelled windows,) 0 or 1.
        recording: (labelled windows,) which recording each is of.
        times: (labelled windows,) starts in their recordings, seconds.
    """

    recordings: Sequence[Evidence]
    chosen: Sequence[npt.NDArray[np.bool_]]
    truth: npt.NDArray[np.int64]
    recording: npt.NDArray[np.int64]
    times: npt.NDArray[np.float64]

    def among(self, number: int, rows: npt.NDArray[np.intp]) -> Chosen:
        """Of a recording those of its labelled windows that are among `rows`, which ascend."""
        return Chosen(self.recordings[number].vectors, self._places(number, rows))

    def with_sound(self, number: int, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
        """(windows,) of a recording: those that are labelled to hold the sound, as far as `rows` say it."""
        held = np.zeros(len(self.chosen[number]), np.bool_)
        held[self._places(number, rows[self.truth[rows] == 1])] = True
        return held

    def _places(self, number: int, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        of_it = rows[self.recording[rows] == number] - np.searchsorted(self.recording, number)
        places: npt.NDArray[np.intp] = np.flatnonzero(self.chosen[number])[of_it]
        return places


@dataclass(frozen=True)
class Fits:
    """The fits of one label, one after the other, so that each can be told of.

    Attributes:
        windows: what is learned from.
        kept: (labelled windows,) which ones may be fitted on.
        statistics: of all windows.
        relative: whether windows are read relative to their recording's background.
        kind: fits what reads the windows in the end to features and labels.
        seed: of what is drawn in it.
        on_step: called after each fit with the fits done and the fits in all.
    """

    windows: LabelledWindows
    kept: npt.NDArray[np.bool_]
    statistics: Statistics
    relative: bool
    kind: Kind[Any]
    seed: int
    on_step: Callable[[int, int], None] | None

    def run(
        self, folds: Folds | None
    ) -> tuple[FirstPass | None, tuple[Estimator, ...], npt.NDArray[np.float64] | None]:
        """First pass, second pass, and each labelled window's log-odds by what had not seen it.

        The passes of all folds together, where there are folds: together they have seen everything.
        """
        everything = np.arange(len(self.windows.truth))
        splits = folds.splits if folds else ((everything, everything[:0]),)
        scores = np.zeros(len(everything))
        firsts: list[FirstPass] = []
        seconds: list[Estimator] = []
        with threadpool_limits(1 if self._numbers < _WORTH_THREADS else None, "openmp"):
            for step, (train, held) in enumerate(splits, start=1):
                first, second = self._passes(train[self.kept[train]])
                for number in np.unique(self.windows.recording[held]).tolist():
                    scores[held[self.windows.recording[held] == number]] = self._scores(
                        number, held, first, second
                    )
                firsts += [first] if first else []
                seconds.append(second)
                if self.on_step is not None:
                    self.on_step(step, len(splits))
        together = self.kind.together(seconds)
        return FirstPass.average(firsts) if firsts else None, together, scores if folds else None

    @property
    def _numbers(self) -> int:
        return len(self.windows.truth) * len(self.statistics.mean)

    def _passes(self, train: npt.NDArray[np.intp]) -> tuple[FirstPass | None, Estimator]:
        truth = self.windows.truth[train]
        if not self.relative:
            return None, self._fitted(train, None)
        line = large_linear.fitted(self._features(train, None), truth).with_bar(float(truth.mean()))
        known = {
            number: background(
                # A held-out window of the same recording counts by its sound alone: its label is not known.
                self.windows.recordings[number],
                line,
                self.statistics,
                self.windows.with_sound(number, train),
            )
            for number in np.unique(self.windows.recording[train]).tolist()
        }
        usual = UsualBackground.of(list(known.values()))
        relative = {number: (each, usual) for number, each in known.items()}
        return FirstPass(line, usual), self._fitted(train, relative)

    def _fitted(self, train: npt.NDArray[np.intp], relative: dict[int, Relative] | None) -> Estimator:
        fitted: Estimator = self.kind.fitted(
            self._features(train, relative), self.windows.truth[train], self.seed
        )
        return fitted

    def _features(self, rows: npt.NDArray[np.intp], relative: dict[int, Relative] | None) -> FeatureRows:
        numbers = np.unique(self.windows.recording[rows]).tolist()
        return FeatureRows(
            [self.windows.among(number, rows) for number in numbers],
            [relative[number] for number in numbers] if relative else None,
            self.statistics,
        )

    def _scores(
        self, number: int, held: npt.NDArray[np.intp], first: FirstPass | None, second: Estimator
    ) -> npt.NDArray[np.float64]:
        """Log-odds of the held-out windows of a recording, read as in a scan: its labels are not known."""
        recording = self.windows.recordings[number]
        relative = (background(recording, first.line, self.statistics), first.usual) if first else None
        return log_odds(self.windows.among(number, held), [second], relative, self.statistics)
