"""What a model declares as plain values, so that two processes can compare it."""

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from audioscan_host.models.model import Checkpoint, Model


def declared_facts(model: Model) -> dict[str, Any]:
    """What a model and its checkpoint declare, but for the places of files, as JSON would give it back."""
    facts = {**_facts(model, "checkpoint"), "checkpoint": _facts(model.checkpoint, "weights")}
    facts["layers"] = list(model.layers)
    if not math.isfinite(model.checkpoint.longest_window):
        facts["checkpoint"]["longest_window"] = None
    return facts


def _facts(declared: Model | Checkpoint, but: str) -> dict[str, Any]:
    return {each.name: getattr(declared, each.name) for each in fields(declared) if each.name != but}


def differing(found: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    """The names of the facts that are not alike."""
    return [
        name
        if name != "checkpoint"
        else ", ".join(f"checkpoint.{each}" for each in differing(found[name], value))
        for name, value in expected.items()
        if found[name] != value
    ]
