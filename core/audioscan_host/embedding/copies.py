"""Copies between the host and a device; where it is a CUDA GPU the host does not wait for what that is computing."""

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from array_api_compat import array_namespace, device, is_torch_array, to_device

from audioscan_host.plugins.hookspecs import Array


@dataclass(frozen=True, eq=False)
class HostCopy:
    """Vectors that are copied from a device to the host.

    Attributes:
        array: in the host's memory; its numbers are there once the event has happened.
        event: of the device, that the copy is finished; None where it is.
    """

    array: Any
    event: Any | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether the host may do something else before it takes them."""
        return self.event is not None

    def vectors(self) -> npt.NDArray[np.float32]:
        """Of the shape of the array, once they are there.

        Raises:
            Exception: of the device's library, where the device failed meanwhile.
        """
        if self.event is None:
            return np.ascontiguousarray(np.asarray(self.array), dtype=np.float32)
        self.event.synchronize()
        # The system cannot move the memory of the copy, and vectors may be kept for hours.
        return np.array(self.array, dtype=np.float32, order="C")


def begin_copy(array: Array) -> HostCopy:
    """Copy an array to the host: on a CUDA GPU after what that was given before, and before what it is given next."""
    if not _is_on_cuda(array):
        return HostCopy(to_device(array, "cpu"))
    cuda = sys.modules["torch"].cuda
    # torch copies to memory that the system never moves, and gives the array's own to nobody before the copy has read it.
    copy = array.to("cpu", non_blocking=True)
    event = cuda.Event(blocking=True)  # who waits for it leaves the processor to the decoders
    event.record(cuda.current_stream(array.device))
    return HostCopy(copy, event)


def to_device_of(like: Array, values: npt.NDArray[Any]) -> Array:
    """The numbers of the host as an array of the library and on the device of another one."""
    if not _is_on_cuda(like):
        xp: Any = array_namespace(like)
        copied: Array = xp.asarray(values, device=device(like))
        return copied
    # torch lends this memory, which the system never moves, again only when the GPU has read it.
    pinned = sys.modules["torch"].from_numpy(np.require(values, requirements=["C", "W"])).pin_memory()
    on_device: Array = pinned.to(like.device, non_blocking=True)
    return on_device


def _is_on_cuda(array: Array) -> bool:
    return is_torch_array(array) and array.device.type == "cuda"
