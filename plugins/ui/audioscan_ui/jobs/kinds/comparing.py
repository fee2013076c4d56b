"""Compare models on the labels of the session, by recordings that are held out."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from audioscan_ui.jobs.kinds.training import TOLERANCE, classifier_settings, windowing_facts
from audioscan_ui.jobs.work import Result, Work

if TYPE_CHECKING:
    from audioscan_host.evaluation.judgement import LabelEvaluation
    from audioscan_host.evaluation.row import Row


def run(work: Work) -> Result:
    """Judge each model, and say which one to use."""
    from audioscan_host import evaluate

    order, request = work.order, work.order.request
    windowing, hop = work.windowing()
    models = list(dict.fromkeys(request["models"]))
    result = evaluate(
        order.paths,
        order.labels,
        models,
        only=request.get("labels") or (),
        windowing=windowing,
        hop=hop,
        tolerance=TOLERANCE if request.get("tolerance") is None else request["tolerance"],
        neg_margin=request.get("neg_margin"),
        classifiers=[classifier_settings(request)],
        **work.options(),
    )
    told = result.to_json()
    say = work.words.say
    return {
        "models": [{"model": model, "labels": _rows(result.labels, model)} for model in models],
        "best": result.conclusion.best.model,
        "sentence": say(result.sentence),
        "sentences": {each.label: say(each.sentence) for each in result.labels},
        "conclusion": told["conclusion"],
        "skipped": {label: say(reason) for label, reason in result.skipped.items()},
        "windowing": windowing_facts(told["windowing"], work),
        "notes": list(
            dict.fromkeys(
                [*work.notes(result.notes), *(say(f"{e.label}: {n}") for e in result.labels for n in e.notes)]
            )
        ),
        "failures": work.failures(result.failures),
    }


def _rows(labels: "tuple[LabelEvaluation, ...]", model: str) -> list[dict[str, Any]]:
    return [_row(each, row) for each in labels for row in each.rows if row.system.model == model]


def _row(label: "LabelEvaluation", row: "Row") -> dict[str, Any]:
    """The figures of one model and label, and its reliability: predicted and observed in ten bins."""
    from audioscan_host.evaluation.curves import reliability

    return {
        **row.facts(),
        "folds": label.folds,
        "reliability": [asdict(each) for each in reliability(label.held_out[row.system])],
    }
