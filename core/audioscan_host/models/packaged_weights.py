"""Weights that come with an installed package, the plugin's own or one that it depends on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from audioscan_host.errors import CheckpointError, ModelError
from audioscan_host.models.weights import LocalWeights

if TYPE_CHECKING:
    from audioscan_host.progress import Progress


@dataclass(frozen=True)
class _Packaged:
    """What lies in an installed package, the plugin's own or one that it depends on.

    `package` is the package or module as it is imported, without dots (else a ModelError); a module's files
    lie beside it.
    """

    package: str

    def __post_init__(self) -> None:
        if not self.package.isidentifier():  # to find what is within a package, it would have to be imported
            raise ModelError(f"package must be a name without dots, not {self.package!r}")

    @property
    def folder(self) -> Path:
        """The package's; the package is found but not imported."""
        from importlib.util import find_spec

        spec = find_spec(self.package)
        return Path(self.package) if spec is None or spec.origin is None else Path(spec.origin).parent

    def pull(self, progress: Progress) -> None:  # noqa: ARG002 - nothing is fetched
        raise CheckpointError(f"it comes with the package {self.package}: install that again")


@dataclass(frozen=True)
class PackagedFile(_Packaged):
    """One file that lies in an installed package.

    Attributes:
        name: of the file in the package's folder: `weights/tiny.pth`.
        sha256: of the file, where it is pinned.
    """

    name: str
    sha256: str | None = None

    @property
    def path(self) -> Path:
        return self.folder / self.name

    @property
    def files(self) -> Sequence[Path]:
        return (self.path,)

    def at(self, path: Path) -> LocalWeights:
        """A file of any name, or a folder with a file of this name."""
        return LocalWeights.of_file(path, Path(self.name).name)


@dataclass(frozen=True)
class PackagedFiles(_Packaged):
    """Several files that lie in one installed package.

    Attributes:
        names: of the files in the package's folder: `("weights/mel.onnx", "weights/net.onnx")`.
    """

    names: tuple[str, ...]
    sha256: None = None

    @property
    def path(self) -> Path:
        """The package's folder."""
        return self.folder

    @property
    def files(self) -> Sequence[Path]:
        return [self.folder / name for name in self.names]

    def at(self, path: Path) -> LocalWeights:
        """A folder with files of these names, or one of the files in it."""
        return LocalWeights.of_folder(path, self.names)
