"""Where a plugin comes from: its distribution, its module, and the hosts that the distribution is for."""

import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import importlib_metadata

HOST = "audioscan-host"

_VERSION = re.compile(r"^Version:[ \t]*(\S+)", re.MULTILINE | re.IGNORECASE)
_NAME = r"audioscan[-_.]host"
_ASKED = re.compile(rf"^Requires-Dist:[ \t]*({_NAME}(?![\w.-]).*)$", re.MULTILINE | re.IGNORECASE)
_USUAL = re.compile(rf"{_NAME}\s*\(?(?P<bounds>(?:>=|<)[\d.]+,\s*(?:>=|<)[\d.]+)\)?\s*", re.IGNORECASE)
_BOUND = re.compile(r"(>=|<)([\d.]+)")


@dataclass(frozen=True)
class Origin:
    """Where a plugin comes from; looked up when asked for, since it means reading metadata.

    Attributes:
        installed: its distribution, as `importlib_metadata` gives it; None for a plugin that is
            handed over by a program.
        module: what its entry point names, `module` or `module:object`.
    """

    installed: Any = None
    module: str = ""

    @property
    def distribution(self) -> str:
        """Name of the distribution; empty for a plugin that is not installed."""
        return self._fact("Name")

    @property
    def version(self) -> str:
        """Version of the distribution; empty for a plugin that is not installed."""
        return self._fact("Version")

    def unsuited_to(self, host: str) -> str:
        """Why the distribution is not for this version of the host; empty where it is, or does not say."""
        for requirement in _ASKED.findall(_header(self.installed)):
            if not (_usual_and_met(requirement, host) or _met(requirement, host)):
                return (
                    f"{self} is not for audioscan-host {host}, it asks for {requirement.strip()}: "
                    f"pip install --upgrade {HOST} {self.distribution}"
                )
        return ""

    def _fact(self, key: str) -> str:
        if self.installed is None:
            return ""
        # An interrupted uninstallation leaves a distribution without metadata.
        with suppress(KeyError, FileNotFoundError):
            return str(self.installed.metadata[key])
        return "unknown"

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}" if self.installed is not None else "not installed"


def host_version() -> str:
    """Version of the installed host; empty where it runs from its sources."""
    for installed in importlib_metadata.distributions(name=HOST, path=places()):
        found = _VERSION.search(_header(installed))
        if found:
            return found[1]
    return ""


def places() -> list[str]:
    """Where distributions lie.

    Without what is on the path but not there: it would be taken for a zip file, and zipfile imported.
    """
    return [place for place in sys.path if Path(place).exists()]


def _header(distribution: Any) -> str:
    """The metadata without the description, as text: to parse all of it takes milliseconds."""
    if distribution is None:
        return ""
    text = str(distribution.read_text("METADATA") or "").replace("\r\n", "\n")
    return text.partition("\n\n")[0]


def _usual_and_met(requirement: str, host: str) -> bool:
    """The requirement is of the form `>=0.1,<0.2` and met, which is known without importing packaging."""
    usual = _USUAL.fullmatch(requirement)
    found = _release(host)
    if usual is None or found is None:
        return False
    for sign, text in _BOUND.findall(usual["bounds"]):
        bound = _release(text)
        if bound is None or (found < bound if sign == ">=" else found >= bound):
            return False
    return True


def _release(text: str) -> tuple[int, ...] | None:
    """`0.1.0` -> (0, 1); None for a pre-release and the like."""
    if not re.fullmatch(r"\d+(\.\d+)*", text):
        return None
    numbers = [int(part) for part in text.split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def _met(requirement: str, host: str) -> bool:
    """By the rules of packaging; what is no requirement to it is left to pip."""
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.version import InvalidVersion

    try:
        asked = Requirement(requirement)
        if asked.marker is not None and not asked.marker.evaluate({"extra": ""}):
            return True
        return asked.specifier.contains(host, prereleases=True)
    except (InvalidRequirement, InvalidVersion):
        return True
