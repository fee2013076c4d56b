"""Whether the host's libraries are there, in versions that the host and the plugins ask for, and import."""

from collections.abc import Iterator
from importlib import import_module

import importlib_metadata
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from audioscan_host.diagnosis.finding import Finding
from audioscan_host.plugins.origin import HOST
from audioscan_host.plugins.registry import Registry

LIBRARIES = {
    "av": "av",
    "numpy": "numpy",
    "scikit-learn": "sklearn",
    "soxr": "soxr",
    "pluggy": "pluggy",
    "click": "click",
    "rich": "rich",
}
"""Distribution -> the module by which it is tried."""

_OURS = "audioscan-"


def examine_packages(registry: Registry) -> Iterator[Finding]:
    """The host, each of its libraries, and every requirement that is not met."""
    try:
        yield Finding(HOST, "ok", importlib_metadata.version(HOST))
    except importlib_metadata.PackageNotFoundError:
        yield Finding(HOST, "warning", "runs from its sources, not installed")
    for distribution, module in LIBRARIES.items():
        yield _tried(distribution, module)
    yield from _unmet(registry)


def _tried(distribution: str, module: str) -> Finding:
    remedy = f"pip install --force-reinstall {distribution}"
    try:
        version = importlib_metadata.version(distribution)
        import_module(module)
    except importlib_metadata.PackageNotFoundError:
        return Finding(distribution, "broken", "not installed", f"pip install {distribution}")
    # A library that is half installed may raise anything.
    except Exception as error:  # noqa: BLE001
        return Finding(distribution, "broken", f"{version} does not import: {error!r}", remedy)
    return Finding(distribution, "ok", version)


def _unmet(registry: Registry) -> Iterator[Finding]:
    """The requirements of the host, of the plugins and of what they share that are not met."""
    origins = [each.origin for each in registry.plugins] + [each.origin for each in registry.failures]
    waiting = sorted({HOST, *(canonicalize_name(origin.distribution) for origin in origins)} - {""})
    seen = set(waiting)
    while waiting:
        name = waiting.pop(0)
        for requirement in _requirements(name):
            asked = canonicalize_name(requirement.name)
            if asked.startswith(_OURS) and asked not in seen:
                seen.add(asked)
                waiting.append(asked)
            wanted = f"{requirement.name}{requirement.specifier}"
            try:
                version = importlib_metadata.version(asked)
            except importlib_metadata.PackageNotFoundError:
                state = "is not installed"
            else:
                if requirement.specifier.contains(version, prereleases=True):
                    continue
                state = f"{version} is installed"
            remedy = f'pip install "{wanted}"'
            if asked == HOST:
                remedy = f"pip install --upgrade {HOST} {name}"
            yield Finding(f"{name} needs {asked}", "broken", f"{wanted} is asked for, {state}", remedy)


def _requirements(distribution: str) -> Iterator[Requirement]:
    """Those that hold here, without extras."""
    try:
        texts = importlib_metadata.requires(distribution) or []
    except importlib_metadata.PackageNotFoundError:
        return
    for text in texts:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement
