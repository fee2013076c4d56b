"""Embeddings and labels -> a calibrated classifier, and figures of how it does on what it has not seen."""

from audioscan_host.classifier.figures import Figures
from audioscan_host.classifier.learning import (
    KINDS,
    LEAST_WINDOWS_TO_NORMALISE,
    Classifier,
    ClassifierSettings,
    Fitted,
    fit,
    normalise,
)

__all__ = [
    "KINDS",
    "LEAST_WINDOWS_TO_NORMALISE",
    "Classifier",
    "ClassifierSettings",
    "Figures",
    "Fitted",
    "fit",
    "normalise",
]
