"""A picture of a scan: scores, regions and the truth over the waveform."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from audioscan_host.demo.sounds import OTHERS, SAMPLE_RATE, TARGET
from audioscan_host.demo.synthesis import Event, SynthesisedRecording
from audioscan_host.journeys.scanned_recording import ScannedRecording
from audioscan_host.regions import Region
from audioscan_host.steps import step_edges, step_scores

TRUE, TRUE_LIGHT = "#1b9e77", "#c6e7dd"
FOUND, FOUND_LIGHT = "#d95f02", "#f7b982"
OTHER, SCORE, WAVE, TEXT = "#aab0bb", "#26355f", "#7d89a3", "#22262e"

_ENVELOPE = 1500  # columns of the waveform's envelope, about a pixel each


def is_available() -> bool:
    """Whether matplotlib is installed."""
    return find_spec("matplotlib") is not None


def draw(
    path: Path,
    *,
    title: str,
    subtitle: str,
    made: SynthesisedRecording,
    scanned: ScannedRecording,
    hop: float,
    threshold: float,
) -> None:
    """Save a PNG of a recording's scores, its regions and what is really in it.

    Args:
        path: of the picture.
        title: says what was found.
        subtitle: says by what.
        made: the recording with its events.
        scanned: what was found in it.
        hop: of the detector's windows, seconds.
        threshold: the score that makes a region.
    """
    # Figures of matplotlib's own objects leave nothing behind in a program that plots too.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure = Figure(figsize=(12.5, 6.8), layout=ConstrainedLayoutEngine(h_pad=0.06, hspace=0.02))
    FigureCanvasAgg(figure)
    waveform, marks, scores = figure.subplots(3, sharex=True, height_ratios=[1.3, 1.5, 2.2])
    waveform.set_title(title, loc="left", fontsize=16, fontweight="bold", color=TEXT, pad=34)
    waveform.text(0, 1.12, subtitle, transform=waveform.transAxes, fontsize=12.5, color=TEXT)
    _draw_waveform(waveform, made.samples)
    _draw_marks(marks, made.events, scanned.regions)
    _draw_scores(scores, scanned, hop, threshold)
    for axes in (waveform, scores):
        for event in _of(made.events, TARGET):
            axes.axvspan(event.start, event.end, color=TRUE_LIGHT, linewidth=0, zorder=0)
    for axes in (waveform, marks, scores):
        axes.tick_params(labelsize=11, colors=TEXT)
        axes.spines[["top", "right"]].set_visible(False)
    _draw_time_axis(scores, scanned.duration)
    _draw_legend(figure, threshold)
    figure.align_ylabels([waveform, scores])
    figure.savefig(path, dpi=130)


def _draw_waveform(axes: Any, samples: npt.NDArray[np.int16]) -> None:
    columns = np.array_split(samples / np.iinfo(np.int16).max, _ENVELOPE)
    times = np.linspace(0, len(samples) / SAMPLE_RATE, _ENVELOPE)
    axes.fill_between(times, [c.min() for c in columns], [c.max() for c in columns], color=WAVE, linewidth=0)
    axes.set_ylim(-1, 1)
    axes.set_yticks([-1, 0, 1])
    axes.set_ylabel("amplitude", fontsize=12)


def _draw_marks(axes: Any, events: Sequence[Event], regions: Sequence[Region]) -> None:
    rows: dict[str, tuple[Sequence[Event | Region], str]] = {
        f"true {TARGET}s": (_of(events, TARGET), TRUE),
        "found regions": (regions, FOUND),
    }
    rows.update((label, (_of(events, label), OTHER)) for label in OTHERS)
    for row, (spans, colour) in enumerate(rows.values()):
        axes.broken_barh([(s.start, s.end - s.start) for s in spans], (row - 0.38, 0.76), color=colour)
    axes.set_yticks(range(len(rows)), labels=list(rows))
    axes.set_ylim(len(rows) - 0.4, -0.6)


def _draw_scores(axes: Any, scanned: ScannedRecording, hop: float, threshold: float) -> None:
    steps = step_scores(
        scanned.times,
        scanned.probabilities[TARGET],
        window=scanned.window,
        hop=hop,
        duration=scanned.duration,
        silence=scanned.silence,
    )
    edges = step_edges(hop, scanned.duration)
    centres = (edges[:-1] + edges[1:]) / 2
    for region in scanned.regions:
        inside = np.flatnonzero((centres > region.start) & (centres < region.end))
        first, after = inside[0], inside[-1] + 1
        axes.stairs(steps[first:after], edges[first : after + 1], fill=True, color=FOUND_LIGHT)
    axes.stairs(steps, edges, color=SCORE, linewidth=1.6)
    axes.axhline(threshold, color=TEXT, linestyle=(0, (4, 3)), linewidth=1)
    axes.set_ylim(0, 1.04)
    axes.set_ylabel(f"probability of a {TARGET}", fontsize=12)


def _draw_time_axis(axes: Any, duration: float) -> None:
    axes.set_xlim(0, duration)
    axes.set_xticks(np.arange(0, duration + 1, 15))
    axes.xaxis.set_major_formatter(lambda seconds, _: f"{int(seconds) // 60}:{int(seconds) % 60:02d}")
    axes.set_xlabel("time in the recording, min:s", fontsize=12)


def _draw_legend(figure: Any, threshold: float) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    figure.legend(
        handles=[
            Line2D(
                [], [], color=SCORE, linewidth=1.6, label="probability, mean of the windows over each step"
            ),
            Line2D([], [], color=TEXT, linestyle=(0, (4, 3)), linewidth=1, label=f"threshold, {threshold:g}"),
            Patch(color=TRUE, label=f"true {TARGET}"),
            Patch(color=FOUND, label="found region"),
            Patch(color=OTHER, label="other sound"),
        ],
        loc="outside lower center",
        ncols=5,
        fontsize=11,
        frameon=False,
    )


def _of(events: Sequence[Event], label: str) -> list[Event]:
    return [event for event in events if event.label == label]
