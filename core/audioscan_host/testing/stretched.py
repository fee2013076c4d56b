"""Checks of a checkpoint that is read in stretches: where its time steps lie, and what they depend on."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from audioscan_host.embedding.stretches import margin, steps_expected, stretching
from audioscan_host.testing import sounds
from audioscan_host.testing.comparing import require_close, told
from audioscan_host.testing.finding import ConformanceError
from audioscan_host.testing.forward_pass import ForwardPass, Numbers
from audioscan_host.testing.sounds import Waveform
from audioscan_host.testing.subject import Subject
from audioscan_host.windows import GRID

WINDOWS_ONLY = "no stretch is declared"

PLACES = (0.07, 0.36, 0.64, 0.93)
"""Where in a stretch a burst is tried: in its margins, and between them."""

APART = 1.5
"""How far two readings of a time step may lie apart where it depends on all of its stretch, as a share of how far two time
steps of different sound do, less what all steps of a stretch have in common. With random weights EAT has 0.9, AST 0.1."""


def stretch_ends(subject: Subject) -> str:
    """A stretch has time steps up to its end, also where a recording is shorter than a stretch, a step or a window."""
    checkpoint = subject.checkpoint
    stretch = checkpoint.stretch
    if stretch is None:
        return WINDOWS_ONLY
    rate, step, shortest = checkpoint.sample_rate, checkpoint.step, checkpoint.shortest_window
    # A recording ends where it ends: off the grid.
    lengths = [round(stretch * rate), round(0.61 * stretch * rate) + 13, round(0.7 * step * rate)]
    lengths += [round(0.5 * shortest * rate)]
    told_of = []
    for samples in sorted({max(1, each) for each in lengths}):
        what = f"a recording of {samples} samples ({samples / rate:.3f} s), read in stretches,"
        found = subject.embed_alone(sounds.noise(samples), stretch)
        seconds = samples / rate
        for states in found.selected[subject.model.name]:
            count = states.shape[1]
            if not np.isfinite(states).all():
                raise ConformanceError(f"{what} gives numbers that are not finite")
            least, most = steps_expected(checkpoint, seconds)
            if not least <= count <= most:
                raise ConformanceError(
                    f"{what} has {count} time steps; with one every {step:g} s there should be {least:.0f} to "
                    f"{most:.0f}: give all of what is real audio in a stretch of {stretch:g} s, or declare a shorter one"
                )
        told_of.append(f"{count} time steps in {samples / rate:.3g} s")
    return ", ".join(told_of)


def stretch_steps(subject: Subject) -> str:
    """The time steps of a stretch are where they are declared: a burst at a second moves the step there."""
    if subject.checkpoint.stretch is None:
        return WINDOWS_ONLY
    step = subject.checkpoint.step
    places, change = _moved(subject, PLACES)
    # The receptive field of a step begins with the step, and is as long as the shortest window.
    before = max(1, math.ceil((subject.checkpoint.shortest_window - step) / step - 1e-6))
    farthest = 0
    for by_step in change:
        # Against what bursts elsewhere do to it: some steps of a transformer move whatever is heard.
        usual = (by_step.sum(axis=0) - by_step) / (len(places) - 1)
        for place, found in zip(places, (by_step - usual).argmax(axis=1), strict=True):
            if not place - before <= found <= place + 1:
                raise ConformanceError(
                    f"a burst at {place * step:g} s of a stretch of {subject.checkpoint.stretch:g} s moves the time step at "
                    f"{found * step:g} s most: are they in order, one every {step:g} s, and the first at the beginning?"
                )
            farthest = max(farthest, abs(int(found) - place))
    where = ", ".join(f"{place * step:.3g}" for place in places)
    return f"bursts at {where} s move the step there most, or the one {farthest} beside it"


def stretch_context(subject: Subject) -> str:
    """A time step depends on no sound that is farther away than the declared `context`."""
    checkpoint = subject.checkpoint
    if checkpoint.stretch is None:
        return WINDOWS_ONLY
    if math.isinf(checkpoint.context):
        return "a time step depends on all of its stretch"
    step, context = checkpoint.step, checkpoint.context
    calm = _embedded(subject, sounds.restless(subject.samples(checkpoint.stretch)))
    shares = []
    for place in _steps(subject, (PLACES[0], PLACES[2])):
        struck = _embedded(subject, _struck(subject, place))
        begins = np.arange(calm.selected[subject.model.name][0].shape[1]) * step
        far = (begins + step + context <= place * step + 1e-9) | (
            begins - context >= (place + 1) * step - 1e-9
        )
        shares.append(
            require_close(
                subject,
                _steps_of(subject, struck, far),
                _steps_of(subject, calm, far),
                f"a burst at {place * step:g} s, farther away than the declared context of {context:g} s,",
                "declare a wider context",
            )
        )
    return f"{context:g} s; beyond it {told(*shares)}"


def stretch_cuts(subject: Subject) -> str:
    """A time step is much the same wherever the stretch around it begins and ends; with a finite context it is the same."""
    checkpoint = subject.checkpoint
    stretch = checkpoint.stretch
    if stretch is None:
        return WINDOWS_ONLY
    rate, step = checkpoint.sample_rate, checkpoint.step
    shift = _shift(subject)
    if not shift:
        return f"no whole number of steps of {step:g} s lies on the grid of 10 ms"
    later = round(shift * step * rate)
    samples = subject.samples(stretch)
    sound = sounds.restless(samples + later)
    here, there = _embedded(subject, sound[:samples]), _embedded(subject, sound[later : later + samples])
    first, after = (
        shift + math.ceil(margin(checkpoint) / step - 1e-9),
        int((stretch - margin(checkpoint)) / step + 1e-9),
    )
    after = min(after, *(states.shape[1] for states in here.selected[subject.model.name]))
    kept, moved = slice(first, after), slice(first - shift, after - shift)
    if math.isinf(checkpoint.context):
        return _apart(subject, _steps_of(subject, here, kept), _steps_of(subject, there, moved))
    share = require_close(
        subject,
        _steps_of(subject, there, moved),
        _steps_of(subject, here, kept),
        f"a stretch that begins {shift * step:g} s later",
        f"does a step depend on its place, or on more than the declared context of {checkpoint.context:g} s?",
    )
    return told(share, *_as_window(subject, sound, later, shift, here))


def _as_window(
    subject: Subject, sound: Waveform, later: int, shift: int, stretch: ForwardPass
) -> list[float]:
    """The steps of a window out of a stretch are as those of the stretch, but at the window's ends."""
    step, context = subject.checkpoint.step, subject.checkpoint.context
    window = subject.embed_alone(sound[later : later + subject.samples()])
    count = window.selected[subject.model.name][0].shape[1]
    first, after = math.ceil(context / step - 1e-9), min(count, int((subject.window - context) / step + 1e-9))
    if after <= first:
        return []
    return [
        require_close(
            subject,
            _steps_of(subject, window, slice(first, after)),
            _steps_of(subject, stretch, slice(shift + first, shift + after)),
            f"a window of {subject.window:g} s out of a stretch",
            f"is the context wider than the declared {context:g} s, or a longer input prepared in another way?",
        )
    ]


