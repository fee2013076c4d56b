"""Window and hop that fit the labelled sounds, where a training is not told which to take."""

import logging
import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from statistics import median_low
from typing import Any, Literal

from audioscan_host.annotations import Annotation, Role
from audioscan_host.annotations.window_ladder import UNKNOWN_LENGTH, own_window, usual_length
from audioscan_host.cache import Cache
from audioscan_host.errors import SettingError
from audioscan_host.models.model import Model
from audioscan_host.notes import About, Note, Tell, log
from audioscan_host.windows import Windowing

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class WindowChoice:
    """Window and hop of a training, and why these.

    Attributes:
        windowing: window and hop.
        by: `given` by the caller; by the lengths of the `labels`; `points`, whose sounds have no known
            length; or by the embeddings of `8-cut` that lie in the cache.
        reason: why, as half a sentence; empty where they were given.
        usual_lengths: label -> median duration of its positive spans, seconds; None where it is
            labelled in points. Empty where window and hop were given.
        own_windows: label -> the window that it would have on its own, seconds.
    """

    windowing: Windowing
    by: Literal["given", "labels", "points", "8-cut"]
    reason: str
    usual_lengths: Mapping[str, float | None]
    own_windows: Mapping[str, float]

    @property
    def line(self) -> str:
        """What was taken and why, in one line."""
        return f"windows of {self.windowing.window:g} s every {self.windowing.hop:g} s: {self.reason}"

    @property
    def advice(self) -> str:
        """How to have a window for each label, where theirs are more than an octave apart; else empty."""
        windows = self.own_windows.values()
        if self.by == "8-cut" or not windows or max(windows) <= 2 * min(windows):
            return ""
        own = ", ".join(
            f"{label} ({_told(self.usual_lengths[label])}) {window:g} s"
            for label, window in self.own_windows.items()
        )
        options = ", then ".join(f"--label {shlex.quote(label)}" for label in self.own_windows)
        return (
            f"one window does not fit all of these labels; on its own each would have: {own}; for a detector "
            f"each, run once with {options}"
        )

    def to_json(self) -> dict[str, Any]:
        """As plain values, window and hop among them."""
        return {
            "window": self.windowing.window,
            "hop": self.windowing.hop,
            "by": self.by,
            "reason": self.reason,
            "usual_lengths": dict(self.usual_lengths),
            "own_windows": dict(self.own_windows),
        }


def choose_windowing(
    given: Windowing | None,
    annotations: Mapping[Path, Sequence[Annotation]],
    only: Collection[str],
    models: Sequence[Model],
    *,
    hop: float | None,
    cache: Cache | None,
    wrappers: Sequence[str] = (),
) -> WindowChoice:
    """The window and hop that are given, or those that fit the labels.

    Embeddings that 8-cut left in the cache decide for its 8 s every 1 s, where they are those of half of
    the recordings or more: a better window is not worth embedding all of it anew unasked.

    Args:
        given: window and hop; then nothing else is looked at.
        annotations: of the recordings that are learned from.
        only: the labels that are learned; all of them where empty.
        models: those that are to take the windows.
        hop: seconds; where only this is given, the window comes from the labels.
        cache: where embeddings of 8-cut may lie; None where they would be of no use.
        wrappers: what other plugins do to the models' numbers, as `Registry.wrappers`.

    Raises:
        SettingError: window and hop are both given and a hop beside them, or the hop does not fit the window.
    """
    if given is not None:
        if hop is not None:
            raise SettingError("give the hop in windowing, or the hop alone, not both")
        return WindowChoice(given, "given", "", {}, {})
    everything = list(chain.from_iterable(annotations.values()))
    known = {a.label for a in everything if a.role is Role.POSITIVE}
    by_labels = fitting_windowing(everything, sorted(known & set(only) if only else known), models, hop)
    shortest, longest = _bounds(models)
    if hop not in (None, UNKNOWN_LENGTH.hop) or not shortest <= UNKNOWN_LENGTH.window <= longest:
        return by_labels
    embedded = (
        0
        if cache is None
        else max(
            (_embedded_by_eight_cut(annotations, each, cache, wrappers) for each in models),
            default=0,
        )
    )
    if not embedded or 2 * embedded < len(annotations):
        return by_labels
    reason = f"8-cut has embedded {embedded} of the {len(annotations)} recordings with them"
    return WindowChoice(UNKNOWN_LENGTH, "8-cut", reason, by_labels.usual_lengths, by_labels.own_windows)


