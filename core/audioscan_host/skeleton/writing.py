"""Fills the templates of this folder in: a package that works, and is to be changed."""

import re
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path, PurePosixPath
from string import Template

from audioscan_host.errors import OutputError
from audioscan_host.plugins.hookspecs import CONTRACT_VERSION
from audioscan_host.plugins.origin import HOST, host_version
from audioscan_host.skeleton.kinds import Kind
from audioscan_host.skeleton.names import PluginNames


def write_skeleton(names: PluginNames, kind: Kind, parent: Path) -> list[Path]:
    """Write the package into a new folder, called like its distribution.

    Args:
        names: of the plugin.
        kind: what stands in for its network.
        parent: where the folder is made; itself made where it is missing.

    Returns:
        The files.

    Raises:
        OutputError: there is such a folder already, or it cannot be written.
    """
    folder = parent / names.distribution
    try:
        folder.mkdir(parents=True)
        return [_write(folder / path, text) for path, text in _texts(names, kind).items()]
    except FileExistsError as error:
        raise OutputError(
            f"{error.filename or folder} is there already: remove it, or choose another name or --out"
        ) from error
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror or error}") from error


def required(package: str, version: str) -> str:
    """The range to ask for: from this host's series on, below the next whose hooks may differ.

    Args:
        package: the host, or one that is released with it.
        version: of the host; empty where it is not known, and any is then asked for.
    """
    found = re.match(r"(\d+)\.(\d+)(.*)", version)
    if found is None:
        return package
    major, minor = int(found[1]), int(found[2])
    final = re.fullmatch(r"[.\d]*", found[3])
    lowest = f"{major}.{minor}" if final else version  # 0.2.0rc1 comes before 0.2
    return f"{package}>={lowest},<{f'0.{minor + 1}' if major == 0 else major + 1}"


def _texts(names: PluginNames, kind: Kind) -> dict[str, str]:
    """The files of the package: path in its folder -> text."""
    test = f"test_{names.module.removeprefix('audioscan_')}.py"
    version = host_version()
    values = {
        "plugin": names.plugin,
        "distribution": names.distribution,
        "module": names.module,
        "model": names.model,
        "models": " ".join(kind.models(names)),
        "test": test,
        "contract": CONTRACT_VERSION,
        "computes": kind.computes,
        "dependencies": _lines([*(required(each, version) for each in kind.packages), *kind.libraries]),
        "test_dependencies": _lines(["pytest>=8.3", *kind.test_libraries]),
        "packages": " and ".join(kind.packages),
        "folders": " ".join(kind.packages.values()),
        "cloned_folders": " ".join(f"./{(PurePosixPath(HOST) / each)}" for each in kind.packages.values()),
    }
    templates = {
        "pyproject.toml": "shared/pyproject.toml",
        "README.md": "shared/README.md",
        f"{names.module}/__init__.py": f"{kind.name}/plugin.py",
        f"{names.module}/encoder.py": f"{kind.name}/encoder.py",
        f"tests/{test}": f"{kind.name}/test.py",
        ".github/workflows/ci.yml": "shared/ci.yml",
        ".gitignore": "shared/gitignore",
    }
    here = files("audioscan_host.skeleton")
    filled = {
        path: Template((here / f"{name}.template").read_text(encoding="utf-8")).substitute(values)
        for path, name in templates.items()
    }
    return {**filled, f"{names.module}/py.typed": ""}


def _lines(requirements: Iterable[str]) -> str:
    """As they stand in a list of pyproject.toml, one a line."""
    return "\n".join(f'    "{each}",' for each in requirements)


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    return path
