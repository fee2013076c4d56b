"""Recordings that hold the same sound byte for byte, so that one tells what the other will say."""

from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from audioscan_host.embedding.embedded_recording import EmbeddedRecording
from audioscan_host.notes import About, Note, Tell, log

_Pair = tuple[int, int]


def tell_copies(
    recordings: Sequence[EmbeddedRecording],
    model: str,
    positive: Sequence[npt.NDArray[np.bool_]],
    groups: npt.NDArray[np.int64],
    tell: Tell = log,
) -> None:
    """Tell, in one line, of recordings that hold the same sound and that no source joins.

    They are the same where their files are, by size and sampled content, or where windows with the sound
    have the same embedding to the last bit: a clip that was pasted into both, for two recordings of
    one sound never agree so.

    Args:
        recordings: those that are learned from.
        model: whose embeddings are compared.
        positive: for each recording (windows,) which ones hold a sound that is learned.
        groups: (recordings,) as `annotations.sources.groups_of` gives them.
        tell: is told.
    """
    files = _same_files([each.digest for each in recordings])
    windows = _same_windows([r.embeddings[model].vectors for r in recordings], positive)
    apart = [pair for pair in sorted({*files, *windows}) if groups[pair[0]] != groups[pair[1]]]
    if not apart:
        return
    first, second = apart[0]
    what = "the same file" if apart[0] in files else f"{windows[apart[0]]} windows alike to the last bit"
    message = (
        f"{len({recording for pair in apart for recording in pair})} of {len(recordings)} recordings hold the same sound, such "
        f"as {recordings[first].path} and {recordings[second].path} ({what}): figures by cross-validation flatter, since one is "
        "judged by what was learned from the other; leave copies out, or name one `source` for them in a label file"
    )
    tell(Note(About.COPIES, message))


def _same_files(digests: Sequence[str]) -> set[_Pair]:
    """Pairs of files with the same content: the first of each kind, and every other."""
    first: dict[str, int] = {}
    numbered = [(number, digest) for number, digest in enumerate(digests) if digest]
    return {
        (first[digest], number) for number, digest in numbered if first.setdefault(digest, number) != number
    }


def _same_windows(
    vectors: Sequence[npt.NDArray[np.float32]], positive: Sequence[npt.NDArray[np.bool_]]
) -> Counter[_Pair]:
    """Pairs of recordings with equal positive windows, and how many: the first that has one, and every other."""
    first: dict[bytes, int] = {}
    pairs: Counter[_Pair] = Counter()
    for number, (rows, chosen) in enumerate(zip(vectors, positive, strict=True)):
        for key in set(_digests(rows, chosen)):
            if first.setdefault(key, number) != number:
                pairs[first[key], number] += 1
    return pairs


def _digests(rows: npt.NDArray[np.float32], chosen: npt.NDArray[np.bool_]) -> Iterator[bytes]:
    """Of each chosen window that is not as its neighbour is: digital silence is the same everywhere."""
    for place in np.flatnonzero(chosen).tolist():
        row = rows[place]
        beside = (rows[other] for other in (place - 1, place + 1) if 0 <= other < len(rows))
        if not any(np.array_equal(row, other) for other in beside):
            yield blake2b(row.tobytes(), digest_size=16).digest()
