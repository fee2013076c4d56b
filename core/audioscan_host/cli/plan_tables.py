"""A plan as a table, a sentence and JSON: each figure with how it is known."""

import math
from typing import Any

from audioscan_host.cli.reporting import counted
from audioscan_host.embedding.executor import Capacity
from audioscan_host.journeys.plan import PlanResult
from audioscan_host.sizing.checkpoint_plan import CheckpointPlan
from audioscan_host.sizing.total import Total

_MOSTLY = 0.75
"""Share of the processors of which the rest is not worth a word."""

THIS_MACHINE = "this machine"

COLUMNS = ["of", "what", "figure", "how it is known"]


def rows(result: PlanResult) -> list[list[str]]:
    """The table, of texts in `COLUMNS`."""
    table = [
        ["all", "recordings", str(result.recordings), "counted"],
        ["", "looked at", str(result.looked_at), _chosen(result)],
        ["", "audio", _time(result.audio), "declared by their containers"],
        ["", "size", _bytes(Total(result.size)), "counted"],
    ]
    for each in result.checkpoints:
        table += _rows_of(each)
    if result.checkpoints:
        table.append(
            ["all", "looking at recordings", _time(Total(result.looking)), f"measured on {result.looked_at}"]
        )
        seconds = result.seconds
        table.append(["", "time", "not known" if seconds is None else _time(seconds), _place(result.place)])
        for name, hours in (("GPU hours", result.gpu_hours), ("core hours", result.core_hours)):
            if hours is not None:
                table.append(["", name, f"{hours:.3g}", "time, by what is held then"])
    return table


def _rows_of(plan: CheckpointPlan) -> list[list[str]]:
    what = ", ".join(plan.models)
    table = [
        [what, "in the cache already", _time(plan.in_cache), "looked up"],
        ["", "to embed", _time(plan.work.seconds), f"the rest, read in {plan.reading.value}"],
        ["", "to read", _bytes(plan.bytes_to_read), "size of these"],
        ["", "to keep", _bytes(plan.bytes_to_keep), "computed of their length"],
    ]
    cost, forecast = plan.cost, plan.forecast
    if cost is None or forecast is None:
        return table
    audio = plan.work.seconds.value
    return [
        *table,
        [
            "",
            "measured on",
            counted(cost.recordings, "recording"),
            f"their first {_time(Total(cost.audio))} in all",
        ],
        ["", "measured by", *_measured_by(plan)],
        ["", "loading the encoder", f"{cost.loading:.1f} s", "measured, once"],
        ["", "decoded in a second", _speed(audio, forecast.decoding), "measured, in one thread"],
        ["", "embedded in a second", _speed(audio, forecast.encoding), f"measured, on {cost.device}"],
        ["", "decoders to keep it busy", str(forecast.decoders), "computed of both"],
    ]


def sentence(result: PlanResult) -> str:
    """The plan in plain words."""
    if not result.checkpoints:
        return "No recording can be read, so there is nothing to plan."
    to_do = sum((each.work.seconds for each in result.checkpoints), Total(0.0))
    audio = f"{counted(result.recordings, 'recording')} hold {_time(result.audio)} of audio"
    if not to_do.value:
        return f"{audio}, and the cache has all of it already."
    kept = _bytes(sum((each.bytes_to_keep for each in result.checkpoints), Total(0.0)))
    seconds = result.seconds
    if seconds is None:
        return (
            f"{audio}; embedding would add {kept} to the cache, and how long it takes could not be measured."
        )
    each_is_new = not any(each.in_cache.value for each in result.checkpoints)
    several = len(result.checkpoints) > 1
    part = (
        ("all of it" if each_is_new else f"{_time(to_do)} of it")
        if not several
        else f"{_time(to_do)} by {len(result.checkpoints)} checkpoints"
    )
    hours = next(
        f"{amount:.3g} {name}"
        for name, amount in (("GPU hours", result.gpu_hours), ("core hours", result.core_hours))
        if amount is not None
    )
    slowest = [
        f"{_slowest(each, result.place)}" + (f" for {', '.join(each.models)}" if several else "")
        for each in result.checkpoints
        if each.forecast is not None
    ]
    busy = _busy(result)
    workers = result.place.workers
    nodes = {each.measured_on for each in result.checkpoints if each.cost is not None}
    like = " and ".join(sorted(node or "this machine" for node in nodes))
    by = f" by {counted(workers, 'worker')} like the one on {like}" if nodes - {""} else ""
    if workers > 1 and not by:
        by = f" by {workers} workers like this machine"
    return (
        f"{audio}; embedding {part} would take about {_time(seconds)}{by} ({hours}) and add {kept} to the cache. "
        f"{'; '.join(slowest)}.{busy}{_elsewhere(result)}"
    )


