"""A detector and the installed model whose embeddings it reads."""

from collections.abc import Collection
from pathlib import Path

from audioscan_host import detector as detector_file
from audioscan_host.detector import Detector
from audioscan_host.errors import DetectorError, UnknownModelError
from audioscan_host.model import Model
from audioscan_host.registry import Registry


def ready_detector(
    detector: Detector | Path | str, registry: Registry, only: Collection[str] = ()
) -> tuple[Detector, Model]:
    """The detector, read where it is a file, for the labels asked for, and its model.

    Raises:
        DetectorError: it cannot be read, does not know a label, or does not fit what is installed.
    """
    source = "the detector" if isinstance(detector, Detector) else str(detector)
    detector = detector if isinstance(detector, Detector) else detector_file.load(Path(detector))
    detector = detector.restricted(only) if only else detector
    try:
        model = registry.model(detector.model)
    except UnknownModelError as error:
        raise DetectorError(f"{source}: needs a model that is not installed: {error}") from error
    detector_file.require_model(detector, model, source)
    return detector, model
