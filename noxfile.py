"""The commands of the Makefile, each in an environment of its own, and the tests on every Python that is supported.

nox                          lint, types and import rules
nox -s tests                 all tests, on 3.11, 3.12 and 3.13
nox -s "quick-3.12"          the fast tests on one of them
"""

from pathlib import Path

import nox

PYTHONS = ["3.11", "3.12", "3.13"]
SIDE_BY_SIDE = ["-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder"]
QUICK = ["-m", "not slow", "--ignore=tests/end_to_end", "--ignore=tests/families"]

nox.needs_version = ">=2025.5"
nox.options.sessions = ["lint", "types", "imports"]
nox.options.reuse_existing_virtualenvs = True


def _install(session: nox.Session, *packages: str) -> None:
    session.install("-c", "constraints.txt", *packages)


def _install_everything(session: nox.Session) -> None:
    plugins = sorted(folder.parent for folder in Path("plugins").glob("*/pyproject.toml"))
    in_place = [word for plugin in plugins for word in ("-e", str(plugin))]
    _install(session, "-e", ".[plot]", *in_place, "--group", "dev")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """All tests, those of clusters last; what is added after `--` is handed to pytest, but for those."""
    _install_everything(session)
    session.run("python", "-m", "pytest", *SIDE_BY_SIDE, "--ignore=tests/ray", *session.posargs)
    session.run("python", "-m", "pytest", *SIDE_BY_SIDE, "tests/ray")


@nox.session(python=PYTHONS)
def quick(session: nox.Session) -> None:
    """The fast tests: what to run while changing something."""
    _install_everything(session)
    session.run("python", "-m", "pytest", *SIDE_BY_SIDE, *QUICK, *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Format and rules."""
    _install(session, "ruff")
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Types of host and plugins, with all that they import."""
    _install_everything(session)
    session.run("mypy")


@nox.session
def imports(session: nox.Session) -> None:
    """The import rules."""
    _install(session, "-e", ".", "-e", "plugins/ray", "-e", "plugins/ui", "import-linter")
    session.run("lint-imports")


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation, into site/."""
    _install(session, "--group", "docs")
    # The variable keeps mkdocs-material from telling of versions that are not in use here.
    session.run("python", "-m", "mkdocs", "build", "--strict", env={"NO_MKDOCS_2_WARNING": "1"})