def _elsewhere(result: PlanResult) -> str:
    """That this machine was measured, where others are to compute."""
    if all(each.is_here or each.measured_on or each.cost is None for each in result.checkpoints):
        return ""
    return (
        " These rates are of this machine, and not of those that would compute: run the same command there without --on, "
        "as by ssh NODE audioscan-host plan ..."
    )


def _busy(result: PlanResult) -> str:
    """That others use the machine, where it shows."""
    free = [each.cost.processors for each in result.checkpoints if each.cost is not None and each.is_here]
    cores = result.place.cores
    if not free or min(free) > _MOSTLY * cores:
        return ""
    return f" Others use this machine: {min(free):.1f} of its {cores:g} processors were to be had, and it is quicker alone."


def _slowest(plan: CheckpointPlan, place: Capacity) -> str:
    forecast = plan.forecast
    if forecast is None:
        return ""
    if forecast.bottleneck == "decoding" and forecast.decoders > place.decoders:
        needed = f"the encoder needs {counted(forecast.decoders, 'decoder')} to be kept busy, and has {place.decoders}"
        return f"The bottleneck is decoding: {needed}"
    if forecast.bottleneck == "decoding":
        return "The bottleneck is decoding, which takes most of the processors"
    return f"The bottleneck is encoding: {counted(forecast.decoders, 'decoder')} would keep it busy, and it has {place.decoders}"


def document(result: PlanResult) -> dict[str, Any]:
    """The plan for programs: seconds, bytes and hours as plain numbers, each estimate with its spread."""
    seconds = result.seconds
    return {
        "recordings": result.recordings,
        "looked_at": result.looked_at,
        "bytes": result.size,
        "audio_seconds": _plain(result.audio),
        "looking_seconds": result.looking,
        "seconds": None if seconds is None else _plain(seconds),
        "gpu_hours": result.gpu_hours,
        "core_hours": result.core_hours,
        "place": vars(result.place),
        "checkpoints": [_document_of(each) for each in result.checkpoints],
        "failures": [{"path": str(f.path), "reason": f.reason} for f in result.failures],
        "notes": [note.to_json() for note in result.notes],
    }


def _document_of(plan: CheckpointPlan) -> dict[str, Any]:
    cost, forecast = plan.cost, plan.forecast
    return {
        "checkpoint": plan.checkpoint,
        "models": list(plan.models),
        "reading": plan.reading.value,
        "in_cache_seconds": _plain(plan.in_cache),
        "to_embed": {
            "recordings": _plain(plan.work.recordings),
            "audio_seconds": _plain(plan.work.seconds),
            "inputs": _plain(plan.work.inputs),
        },
        "bytes_to_read": _plain(plan.bytes_to_read),
        "bytes_to_keep": _plain(plan.bytes_to_keep),
        "measured": None if cost is None else vars(cost),
        "measured_on": None if cost is None else plan.measured_on or THIS_MACHINE,
        "measured_where_it_would_run": None if cost is None else plan.is_here or bool(plan.measured_on),
        "computed": None if forecast is None else {**vars(forecast), "seconds": _plain(forecast.seconds)},
    }


def _plain(total: Total) -> dict[str, float | None]:
    return {"value": total.value, "spread": total.spread}


def _chosen(result: PlanResult) -> str:
    return "chosen at random" if result.looked_at < result.recordings else "all of them"


def _place(place: Capacity) -> str:
    if place.workers == 1:
        return "computed: slowest, and loading"
    return f"the same, by {counted(place.workers, 'worker')}"


def _measured_by(plan: CheckpointPlan) -> list[str]:
    if plan.measured_on:
        return ["a worker", f"on {plan.measured_on}"]
    return ["this machine", "which would compute" if plan.is_here else "which would not compute"]


def _speed(audio: float, seconds: float) -> str:
    return f"{_digits(audio / seconds)} s of audio" if seconds else "all of it"


_UNITS_OF_TIME = ((3600.0, "h"), (60.0, "min"), (1.0, "s"))
_UNITS_OF_SIZE = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "bytes"))


def _time(total: Total) -> str:
    return _written(total, _UNITS_OF_TIME)


def _bytes(total: Total) -> str:
    return _written(total, _UNITS_OF_SIZE)


def _written(total: Total, units: tuple[tuple[float, str], ...]) -> str:
    """To three digits, with the spread where something is estimated, and `or so` where nobody knows it."""
    size, unit = next((each for each in units if total.value >= each[0]), units[-1])
    value, spread = total.value / size, total.spread and total.spread / size
    if spread is None:
        return f"{_digits(value)} {unit} or so"
    if spread <= value / 2000:  # the digits do not show it
        return f"{_digits(value)} {unit}"
    places = max(0, 1 - math.floor(math.log10(spread)))
    return f"{value:.{places}f} ± {spread:.{places}f} {unit}"


def _digits(value: float) -> str:
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}"
