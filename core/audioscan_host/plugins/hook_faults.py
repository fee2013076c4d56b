"""What an author got wrong about the hooks of a plugin: a name, an argument, a mark that was forgotten."""

import inspect
import warnings
from collections.abc import Iterable, Sequence
from types import FunctionType, MethodType
from typing import Any

import pluggy

from audioscan_host.plugins import hookspecs

_WITHOUT_MARK = "without @hookimpl (from audioscan_host import hookimpl)"


def wrong_hooks(manager: pluggy.PluginManager, module: Any) -> str:
    """All that a plugin's hooks have and `manager` refuses, in one line; empty where that is something else."""
    # One that knows no hook refuses none, and tells what each is.
    bare = pluggy.PluginManager(manager.project_name)
    bare.register(module, "plugin")
    found = [
        _wrong(manager, caller.name, hook)
        for caller in bare.get_hookcallers(module) or []
        for hook in caller.get_hookimpls()
    ]
    return "; ".join(filter(None, found))


def never_passed(manager: pluggy.PluginManager, module: Any) -> str:
    """Which arguments of the hooks pluggy leaves at the default that they have; empty where none has one.

    Args:
        manager: where the plugin is registered.
        module: the plugin.
    """
    found = []
    for caller in manager.get_hookcallers(module) or []:
        taken = caller.spec.argnames if caller.spec else ()
        for hook in caller.get_hookimpls():
            found += [
                f"{caller.name} has a default for {name}, with which it is never passed: write {name} without one"
                for name in hook.kwargnames
                if name in taken
            ]
    return "; ".join(found)


def forgotten(manager: pluggy.PluginManager, module: Any, hooks: Iterable[str] | None = None) -> str:
    """Which of these hooks are there as functions without the mark; empty where none is.

    Args:
        manager: where the plugin is registered.
        module: the plugin.
        hooks: those that matter; None for all of the contract.
    """
    names = [name for name in _unmarked(manager, module) if hooks is None or name in hooks]
    if not names:
        return ""
    are = "is a function" if len(names) == 1 else "are functions"
    return f"there {are} {', '.join(names)}, but {_WITHOUT_MARK}"


def warn_of_unmarked(manager: pluggy.PluginManager, module: Any) -> None:
    """Warn of each function that would be a hook with the mark: its name and its arguments are those of one.

    Another function of the name is a matter of the plugin's own, such as a helper of a library. One
    that would fit might be that too, so the plugin works.
    """
    for name in _unmarked(manager, module):
        function, spec = _function(module, name), getattr(manager.hook, name).spec
        if function is not None and _takes_only(function, spec.argnames):
            warnings.warn_explicit(
                f"{name} is a function with the name and arguments of a hook, but {_WITHOUT_MARK}: "
                "the host never calls it",
                UserWarning,
                function.__code__.co_filename,
                function.__code__.co_firstlineno,
            )


def _unmarked(manager: pluggy.PluginManager, module: Any) -> list[str]:
    return [
        name
        for name in _hook_names(manager)
        if not getattr(manager.hook, name).get_hookimpls()
        and _function(module, name) is not None
        and manager.parse_hookimpl_opts(module, name) is None
    ]


def _wrong(manager: pluggy.PluginManager, name: str, hook: pluggy.HookImpl) -> str:
    spec = getattr(getattr(manager.hook, name, None), "spec", None)
    if spec is None:
        return "" if hook.optionalhook else _unknown(name, _hook_names(manager))
    others = [argument for argument in hook.argnames if argument not in spec.argnames]
    if others:
        free = [argument for argument in spec.argnames if argument not in hook.argnames]
        named = " and ".join(_unknown_argument(other, free) for other in others)
        takes = f"may take {', '.join(spec.argnames)}" if spec.argnames else "takes none"
        return f"{name} has no argument{'s' * (len(others) > 1)} {named}; it {takes}"
    if hook.wrapper and hook.hookwrapper:
        return f"{name} is marked wrapper=True and hookwrapper=True; one of them will do"
    if (hook.wrapper or hook.hookwrapper) and not inspect.isgeneratorfunction(hook.function):
        return (
            f"{name} is marked as a wrapper but has no yield, which is where the hook that it wraps is called"
        )
    return ""


def _unknown(name: str, known: Sequence[str]) -> str:
    near = _near(name, known)
    mend = f"did you mean {near}?" if near else f"the hooks are {', '.join(known)}"
    return f"it has a hook {name!r}, which the contract does not know; {mend}"


def _unknown_argument(name: str, free: Sequence[str]) -> str:
    near = _near(name, free)
    return f"{name!r} (did you mean {near}?)" if near else repr(name)


def _near(name: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches

    return next(iter(get_close_matches(name.casefold(), known, n=1)), "")


def _hook_names(manager: pluggy.PluginManager) -> list[str]:
    """In the order of the contract, as who reads it meets them."""
    return [name for name in vars(hookspecs) if manager.parse_hookspec_opts(hookspecs, name) is not None]


def _function(module: Any, name: str) -> FunctionType | None:
    """The function or method of that name; what a plugin computes when it is asked is not asked for."""
    static = inspect.getattr_static(module, name, None)
    holds_it = isinstance(static, staticmethod | classmethod | MethodType)
    function = static.__func__ if holds_it else static
    return function if isinstance(function, FunctionType) else None


def _takes_only(function: FunctionType, arguments: Sequence[str]) -> bool:
    """Whether pluggy would take the function for a hook that has these arguments."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # a decorator may have left a signature that is none
        return False
    required = {each.name for each in parameters if each.default is each.empty}
    return required <= {"self", "cls", *arguments}
