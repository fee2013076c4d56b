"""Which channel of a recording is read: the mean of all, the loudest one, or one by its number."""

from audioscan_host.errors import SettingError

MIX = "mix"
"""The plain mean of all channels."""

LOUDEST = "loudest"
"""That of a recording that has most energy over its whole length."""

EVERY = "every"
"""Each channel by itself; only where a recording is cut, since embeddings are of one."""

_MOST = 64


def channel_of(word: str | int) -> str:
    """The channel that a word names: `mix`, `loudest`, or a number from 1.

    Raises:
        SettingError: it names none.
    """
    text = str(word)
    if text in {MIX, LOUDEST} or text in map(str, range(1, _MOST + 1)):
        return text
    raise SettingError(f"channel must be {MIX}, {LOUDEST} or a number from 1 to {_MOST}, not {text!r}")