def _apart(subject: Subject, here: ForwardPass, there: ForwardPass) -> str:
    """How far the two readings of a step are apart, against two steps at different times."""
    shares, common = [], []
    for layer, states in here.states.items():
        one, other = states[0].astype(np.float64), there.states[layer][0].astype(np.float64)
        half, difference = max(1, len(one) // 2), one - other
        between = (
            np.linalg.norm(one[half : 2 * half] - one[: len(one[half : 2 * half])], axis=1).sum() / half
            or 1.0
        )
        # Attention adds something of the whole stretch to each of its steps, which is no matter of their place.
        alike = difference.mean(axis=0)
        common.append(float(np.linalg.norm(alike) / between))
        shares.append(float(np.linalg.norm(difference - alike, axis=1).mean() / between))
    if max(shares) > APART:
        raise ConformanceError(
            f"two readings of a time step, by stretches that begin at different places, are {max(shares):.2f} times as far "
            f"apart as time steps of different sound, where {APART:g} is allowed: does a step tell its place in the input "
            "more than its sound? Then declare no stretch"
        )
    stretch = subject.checkpoint.stretch
    return (
        f"two readings of a time step are {max(shares):.0%} as far apart as two time steps, with a margin of "
        f"{margin(subject.checkpoint):.3g} s at either end of {stretch:g} s; what moves all steps of a stretch alike is "
        f"{max(common):.0%}"
    )


def _shift(subject: Subject) -> int:
    """Time steps by which a stretch is moved: about half of what it stands for, and on the grid."""
    step = subject.checkpoint.step
    steps = int(stretching(subject.checkpoint).hop / step / 2)
    while steps > 0 and not math.isclose(steps * step * GRID, round(steps * step * GRID), abs_tol=1e-6):
        steps -= 1
    return steps


def _moved(subject: Subject, shares: Sequence[float]) -> tuple[list[int], list[Numbers]]:
    """The steps at which a burst was tried, and of each array that the model reads how far that moved each step.

    Returns:
        The steps; for each array (bursts, time).
    """
    stretch = subject.checkpoint.stretch or 0.0
    name = subject.model.name
    calm = _embedded(subject, sounds.restless(subject.samples(stretch))).selected[name]
    places = _steps(subject, shares)
    struck = [_embedded(subject, _struck(subject, place)).selected[name] for place in places]
    moved = [
        np.stack([np.linalg.norm(each[layer][0] - states[0], axis=1) for each in struck])
        for layer, states in enumerate(calm)
    ]
    return places, moved


def _steps(subject: Subject, shares: Sequence[float]) -> list[int]:
    """Time steps at these shares of a stretch."""
    return [int(share * (subject.checkpoint.stretch or 0.0) / subject.checkpoint.step) for share in shares]


def _struck(subject: Subject, place: int) -> Waveform:
    """A stretch with a loud burst as long as the time step in whose place it is."""
    checkpoint = subject.checkpoint
    waveform = sounds.restless(subject.samples(checkpoint.stretch))
    begin, end = (round(each * checkpoint.step * checkpoint.sample_rate) for each in (place, place + 1))
    waveform[begin:end] = sounds.loud_noise(end - begin)
    return waveform


def _embedded(subject: Subject, waveform: Waveform) -> ForwardPass:
    return subject.embed_alone(waveform, subject.checkpoint.stretch)


def _steps_of(subject: Subject, found: ForwardPass, steps: slice | npt.NDArray[np.bool_]) -> ForwardPass:
    """Some of the time steps of what the model reads, to be compared."""
    selected = found.selected[subject.model.name]
    return ForwardPass(
        {place: states[:, steps] for place, states in enumerate(selected)}, {}, {}, found.on_cpu
    )
