"""`audioscan-host pull`: weights ahead of time."""

import click

from audioscan_host.cli import reporting
from audioscan_host.errors import CheckpointError, UnknownModelError
from audioscan_host.models.model import Checkpoint
from audioscan_host.plugins.registry import Registry, load_registry


@click.command()
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
def pull(models: tuple[str, ...]) -> None:
    """Fetch the weights of models ahead of time.

    MODEL is a model or a checkpoint of `audioscan-host models`. What is there already is checked and not
    fetched again, and an interrupted download goes on from where it stopped.
    """
    from audioscan_host.models.checkpoints import obtain
    from audioscan_host.models.weights import missing

    registry = load_registry()
    rows, failures = [], []
    checkpoints: dict[Checkpoint, None] = {}  # in the order of the names, each once
    for name in models:
        try:
            checkpoints[_checkpoint(registry, name)] = None
        except CheckpointError as error:  # of a file that the user named
            failures.append(str(error))
    progress = reporting.progress()
    for checkpoint in checkpoints:
        weights = checkpoint.weights
        if weights is None:
            rows.append([checkpoint.name, "needs no weights", ""])
            continue
        state = "fetched" if missing(weights) else "was there"
        try:
            obtain(checkpoint, progress)
        except CheckpointError as error:
            failures.append(str(error))
        else:
            rows.append([checkpoint.name, state, str(weights.path)])
    if rows:
        reporting.print_table(["checkpoint", "state", "path"], rows)
    for failure in dict.fromkeys(failures):
        reporting.note(f"Error: {failure}")
    if failures:
        click.get_current_context().exit(1)


def _checkpoint(registry: Registry, name: str) -> Checkpoint:
    """Of a model, or of that name itself."""
    try:
        return registry.model(name).checkpoint
    except UnknownModelError:
        named = [model.name for model in registry.models.values() if model.checkpoint.name == name]
        if not named:
            raise
        return registry.model(named[0]).checkpoint
