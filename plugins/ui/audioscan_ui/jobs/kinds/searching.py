"""Find the places most like one that is shown, without any label."""

from pathlib import Path
from typing import TYPE_CHECKING

from audioscan_ui.jobs.work import Result, Work

if TYPE_CHECKING:
    from audioscan_host import Detector, Registry, Windowing

PLAIN_MODEL = "MEL"
"""That needs no weights, and takes a second for ten minutes."""


def run(work: Work) -> Result:
    """Search by the model that is named, or that of the detector, whose windows are in the cache already."""
    from audioscan_host import QuerySpan, load_detector, load_registry, search

    order, request = work.order, work.order.request
    detector = load_detector(Path(order.detector.path)) if order.detector else None
    model = request.get("model") or (detector.model if detector else ready_model(load_registry()))
    like = request["like"]
    example = QuerySpan(Path(order.example), like["start"], like["end"])
    result = search(
        order.paths,
        [example],
        model,
        n=request.get("n", 20),
        windowing=_windowing(work, detector, model, like["end"] - like["start"]),
        **work.options(),
    )
    numbers = order.numbers()
    return {
        "matches": [
            {"recording": numbers[each.path], "start": each.start, "end": each.end, "score": each.score}
            for each in result.matches
        ],
        "model": model,
        "failures": work.failures(result.failures),
        "notes": work.notes(result.notes),
    }


def ready_model(registry: "Registry") -> str:
    """A model that can be used at once, where nobody has chosen one.

    Raises:
        UnknownModelError: none is installed.
    """
    from audioscan_host import UnknownModelError
    from audioscan_host.models.weights import missing

    ready = [
        name
        for name, model in registry.models.items()
        if model.checkpoint.weights is None or not missing(model.checkpoint.weights)
    ]
    for name in (*(each for each in ready if each == PLAIN_MODEL), *ready):
        return name
    raise UnknownModelError(
        "There is no model to search by yet: fetch the weights of one, on the view Train."
    )


def _windowing(work: Work, detector: "Detector | None", model: str, length: float) -> "Windowing":
    """As asked for; else the detector's, by its model; else about as long as the sound, which finds it best."""
    from audioscan_host import Windowing, load_registry
    from audioscan_host.annotations.window_ladder import own_window

    asked, _ = work.windowing()
    if asked is not None:
        return asked
    if detector is not None and detector.model == model:
        return detector.windowing
    checkpoint = load_registry().model(model).checkpoint
    # Twice the length: a window of the ladder is half of a sound's, and here it is to hold all of it.
    return Windowing.of_window(own_window(2 * length, checkpoint.shortest_window, checkpoint.longest_window))
