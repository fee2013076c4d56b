"""Which recordings are held out together."""

from collections.abc import Sequence

from audioscan_host.errors import TrainingError

MOST_FOLDS = 5


def recording_folds(label: str, positives: Sequence[int], negatives: Sequence[int]) -> list[list[int]]:
    """Split recordings into up to five folds, with the sound in each of them.

    Recordings with the sound are dealt out first, those with most of it before the others, each
    to the fold that has least; then those without it, to the fold with the fewest negatives.

    Args:
        label: the sound.
        positives: for each recording, how many of its windows hold the sound.
        negatives: for each recording, how many of its windows do not.

    Returns:
        For each fold the places of its recordings, ascending. Recordings without a labelled
        window are in the folds too: what is found in them counts.

    Raises:
        TrainingError: what is left for training would lack a class.
    """
    with_sound = sum(count > 0 for count in positives)
    if with_sound < 2:
        raise TrainingError(
            f"{label}: {with_sound} of {len(positives)} recordings hold{'s' * (with_sound == 1)} it, and each must "
            "be judged by what is learnt from others: label it in 2 recordings or more (6 say something sure)"
        )
    folds: list[list[int]] = [[] for _ in range(min(MOST_FOLDS, with_sound))]
    for recording in sorted(range(len(positives)), key=lambda i: (-positives[i], -negatives[i])):
        balanced = positives if positives[recording] else negatives
        lightest = min(folds, key=lambda fold: (sum(balanced[i] for i in fold), len(fold)))
        lightest.append(recording)
    if any(sum(negatives) == sum(negatives[i] for i in fold) for fold in folds):
        raise TrainingError(
            f"{label}: without the recordings that are held out together, no window is left that does not hold "
            "it: label places without it in more recordings"
        )
    return [sorted(fold) for fold in folds]
