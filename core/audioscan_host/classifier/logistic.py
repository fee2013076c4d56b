"""Logistic regression as a kind of classifier."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from audioscan_host.classifier import large_linear
from audioscan_host.classifier.features import FeatureRows
from audioscan_host.classifier.linear import Linear
from audioscan_host.classifier.settings import ClassifierKind
from audioscan_host.errors import DetectorError


class Logistic:
    """Logistic regression as a kind of classifier. The mean of several is one, so a file holds one."""

    name = ClassifierKind.LOGISTIC
    _member = "second.npy"

    def fitted(
        self,
        windows: FeatureRows,
        labels: npt.NDArray[np.int64],
        seed: int,  # noqa: ARG002 - nothing is drawn
    ) -> Linear:
        return large_linear.fitted(windows, labels)

    def together(self, several: Sequence[Linear]) -> tuple[Linear, ...]:
        return (Linear.mean(several),)

    def arrays(self, several: Sequence[Linear]) -> Mapping[str, npt.NDArray[Any]]:
        (line,) = several
        return {self._member: line.array}

    def members(self, estimators: int) -> Sequence[str]:  # noqa: ARG002 - always the one
        return [self._member]

    def read(self, array: Callable[[str], npt.NDArray[Any]], estimators: int, dim: int) -> tuple[Linear, ...]:
        if estimators != 1:
            raise DetectorError("holds another number of estimators than it declares")
        return (Linear.of_array(array(self._member), dim),)
