"""Embeddings and labels -> a calibrated classifier, and figures of how it does on what it has not seen."""

from audioscan_host.classifier.classifier import Classifier
from audioscan_host.classifier.figures import Figures
from audioscan_host.classifier.learning import KINDS, ClassifierSettings, Fitted, fit
from audioscan_host.classifier.statistics import Statistics

__all__ = [
    "KINDS",
    "Classifier",
    "ClassifierSettings",
    "Figures",
    "Fitted",
    "Statistics",
    "fit",
]
