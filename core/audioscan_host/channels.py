"""Which channel of a recording is read: the mean of all, the loudest one, one by its number, or each by itself."""

from audioscan_host.errors import SettingError

MIX = "mix"
"""The plain mean of all channels."""

LOUDEST = "loudest"
"""That of a recording that has most energy over its whole length."""

EACH = "each"
"""Each channel by itself, as if it were a recording; detectors are not trained so, since labels name no channel."""

_MOST = 64


def channel_of(word: str | int, *, each: bool = False) -> str:
    """The channel that a word names: `mix`, `loudest`, a number from 1, or `each` where that is allowed.

    Raises:
        SettingError: it names none.
    """
    text = str(word)
    if text in {MIX, LOUDEST} or (each and text == EACH) or text in map(str, range(1, _MOST + 1)):
        return text
    if text == EACH:
        raise SettingError(
            f"channel {EACH} is for embed and scan alone, since labels and queries name no channel: take {MIX}, {LOUDEST} or a "
            "number from 1"
        )
    raise SettingError(f"channel must be {MIX}, {LOUDEST} or a number from 1 to {_MOST}, not {text!r}")
