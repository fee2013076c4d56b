"""A trained, calibrated classifier with all that is needed to use it again, and its file."""

from audioscan_host.detector.detector import (
    Detector,
    check_target,
    installed_versions,
    load,
    require_model,
    save,
)

__all__ = ["Detector", "check_target", "installed_versions", "load", "require_model", "save"]
