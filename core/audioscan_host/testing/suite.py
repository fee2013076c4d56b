"""The checks, each made once for a model, those that others rest on first."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from audioscan_host.errors import AudioscanError
from audioscan_host.models.model import Runtime
from audioscan_host.plugins.failing_hooks import in_one_line, last_line
from audioscan_host.plugins.registry import Registry
from audioscan_host.testing import declaring, embedding, importing, independence, loading, stretched
from audioscan_host.testing.faults import whole_traceback
from audioscan_host.testing.finding import (
    ConformanceError,
    Finding,
    NotCheckedError,
)
from audioscan_host.testing.subject import Subject


@dataclass(frozen=True)
class Check:
    """One promise of the contract.

    Attributes:
        examine: looks whether a subject keeps it; returns what it found, and raises `ConformanceError` where
            it does not, `NotCheckedError` where that cannot be told.
        after: names of the checks without which this one says nothing.
    """

    examine: Callable[[Subject], str]
    after: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """As the table, a test and JSON call it: `short-recording`."""
        return self.examine.__name__.replace("_", "-")

    @property
    def promise(self) -> str:
        """What is promised, in a sentence."""
        return " ".join((inspect.getdoc(self.examine) or self.name).split())


CHECKS = (
    Check(importing.light_import),
    Check(importing.silent_import),
    Check(importing.stable_declarations),
    Check(declaring.declarations),
    Check(declaring.precision),
    Check(loading.load),
    Check(loading.unknown_device, after=("load",)),
    Check(embedding.output, after=("load",)),
    Check(loading.silent_encoder, after=("output",)),
    Check(independence.repeatable, after=("output",)),
    Check(embedding.dim, after=("output",)),
    Check(embedding.finite, after=("output",)),
    Check(embedding.short_recording, after=("output",)),
    Check(embedding.padding, after=("output",)),
    Check(embedding.step, after=("padding",)),
    Check(embedding.time_order, after=("finite", "padding", "repeatable")),
    Check(independence.waveform_untouched, after=("output",)),
    Check(loading.reload, after=("repeatable",)),
    Check(independence.batch_size, after=("output",)),
    Check(independence.any_batch_size, after=("repeatable",)),
    Check(independence.neighbours, after=("any-batch-size",)),
    Check(independence.blocks, after=("repeatable",)),
    Check(independence.joint_pass, after=("repeatable",)),
    Check(stretched.stretch_ends, after=("finite", "short-recording", "step")),
    Check(stretched.stretch_steps, after=("time-order", "blocks", "stretch-ends")),
    Check(stretched.stretch_context, after=("stretch-steps",)),
    Check(stretched.stretch_cuts, after=("stretch-context",)),
)
"""All checks; first those that need no weights."""


class Examination:
    """The checks of one model, in any order; each is made when it is first asked for."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self._findings: dict[str, Finding] = {}

    def finding(self, check: Check) -> Finding:
        """The outcome of a check; a fault of the plugin is one, whatever it raises."""
        if check.name not in self._findings:
            finding = Finding(self.subject.model.name, check.name, check.promise, "not checked", "")
            waits_for = self._first_to_mend(check)
            self._findings[check.name] = (
                replace(finding, found=f"see {waits_for}", waits_for=waits_for)
                if waits_for
                else self._made(check, finding)
            )
        return self._findings[check.name]

    def findings(self) -> Iterator[Finding]:
        """The outcome of each check, in their order."""
        for check in CHECKS:
            yield self.finding(check)

    def _first_to_mend(self, check: Check) -> str:
        for before in CHECKS:
            if before.name in check.after:
                first = self.finding(before)
                if first.state != "passed":
                    return first.waits_for or first.check
        return ""

    def _made(self, check: Check, finding: Finding) -> Finding:
        try:
            return replace(finding, state="passed", found=check.examine(self.subject))
        except NotCheckedError as error:
            return replace(finding, found=in_one_line(error))
        except (ConformanceError, AudioscanError) as error:  # both say in words what is wrong
            return replace(
                finding, state="failed", found=in_one_line(error), traceback=whole_traceback(error)
            )
        # A plugin is somebody else's code: the other checks are made all the same.
        except (Exception, SystemExit) as error:  # noqa: BLE001
            return replace(finding, state="failed", found=last_line(error), traceback=whole_traceback(error))


def check_model(registry: Registry, name: str, runtime: Runtime | None = None) -> tuple[Finding, ...]:
    """Make all checks of a model.

    Args:
        registry: that has it, from `load_registry`.
        name: of the model.
        runtime: unless given, fp32 on the device that the plugin chooses.

    Raises:
        UnknownModelError: there is no such model.
        CheckpointError: the file or folder that the user named is not what the model reads.
    """
    return tuple(Examination(Subject(registry, name, runtime)).findings())
