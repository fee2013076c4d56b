"""A trained, calibrated classifier with all that is needed to use it again, and its file."""

from audioscan_host.detector.detector import Detector, installed_versions, require_model
from audioscan_host.detector.file import check_target, load, save

__all__ = ["Detector", "check_target", "installed_versions", "load", "require_model", "save"]
