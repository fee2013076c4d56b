"""The libraries that networks run on, and the GPUs that they see.

They are imported in a process of their own: the host never imports them, and one that crashes or
hangs while it is imported takes nothing along.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from audioscan_host.diagnosis.finding import Finding

ACCELERATION = ("torch", "torchaudio", "torchvision", "transformers", "timm")
FIT_TOGETHER = {"torch": "2.11.0", "torchaudio": "2.11.0", "torchvision": "0.26.0"}
"""Tested together. torchaudio 2.11 is its last release."""

DRIVER = Path("/dev/nvidiactl")
"""What the kernel shows where NVIDIA's driver is loaded."""

SECONDS = 300
"""After which an import is taken to hang; on a slow disk torch takes a minute."""

_REINSTALL = (
    "install versions that are built for each other, all of them from one index: pip install --force-reinstall "
    + " ".join(f"{name}=={version}" for name, version in FIT_TOGETHER.items())
)
_TWO_CUDAS = re.compile(
    r"compiled with different CUDA (?:major )?versions.*?PyTorch has CUDA version\W*(?P<torch>[\d.]+\d).*?"
    r"CUDA version\W*(?P<other>[\d.]+\d)",
    re.IGNORECASE | re.DOTALL,
)
_TWO_BUILDS = re.compile(
    r"undefined symbol|torchvision::nms does not exist|Could not load this library|symbol not found|"
    r"specified procedure could not be found",
    re.IGNORECASE,
)
_PROBE = Path(__file__).with_name("import_probe.py")


def examine_networks() -> Iterator[Finding]:
    """Each library that is installed, by its import; then what torch finds to run on."""
    there = [name for name in ACCELERATION if _is_there(name)]
    said = _import_apart(there)
    for name in ACCELERATION:
        if name not in there:
            yield Finding(name, "absent", "not installed; only some plugins need it")
        else:
            yield _imported(name, said[name])
    if "version" in said.get("torch", {}):
        yield from _devices(said["torch"].get("devices", {}))


def _is_there(name: str) -> bool:
    spec = find_spec(name)
    return spec is not None and spec.origin is not None  # which a mere folder of that name has not


def _imported(name: str, facts: Mapping[str, Any]) -> Finding:
    if "version" in facts:
        return Finding(name, "ok", str(facts["version"]))
    error = str(facts["error"])
    two_cudas = _TWO_CUDAS.search(error)
    if two_cudas:
        found = f"built for CUDA {two_cudas['other']}, but torch for CUDA {two_cudas['torch']}"
        return Finding(name, "broken", f"does not import: {found}", _REINSTALL)
    if name in FIT_TOGETHER and _TWO_BUILDS.search(error):
        return Finding(name, "broken", f"does not import, built for another torch: {error}", _REINSTALL)
    remedy = f"python -c 'import {name}' shows more; pip install --force-reinstall {name}"
    return Finding(name, "broken", f"does not import: {error}", remedy)


def _import_apart(names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What the import of each gave: `version` or `error`, and of torch `devices`."""
    said: dict[str, dict[str, Any]] = {}
    while waiting := [name for name in names if name not in said]:
        command = [sys.executable, str(_PROBE), *waiting]
        try:
            done = subprocess.run(  # noqa: S603 - this interpreter, and names from here
                command, capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False
            )
            output, end = done.stdout, f"the import ended the process with exit code {done.returncode}"
            end += f": {done.stderr.strip().rpartition(chr(10))[2]}" if done.stderr.strip() else ""
        except subprocess.TimeoutExpired as expired:
            kept = expired.stdout or b""
            output = kept.decode(errors="replace") if isinstance(kept, bytes) else kept
            end = f"the import took more than {SECONDS} s"
        found = dict(_lines(output))
        said |= found or {waiting[0]: {"error": end}}
    return said


def _lines(output: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the probe wrote; the libraries may have written lines of their own between."""
    for line in output.splitlines():
        try:
            facts = json.loads(line)
            yield str(facts.pop("imported")), facts
        except (ValueError, KeyError, TypeError, AttributeError):
            continue


def _devices(facts: Mapping[str, Any]) -> Iterator[Finding]:
    built = facts.get("built", "")
    for gpu in facts.get("gpus", []):
        what = f"GPU {gpu['device']}"
        if gpu.get("error"):
            remedy = "install a driver and a build of torch that fit the GPU, or take --device cpu"
            yield Finding(what, "broken", f"{gpu['name']}: does not compute: {gpu['error']}", remedy)
            continue
        precisions = "fp32, fp16, bf16" if gpu["bf16"] else "fp32, fp16; no bf16 in hardware"
        memory = f"{gpu['free'] / 2**30:.1f} of {gpu['total'] / 2**30:.1f} GiB free"
        yield Finding(what, "ok", f"{gpu['name']}, {memory}, {precisions}; torch is {built}")
    if facts.get("mps"):
        yield Finding("GPU mps", "ok", "Apple's")
    if not facts.get("gpus") and not facts.get("mps"):
        said = "; ".join(facts.get("warnings", []))
        if facts.get("error"):
            yield Finding("GPU", "broken", f"torch cannot ask for GPUs: {facts['error']}", _REINSTALL)
        elif DRIVER.exists() or said:
            found = f"torch, {built}, finds none" + (f": {said}" if said else ", though a driver is there")
            yield Finding(
                "GPU", "warning", found, "install a build of torch for the CUDA of the driver (nvidia-smi)"
            )
        else:
            yield Finding(
                "GPU", "absent", f"none; torch is {built} and runs on the CPU, in fp32 unless asked"
            )
