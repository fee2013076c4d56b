"""Checks of what a plugin declares; they need no weights."""

from audioscan_host.errors import SettingError
from audioscan_host.models.model import Checkpoint, Precision, Runtime
from audioscan_host.testing import lengths
from audioscan_host.testing.finding import ConformanceError
from audioscan_host.testing.subject import Subject


def declarations(subject: Subject) -> str:
    """What the model and its checkpoint declare is complete and does not contradict itself."""
    model, checkpoint = subject.declared, subject.declared.checkpoint
    texts = {
        "description": model.description,
        "source": checkpoint.source,
        "revision": checkpoint.revision,
        "licence": checkpoint.licence,
    }
    for name, text in texts.items():
        if not isinstance(text, str) or not text.strip() or len(text.splitlines()) > 1:
            raise ConformanceError(f"{name} must be one line of text, not {text!r}")
    for other in subject.plugin.models:
        if other.checkpoint.name == checkpoint.name and other.checkpoint != checkpoint:
            raise ConformanceError(
                f"{other.name} declares the checkpoint {checkpoint.name!r} in another way; "
                "models of one checkpoint must share one declaration"
            )
    _check_weights(checkpoint)
    shortest, longest = checkpoint.shortest_window, checkpoint.longest_window
    if not shortest <= lengths.taken(checkpoint, shortest) <= longest:
        raise ConformanceError(
            f"no window is a multiple of 0.01 s and between shortest_window and longest_window "
            f"({shortest:g} and {longest:g} s): the host could never cut one"
        )
    return f"{checkpoint.licence}; {checkpoint.source}"


def precision(subject: Subject) -> str:
    """`precision` says fp32, bf16 or fp16, or refuses with a SettingError, whatever the user asks for."""
    answers = []
    for asked in Precision:
        try:
            answer = subject.precision(Runtime(subject.runtime.device, asked))
        except SettingError:
            answer = "refused"
        answers.append(f"{asked}: {answer}")
    return ", ".join(answers)


def _check_weights(checkpoint: Checkpoint) -> None:
    weights = checkpoint.weights
    if weights is None:
        return
    if not checkpoint.parameters:
        raise ConformanceError("parameters is 0 though there are weights")
    if not weights.files:
        raise ConformanceError("weights names no files; without any it should be None")
    if weights.sha256 is not None and len(weights.files) != 1:
        raise ConformanceError(f"sha256 is of one file, but weights names {len(weights.files)}")