def fitting_windowing(
    annotations: Sequence[Annotation],
    labels: Sequence[str],
    models: Sequence[Model],
    hop: float | None = None,
) -> WindowChoice:
    """The window that fits the usual lengths of the labels, and a quarter of it as the hop.

    Each label's own window is the step of the ladder nearest to half of its usual length, by ratio, that all
    the models take; of several labels it is the median of those, the shorter of two in the middle. A
    label in points has a window of 8 s; where all of them are, the hop is 1 s.

    Args:
        annotations: of all recordings.
        labels: those that are learned.
        models: those that are to take the windows.
        hop: seconds, where it is given.

    Raises:
        SettingError: the hop is longer than the window, or off the grid.
    """
    lengths = {label: usual_length(label, annotations) for label in labels}
    shortest, longest = _bounds(models)
    own = {label: own_window(length, shortest, longest) for label, length in lengths.items()}
    window = median_low(own.values() or [own_window(None, shortest, longest)])
    unbounded = median_low([own_window(length) for length in lengths.values()] or [own_window(None)])
    by: Literal["labels", "points"] = "labels" if any(lengths.values()) else "points"
    reason = _reason(lengths)
    if window != unbounded:
        reason += f", and {_bound(models, longer=window > unbounded)}"
    if hop is not None and hop > window:
        raise SettingError(
            f"hop ({hop:g} s) must not exceed the window, which is {window:g} s here ({reason}): give a shorter hop, "
            "or the window too"
        )
    if hop is not None:
        windowing = Windowing(window, hop)
    elif by == "points" and window == UNKNOWN_LENGTH.window:
        windowing = UNKNOWN_LENGTH
    else:
        windowing = Windowing.of_window(window)
    return WindowChoice(windowing, by, reason, lengths, own)


def tell_choice(choice: WindowChoice, tell: Tell = log) -> None:
    """Log which windows were taken and why, and tell where labels ask for very different ones."""
    if choice.by != "given":
        logger.info("%s (--window, --hop to choose)", choice.line)
    if choice.advice:
        tell(Note(About.WINDOWS, choice.advice))


def _embedded_by_eight_cut(paths: Iterable[Path], model: Model, cache: Cache, wrappers: Sequence[str]) -> int:
    """Of how many recordings 8-cut's embeddings by the model lie in the cache."""
    embedded = 0
    for path in paths:
        try:
            name = cache.eight_cut_name(path, model, UNKNOWN_LENGTH, wrappers)
        except OSError:
            continue  # embedding will tell
        embedded += name is not None and cache.store.find(name) is not None
    return embedded


def _reason(lengths: Mapping[str, float | None]) -> str:
    known = {label: length for label, length in lengths.items() if length is not None}
    if not known:
        return "points say nothing of how long a sound is"
    first, last = _told(min(known.values())), _told(max(known.values()))
    if len(known) == 1:
        said = f"{next(iter(known))} usually lasts {first}"
    else:
        said = f"{len(known)} labels usually last {first if first == last else f'{first} to {last}'}"
    points = len(lengths) - len(known)
    return said + (
        f", and {points} more {'is' if points == 1 else 'are'} labelled in points" if points else ""
    )


def _bounds(models: Sequence[Model]) -> tuple[float, float]:
    """The shortest and the longest window that all the models take, seconds."""
    checkpoints = [model.checkpoint for model in models]
    return max(each.shortest_window for each in checkpoints), min(each.longest_window for each in checkpoints)


def _bound(models: Sequence[Model], *, longer: bool) -> str:
    if longer:
        model = max(models, key=lambda each: each.checkpoint.shortest_window)
        return f"{model.name} takes windows of at least {model.checkpoint.shortest_window:g} s"
    model = min(models, key=lambda each: each.checkpoint.longest_window)
    return f"{model.name} takes windows of at most {model.checkpoint.longest_window:g} s"


def _told(length: float | None) -> str:
    """1.7 s, 0.74 s, 34 s; or points."""
    if length is None:
        return "points"
    return f"{length:.2g} s" if length < 10 else f"{length:.0f} s"
