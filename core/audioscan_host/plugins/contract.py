"""Whether a module or object keeps the contract of plugins; it is tried in a plugin manager of its own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from reprlib import repr as shortened
from typing import Any

import pluggy

from audioscan_host.errors import PluginError
from audioscan_host.models.model import Model
from audioscan_host.plugins import hookspecs
from audioscan_host.plugins.hook_faults import forgotten, never_passed, warn_of_unmarked, wrong_hooks

PROJECT = "audioscan_host"
FAMILY_HOOKS = ("load", "preprocess", "embed")
"""The hooks that a plugin which registers models must have."""
OPTIONAL_FAMILY_HOOKS = ("precision", "batch_size", "filter_waveform", "select_layers")
"""Those that it may have, and only it."""
NUMBER_HOOKS = ("load", "filter_waveform", "preprocess", "embed", "select_layers")
"""The hooks whose wrapper may change embeddings. What `precision` answers is in the cache key itself."""


@dataclass(frozen=True)
class Kept:
    """What a plugin that keeps the contract has.

    Attributes:
        models: those that it registers.
        wraps: the hooks that it wraps for every family; none for a plugin with models, whose
            wrappers reach its own family only.
    """

    models: tuple[Model, ...]
    wraps: tuple[str, ...]


def new_manager() -> pluggy.PluginManager:
    """A plugin manager that knows the contract's hooks."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    return manager


def kept_by(name: str, module: Any) -> Kept:
    """The models and wrappers of a plugin that keeps the contract.

    Raises:
        PluginError: it does not.
        pluggy.PluginValidationError: pluggy refuses a hook for a reason that has no sentence here.
    """
    hash(module)  # pluggy keeps plugins in sets: one that cannot be in one would break the others
    _check_version(module)
    alone = _alone(name, module)
    if not alone.get_hookcallers(module):
        marked = "they are marked with `from audioscan_host import hookimpl`"
        raise PluginError(f"it has no hooks; {forgotten(alone, module) or marked}")
    models = _models(alone.hook.register_models())
    hooks = (*FAMILY_HOOKS, *OPTIONAL_FAMILY_HOOKS)
    has = [hook for hook in hooks if _implemented(getattr(alone.hook, hook))]
    missing = [hook for hook in FAMILY_HOOKS if hook not in has]
    if models and missing:
        lacks = f"it registers models but lacks the {_hooks(missing)}"
        raise PluginError("; ".join(filter(None, [lacks, forgotten(alone, module, missing)])))
    if has and not models:
        # No family owns them, so they would answer for every family.
        wrapper = "what is meant for the models of others is a wrapper: @hookimpl(wrapper=True)"
        mend = forgotten(alone, module, ["register_models"]) or wrapper
        raise PluginError(f"it has the {_hooks(has)} but registers no models; {mend}")
    wraps = [] if models else [hook for hook in hooks if getattr(alone.hook, hook).get_hookimpls()]
    if set(wraps) & set(NUMBER_HOOKS):
        _check_revision(module)
    warn_of_unmarked(alone, module)
    return Kept(models, tuple(wraps))


def _alone(name: str, module: Any) -> pluggy.PluginManager:
    """A plugin manager with that plugin and no other."""
    manager = new_manager()
    try:
        manager.register(module, name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        wrong = wrong_hooks(manager, module)
        if not wrong:
            raise
        raise PluginError(wrong) from error
    wrong = never_passed(manager, module)
    if wrong:
        raise PluginError(wrong)
    return manager


def _hooks(names: Sequence[str]) -> str:
    return f"hook{'s' * (len(names) > 1)} {', '.join(names)}"


def _check_version(module: Any) -> None:
    """What was built for an older version that the host still knows is taken, what for a newer one is not."""
    newest, oldest = hookspecs.CONTRACT_VERSION, hookspecs.OLDEST_CONTRACT_VERSION
    built_for = getattr(module, "CONTRACT_VERSION", newest)
    if not isinstance(built_for, int):
        raise PluginError(f"CONTRACT_VERSION must be a whole number, not {shortened(built_for)}")
    if oldest <= built_for <= newest:
        return
    has = f"version {newest}" if oldest == newest else f"versions {oldest} to {newest}"
    upgrade = "audioscan-host" if built_for > newest else "the plugin"
    raise PluginError(
        f"built for version {built_for} of the plugin contract; this host has {has}: upgrade {upgrade}"
    )


def _check_revision(module: Any) -> None:
    revision = getattr(module, "WRAPPER_REVISION", None)
    if revision is not None and type(revision) is not int:
        raise PluginError(
            f"WRAPPER_REVISION must be a whole number, or None for wrappers that change no embedding, "
            f"not {shortened(revision)}"
        )


def _models(answers: Iterable[Any]) -> tuple[Model, ...]:
    models: list[Model] = []
    for answer in answers:
        if isinstance(answer, str | Model) or not isinstance(answer, Iterable):
            raise PluginError(f"register_models must return a list of Model objects, not {shortened(answer)}")
        models += answer
    for model in models:
        if not isinstance(model, Model):
            raise PluginError(f"register_models must return Model objects, not {shortened(model)}")
    # Asked of each checkpoint once: where its files lie takes a while to tell.
    for model in {model.checkpoint: model for model in models}.values():
        _check_weights(model)
    return tuple(models)


def _check_weights(model: Model) -> None:
    """The list of models asks whether the weights are there: what cannot tell would end it for all."""
    weights = model.checkpoint.weights
    if weights is None:
        return
    lacking = [name for name in ("path", "files", "sha256", "at", "pull") if not hasattr(weights, name)]
    if lacking:
        wrong = f"{shortened(weights)} lacks {', '.join(lacking)}"
    else:
        files: Sequence[Any] = weights.files
        if files and all(isinstance(file, Path) for file in files):
            return
        wrong = f"its files are {shortened(files)}; expected one Path or more"
    raise PluginError(
        f"model {model.name!r}: weights must be as audioscan_host.models.weights.Weights describes them: {wrong}"
    )


def _implemented(hook: pluggy.HookCaller) -> bool:
    return any(not (each.wrapper or each.hookwrapper) for each in hook.get_hookimpls())
