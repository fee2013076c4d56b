"""Cut places out of their recordings, as audio files in the session's folder."""

from pathlib import Path

from audioscan_ui.jobs.clip_places import write_places
from audioscan_ui.jobs.work import Result, Work


def run(work: Work) -> Result:
    """Cut the places of `order.places_file` into the folder `order.out`."""
    from audioscan_host import ClipSettings, clips

    order, request = work.order, work.order.request
    assert order.places_file is not None and order.out is not None  # noqa: PT018, S101 - ordering sees to it
    file = Path(order.places_file).with_suffix(".csv")
    write_places(Path(order.places_file), file, {each.number: each.path for each in order.recordings})
    settings = ClipSettings(
        request.get("format") or ClipSettings.format, request.get("pad") or 0.0, request.get("length")
    )
    result = clips(
        [file],
        order.out,
        settings=settings,
        sheet=bool(request.get("sheet")),
        progress=work.progress,
    )
    file.unlink()
    return {
        "folder": Path(order.out).name,
        "clips": len(result.clips),
        "sheet": result.sheet is not None,
        "failures": work.failures(result.failures),
        "notes": work.notes(result.notes),
    }
