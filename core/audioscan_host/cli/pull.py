"""`audioscan-host pull`: weights ahead of time."""

import click

from audioscan_host.cli import reporting
from audioscan_host.errors import CheckpointError, UnknownModelError
from audioscan_host.model import Checkpoint
from audioscan_host.registry import Registry, load_registry


@click.command()
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
def pull(models: tuple[str, ...]) -> None:
    """Fetch the weights of models ahead of time.

    MODEL is a model or a checkpoint of `audioscan-host models`. What is there already is checked and not
    fetched again, and an interrupted download goes on from where it stopped.
    """
    from audioscan_host.checkpoints import obtain
    from audioscan_host.weights import missing

    registry = load_registry()
    checkpoints = list(dict.fromkeys(_checkpoint(registry, name) for name in models))
    rows, failures = [], []
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
    for failure in failures:
        reporting.note(f"Error: {failure}")
    if failures:
        click.get_current_context().exit(1)


def _checkpoint(registry: Registry, name: str) -> Checkpoint:
    """Of a model, or of that name itself."""
    try:
        return registry.model(name).checkpoint
    except UnknownModelError:
        named = [m.checkpoint for m in registry.models.values() if m.checkpoint.name == name]
        if not named:
            raise
        return named[0]
