"""The models that are installed now, read by a process of its own: a plugin that came since is among them."""

import asyncio
import json
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from audioscan_ui.api.json_answer import JsonAnswer
from audioscan_ui.problems import Problem
from audioscan_ui.review import review_of

KEPT_SECONDS = 2.0
"""That an answer is given again: a page that is opened asks several times at once."""

PATIENCE = 60.0
"""Seconds after which a plugin that hangs as it is imported is given up."""

WEIGHTS = {"present": "here", "local": "here", "none needed": "none"}
"""What the host says of weights -> what the page knows; all else is missing."""

_DEVICES = """
import json, sys
devices = ["auto", "cpu"]
try:
    import torch
except ImportError:
    pass
else:
    devices += [f"cuda:{i}" for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        devices.append("mps")
print(json.dumps(devices))
"""


@dataclass
class InstalledModels:
    """Asks for the models, once for all who ask within two seconds.

    Attributes:
        lock: held by whoever asks.
        told: the answer, and when it came.
        devices: that encoders can run on; looked for once, since torch takes seconds to say so.
    """

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    told: tuple[float, dict[str, Any]] | None = None
    devices: list[str] | None = None

    async def now(self) -> dict[str, Any]:
        """Models, problems of plugins, and devices."""
        async with self.lock:
            if self.told is None or time.monotonic() - self.told[0] > KEPT_SECONDS:
                asked = asyncio.to_thread(_asked, "-m", "audioscan_host", "models", "--json")
                if self.devices is None:
                    found, self.devices = await asyncio.gather(asked, asyncio.to_thread(_devices))
                else:
                    found = await asked
                self.told = time.monotonic(), {**_facts(found), "devices": self.devices}
            return self.told[1]


async def models(request: Request) -> Response:
    """All models, those whose weights are missing among them."""
    state = request.app.state
    if not hasattr(state, "installed_models"):
        state.installed_models = InstalledModels()
    review_of(request)
    return JsonAnswer(await state.installed_models.now())


def _facts(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "models": [_model(each) for each in found["models"]],
        "problems": [{"plugin": each["plugin"], "reason": each["reason"]} for each in found["failures"]]
        + [{"plugin": each["plugin"], "reason": each["warning"]} for each in found["warnings"]],
    }


def _model(model: dict[str, Any]) -> dict[str, Any]:
    checkpoint = model["checkpoint"]
    return {
        **model,
        "family": model["plugin"],
        "parameters": checkpoint["parameters"],
        "licence": checkpoint["licence"],
        "weights": WEIGHTS.get(checkpoint["weights"], "missing"),
    }


def _devices() -> list[str]:
    if not _may_have_gpu():
        return ["auto", "cpu"]
    try:
        found: list[str] = _asked("-c", _DEVICES)
    except Problem:
        return ["auto", "cpu"]
    return found


def _may_have_gpu() -> bool:
    """Whether it is worth the seconds that torch takes to say which ones there are."""
    places = (Path("/dev/nvidia0"), Path("/dev/kfd"))  # of NVIDIA's and AMD's drivers on Linux
    seen = (
        sys.platform == "darwin" or shutil.which("nvidia-smi") is not None or any(p.exists() for p in places)
    )
    return seen and find_spec("torch") is not None


def _asked(*arguments: str) -> Any:
    """What a fresh Python says on stdout, as JSON.

    Raises:
        Problem: it fails.
    """
    try:
        # -P: no module is taken from the working folder.
        said = subprocess.run(  # noqa: S603 - this Python, and what is written here
            [sys.executable, "-P", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        return json.loads(said.stdout)
    except subprocess.TimeoutExpired as error:
        raise Problem(
            503, "The installed models could not be read: a plugin does not end its import."
        ) from error
    except ValueError as error:
        last = said.stderr.decode(errors="replace").strip().rpartition("\n")[2] or "nothing was said"
        raise Problem(503, f"The installed models could not be read: {last}") from error


routes = [Route("/api/models", models)]
