"""Find every place where a sound occurs: the names that a plugin author and a script import.

Everything is imported at first use, so that `import audioscan_host` stays as light as its
command line.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audioscan_host.errors import AudioscanError, CheckpointError, SettingError
    from audioscan_host.journeys.embed import embed
    from audioscan_host.journeys.evaluate import evaluate
    from audioscan_host.journeys.scan import scan
    from audioscan_host.journeys.search import search
    from audioscan_host.journeys.suggest import suggest
    from audioscan_host.journeys.train import train
    from audioscan_host.models.model import FINAL, Checkpoint, Model, Runtime
    from audioscan_host.plugins.hookspecs import CONTRACT_VERSION, HiddenStates, Inputs, hookimpl
    from audioscan_host.plugins.registry import load_registry
    from audioscan_host.windows import Windowing, Windows

__all__ = [
    "CONTRACT_VERSION",
    "FINAL",
    "AudioscanError",
    "Checkpoint",
    "CheckpointError",
    "HiddenStates",
    "Inputs",
    "Model",
    "Runtime",
    "SettingError",
    "Windowing",
    "Windows",
    "embed",
    "evaluate",
    "hookimpl",
    "load_registry",
    "scan",
    "search",
    "suggest",
    "train",
]

_HOME = {
    "embed": "journeys.embed",
    "evaluate": "journeys.evaluate",
    "scan": "journeys.scan",
    "search": "journeys.search",
    "suggest": "journeys.suggest",
    "train": "journeys.train",
    "load_registry": "plugins.registry",
    **dict.fromkeys(["CONTRACT_VERSION", "HiddenStates", "Inputs", "hookimpl"], "plugins.hookspecs"),
    **dict.fromkeys(["AudioscanError", "CheckpointError", "SettingError"], "errors"),
    **dict.fromkeys(["FINAL", "Checkpoint", "Model", "Runtime"], "models.model"),
    **dict.fromkeys(["Windowing", "Windows"], "windows"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"audioscan_host.{_HOME[name]}"), name)
