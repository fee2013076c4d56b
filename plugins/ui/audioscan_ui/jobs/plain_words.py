"""What the host says to somebody at a command line, said to somebody at the page: names for paths, no options."""

import re
from collections.abc import Iterable, Mapping

from audioscan_ui.jobs.order import OrderedRecording

_SAID_OTHERWISE = (
    (
        r"--rate \S.*?=?SHARE puts them to another",
        "the share of the sound, given to the scan, puts them to another",
    ),
    (r"scan --rate puts them to another", "a scan that is given another rate puts them to that"),
    (
        r"; for a detector each, run once with --label .*",
        "; for a detector each, train once for each label alone",
    ),
    (r"; to join them: --same .*", "; to join them, give them one name in the label files"),
    (r" \(or give a scan and its corrected copy to --from-regions\)", ""),
    (
        r": say --labels-as durations, or --labels-as ends where they do overlap",
        ": write ends, or name the column duration",
    ),
    (r", say --labels-as durations", ", name that column duration"),
    (r"; (?:say where it is by --recordings|name another: --cache-dir|name another folder: --cache-dir)", ""),
    (r", as with --channel 1", ""),
    (r" \(--window, --hop to choose\)", ""),
    (r"a detector of a shorter --window", "a detector with a shorter window"),
    (r"; --eight-cut-cache ignore computes all anew", ""),
    (
        r"; run `audioscan-host pull ([^`]+)` where there is network and bring the file here",
        r"; is there network?",
    ),
    (r", or name a copy: --checkpoint .*", ""),
    (r"; run again to go on", "; start it again to go on"),
    (r"; `audioscan-host (?:train|check)[^`]*` (?:makes one|tells more)", ""),
    (r"--window\b", "window"),
    (r"--hop\b", "hop"),
    (r"--device\b", "device"),
    (r"--precision\b", "precision"),
    (r"--(?=[a-z])", "the command line's option --"),
)
"""Pattern -> what the page says; the last one is for what a plugin says."""


class PlainWords:
    """Says sentences of the host in words of the page.

    Args:
        recordings: whose paths become their names.
        names: other paths -> what they are called.
    """

    def __init__(
        self, recordings: Iterable[OrderedRecording], names: Mapping[str, str] | None = None
    ) -> None:
        called = {each.path: each.name for each in recordings} | dict(names or {})
        # The longest first: a path may begin with another one.
        self._called = dict(sorted(called.items(), key=lambda item: -len(item[0])))

    def say(self, sentence: str) -> str:
        """The sentence in plain words, in one line."""
        sentence = " ".join(sentence.split())
        if "/" in sentence or "\\" in sentence:
            for path, name in self._called.items():
                sentence = sentence.replace(path, name)
        for pattern, plain in _SAID_OTHERWISE:
            sentence = re.sub(pattern, plain, sentence)
        return sentence
