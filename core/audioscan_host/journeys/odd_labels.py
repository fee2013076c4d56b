"""What is odd about labels and can be told before anything is embedded."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path

from audioscan_host.annotations import Annotation
from audioscan_host.annotations.frequencies import Above, above, kilohertz
from audioscan_host.annotations.names import tell_variants
from audioscan_host.annotations.points import tell_points_among_spans
from audioscan_host.errors import RecordingError
from audioscan_host.models.model import Model
from audioscan_host.notes import About, Note, Tell
from audioscan_host.plugins.registry import Registry


def tell_odd_labels(
    names: Collection[str],
    annotations: Mapping[Path, Sequence[Annotation]],
    models: Iterable[Model],
    registry: Registry | None,
    tell: Tell,
    *,
    rates: Mapping[Path, int] | None = None,
) -> None:
    """Tell of names that may be one, of points among spans, and of sounds above what is read of them.

    Args:
        names: the labels that are learned.
        annotations: of each recording that is learned from, every label.
        models: those that are to read the recordings.
        registry: the models that there are; needed where any is to read.
        tell: is told.
        rates: recording -> Hz; read from the containers unless given, where an annotation has frequencies.
    """
    tell_variants(chain.from_iterable(annotations.values()), tell, of=names)
    tell_points_among_spans(names, annotations, tell)
    if not any(each.middle for each in chain.from_iterable(annotations.values())):
        return  # no frequencies, and so no look into the recordings
    if registry is not None:
        for model in models:
            tell_above_model(names, annotations, model, registry, tell)
    rates = sample_rates(annotations) if rates is None else rates
    tell_above_recordings(names, annotations, rates, tell)


def tell_above_model(
    names: Iterable[str],
    annotations: Mapping[Path, Sequence[Annotation]],
    model: Model,
    registry: Registry,
    tell: Tell,
) -> None:
    """Tell, in one line a label, of annotations above half of the rate that a model's checkpoint reads."""
    limit = _highest(model)
    for found in above(annotations, names, dict.fromkeys(annotations, limit)):
        message = (
            f"{found.label}: {_counted(found)} above {kilohertz(limit)}, all that {model.name} reads (audio of "
            f"{kilohertz(2 * limit)}), such as {found.place}: {model.name} cannot find them; "
            f"{_others(found, model, registry)}"
        )
        tell(Note(About.FREQUENCY, message, found.recordings[0], found.label))


def tell_above_recordings(
    names: Iterable[str],
    annotations: Mapping[Path, Sequence[Annotation]],
    rates: Mapping[Path, int],
    tell: Tell,
) -> None:
    """Tell, in one line a label, of annotations above half of the sample rate of their recording.

    Args:
        names: the labels.
        annotations: of each recording.
        rates: recording -> Hz, of those that could be read.
        tell: is told.
    """
    limits = {path: rate / 2 for path, rate in rates.items()}
    for found in above(annotations, names, limits):
        first = found.recordings[0]
        message = (
            f"{found.label}: {_counted(found)} above all that {'their' if found.number > 1 else 'its'} recording holds, such as "
            f"{found.place}, which is audio of {kilohertz(rates[first])} and holds up to {kilohertz(limits[first])}: is it "
            "the recording that was labelled?"
        )
        tell(Note(About.FREQUENCY, message, first, found.label))


def sample_rates(paths: Iterable[Path]) -> dict[Path, int]:
    """Recording -> Hz, as its container says; without those that cannot be read, which whoever reads them tells."""
    from audioscan_host.audio import probe

    rates = {}
    for path in paths:
        try:
            rates[path] = probe(path).sample_rate
        except RecordingError:
            continue
    return rates


def _counted(found: Above) -> str:
    return f"{found.number} of its {found.of} annotations lie{'s' * (found.number == 1)}"


def _highest(model: Model) -> float:
    """Hz: half of the sample rate, above which there is nothing."""
    return model.checkpoint.sample_rate / 2


def _others(found: Above, model: Model, registry: Registry) -> str:
    """Which installed models read higher, and whether high enough."""
    higher = [each for each in registry.models.values() if _highest(each) > _highest(model)]
    enough = [each for each in higher if _highest(each) > found.highest]
    if enough:
        shown = ", ".join(f"{each.name} (up to {kilohertz(_highest(each))})" for each in enough)
        return f"installed models that read so high: {shown}"
    if higher:
        most = max(higher, key=_highest)
        return f"no installed model reads so high; {most.name} reads up to {kilohertz(_highest(most))}"
    return "no installed model reads higher"
