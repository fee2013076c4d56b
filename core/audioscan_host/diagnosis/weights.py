"""Whether the weights of each checkpoint are there; what is in them is checked when they are loaded."""

from collections.abc import Iterator

from audioscan_host.diagnosis.finding import Finding
from audioscan_host.errors import CheckpointError
from audioscan_host.models.checkpoints import refuse_needless, variable
from audioscan_host.models.model import Checkpoint, Model
from audioscan_host.models.weights import missing
from audioscan_host.plugins.registry import Registry


def examine_weights(registry: Registry) -> Iterator[Finding]:
    """A finding for each checkpoint that has weights."""
    first: dict[Checkpoint, Model] = {}
    for model in registry.models.values():
        first.setdefault(model.checkpoint, model)
    for checkpoint, model in first.items():
        what = f"weights {checkpoint.name}"
        local = registry.local_checkpoint(model)
        try:
            refuse_needless(checkpoint)
        except CheckpointError as error:
            yield Finding(what, "broken", str(error), f"unset {variable(checkpoint.name)}")
            continue
        if local is not None:
            named = f"{local.path}, named by {variable(checkpoint.name)}"
            if local.path.exists():
                yield Finding(what, "ok", named)
            else:
                remedy = f"correct or unset {variable(checkpoint.name)}"
                yield Finding(what, "broken", f"{named}, is not there", remedy)
        elif checkpoint.weights is not None:
            absent = missing(checkpoint.weights)
            if not absent:
                yield Finding(what, "ok", f"{checkpoint.weights.path}, present")
            elif len(absent) < len(checkpoint.weights.files):
                found = f"{absent[0].name} is missing in {absent[0].parent}"
                yield Finding(what, "warning", found, f"audioscan-host pull {model.name}")
            else:
                yield Finding(what, "absent", "to pull; fetched at first need")
