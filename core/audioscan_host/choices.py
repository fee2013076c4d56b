"""Settings that are one of a few words, the same on the command line, in Python and in files."""

from enum import StrEnum
from typing import Self

from audioscan_host.errors import SettingError


class Choice(StrEnum):
    """One of a few words; a member equals its word, and a plain word is taken wherever a member is."""

    @classmethod
    def of(cls, word: str, setting: str) -> Self:
        """The member of that word.

        Args:
            word: or the member itself.
            setting: what it is of, for the message.

        Raises:
            SettingError: there is none.
        """
        if word not in tuple(cls):
            raise SettingError(f"{setting} must be one of {', '.join(cls)}, not {word!r}")
        return cls(word)
