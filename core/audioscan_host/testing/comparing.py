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


def told(*shares: float) -> str:
    """How far results are apart, of those that were required to be close."""
    return (
        f"at most {max(shares):.1g} of the largest value apart" if any(shares) else "the same to the last bit"
    )


def require_same(
    subject: Subject, found: ForwardPass, expected: ForwardPass, what: str, hint: str = ""
) -> float:
    """Require what the same arithmetic gives twice: the same numbers, to the last bit on a CPU.

    Returns:
        How far they are apart, as a share of the largest.

    Raises:
        ConformanceError: they are others; `what` is, and `hint` says what may be the cause.
    """
    allowed = 0 if found.on_cpu else SAME_ON_GPU * _tolerance(subject, found)
    return _required(found, expected, what, allowed, hint)


def require_close(
    subject: Subject, found: ForwardPass, expected: ForwardPass, what: str, hint: str = ""
) -> float:
    """Require the same numbers, but for what arithmetic in another order leaves.

    Returns:
        How far they are apart, as a share of the largest.

    Raises:
        ConformanceError: they are others; `what` is, and `hint` says what may be the cause.
    """
    return _required(found, expected, what, _tolerance(subject, found), hint)


def _required(found: ForwardPass, expected: ForwardPass, what: str, allowed: float, hint: str) -> float:
    share = _deviation(found, expected, what)
    if share > allowed:
        shown = f"{share:.1g} of the largest value apart"
        raise ConformanceError(
            f"{what} gives other numbers: {shown}, where {allowed:g} is allowed{hint and f'; {hint}'}"
        )
    return share


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
