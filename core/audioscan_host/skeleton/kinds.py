"""The kinds of skeleton: what each one computes as it is, and what it needs."""

from collections.abc import Mapping
from dataclasses import dataclass

from audioscan_host.plugins.origin import HOST
from audioscan_host.skeleton.names import PluginNames


@dataclass(frozen=True)
class Kind:
    """What one kind has beside its own templates, which lie in the folder of its name.

    Attributes:
        name: of the folder.
        endings: of the names of its models.
        packages: which of the host's repository it needs -> their folders there.
        libraries: what else its modules import, as requirements.
        test_libraries: what its tests import beside.
        computes: what a sound is described by, as a sentence of the README.
    """

    name: str
    endings: tuple[str, ...]
    packages: Mapping[str, str]
    libraries: tuple[str, ...]
    test_libraries: tuple[str, ...]
    computes: str

    def models(self, names: PluginNames) -> list[str]:
        """What the models of a plugin with these names are called."""
        return [names.model + ending for ending in self.endings]


NUMPY = Kind(
    name="numpy",
    endings=("",),
    packages={HOST: "."},
    libraries=("numpy>=1.26",),
    test_libraries=(),
    computes="it describes a sound by its level and brightness in steps of 10 ms",
)

TORCH = Kind(
    name="torch",
    endings=("", "_ML"),
    packages={HOST: ".", "audioscan-torch": "./plugins/torch"},
    libraries=("torch>=2.6",),  # audioscan-torch's own bound; it has the upper one too
    test_libraries=("numpy>=1.26", "torchaudio>=2.6"),
    computes="it runs filter banks through a small transformer with random numbers for weights",
)
