"""Arrays between host and device: at once, or on a CUDA GPU without waiting for what that computes."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from array_api_compat import device

from audioscan_host.embedding import copies
from audioscan_host.embedding.copies import begin_copy, to_device_of


class Gpu:
    """Stands in for torch with one CUDA GPU, and notes what it was asked for. What is copied is there once it is waited for."""

    def __init__(self):
        self.asked = []
        self.cuda = SimpleNamespace(Event=self.event, current_stream=lambda where: f"stream of {where.name}")

    def event(self, *, blocking):
        return Event(self, blocking)

    def from_numpy(self, values):
        return Tensor(self, values, None)


class Event:
    def __init__(self, gpu, blocking):
        self._asked, self._blocking = gpu.asked, blocking

    def record(self, stream):
        self._asked.append(f"event on {stream}")

    def synchronize(self):
        assert self._blocking
        self._asked.append("waited")


class Tensor:
    """An array on the GPU, or of the host in torch."""

    def __init__(self, gpu, values, where):
        self._gpu, self._values, self.device = gpu, values, where
        self._is_pinned = False

    def to(self, where, *, non_blocking):
        assert non_blocking
        if where == "cpu":
            self._gpu.asked.append("copy to the host")
            return Tensor(self._gpu, self._values, None)
        assert self._is_pinned, "or the host would wait"
        return Tensor(self._gpu, self._values, where)

    def pin_memory(self):
        pinned = Tensor(self._gpu, self._values.copy(), None)
        pinned._is_pinned = True
        return pinned

    def __array__(self, dtype=None, copy=None):
        assert self.device is None, "it is on the GPU"
        assert "waited" in self._gpu.asked, "its numbers are not there yet"
        return self._values if not copy and dtype is None else self._values.astype(dtype)


CUDA = SimpleNamespace(type="cuda", name="cuda:1")


@pytest.fixture
def gpu(monkeypatch):
    gpu = Gpu()
    monkeypatch.setitem(sys.modules, "torch", gpu)
    monkeypatch.setattr(copies, "is_torch_array", lambda array: isinstance(array, Tensor))
    return gpu


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_what_is_on_the_host_is_there_at_once(dtype):
    values = np.asfortranarray(np.arange(6, dtype=dtype).reshape(2, 3))
    copy = begin_copy(values)
    assert not copy.is_under_way
    vectors = copy.vectors()
    assert (vectors.dtype, vectors.flags.c_contiguous) == (np.float32, True)
    assert vectors.tolist() == values.tolist()


def test_the_host_does_not_wait_for_a_gpu_before_it_takes_the_vectors(gpu):
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    copy = begin_copy(Tensor(gpu, values, CUDA))
    assert copy.is_under_way
    assert gpu.asked == ["copy to the host", "event on stream of cuda:1"]
    vectors = copy.vectors()
    assert gpu.asked[2:] == ["waited"]
    assert vectors.tolist() == values.tolist()
    assert not np.shares_memory(vectors, values), "that memory the system cannot move"


def test_numbers_go_to_a_gpu_through_memory_that_the_system_never_moves(gpu):
    like = Tensor(gpu, np.zeros(1), CUDA)
    values = np.arange(6.0)
    values.flags.writeable = False
    found = to_device_of(like, values)
    assert found.device is CUDA
    assert found._values.tolist() == values.tolist()
    assert gpu.asked == []


def test_numbers_go_to_the_library_of_the_other_array():
    found = to_device_of(np.zeros(1, np.float32), np.arange(3))
    assert isinstance(found, np.ndarray)
    assert found.dtype == np.int64
    assert device(found) == "cpu"
