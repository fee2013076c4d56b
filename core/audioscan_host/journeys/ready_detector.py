"""A detector and the installed model whose embeddings it reads."""

from collections.abc import Collection, Sequence
from pathlib import Path

from audioscan_host import detector as detector_file
from audioscan_host.channels import EACH, MIX
from audioscan_host.detector import Detector
from audioscan_host.errors import DetectorError, UnknownModelError
from audioscan_host.models.model import Model
from audioscan_host.plugins.discovery import ENVIRONMENT
from audioscan_host.plugins.registry import Registry
from audioscan_host.reading import Reading
from audioscan_host.remote_path import path_of


def ready_detector(
    detector: Detector | Path | str,
    registry: Registry,
    only: Collection[str] = (),
    channel: str | None = None,
    reading: Reading = Reading.AUTO,
) -> tuple[Detector, Model]:
    """The detector, read where it is a file, for the labels asked for, and its model.

    `channel` is that of the recordings, where one is asked for. Each channel is read by a detector of mixes, since the mix of
    one channel is the channel. `reading` is that which was asked for.

    Raises:
        DetectorError: it cannot be read, does not know a label, or does not fit what is installed.
    """
    source = "the detector" if isinstance(detector, Detector) else str(detector)
    detector = detector if isinstance(detector, Detector) else detector_file.load(path_of(detector))
    detector = detector.restricted(only) if only else detector
    try:
        model = registry.model(detector.model)
    except UnknownModelError as error:
        raise DetectorError(f"{source}: {_wanted(detector, registry)}: {error}") from error
    detector_file.require_model(detector, model, source)
    if channel not in {None, detector.channel} and (channel, detector.channel) != (EACH, MIX):
        raise DetectorError(
            f"{source}: was trained on channel {detector.channel} of its recordings, and reads no other: leave --channel "
            f"{channel} out, or train it again with it"
        )
    if reading not in {Reading.AUTO, detector.reading}:
        raise DetectorError(
            f"{source}: was trained on {detector.reading} of its recordings, and reads nothing else: leave --reading {reading} "
            "out, or train it again with it"
        )
    if detector.reading == Reading.STRETCHES and model.checkpoint.stretch is None:
        raise DetectorError(
            f"{source}: reads stretches, and the installed {model.name} declares none: install the plugin as it was, or train "
            "it again"
        )
    if detector.wrappers != registry.wrappers:
        raise DetectorError(
            f"{source}: was trained with {_told(detector.wrappers)} around its model, and here there is "
            f"{_told(registry.wrappers)}: install or remove those plugins, leave them out by AUDIOSCAN_PLUGINS, or "
            "train it again"
        )
    return detector, model


def _wanted(detector: Detector, registry: Registry) -> str:
    """Which plugin would help, and why it is not there.

    Its name comes from the file, so it is nothing to be installed unseen.
    """
    name, distribution, version = (detector.plugin.get(key) for key in ("name", "distribution", "version"))
    if name in {failure.name for failure in registry.failures}:
        why = "which is set aside"
    elif name in registry.left_out:
        why = f"which {ENVIRONMENT} leaves out"
    else:
        why = "which is not installed"
    if not name:
        return f"needs {detector.model}, {why}"
    origin = f" ({distribution} {version})" if distribution else ""
    return f"needs {detector.model} of the plugin {name}{origin}, {why}"


def _told(wrappers: Sequence[str]) -> str:
    return ", ".join(wrappers) or "nothing"
