"""Run as a program with names of libraries: imports each and writes a line of JSON on what it gave.

It is never imported by the host, and imports nothing of it: whatever happens here happens to this process.
"""

import json
import sys
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any


def imported(name: str) -> dict[str, Any]:
    """The version of a library, or why it does not import."""
    try:
        library = import_module(name)
        facts: dict[str, Any] = {"version": str(getattr(library, "__version__", "of unknown version"))}
        if name == "torch":
            facts["devices"] = devices(library)
        return facts
    # Whatever a library raises, exit included, is what is looked for.
    except BaseException as error:  # noqa: BLE001
        return {"error": f"{type(error).__name__}: {' '.join(str(error).split())}"}


def devices(torch: Any) -> dict[str, Any]:
    """The GPUs that torch finds, each with a trial of what it computes."""
    built = "built without CUDA"
    if getattr(torch.version, "cuda", None):
        built = f"built for CUDA {torch.version.cuda}"
    elif getattr(torch.version, "hip", None):
        built = f"built for ROCm {torch.version.hip}"
    facts: dict[str, Any] = {"built": built, "gpus": []}
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            if torch.cuda.is_available():
                facts["gpus"] = [gpu(torch, number) for number in range(torch.cuda.device_count())]
            facts["mps"] = bool(torch.backends.mps.is_available())
        # A driver that does not fit may be told in many ways.
        except Exception as error:  # noqa: BLE001
            facts["error"] = " ".join(str(error).split())
    facts["warnings"] = [" ".join(str(each.message).split()) for each in said]
    return facts


def gpu(torch: Any, number: int) -> dict[str, Any]:
    """One GPU; `error` where it does not compute."""
    device = f"cuda:{number}"
    facts: dict[str, Any] = {"device": device, "name": torch.cuda.get_device_name(number), "error": ""}
    try:
        with torch.cuda.device(number):
            facts["bf16"] = bool(torch.cuda.is_bf16_supported(including_emulation=False))
            facts["free"], facts["total"] = torch.cuda.mem_get_info(number)
        ones = torch.ones(16, 16, device=device, dtype=torch.bfloat16 if facts["bf16"] else torch.float32)
        if float((ones @ ones).sum()) != 16**3:
            facts["error"] = "a product of matrices is wrong"
    # Such as a GPU that this build of torch has no kernels for.
    except Exception as error:  # noqa: BLE001
        facts["error"] = " ".join(str(error).split())
    return facts


if __name__ == "__main__":
    # Without this folder, whose modules are not what is to be imported.
    sys.path[:] = [place for place in sys.path if place != str(Path(__file__).parent)]
    for name in sys.argv[1:]:
        print(json.dumps({"imported": name, **imported(name)}), flush=True)  # noqa: T201
