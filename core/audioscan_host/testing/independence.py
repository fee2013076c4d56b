"""Checks of what the numbers of a window may not depend on."""

from audioscan_host.testing import sounds
from audioscan_host.testing.comparing import require_close, require_same
from audioscan_host.testing.finding import ConformanceError
from audioscan_host.testing.subject import Subject
from audioscan_host.windows import GRID


def repeatable(subject: Subject) -> str:
    """The same sound gives the same numbers, whatever was embedded in between."""
    expected = subject.reference
    inputs = subject.preprocess(subject.block(sounds.noise(subject.samples())))
    found = require_same(subject, subject.embed(inputs, slice(0, 1)), expected, "another time")
    subject.embed_alone(sounds.loud_noise(subject.samples()))
    # As the host does where memory ran out.
    require_same(subject, subject.embed(inputs, slice(0, 1)), expected, "embedding the same inputs again")
    return found


def any_batch_size(subject: Subject) -> str:
    """How many windows go through at once does not change their numbers."""
    alone, of_two = subject.embed(subject.repeated, slice(0, 1)), subject.beside_itself
    return require_close(subject, of_two.first, alone, "a window in a batch of 2")


def neighbours(subject: Subject) -> str:
    """The numbers of a window do not depend on the other windows of its batch."""
    beside_itself, beside_loud = subject.beside_itself, subject.embed(subject.repeated, slice(2, 4))
    return require_close(subject, beside_loud.first, beside_itself.first, "a window beside a loud one")


def batch_size(subject: Subject) -> str:
    """`batch_size` says how many windows go through at once: a whole number, 1 or more."""
    size = subject.batch_size(subject.repeated)
    if not isinstance(size, int):
        raise ConformanceError(f"it says {size!r}")
    return f"{size}"


def blocks(subject: Subject) -> str:
    """A window's numbers do not depend on the block that `preprocess` gets it in."""
    length = subject.samples()
    waveform = sounds.fading_noise(round(1.6 * length))
    # Windows that overlap; the last ends where the recording does, off the others' regular distance.
    hop = max(1, round(subject.window * GRID / 3)) / GRID
    block = subject.block(waveform, hop=hop)
    last, start = len(block.windows) - 1, block.windows.starts[-1]
    alone = subject.embed_alone(waveform[start : start + length])
    in_block = subject.embed(subject.preprocess(block), slice(last, last + 1))
    return require_close(subject, in_block, alone, f"the last of {last + 1} windows that overlap in a block")


def waveform_untouched(subject: Subject) -> str:
    """`preprocess` and `embed` leave the waveform as it is: others may read it too."""
    block = subject.block(sounds.noise(subject.samples()))
    before = block.waveform.copy()
    subject.embed(subject.preprocess(block), slice(0, 1))
    changed = int((block.waveform != before).sum())
    if changed:
        raise ConformanceError(f"{changed} of {len(before)} samples are changed; work on a copy")
    return "as it was"


def joint_pass(subject: Subject) -> str:
    """All models of the checkpoint in one pass give the numbers that each gives in a pass of its own."""
    models = subject.of_one_checkpoint
    if len(models) == 1:
        return f"{subject.checkpoint.name} has no other model"
    inputs = subject.preprocess(subject.block(sounds.noise(subject.samples())))
    joint = subject.embed(inputs, slice(0, 1), models)
    return require_close(
        subject, joint, subject.reference, f"a pass for {' and '.join(model.name for model in models)}"
    )
