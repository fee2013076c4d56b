"""When two results count as the same."""

from audioscan_host.errors import AudioscanError
from audioscan_host.testing.finding import ConformanceError
from audioscan_host.testing.forward_pass import ForwardPass, deviation
from audioscan_host.testing.subject import Subject

TOLERANCE = {"fp32": 1e-4, "fp16": 1e-2, "bf16": 5e-2}
"""Share of the largest value by which the results of other arithmetic may differ.

A batch of another size is multiplied in another order. In fp32, whose numbers have 24 bits, the encoders of the
project's own plugins then differ by up to 1e-6; the other two have 11 and 8 bits. A fault is larger by far.
"""

GPU_FP32 = 1e-3
"""The same share for fp32 where it is not a CPU that computes: convolutions may round what they multiply to 11 bits
(TF32), and by another algorithm for another batch."""

SAME_ON_GPU = 0.1
"""Part of those shares that is left where the same arithmetic is done twice: a GPU may sum in any order. A CPU
does not."""


def require_same(subject: Subject, found: ForwardPass, expected: ForwardPass, what: str) -> str:
    """Require what the same arithmetic gives twice: the same numbers, to the last bit on a CPU.

    Raises:
        ConformanceError: they are others.
    """
    return _required(found, expected, what, 0 if found.on_cpu else SAME_ON_GPU * _tolerance(subject, found))


def require_close(subject: Subject, found: ForwardPass, expected: ForwardPass, what: str) -> str:
    """Require the same numbers, but for what arithmetic in another order leaves.

    Raises:
        ConformanceError: they are others.
    """
    return _required(found, expected, what, _tolerance(subject, found))


def _required(found: ForwardPass, expected: ForwardPass, what: str, allowed: float) -> str:
    share = _deviation(found, expected, what)
    shown = f"{share:.1g} of the largest value apart"
    if share > allowed:
        raise ConformanceError(f"{what} gives other numbers: {shown}, where {allowed:g} is allowed")
    return f"at most {shown}" if share else "the same to the last bit"


def _tolerance(subject: Subject, found: ForwardPass) -> float:
    try:
        precision = subject.precision(subject.runtime)
    except (AudioscanError, ConformanceError):  # what is wrong with it, a check of its own says
        precision = "fp32"
    return GPU_FP32 if precision == "fp32" and not found.on_cpu else TOLERANCE[precision]


def _deviation(found: ForwardPass, expected: ForwardPass, what: str) -> float:
    try:
        return max(deviation(found.states, expected.states), deviation(found.pooled, expected.pooled))
    except ConformanceError as error:
        raise ConformanceError(f"{what}: {error}") from error
