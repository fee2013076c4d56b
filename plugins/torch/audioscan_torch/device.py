"""On which device a network runs, and in which precision; torch is imported only where it has to be asked."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audioscan_host import Runtime, SettingError

if TYPE_CHECKING:
    import torch

GPU_DRIVERS = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")
"""What the kernel shows where a driver of a GPU is loaded that torch calls cuda: NVIDIA's, that of
Windows under WSL, AMD's."""

EXPECTED = "auto, cpu, cuda, cuda:N or mps"


def precision(runtime: Runtime) -> str:
    """What a network computes in: `fp32`, `bf16` or `fp16`.

    `auto` is bf16 on a CUDA device that has it in hardware, else fp32. Without such a device in sight torch is
    not imported: the answer is needed before the cache is read, and a scan from the cache needs no torch.

    Raises:
        SettingError: the device is not there.
    """
    if runtime.precision != "auto":
        return runtime.precision
    if not _may_be_cuda(runtime.device):
        return "fp32"
    import torch

    device = find_device(runtime.device)
    if device.type != "cuda":
        return "fp32"
    with torch.cuda.device(device):
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"


def find_device(name: str) -> torch.device:
    """The device of that name; `auto` takes a CUDA GPU, else Apple's, else the CPU.

    Raises:
        SettingError: torch knows no such device, or finds none on this machine.
    """
    import torch

    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise SettingError(f"unknown device {name!r}: expected {EXPECTED}") from error
    if str(device) != name:  # torch takes cuda:256 for cuda:0
        raise SettingError(f"unknown device {name!r}: expected {EXPECTED}")
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if (device.index or 0) >= count:
            built = f"built for CUDA {torch.version.cuda}" if torch.version.cuda else "built without CUDA"
            raise SettingError(
                f"device {name!r}: torch {torch.__version__} ({built}) finds {count or 'no'} CUDA GPUs; "
                "take --device cpu, or see `audioscan-host doctor`"
            )
    elif device.type == "mps" and not torch.backends.mps.is_available():
        raise SettingError(f"device {name!r}: torch finds no Apple GPU; take --device cpu")
    elif device.type not in {"cpu", "mps"}:
        raise SettingError(f"device {name!r} is not supported: expected {EXPECTED}")
    return device


def _may_be_cuda(device: str) -> bool:
    if device != "auto":
        return device.startswith("cuda")
    return sys.platform == "win32" or any(Path(driver).exists() for driver in GPU_DRIVERS)
