"""Which recordings are held out together."""

from collections.abc import Sequence

from audioscan_host.errors import TrainingError

MOST_FOLDS = 5


def recording_folds(
    label: str,
    positives: Sequence[int],
    negatives: Sequence[int],
    groups: Sequence[int] | None = None,
) -> list[list[int]]:
    """Split recordings into up to five folds, with the sound in each of them.

    Recordings with the sound are dealt out first, those with most of it before the others, each
    to the fold that has least; then those without it, to the fold with the fewest negatives.
    Recordings of one group go together.

    Args:
        label: the sound.
        positives: for each recording, how many of its windows hold the sound.
        negatives: for each recording, how many of its windows do not.
        groups: for each recording the number of its group, as `annotations.sources.groups_of` gives them;
            each recording is its own unless given.

    Returns:
        For each fold the places of its recordings, ascending. Recordings without a labelled
        window are in the folds too: what is found in them counts.

    Raises:
        TrainingError: what is left for training would lack a class.
    """
    members: dict[int, list[int]] = {}
    for recording, group in enumerate(range(len(positives)) if groups is None else groups):
        members.setdefault(group, []).append(recording)
    what = "recordings" if len(members) == len(positives) else "sources"
    together = list(members.values())
    with_it, without = (
        [sum(counts[i] for i in each) for each in together] for counts in (positives, negatives)
    )
    with_sound = sum(count > 0 for count in with_it)
    if with_sound < 2:
        raise TrainingError(
            f"{label}: {with_sound} of {len(together)} {what} hold{'s' * (with_sound == 1)} it, and each must "
            f"be judged by what is learned from others: label it in 2 {what} or more (6 say something sure)"
        )
    folds: list[list[int]] = [[] for _ in range(min(MOST_FOLDS, with_sound))]
    for group in sorted(range(len(together)), key=lambda i: (-with_it[i], -without[i])):
        balanced = with_it if with_it[group] else without
        lightest = min(folds, key=lambda fold: (sum(balanced[i] for i in fold), len(fold)))
        lightest.append(group)
    if any(sum(without) == sum(without[i] for i in fold) for fold in folds):
        raise TrainingError(
            f"{label}: without the recordings that are held out together, no window is left that does not hold "
            f"it: label places without it in more {what}"
        )
    return [sorted(recording for group in fold for recording in together[group]) for fold in folds]
