"""Numbers that are read back from a detector's file, which may be a stranger's: checked before they are used."""

from typing import Any

import numpy as np
import numpy.typing as npt

from audioscan_host.errors import DetectorError

_LARGEST = 1e30  # of a number; embeddings and weights have some thousands


def numbers(array: npt.NDArray[Any], shape: tuple[int, ...], what: str) -> npt.NDArray[np.float64]:
    """The array, of this shape and of finite float64 numbers.

    Args:
        array: as it was read.
        shape: that it must have.
        what: they are, for the message.

    Raises:
        DetectorError: it is another.
    """
    if array.dtype != np.float64 or array.shape != shape:
        raise DetectorError(f"holds {what} of {array.dtype} {array.shape} in place of float64 {shape}")
    if not (np.abs(array) <= _LARGEST).all():  # NaN is not
        raise DetectorError(f"holds {what} that are not numbers, or far too large")
    return array
