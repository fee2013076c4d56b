"""The formats of label files that plugins read; a plugin that fails at them costs its own alone."""

from collections.abc import Iterable, Sequence
from reprlib import repr as shortened
from typing import Any

from audioscan_host.annotations.label_format import LabelFormat
from audioscan_host.errors import PluginError
from audioscan_host.notes import About, Note, Tell
from audioscan_host.plugins.discovery import Plugin
from audioscan_host.plugins.failing_hooks import raised


def label_formats(hooks: Any, plugins: Sequence[Plugin], tell: Tell) -> tuple[LabelFormat, ...]:
    """The formats of all plugins, in their order.

    Args:
        hooks: pluggy's manager, which has all plugins.
        plugins: those that are asked.
        tell: is told of a plugin whose hook fails; its formats are left out.
    """
    formats: list[LabelFormat] = []
    for plugin in plugins:
        others = [other.module for other in plugins if other is not plugin]
        try:
            formats += _checked(hooks.subset_hook_caller("read_labels", others)())
        except Exception as error:  # noqa: BLE001 - somebody else's code
            reason = str(error) if isinstance(error, PluginError) else raised(error, plugin.module)
            message = f"plugin {plugin.name!r}: read_labels {reason}; its formats of label files are not read"
            tell(Note(About.LABELS, message))
    return tuple(formats)


def _checked(answers: Iterable[Any]) -> list[LabelFormat]:
    found: list[Any] = []
    for answer in answers:
        if isinstance(answer, str | LabelFormat) or not isinstance(answer, Iterable):
            raise PluginError(f"must return a list of LabelFormat objects, not {shortened(answer)}")
        found += answer
    for each in found:
        if not isinstance(each, LabelFormat):
            raise PluginError(f"must return LabelFormat objects, not {shortened(each)}")
    return found
