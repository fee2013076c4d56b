"""Embeddings and labels -> a calibrated classifier, and figures of how it does on what it has not seen."""

from audioscan_host.classifier.figures import Figures
from audioscan_host.classifier.learning import KINDS, Classifier, ClassifierSettings, Fitted, fit
from audioscan_host.normalisation import LEAST_WINDOWS_TO_NORMALISE, normalise

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
