"""Checks of what importing a plugin costs, made in fresh processes; they need no weights."""

from audioscan_host.testing.declared_facts import declared_facts, differing
from audioscan_host.testing.finding import ConformanceError, quoted
from audioscan_host.testing.fresh_process import imported_afresh
from audioscan_host.testing.subject import Subject

LIMIT = 0.150
"""Seconds; a handful of plugins then keep `audioscan-host --help` quick."""

TRIES = 5
ENOUGH = 20.0
"""Seconds of trying."""


def light_import(subject: Subject) -> str:
    """Importing the plugin and listing its models takes under 150 ms and brings in no model's library."""
    found = subject.imported
    if found.heavy:
        raise ConformanceError(f"it imports {', '.join(found.heavy)}; the place for that is inside `load`")
    # Time on the clock, since a module may wait as well as compute; the best of some tries, since
    # another process can only lengthen one.
    spent = best = found.seconds
    tries = 1
    while best > LIMIT and tries < TRIES and spent < ENOUGH:
        seconds = imported_afresh(subject.plugin).seconds
        tries, spent, best = tries + 1, spent + seconds, min(best, seconds)
    if best > LIMIT:
        raise ConformanceError(f"it takes {1000 * best:.0f} ms, the best of {tries} tries")
    return f"{1000 * best:.0f} ms"


def silent_import(subject: Subject) -> str:
    """Importing the plugin and listing its models writes nothing to stdout, where results go."""
    printed = subject.imported.printed
    if printed:
        raise ConformanceError(f"it writes {quoted(printed)}")
    return "nothing"


def stable_declarations(subject: Subject) -> str:
    """The model is declared alike in every process, so that cached embeddings are found again."""
    models = subject.imported.models
    name = subject.declared.name
    if name not in models:
        raise ConformanceError(f"another process finds no {name} in the plugin, only {', '.join(models)}")
    others = differing(models[name], declared_facts(subject.declared))
    if others:
        raise ConformanceError(f"another process finds another {', '.join(others)}")
    return "the same in another process"
