"""Checks of what the numbers of a window may not depend on."""

import math

import numpy as np

from audioscan_host.testing import sounds
from audioscan_host.testing.comparing import require_close, require_same, told
from audioscan_host.testing.finding import ConformanceError
from audioscan_host.testing.sounds import Waveform
from audioscan_host.testing.subject import Subject
from audioscan_host.windows import GRID

FAR = 12.0
"""Seconds at least, and a window at least, between a quiet window and a tone: no frame or context reaches so far."""

QUIET = (-60, -80)
"""dBFS of what is quiet: a room at night, and the noise of a good recorder."""


def repeatable(subject: Subject) -> str:
    """The same sound gives the same numbers, whatever was embedded in between."""
    expected = subject.reference
    inputs = subject.preprocess(subject.block(sounds.noise(subject.samples())))
    hint = "is there dropout (`network.eval()`), or a state that is kept between calls?"
    found = require_same(subject, subject.embed(inputs, slice(0, 1)), expected, "another time", hint)
    subject.embed_alone(sounds.loud_noise(subject.samples()))
    # As the host does where memory ran out.
    again = subject.embed(inputs, slice(0, 1))
    require_same(subject, again, expected, "embedding the same inputs again", hint)
    return told(found)


def any_batch_size(subject: Subject) -> str:
    """How many windows go through at once does not change their numbers."""
    return told(*_as_alone(subject, 0, "batch of 2"))


def neighbours(subject: Subject) -> str:
    """The numbers of a window do not depend on the other windows of its batch, before it or after it."""
    behind = _as_alone(subject, 1, "batch with a loud one behind it")
    return told(*behind, *_as_alone(subject, 2, "batch with a loud one before it"))


def _as_alone(subject: Subject, first: int, where: str) -> list[float]:
    """Each window of a batch of two is as it is in a batch of its own, of the same inputs."""
    batch = subject.embed(subject.repeated, slice(first, first + 2))
    hint = "does a layer run over the batch, or take its statistics (`batch_first=True`, `network.eval()`)?"
    return [
        require_close(
            subject,
            batch.of(place),
            subject.embed(subject.repeated, slice(first + place, first + place + 1)),
            f"window {place + 1} in a {where}",
            hint,
        )
        for place in range(2)
    ]


def batch_size(subject: Subject) -> str:
    """`batch_size` says how many windows go through at once: a whole number, 1 or more."""
    size = subject.batch_size(subject.repeated)
    if not isinstance(size, int):
        raise ConformanceError(f"it says {size!r}")
    return f"{size}"


def blocks(subject: Subject) -> str:
    """A window's numbers do not depend on the block that `preprocess` gets it in."""
    found = []
    # The quiet one is where a loudness that is brought to a level, of the block's or the window's, comes in.
    for loudness, level in (("", 1.0), ("quiet ", 0.05)):
        waveform = sounds.fading_noise(round(1.6 * subject.samples())) * np.float32(level)
        found += _as_cut_alone(subject, waveform, loudness)
    return told(*found, *_far_from_a_tone(subject))


def _as_cut_alone(subject: Subject, waveform: Waveform, loudness: str) -> list[float]:
    # Windows that overlap; the last ends where the recording does, off the others' regular distance.
    hop = max(1, round(subject.window * GRID / 3)) / GRID
    block = subject.block(waveform, hop=hop)
    inputs, windows, found = subject.preprocess(block), len(block.windows), []
    for place in {windows // 2, windows - 1}:
        start = block.windows.starts[place]
        alone = subject.embed_alone(waveform[start : start + subject.samples()])
        share = require_close(
            subject,
            subject.embed(inputs, slice(place, place + 1)),
            alone,
            f"window {place + 1} of {windows} {loudness}ones that overlap in a block",
            "does `preprocess` take statistics of the block, or frames that reach past a window's edges?",
        )
        found.append(share)
    return found


def _far_from_a_tone(subject: Subject) -> list[float]:
    """Quiet windows are as they are alone though the same block has a tone of full scale, long before and long after."""
    samples, between = subject.samples(), math.ceil(FAR / subject.window)
    gap = [sounds.quiet_noise(samples, min(QUIET))] * between
    quiet = [sounds.quiet_noise(samples, level) for level in QUIET]
    block = subject.row([sounds.tone(samples), *gap, *quiet, *gap, sounds.tone(samples)])
    inputs, found = subject.preprocess(block), []
    for place, (level, alone) in enumerate(zip(QUIET, quiet, strict=True), start=1 + between):
        share = require_close(
            subject,
            subject.embed(inputs, slice(place, place + 1)),
            subject.embed_alone(alone),
            f"a quiet window ({level} dBFS, at {block.times[place]:g} s of a block) with a tone of full scale "
            f"{FAR:g} s and more before and after it",
            "is a level taken over the whole block (`top_db`, a peak, a mean)? "
            "Take it of each window, or let it be a constant",
        )
        found.append(share)
    return found


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
    names = " and ".join(model.name for model in models)
    return told(require_close(subject, joint, subject.reference, f"a pass for {names}"))
