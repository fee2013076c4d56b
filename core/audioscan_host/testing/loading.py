"""Checks of how an encoder comes into memory."""

from contextlib import suppress
from dataclasses import replace

from audioscan_host.errors import AudioscanError, PluginError, SettingError
from audioscan_host.plugins.failing_hooks import last_line
from audioscan_host.testing import sounds
from audioscan_host.testing.comparing import require_same, told
from audioscan_host.testing.finding import ConformanceError, quoted
from audioscan_host.testing.subject import Subject

NONSENSE = "nonsense"
"""No library has a device of this name."""

HOOKS = ("load", "preprocess", "embed")


def load(subject: Subject) -> str:
    """The weights load, on the device that is asked for."""
    return type(subject.encoder).__name__


def unknown_device(subject: Subject) -> str:
    """A device that there is not is refused with a SettingError, one line that names the device."""
    runtime = replace(subject.runtime, device=NONSENSE)
    try:
        with suppress(ConformanceError, PluginError):  # which are the matter of another check
            subject.precision(runtime)
        subject.load(runtime)
    except SettingError as error:
        message = str(error)
    except ConformanceError as error:
        raise ConformanceError(f"device {NONSENSE!r}: {error}; expected SettingError") from error
    except AudioscanError as error:
        raise ConformanceError(
            f"device {NONSENSE!r}: load raised {last_line(error)}; expected SettingError"
        ) from error
    else:
        raise ConformanceError(f"device {NONSENSE!r} is taken as if there were one")
    if NONSENSE not in message or "\n" in message:
        raise ConformanceError(f"the message does not name the device in one line: {quoted(message)}")
    return message


def reload(subject: Subject) -> str:
    """An encoder that is loaded again gives the same numbers."""
    again = subject.embed_alone(sounds.noise(subject.samples()), encoder=subject.load())
    return told(require_same(subject, again, subject.reference, "the second encoder"))


def silent_encoder(subject: Subject) -> str:
    """Loading and running the encoder writes nothing to stdout, where results go."""
    _ = subject.reference  # which calls all of them
    for hook in HOOKS:
        if subject.printed.get(hook):
            raise ConformanceError(f"{hook} writes {quoted(subject.printed[hook])}")
    return "nothing"
