"""Checks of what comes out for a window."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from audioscan_host.testing import sounds
from audioscan_host.testing.finding import ConformanceError
from audioscan_host.testing.forward_pass import ForwardPass, Numbers
from audioscan_host.testing.subject import Subject


def output(subject: Subject) -> str:
    """A batch becomes (batch, time, width) of floating numbers for each layer that was asked for."""
    inputs = subject.preprocess(subject.row([sounds.noise(subject.samples(), seed) for seed in range(3)]))
    found = subject.embed(inputs, slice(1, 3))  # a part, and not from the beginning
    _ = subject.reference  # then a batch of another size, which fails where a state is kept
    return ", ".join(f"layer {layer}: {states.shape}" for layer, states in found.states.items())


def dim(subject: Subject) -> str:
    """An embedding is as long as the model declares."""
    (vector,) = subject.reference.pooled[subject.model.name]
    if len(vector) != subject.model.dim:
        states = subject.reference.states
        widths = [
            f"{states[layer].shape[2]} of layer {layer}" for layer in subject.model.layers if layer in states
        ]
        raise ConformanceError(
            f"it is {len(vector)} long ({' + '.join(widths)}; pooling {subject.model.pooling}), "
            f"declared is {subject.model.dim}"
        )
    return f"{len(vector)}"


def finite(subject: Subject) -> str:
    """Silence, noise, a full-scale square wave and a click give numbers, not NaN or infinity."""
    samples = subject.samples()
    tried = {
        "silence": sounds.silence(samples),
        "noise": sounds.noise(samples),
        "a square wave": sounds.square_wave(samples, subject.checkpoint.sample_rate),
        "a click": sounds.click(samples),
    }
    inputs = subject.preprocess(subject.row(list(tried.values())))
    found = subject.embed(inputs, slice(0, len(tried)))
    for window, name in enumerate(tried):
        _require_finite(found, window, name)
    return ", ".join(tried)


def short_recording(subject: Subject) -> str:
    """A recording shorter than the window, and one shorter than `shortest_window`, give an embedding."""
    rate, shortest = subject.checkpoint.sample_rate, subject.checkpoint.shortest_window
    tried = {max(1, round(shortest * rate) // 2)}
    # A recording ends where it ends: off the grid.
    if (samples := round(0.7 * subject.samples()) + 13) > shortest * rate:
        tried.add(samples)
    for samples in sorted(tried):
        what = f"a recording of {samples} samples ({samples / rate:.3f} s)"
        try:
            found = subject.embed_alone(sounds.noise(samples))
        except ConformanceError as error:
            raise ConformanceError(f"{what}: {error}") from error
        _require_finite(found, 0, what)
    return " and ".join(f"{samples} samples" for samples in sorted(tried))


def padding(subject: Subject) -> str:
    """Time steps are of real audio alone: their number goes with the window's length."""
    steps = subject.steps
    if len(steps) == 1:
        return f"{_listed(steps)}, and no other length is taken"
    for (short, few), (longer, more) in pairwise(steps.items()):
        ratio = longer / short
        if more >= (few - 1) * ratio - 1:  # in proportion, but for the steps that the windows' ends cut
            continue
        if few == more and subject.shapes[longer][1] > subject.shapes[short][1]:
            raise ConformanceError(
                f"(time, width) is {subject.shapes[short]} in {short:g} s and {subject.shapes[longer]} in "
                f"{longer:g} s: the axes seem to be swapped; expected (batch, time, width)"
            )
        too_many = few > short / subject.checkpoint.step + 1
        raise ConformanceError(
            f"{_listed(steps)}; {longer:g} s should have about {few * ratio:.0f}: "
            + (
                "leave out the time steps of what the window was padded with"
                if too_many
                else f"the end of the window is not read; join several passes, or declare longest_window={short:g}"
            )
        )
    return _listed(steps)


def step(subject: Subject) -> str:
    """A time step comes every `step` seconds, as the checkpoint declares; in the layer with the most of them."""
    declared, shortest = subject.checkpoint.step, subject.checkpoint.shortest_window
    steps = subject.steps
    for seconds, count in steps.items():
        most, least = seconds / declared + 1, (seconds - shortest) / declared - 1
        if not least - 1e-6 <= count <= most + 1e-6:
            raise ConformanceError(
                f"{_listed(steps)}; with one every {declared:g} s, "
                f"{seconds:g} s should have {max(least, 1):.0f} to {most:.0f}"
            )
    return f"{declared:g} s"


def time_order(subject: Subject) -> str:
    """Time steps are in order: what changes at the window's end changes the last of them most, and not the first."""
    samples = subject.samples()
    before = subject.reference
    least = min(states.shape[1] for states in before.states.values())
    if least < 4:
        return f"{least} time steps have no order to speak of"
    shares = []
    for where in ("end", "beginning"):
        waveform, other = sounds.noise(samples), sounds.noise(samples, seed=2)
        part = slice(-samples // 4, None) if where == "end" else slice(samples // 4)
        waveform[part] = other[part]
        change = _change(subject.embed_alone(waveform).states, before.states)
        for layer, by_step in change.items():
            # Of its own steps: a network may have fewer of them in its later layers.
            quarter = max(len(by_step) // 4, 1)
            first, last = by_step[:quarter].mean(), by_step[-quarter:].mean()
            near, far = (last, first) if where == "end" else (first, last)
            if not near > far:
                raise ConformanceError(
                    f"layer {layer}: another sound at the window's {where} changes the time steps there by "
                    f"{near:.2g}, those at the other side by {far:.2g}"
                )
            shares.append(far / near)
    return f"the far side changes {max(shares):.0%} as much as the near one; in order below 100%"


def _require_finite(found: ForwardPass, window: int, what: str) -> None:
    for layer, states in found.states.items():
        if not np.isfinite(states[window]).all():
            raise ConformanceError(f"{what} gives numbers in layer {layer} that are not finite")
    for name, vectors in found.pooled.items():
        if not np.isfinite(vectors[window]).all():
            raise ConformanceError(f"{what} gives an embedding by {name} that is not finite")


def _listed(steps: Mapping[float, int]) -> str:
    return ", ".join(f"{count} time steps in {seconds:g} s" for seconds, count in steps.items())


def _change(found: Mapping[int, Numbers], before: Mapping[int, Numbers]) -> dict[int, Any]:
    """Layer -> (time,): how far each time step moves."""
    return {layer: np.linalg.norm(found[layer][0] - before[layer][0], axis=1) for layer in before}
