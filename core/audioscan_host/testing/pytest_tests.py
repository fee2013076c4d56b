"""The checks as tests of pytest, which is imported by whoever asks for them."""

from collections.abc import Callable

from audioscan_host.errors import AudioscanError
from audioscan_host.models.model import Runtime
from audioscan_host.plugins.registry import Registry, load_registry
from audioscan_host.testing.subject import Subject
from audioscan_host.testing.suite import CHECKS, Check, Examination


def conformance(
    *models: str,
    runtime: Runtime | None = None,
    registry: Callable[[], Registry] = load_registry,
    require_weights: bool = False,
) -> Callable[..., None]:
    """A test for each check of each model, to be assigned to a name that pytest collects.

        test_conformance = conformance("MY_MODEL", "MY_MODEL_ML")

    The tests are called `test_conformance[MY_MODEL-light-import]` and so on. One whose model has no weights on
    this machine is skipped; name a small random checkpoint by `AUDIOSCAN_<CHECKPOINT>`, in a fixture or by
    `registry`, and all of them run.

    Args:
        models: names of models.
        runtime: unless given, fp32 on the device that the plugin chooses.
        registry: makes the registry that has them, when the first test of a model runs; unless given, that of
            the installed plugins.
        require_weights: fail, rather than skip, where the weights are not there: for those that come with the package.
    """
    import pytest

    cases = [pytest.param(model, check, id=f"{model}-{check.name}") for model in models for check in CHECKS]
    held: dict[
        str, Examination
    ] = {}  # of the model that is being tested, and of no other: encoders are large

    @pytest.mark.parametrize(("model", "check"), cases)
    def test_conformance(model: str, check: Check) -> None:
        if model not in held:
            held.clear()
            try:
                held[model] = Examination(Subject(registry(), model, runtime))
            except AudioscanError as error:
                pytest.fail(str(error), pytrace=False)
        finding = held[model].finding(check)
        if finding.state == "failed":
            told = [finding.promise, f"{model}: {finding.found}", finding.traceback]
            pytest.fail("\n".join(filter(None, told)), pytrace=False)
        if finding.state == "not checked" and require_weights and not finding.waits_for:
            pytest.fail(f"{model}: {finding.found}", pytrace=False)
        if finding.state == "not checked":
            pytest.skip(f"{model}: {finding.found}")

    return test_conformance
