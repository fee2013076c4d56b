"""What of 8-cut is taken and how: its database as labels, its files as embeddings."""

from collections.abc import Collection
from dataclasses import dataclass

from audioscan_host.choices import Choice


class EightCutClasses(Choice):
    """What names the sound of a clip."""

    FOLDER = "folder"
    """The folder that it was exported to, as in 8-cut. A clip of one folder may hold any of the others' sounds."""
    LABEL = "label"
    """Its label, as in every other label file: a clip of one label is none of the others' sounds."""


@dataclass(frozen=True)
class EightCutSettings:
    """How a database of 8-cut is read; for other label files it changes nothing.

    Attributes:
        classes: what names the sound of a clip: `folder`, as in 8-cut, or `label`.
        profile: the one that is read; may be left out where there is only one.
        negatives: export folders whose clips are hard negatives: none of the sounds is in them.

    Raises:
        SettingError: `classes` is neither of the two.
    """

    classes: str = EightCutClasses.FOLDER
    profile: str | None = None
    negatives: Collection[str] = ()

    def __post_init__(self) -> None:
        EightCutClasses.of(self.classes, "the classes of 8-cut")


class EightCutCache(Choice):
    """What becomes of embeddings that 8-cut left in the cache."""

    READ = "read"
    """They are taken as they are."""
    IGNORE = "ignore"
    """All is computed anew, and kept beside them."""
