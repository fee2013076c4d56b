"""Train a detector from the label files and verdicts of the session."""

from typing import TYPE_CHECKING, Any

from audioscan_ui.jobs.work import Result, Work

if TYPE_CHECKING:
    from audioscan_host import ClassifierSettings, LabelReport

TOLERANCE = 12.0
"""Seconds around a point; what the host takes."""


def run(work: Work) -> Result:
    """Learn, and save the detector at `order.out`; its number in the session comes from the server."""
    from audioscan_host import train

    order, request = work.order, work.order.request
    windowing, hop = work.windowing()
    result = train(
        order.paths,
        order.labels,
        request["model"],
        out=order.out,
        only=request.get("labels") or (),
        windowing=windowing,
        hop=hop,
        tolerance=_or(request.get("tolerance"), TOLERANCE),
        neg_margin=request.get("neg_margin"),
        classifier=classifier_settings(request),
        **work.options(),
    )
    return {
        "reports": [_report(each, work) for each in result.reports],
        "windowing": windowing_facts(result.window_choice.to_json(), work),
        "notes": work.notes(result.notes),
        "failures": work.failures(result.failures),
    }


def classifier_settings(request: Any) -> "ClassifierSettings":
    """How a classifier is learned; the host's own choice where nothing is asked for."""
    from audioscan_host import ClassifierSettings

    asked = {"kind": "classifier", "calibration": "calibration", "normalisation": "normalisation"}
    return ClassifierSettings(**{name: request[field] for name, field in asked.items() if request.get(field)})


def windowing_facts(choice: dict[str, Any], work: Work) -> dict[str, Any]:
    """Window, hop and why these, as `WindowChoice.to_json` has them, and `why` in plain words."""
    return {**choice, "why": work.words.say(choice["reason"])}


def _report(report: "LabelReport", work: Work) -> dict[str, Any]:
    return {
        "label": report.label,
        "counts": {
            "positive": report.positives,
            "negative": report.negatives,
            "left_out": report.left_out,
        },
        "rate": report.rate,
        "figures": report.figures.to_json() if report.figures else None,
        "notes": [work.words.say(each) for each in report.notes],
    }


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
