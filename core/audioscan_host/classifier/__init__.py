"""Embeddings and labels -> a calibrated classifier, and figures of how it does on what it has not seen.

Everything is imported at first use: the command line reads the words of `settings` before anything heavy is needed.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audioscan_host.classifier.classifier import Classifier
    from audioscan_host.classifier.figures import Figures
    from audioscan_host.classifier.learning import Fitted, fit
    from audioscan_host.classifier.settings import ClassifierSettings
    from audioscan_host.classifier.statistics import Statistics

__all__ = ["Classifier", "ClassifierSettings", "Figures", "Fitted", "Statistics", "fit"]

_HOME = {
    "Classifier": "classifier",
    "ClassifierSettings": "settings",
    "Figures": "figures",
    "Fitted": "learning",
    "Statistics": "statistics",
    "fit": "learning",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
