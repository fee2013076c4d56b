"""`audioscan-host models`: what recordings can be embedded with."""

import click

from audioscan_host.cli import options, reporting
from audioscan_host.models.model import FINAL, Model
from audioscan_host.models.weights import missing
from audioscan_host.plugins.discovery import Failure
from audioscan_host.plugins.registry import Registry, load_registry


@click.command()
@options.as_json
def models(as_json: bool) -> None:
    """List the models of the installed plugins."""
    registry = load_registry()
    if as_json:
        reporting.print_json(
            {
                "models": [_described(registry, model) for model in registry.models.values()],
                "failures": [failure_facts(failure) for failure in registry.failures],
                "warnings": [
                    {"plugin": plugin.name, "warning": fault}
                    for plugin in registry.plugins
                    for fault in plugin.faults
                ],
            }
        )
        return
    if registry.models:
        reporting.print_table(
            ["model", "plugin", "dim", "layers", "parameters", "weights", "licence", "description"],
            [_row(registry, model) for model in registry.models.values()],
            right=["dim", "parameters"],
        )
    else:
        reporting.note("no models: install a plugin, such as audioscan-mel")
    note_failures(registry)


def note_failures(registry: Registry) -> None:
    """Name the plugins that were set aside or have a fault, on stderr."""
    for plugin in registry.plugins:
        for fault in plugin.faults:
            reporting.note(f"warning: plugin {plugin.name}: {fault}")
    for failure in registry.failures:
        reporting.note(f"set aside: plugin {failure.name}: {failure.reason}")


def failure_facts(failure: Failure) -> dict[str, object]:
    """What JSON says of a plugin that was set aside."""
    return {
        "plugin": failure.name,
        "distribution": failure.origin.distribution,
        "version": failure.origin.version,
        "module": failure.origin.module,
        "reason": failure.reason,
        "last_line": failure.last_line,
    }


def _row(registry: Registry, model: Model) -> list[object]:
    checkpoint = model.checkpoint
    return [
        model.name,
        registry.owner(model).name,
        model.dim,
        _layers(model),
        _count(checkpoint.parameters),
        _weights(registry, model),
        checkpoint.licence,
        model.description,
    ]


def _layers(model: Model) -> str:
    return " ".join("final" if layer == FINAL else str(layer) for layer in model.layers)


def _count(parameters: int) -> str:
    if not parameters:
        return "none"
    return f"{parameters / 1e6:.0f} M" if parameters >= 1e6 else f"{parameters / 1e3:.0f} k"


def _weights(registry: Registry, model: Model) -> str:
    """Whether `load` finds its files; what a local file or folder holds is looked at when it is used."""
    local = registry.local_checkpoint(model)
    if local is not None:
        return "local" if local.path.exists() else "local, missing"
    if model.checkpoint.weights is None:
        return "none needed"
    return "to pull" if missing(model.checkpoint.weights) else "present"


def _described(registry: Registry, model: Model) -> dict[str, object]:
    checkpoint = model.checkpoint
    local = registry.local_checkpoint(model)
    path = local.path if local else checkpoint.weights and checkpoint.weights.path
    return {
        "name": model.name,
        "plugin": registry.owner(model).name,
        "description": model.description,
        "dim": model.dim,
        "layers": list(model.layers),
        "pooling": model.pooling,
        "revision": model.revision,
        "checkpoint": {
            "name": checkpoint.name,
            "source": checkpoint.source,
            "revision": checkpoint.revision,
            "layers": checkpoint.layers,
            "sample_rate": checkpoint.sample_rate,
            "parameters": checkpoint.parameters,
            "licence": checkpoint.licence,
            "weights": _weights(registry, model),
            "path": str(path) if path else None,
            "remote_code": checkpoint.remote_code,
        },
    }
