"""Where the weights of a checkpoint lie, and how they are fetched from where they are published."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self
from urllib.parse import urlsplit

from audioscan_host.errors import CheckpointError

if TYPE_CHECKING:
    from audioscan_host.progress import Progress


class Weights(Protocol):
    """The files that `load` reads. Whether they are there is told without importing a model's library."""

    @property
    def path(self) -> Path:
        """The file, or the folder of the files; there or not."""
        ...

    @property
    def files(self) -> Sequence[Path]:
        """Every file that is needed."""
        ...

    @property
    def sha256(self) -> str | None:
        """What the one file must hash to; `None` where it is not pinned."""
        ...

    def at(self, path: Path) -> Weights:
        """The same files at a place that the user names.

        Raises:
            CheckpointError: they are not there.
        """
        ...

    def pull(self, progress: Progress) -> None:
        """Fetch what is missing.

        Raises:
            CheckpointError: it cannot be fetched; the message is the reason alone.
        """
        ...


@dataclass(frozen=True)
class TorchHubFile:
    """One file from an address, kept where `torch.hub.load_state_dict_from_url` keeps it.

    Attributes:
        url: where it is published.
        sha256: of the file, where it is pinned.
    """

    url: str
    sha256: str | None = None

    @property
    def name(self) -> str:
        """Of the file: the end of the address, without `?` and what follows."""
        return urlsplit(self.url).path.rpartition("/")[2]

    @property
    def path(self) -> Path:
        """`TORCH_HOME/hub/checkpoints/<name>`, with torch's own rules for `TORCH_HOME`."""
        home = os.environ.get("TORCH_HOME", str(_cache_home() / "torch"))
        # Not Path.expanduser: torch leaves a `~` of nobody's as it is, and Path raises an error.
        return Path(os.path.expanduser(home)) / "hub" / "checkpoints" / self.name  # noqa: PTH111

    @property
    def files(self) -> Sequence[Path]:
        return (self.path,)

    def at(self, path: Path) -> LocalWeights:
        """A file of any name, or a folder with a file of this name."""
        return LocalWeights.of_file(path, self.name)

    def pull(self, progress: Progress) -> None:
        """Download the file; an interrupted download goes on from where it stopped."""
        from audioscan_host.models.download import download

        download(self.url, self.path, progress)


@dataclass(frozen=True)
class HubSnapshot:
    """Files of a Hugging Face repository at one revision, in the cache of `huggingface_hub`.

    Attributes:
        repository: `owner/name`.
        revision: the commit.
        names: the files that are needed.
    """

    repository: str
    revision: str
    names: tuple[str, ...]
    sha256: None = None

    @property
    def path(self) -> Path:
        """The snapshot's folder, with the hub's own rules for `HF_HUB_CACHE` and `HF_HOME`."""
        home = _expanded(os.environ.get("HF_HOME", str(_cache_home() / "huggingface")))
        cache = os.environ.get("HUGGINGFACE_HUB_CACHE", str(Path(home) / "hub"))
        cache = _expanded(os.environ.get("HF_HUB_CACHE", cache))
        folder = f"models--{self.repository.replace('/', '--')}"
        return Path(cache) / folder / "snapshots" / self.revision

    @property
    def files(self) -> Sequence[Path]:
        return [self.path / name for name in self.names]

    def at(self, path: Path) -> LocalWeights:
        """A folder with files of these names, or one of the files in it."""
        return LocalWeights.of_folder(path, self.names)

    def pull(self, progress: Progress) -> None:
        """Download the files through `huggingface_hub`, which every plugin that names this depends on."""
        from audioscan_host.models.download import download_snapshot

        download_snapshot(self.repository, self.revision, self.names, progress)


@dataclass(frozen=True)
class LocalWeights:
    """Files that the user named in place of a download.

    Attributes:
        path: the file or folder that `load` reads.
        files: all files that are needed.
    """

    path: Path
    files: tuple[Path, ...]
    sha256: None = None

    @classmethod
    def of_file(cls, path: Path, name: str) -> Self:
        """The file `path`, or the one called `name` in the folder `path`.

        Raises:
            CheckpointError: it is not there.
        """
        file = path / name if path.is_dir() else path
        _require(path, [file])
        return cls(file, (file,))

    @classmethod
    def of_folder(cls, path: Path, names: Sequence[str]) -> Self:
        """Files of these names in the folder `path`, or in the one that has the file `path` by its name.

        Raises:
            CheckpointError: they are not there.
        """
        parts = [Path(name).parts for name in names]
        named = next((part for part in parts if path.is_file() and path.parts[-len(part) :] == part), ())
        folder = path.parents[len(named) - 1] if named else path
        files = tuple(folder / name for name in names)
        _require(path, files)
        return cls(folder, files)

    def at(self, path: Path) -> LocalWeights:
        raise CheckpointError(f"{path}: {self.path} was named already")

    def pull(self, progress: Progress) -> None:  # noqa: ARG002 - nothing is fetched
        raise CheckpointError("it was named by hand and is not fetched")


def missing(weights: Weights) -> list[Path]:
    """The files that are not there."""
    return [file for file in weights.files if not file.is_file()]


def _require(named: Path, files: Sequence[Path]) -> None:
    absent = [file for file in files if not file.is_file()]
    if not absent:
        return
    if not named.exists():
        raise CheckpointError(f"{named}: there is no such file or folder")
    if named.is_dir():
        raise CheckpointError(f"{named}: has no {', '.join(file.name for file in absent)}")
    raise CheckpointError(f"{named}: is a file; wanted is a folder with {', '.join(f.name for f in files)}")


def _cache_home() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME", "~/.cache"))


def _expanded(text: str) -> str:
    return os.path.expandvars(os.path.expanduser(text))  # noqa: PTH111 - the hub's order, and what it leaves
