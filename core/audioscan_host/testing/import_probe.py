"""Imports a plugin's module in a process of its own: a program, which `importing` starts.

Its one argument is JSON: `path` (for `sys.path`), `module`, `attribute`, and `answer`, the file that it writes.
Stdout is left to the plugin.
"""

import json
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

HEAVY = (
    "flax",
    "jax",
    "keras",
    "librosa",
    "mlx",
    "onnxruntime",
    "tensorflow",
    "timm",
    "torch",
    "torchaudio",
    "torchvision",
    "transformers",
)
"""What networks run on; each takes a second or more to import."""


def main(question: dict[str, Any]) -> None:
    """Import the module, list its models, and write what was seen."""
    sys.path[:] = question["path"]
    import pluggy

    from audioscan_host.plugins import hookspecs
    from audioscan_host.plugins.failing_hooks import last_line
    from audioscan_host.testing.declared_facts import declared_facts

    hooks = pluggy.PluginManager("audioscan_host")
    hooks.add_hookspecs(hookspecs)
    before = set(sys.modules)
    answer: dict[str, Any] = {"absent": False, "error": "", "models": {}}
    begin = time.perf_counter()
    try:
        plugin = import_module(question["module"])
        for name in filter(None, question["attribute"].split(".")):
            plugin = getattr(plugin, name)
        hooks.register(plugin)
        models = [model for registered in hooks.hook.register_models() for model in registered]
    except ModuleNotFoundError as error:
        # A missing parent package is as good as the module missing; what the module misses is not.
        answer["absent"] = f"{question['module']}.".startswith(f"{error.name}.")
        answer["error"] = last_line(error)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a plugin raises
        answer["error"] = last_line(error)
    else:
        answer["seconds"] = time.perf_counter() - begin
        answer["models"] = {model.name: declared_facts(model) for model in models}
    answer["heavy"] = [name for name in HEAVY if name in sys.modules and name not in before]
    Path(question["answer"]).write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
