"""Which recordings come from one source (a session, a site, an individual), and so belong together."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from audioscan_host.annotations.annotation import Annotation


def sources_of(annotations: Iterable[Annotation]) -> list[str]:
    """The sources that the annotations of a recording name, each once."""
    return list(dict.fromkeys(a.source for a in annotations if a.source))


def groups_of(recordings: Sequence[Sequence[Annotation]]) -> npt.NDArray[np.int64]:
    """Number the groups of recordings that share a source.

    A recording has every source that one of its annotations names, and is in one group with all that
    it is connected with: a.wav of `hill`, b.wav of `hill` and `lake`, c.wav of `lake` are one.

    Args:
        recordings: the annotations of each.

    Returns:
        (recordings,) from 0, in order of first appearance; a recording without a source is its own group.
    """
    joined = list(range(len(recordings)))  # each with an earlier one of its group, the first with itself

    def first(recording: int) -> int:
        while joined[recording] != recording:
            joined[recording] = recording = joined[joined[recording]]
        return recording

    earliest: dict[str, int] = {}
    for number, annotations in enumerate(recordings):
        for source in sources_of(annotations):
            one, other = sorted((first(earliest.setdefault(source, number)), first(number)))
            joined[other] = one
    firsts = np.array([first(number) for number in range(len(recordings))], np.int64)
    return np.unique(firsts, return_inverse=True)[1].astype(np.int64)
