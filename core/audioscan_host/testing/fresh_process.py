"""Imports a plugin in a fresh process, and says what that took."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

from audioscan_host.plugins.discovery import Plugin
from audioscan_host.testing import import_probe
from audioscan_host.testing.finding import ConformanceError, NotCheckedError

PATIENCE = 60.0
"""Seconds after which an import is given up."""


@dataclass(frozen=True)
class Import:
    """What a fresh process found.

    Attributes:
        seconds: that importing the module and listing its models took, where the host and numpy were there.
        heavy: the libraries that it brought in.
        printed: what it wrote to stdout.
        models: what each declares.
    """

    seconds: float
    heavy: tuple[str, ...]
    printed: str
    models: Mapping[str, Mapping[str, Any]]


def imported_afresh(plugin: Plugin) -> Import:
    """Import a plugin's module in a fresh process.

    Raises:
        NotCheckedError: the plugin is no module that another process could import.
        ConformanceError: it cannot be imported, or takes too long.
    """
    module, attribute = _place(plugin)
    with TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        question = json.dumps(
            {"path": sys.path, "module": module, "attribute": attribute, "answer": str(answer)}
        )
        # By its file: the process must take nothing for granted about where the host is installed.
        command = [sys.executable, import_probe.__file__, question]
        try:
            done = subprocess.run(  # noqa: S603 - this Python, and a program of the host
                command, capture_output=True, text=True, errors="replace", check=False, timeout=PATIENCE
            )
        except subprocess.TimeoutExpired as error:
            raise ConformanceError(f"importing {module} takes over {PATIENCE:.0f} s") from error
        if not answer.is_file():
            lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
            raise ConformanceError(f"importing {module} ends the process: {lines[-1]}")
        found = json.loads(answer.read_text(encoding="utf-8"))
    if found["absent"]:
        raise NotCheckedError(f"the plugin is no module that another process could import: no {module}")
    if found["error"]:
        raise ConformanceError(f"importing {module} alone raises {found['error']}")
    return Import(found["seconds"], tuple(found["heavy"]), done.stdout, found["models"])


def _place(plugin: Plugin) -> tuple[str, str]:
    """The module, and what in it is the plugin where that is not the module itself."""
    if plugin.origin.module:
        module, _, attribute = plugin.origin.module.partition(":")
        return module.strip(), attribute.strip()
    if not isinstance(plugin.module, ModuleType):
        raise NotCheckedError("the plugin is an object of the running program, not a module")
    return plugin.module.__name__, ""
