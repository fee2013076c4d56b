"""What driver and workers have to have in common, and what differs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from audioscan_host.cache import Cache
from audioscan_host.errors import AudioscanError
from audioscan_host.models.model import Model, Runtime
from audioscan_host.plugins.origin import host_version
from audioscan_host.plugins.registry import Registry


@dataclass(frozen=True)
class Terms:
    """What a worker is told when it begins.

    Attributes:
        cache: which all of them share.
        marker: name of a small file that the driver put there.
        runtime: device, precision and batch size.
        checkpoints: checkpoint name -> what the user named in place of the download.
        environment: variables that say which plugins and weights there are.
        folder: that paths of recordings are relative to.
        decoders: processes that decode for it; 0 for threads.
    """

    cache: Cache
    marker: str
    runtime: Runtime
    checkpoints: Mapping[str, str]
    environment: Mapping[str, str]
    folder: str
    decoders: int = 0


@dataclass(frozen=True)
class ModelFacts:
    """What two machines have to have alike, so that they compute the same numbers by a model.

    Attributes:
        model: its name.
        plugin: name of the plugin that has it.
        distribution: what has to be installed for that.
        version: of that.
        revision: of the model's arithmetic.
        checkpoint: name of the checkpoint.
        weights: what pins its weights.
        precision: what it computes in there.
    """

    model: str
    plugin: str
    distribution: str
    version: str
    revision: int
    checkpoint: str
    weights: str
    precision: str


@dataclass(frozen=True)
class Facts:
    """What has to be alike for some models.

    Attributes:
        host: version of audioscan-host; empty where it runs from its sources.
        wrappers: what plugins without models do to the numbers of all.
        models: of each that is asked for.
    """

    host: str
    wrappers: tuple[str, ...]
    models: tuple[ModelFacts, ...]


def facts_of(registry: Registry, models: Sequence[Model], runtime: Runtime) -> Facts:
    """What this process has."""
    of_models = []
    for model in models:
        plugin, checkpoint = registry.owner(model), model.checkpoint
        of_models.append(
            ModelFacts(
                model.name,
                plugin.name,
                plugin.origin.distribution,
                plugin.origin.version,
                model.revision,
                checkpoint.name,
                checkpoint.revision,
                registry.family(model).precision(checkpoint, runtime),
            )
        )
    return Facts(host_version(), registry.wrappers, tuple(of_models))


def difference(wanted: Facts, registry: Registry, runtime: Runtime) -> str:
    """Why this process does not compute what the driver would, as the end of a sentence; empty where it does."""
    for each in wanted.models:
        if each.model not in registry.models:
            return _lack(each, registry)
    try:
        models = [registry.model(each.model) for each in wanted.models]
        here = facts_of(registry, models, runtime)
    except AudioscanError as error:
        return f"cannot use a model: {error}"
    if here.host != wanted.host:
        return f"has audioscan-host {here.host or 'from its sources'}, here it is {wanted.host or 'from its sources'}"
    for there, ours in zip(here.models, wanted.models, strict=True):
        if there != ours:
            return _difference(there, ours)
    if here.wrappers != wanted.wrappers:
        return f"has the wrappers {_listed(here.wrappers)}, here they are {_listed(wanted.wrappers)}"
    return ""


def _lack(wanted: ModelFacts, registry: Registry) -> str:
    for failure in registry.failures:
        if failure.name == wanted.plugin:
            return f"sets aside the plugin {wanted.plugin}: {failure.reason}"
    install = f"{wanted.distribution}=={wanted.version}" if wanted.distribution else "what has it"
    if wanted.plugin in (plugin.name for plugin in registry.plugins):
        return f"has no model {wanted.model} in the plugin {wanted.plugin}: install {install} there"
    return f"lacks the plugin {wanted.plugin}, which has {wanted.model}: install {install} there"


def _difference(there: ModelFacts, ours: ModelFacts) -> str:
    facts = {
        "the plugin": (f"{there.plugin} ({there.distribution})", f"{ours.plugin} ({ours.distribution})"),
        f"the plugin {ours.plugin}": (there.version, ours.version),
        f"revision {there.revision} of the model {ours.model}": ("", "")
        if there.revision == ours.revision
        else ("", str(ours.revision)),
        f"the checkpoint {ours.checkpoint}": (there.weights, ours.weights),
    }
    for what, (theirs, own) in facts.items():
        if theirs != own:
            return f"has {' '.join(filter(None, [what, theirs]))}, here it is {own}"
    say = f"--precision {there.precision} or {ours.precision}"
    return f"computes {ours.model} in {there.precision}, here it is {ours.precision}: say {say}"


def _listed(wrappers: Sequence[str]) -> str:
    return ", ".join(wrappers) or "none"
