"""Fetch the weights of models."""

from audioscan_ui.jobs.work import Result, Work


def run(work: Work) -> Result:
    """Fetch what is missing; what is there is checked, and an interrupted download goes on where it stopped."""
    from audioscan_host import load_registry
    from audioscan_host.models.checkpoints import obtain

    registry = load_registry()
    names = list(dict.fromkeys(work.order.request["models"]))
    for checkpoint in dict.fromkeys(registry.model(name).checkpoint for name in names):
        if checkpoint.weights is not None:
            # The hub's client tells nothing of how far it is: at least what is being fetched is shown.
            with work.progress.track(f"fetching the weights of {checkpoint.name}", None, ""):
                obtain(checkpoint, work.progress)
    return {"models": names}
