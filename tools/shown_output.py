"""The blocks of the pages, and what the commands that they show really print.

python tools/shown_output.py     puts what the commands print now in place of what the pages show
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"

PAGES_WITH_OUTPUT = (
    "getting-started.md",
    "clips.md",
    "writing-a-plugin.md",
    "file-formats.md",
    "tutorial.md",
)
"""Their commands are run from top to bottom, one page after the other: each goes on with what the demo left."""

README = DOCS.parent / "README.md"
"""Shows some of the same commands with the same output; the tests hold it to the pages."""

PROGRAMS = ("audioscan-host", "head", "mkdir", "python", "sed")
"""What is run; `cd` is followed, pip installs a page's own plugin alone, and all else (python3) is only shown."""

LEFT_OUT = "..."
"""A line of shown output that stands for any number of lines."""

_FENCE = re.compile(
    r'(?:^<!-- (?P<marker>.+?) -->\n)?^```(?P<language>\w+)(?: title="(?P<title>.+?)")?\n(?P<code>.*?)^```$',
    re.MULTILINE | re.DOTALL,
)
_SNIPPET = re.compile(r"^--8<--\n(.+)\n--8<--$", re.MULTILINE)
_TOOK = re.compile(r"in [\d.]+ s \(.*?/s\)|\b\d+ ms$")
_UNDER_WAY = re.compile(r"^\w+(: \d+%, .* left\)| \.\.\.)$")
"""A line of progress, of which a slow machine prints more."""

_MODULE = re.compile(r"# ((?:\w+/)*\w+\.py)\n")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page.

    Attributes:
        page: its file name.
        line: of its fence.
        language: after the fence.
        title: the name of a file that it shows; empty where it has none.
        marker: the comment right above it, which says why it is not run; empty where it has none.
        code: with the files that it includes in place.
    """

    page: str
    line: int
    language: str
    title: str
    marker: str
    code: str

    @property
    def module(self) -> str:
        """The path of the Python file that it is, which stands in its first line; else empty."""
        match = _MODULE.match(self.code)
        return match[1] if match else ""

    @property
    def imported_as(self) -> str:
        """What the Python file that it is is imported as: `package.module`; else empty."""
        return self.module.removesuffix(".py").replace("/", ".").removesuffix(".__init__")

    def write(self, folder: Path) -> None:
        """Write the Python file that it is below a folder."""
        path = folder / self.module
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.code, encoding="utf-8")


@dataclass(frozen=True)
class Command:
    """A command in a console block.

    Attributes:
        written: as the page has it, over several lines perhaps.
        shown: the lines that stand below it as its output.
    """

    written: str
    shown: tuple[str, ...]

    @property
    def words(self) -> list[str]:
        """As a shell would split it, without redirections and what comes after a pipe."""
        words = shlex.split(self.written.replace("\\\n", " "), comments=True)
        ends = [i for i, word in enumerate(words) if word in {"|", ">", "&&"}]
        return words[: min(ends, default=len(words))]


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            page.name,
            text.count("\n", 0, match.start()) + 1,
            match["language"],
            match["title"] or "",
            match["marker"] or "",
            _SNIPPET.sub(lambda snippet: _snippet(snippet[1]), match["code"]),
        )
        for match in _FENCE.finditer(text)
    ]


def _snippet(name: str) -> str:
    return (DOCS / "examples" / name).read_text(encoding="utf-8").rstrip("\n")


def commands(code: str) -> list[Command]:
    """The commands of a console block."""
    found: list[Command] = []
    for chunk in re.split(r"^\$ ", code, flags=re.MULTILINE)[1:]:
        first, *rest = chunk.rstrip("\n").split("\n")
        while first.endswith("\\"):
            first += "\n" + rest.pop(0)
        found.append(Command(first, tuple(rest)))
    return found


def write_plugin(page: Path, name: str, folder: Path) -> None:
    """Install the plugin whose package a page shows: `folder` is to be on PYTHONPATH."""
    for block in blocks(page):
        if block.language == "python" and block.module.startswith(f"audioscan_{name}/"):
            block.write(folder)
    facts = folder / f"audioscan_{name}-0.1.0.dist-info"
    facts.mkdir()
    facts.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: audioscan-{name}\nVersion: 0.1.0\n")
    facts.joinpath("entry_points.txt").write_text(f"[audioscan_host]\n{name} = audioscan_{name}\n")


def run(folder: Path) -> Iterator[tuple[Path, Command, list[str]]]:
    """Run the commands of the pages that show output; each with its page and the lines that it prints.

    A plugin that a page shows is there from the command on that installs it.
    """
    site = folder / "site-packages"
    site.mkdir()
    environment = {
        **os.environ,
        "PYTHONPATH": str(site),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "OMP_WAIT_POLICY": "PASSIVE",
        "PYTHONUNBUFFERED": "1",  # results and what is told beside them come in the order of a terminal
    }
    environment.pop("AUDIOSCAN_CACHE", None)
    for page in (DOCS / name for name in PAGES_WITH_OUTPUT):
        environment["AUDIOSCAN_PLUGINS"] = "mel"
        here = folder
        for block in blocks(page):
            if block.module and not block.module.startswith("audioscan_"):
                block.write(folder)
        console = [block.code for block in blocks(page) if block.language == "console" and not block.marker]
        for command in commands("".join(console)):
            program, *arguments = command.words
            if program == "cd":
                here = folder / arguments[0]
            elif program == "pip" and (name := _own_plugin(arguments)):
                write_plugin(page, name, site)
                environment["AUDIOSCAN_PLUGINS"] += f",{name}"
            elif program in PROGRAMS:
                yield page, command, _printed([program, *_expanded(arguments, here)], here, environment)


def _own_plugin(arguments: Sequence[str]) -> str:
    """The name of the page's own plugin, where that is what pip is to install; else empty."""
    match = re.fullmatch(r"\./audioscan-(\w+)", arguments[-1])
    return match[1] if match else ""


def _expanded(arguments: Sequence[str], here: Path) -> Iterator[str]:
    for argument in arguments:
        if "*" not in argument:
            yield argument
            continue
        yield from sorted(str(path.relative_to(here)) for path in here.glob(argument)) or [argument]


def _printed(words: Sequence[str], here: Path, environment: Mapping[str, str]) -> list[str]:
    done = subprocess.run(
        words, cwd=here, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    lines = done.stdout.decode().rstrip("\n").split("\n")
    return [line for line in lines if not _UNDER_WAY.match(line)]


def renewed(shown: Sequence[str], printed: Sequence[str]) -> list[str]:
    """What to show: what is printed, with the same parts left out, and with the times that are shown."""
    if LEFT_OUT in shown:
        before = shown.index(LEFT_OUT)
        after = len(shown) - 1 - before
        printed = [*printed[:before], LEFT_OUT, *printed[len(printed) - after :]]
    known = {_TOOK.sub("", line): line for line in shown}
    return [known.get(_TOOK.sub("", line), line) for line in printed]


def main() -> None:
    """Renew every page that shows output, and the README."""
    with tempfile.TemporaryDirectory() as folder:
        for page, command, printed in run(Path(folder)):
            if command.shown:
                old = "\n".join([command.written, *command.shown])
                new = "\n".join([command.written, *renewed(command.shown, printed)])
                for path in (page, README):
                    text = path.read_text(encoding="utf-8")
                    path.write_text(text.replace(f"$ {old}\n", f"$ {new}\n"), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
