"""What a kind of classifier brings: how it is fitted, and how a detector's file keeps it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from audioscan_host.classifier.features import FeatureRows
from audioscan_host.classifier.settings import ClassifierKind

Array = npt.NDArray[Any]


class Estimator(Protocol):
    """What reads windows in the end."""

    def decision_function(self, features: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """(windows,) log-odds of (windows, dim) features, by the name that scikit-learn has for it."""
        ...


E = TypeVar("E", bound=Estimator)


class Kind(Protocol[E]):
    """One kind of classifier, and all in which it differs from the others.

    Attributes:
        name: what `--classifier` takes, and what a detector's file says.
    """

    name: ClassifierKind

    def fitted(self, windows: FeatureRows, labels: npt.NDArray[np.int64], seed: int) -> E:
        """Fit to the features of windows, which are in memory if it asks for their matrix, and (windows,) labels, 0 and 1."""
        ...

    def together(self, several: Sequence[E]) -> tuple[E, ...]:
        """What gives the mean of the log-odds of several, of a fold each, when its own are averaged."""
        ...

    def arrays(self, several: Sequence[E]) -> Mapping[str, Array]:
        """Name of each member of a detector's file -> its array, of all that are averaged."""
        ...

    def members(self, estimators: int) -> Sequence[str]:
        """The names that `arrays` has for so many."""
        ...

    def read(self, array: Callable[[str], Array], estimators: int, dim: int) -> tuple[E, ...]:
        """Build again what `arrays` took apart. The file may be a stranger's.

        Args:
            array: gives the array of each of the `members`.
            estimators: that the file declares, 1 or more.
            dim: of the features.

        Raises:
            DetectorError: an array holds what no training gives.
        """
        ...
