"""What a plugin declares: checkpoints, and the models that read them."""

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import SupportsFloat

from audioscan_host.choices import Choice
from audioscan_host.errors import ModelError, SettingError
from audioscan_host.models.pooling import Pooling
from audioscan_host.models.weights import Weights

FINAL = -1
"""The network's final output, after its final norm where it has one."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


class Precision(Choice):
    """In what the network computes; waveforms and spectrograms are float32 always."""

    AUTO = "auto"
    """As the plugin finds right for the device."""
    FP32 = "fp32"
    BF16 = "bf16"
    FP16 = "fp16"


@dataclass(frozen=True)
class Checkpoint:
    """One set of weights.

    Attributes:
        name: unique among the plugin's checkpoints: letters, digits, `_`, `.`, `-`.
        source: where the weights come from, for a reader (a hub id, an address, "none").
        revision: what pins the weights (a commit, a digest, a date); part of every cache key.
        layers: number of transformer blocks; 0 for a network without.
        sample_rate: of the waveform that the network takes, Hz.
        step: seconds from one time step to the next.
        shortest_window: seconds; a shorter window is padded with zeros to this.
        licence: of the weights, as an SPDX identifier where there is one.
        parameters: number of weights.
        longest_window: seconds; a longer window is refused.
        weights: the files that `load` reads; `None` for a network without.
        remote_code: `load` runs code that comes with the weights, not with the plugin.
        stretch: seconds of audio that the network best takes at once, where a recording may be read in stretches: on the
            grid of 10 ms. None: the network is given windows only.
        context: seconds on either side of a time step on which the step depends; infinite where it depends on all.

    Raises:
        ModelError: a value is missing or out of its range.
    """

    name: str
    source: str
    revision: str
    layers: int
    sample_rate: int
    step: float
    shortest_window: float
    licence: str
    parameters: int
    longest_window: float = math.inf
    weights: Weights | None = None
    remote_code: bool = False
    stretch: float | None = None
    context: float = math.inf

    def __post_init__(self) -> None:
        where = f"checkpoint {self.name!r}"
        _check_name(where, self.name)
        for attribute in ("source", "revision", "licence"):
            value = getattr(self, attribute)
            _require(bool(value) and isinstance(value, str), where, attribute, "a text", value)
        for attribute in ("layers", "parameters"):
            value = getattr(self, attribute)
            _require(isinstance(value, int) and value >= 0, where, attribute, "0 or more", value)
        _require(
            isinstance(self.sample_rate, int) and self.sample_rate >= 1000,
            where, "sample_rate", "a whole number of Hz from 1000", self.sample_rate,
        )  # fmt: skip
        for attribute in ("step", "shortest_window", "longest_window"):
            value = getattr(self, attribute)
            number = isinstance(value, SupportsFloat) and float(value) > 0  # as infinity is, and NaN is not
            _require(number, where, attribute, "a number of seconds above 0", value)
        _require(self.step < math.inf, where, "step", "finite", self.step)
        _require(
            self.shortest_window <= self.longest_window,
            where, "shortest_window", f"at most longest_window ({self.longest_window:g})", self.shortest_window,
        )  # fmt: skip
        _require(isinstance(self.remote_code, bool), where, "remote_code", "True or False", self.remote_code)
        number = isinstance(self.context, SupportsFloat) and float(self.context) >= 0
        _require(number, where, "context", "a number of seconds of 0 or more", self.context)
        if self.stretch is not None:
            self._check_stretch(where, self.stretch)

    def _check_stretch(self, where: str, stretch: float) -> None:
        ok = isinstance(stretch, SupportsFloat) and math.isclose(
            float(stretch) * 100, round(float(stretch) * 100), abs_tol=1e-6
        )
        _require(ok, where, "stretch", "None, or a multiple of 0.01 s", stretch)
        fits = self.shortest_window <= stretch <= self.longest_window
        _require(fits, where, "stretch", "between shortest_window and longest_window", stretch)
        # The rest of a stretch is its two margins.
        context = 0.0 if math.isinf(self.context) else self.context
        _require(
            stretch > 2 * context + self.step,
            where,
            "stretch",
            "longer than a step with its context",
            stretch,
        )

    @property
    def path(self) -> Path:
        """The file or folder that `load` reads.

        Raises:
            ModelError: the checkpoint has no weights.
        """
        if self.weights is None:
            raise ModelError(
                f"checkpoint {self.name!r} declares no weights, so it has no path: declare `weights`, or read them "
                "from the package that ships them"
            )
        return self.weights.path

    @property
    def quartiles(self) -> tuple[int, int, int, int]:
        """The blocks that an `_ML` model reads: a quarter, half, three quarters and all of the way.

        Raises:
            ModelError: there are fewer than four.
        """
        n = self.layers
        if n < 4:
            raise ModelError(
                f"checkpoint {self.name!r}: quartiles are of 4 layers or more, not {n}: write out what is to be read, "
                "such as layers=(1, 2, FINAL)"
            )
        return (n // 4, n // 2, 3 * n // 4, n)


@dataclass(frozen=True)
class Model:
    """A named reading of a checkpoint.

    Attributes:
        name: unique among all installed plugins: letters, digits, `_`, `.`, `-`.
        checkpoint: the weights that it reads.
        layers: which layers, each once, in the order of concatenation. 0 goes into the first block, k
            leaves block k, `FINAL` is the network's final output.
        dim: length of an embedding: the selected widths, times the statistics of the pooling, two for `mean+std` and `mean+max`.
        description: a few words for the list of models.
        pooling: `mean`, `mean+std` or `mean+max` over the time steps; see `Pooling`.
        revision: to be raised whenever the plugin's arithmetic changes; part of every cache key.

    Raises:
        ModelError: a value is missing or out of its range.
    """

    name: str
    checkpoint: Checkpoint
    layers: tuple[int, ...]
    dim: int
    description: str
    pooling: Pooling | str = Pooling.MEAN
    revision: int = 1

    def __post_init__(self) -> None:
        where = f"model {self.name!r}"
        _check_name(where, self.name)
        _require(
            isinstance(self.checkpoint, Checkpoint), where, "checkpoint", "a Checkpoint", self.checkpoint
        )
        _require(
            isinstance(self.layers, tuple)
            and bool(self.layers)
            and all(isinstance(n, int) and FINAL <= n <= self.checkpoint.layers for n in self.layers)
            and len(set(self.layers)) == len(self.layers),
            where, "layers", f"a tuple of different numbers from FINAL (-1) to {self.checkpoint.layers}", self.layers,
        )  # fmt: skip
        _require(isinstance(self.dim, int) and self.dim >= 1, where, "dim", "1 or more", self.dim)
        known = tuple(Pooling)
        _require(self.pooling in known, where, "pooling", f"one of {', '.join(known)}", self.pooling)
        object.__setattr__(self, "pooling", Pooling(self.pooling))
        _require(isinstance(self.revision, int), where, "revision", "a whole number", self.revision)
        _require(isinstance(self.description, str), where, "description", "a text", self.description)


@dataclass(frozen=True)
class Runtime:
    """Where and how an encoder runs.

    Attributes:
        device: `auto`, `cpu`, or what the plugin's library calls a device (`cuda:1`, `mps`).
        precision: `auto`, `fp32`, `bf16` or `fp16`.
        batch_size: windows that go through the encoder at once; unless given, as many as the
            plugin finds right for the device.

    Raises:
        SettingError: the precision is not one of those, or the batch size is below 1.
    """

    device: str = "auto"
    precision: Precision | str = Precision.AUTO
    batch_size: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "precision", Precision.of(self.precision, "precision"))
        if self.batch_size is not None and self.batch_size < 1:
            raise SettingError(f"batch size must be 1 or more, not {self.batch_size}")


def _check_name(where: str, name: str) -> None:
    ok = isinstance(name, str) and _NAME.fullmatch(name) is not None
    _require(ok, where, "name", "letters, digits, '_', '.' and '-'", name)


def _require(ok: bool, where: str, attribute: str, expected: str, found: object) -> None:
    if not ok:
        raise ModelError(f"{where}: {attribute} must be {expected}, not {found!r}")
