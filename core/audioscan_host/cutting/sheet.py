"""A page on which some two hundred clips are seen at a glance, and heard: a file without scripts."""

import base64
from collections.abc import Sequence
from html import escape
from urllib.parse import quote

import numpy as np

from audioscan_host.annotations import marked
from audioscan_host.audio import decode, probe
from audioscan_host.cutting.clip import Clip
from audioscan_host.cutting.thumbnail import spectrogram_png
from audioscan_host.errors import RecordingError
from audioscan_host.progress import Progress

FILE = "clips.html"

MOST = 200
"""Clips on a page; of more, those with the highest scores."""

_STYLE = """
:root { color-scheme: light dark; --text: #22262e; --back: #fff; --line: #d5d9e0; --soft: #f3f5f8; --dim: #5b6472; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e4e7ec; --back: #16181d; --line: #3a404b; --soft: #20242b; --dim: #a3abb8; }
}
body { font: 16px/1.4 system-ui, sans-serif; color: var(--text); background: var(--back); margin: 1.5rem; }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .8rem; }
figure { margin: 0; background: var(--soft); border: 1px solid var(--line); border-radius: 6px; overflow: hidden; }
.sound { position: relative; background: #000004; line-height: 0; }
.sound img { width: 100%; height: 7rem; image-rendering: pixelated; }
.place { position: absolute; top: 0; bottom: 0; border: solid #7fdbff; border-width: 0 2px; }
audio { display: block; width: 100%; height: 2.2rem; }
figcaption { padding: .3rem .6rem .5rem; font-size: .85rem; overflow-wrap: anywhere; }
.score { float: right; font-variant-numeric: tabular-nums; }
.where { color: var(--dim); }
.none { color: #fff; line-height: 7rem; text-align: center; }
"""


def sheet(clips: Sequence[Clip], progress: Progress) -> str:
    """The page as HTML; it lies beside the clips.

    Args:
        clips: the page has them by score, the highest first, and in their order where they have none.
        progress: where it is shown.
    """
    shown = sorted(
        clips, key=lambda clip: -np.inf if clip.place.score is None else clip.place.score, reverse=True
    )[:MOST]
    which = f"{len(clips)} clips" if len(shown) == len(clips) else f"{len(shown)} of {len(clips)} clips"
    with progress.track("spectrograms", len(shown), "clips") as advance:
        figures = []
        for clip in shown:
            figures.append(_figure(clip))
            advance(1)
    body = "\n".join(figures)
    order = ", the highest scores first" if any(clip.place.score is not None for clip in shown) else ""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; media-src 'self' file:; style-src 'unsafe-inline'">
<title>Clips</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>Clips</h1>
<p>{which}{order}. Frequencies go from 0 Hz to half the sample rate, on the mel scale. Lines mark the place that was found.</p>
<main>
{body}
</main>
</body>
</html>
"""


def _figure(clip: Clip) -> str:
    place = clip.place
    score = "" if place.score is None else f'<span class="score">{place.score:.3f}</span>'
    times = f"{_clock(place.start)}" if place.end is None else f"{_clock(place.start)} to {_clock(place.end)}"
    source = escape(quote(f"./{clip.file.name}"))
    return (
        f'<figure><div class="sound">{_picture(clip)}</div>'
        f'<audio controls preload="none" src="{source}"></audio>'
        f"<figcaption>{score}<b>{escape(marked(place.label, place.role))}</b><br>"
        f'<span class="where">{escape(str(clip.recording))}, {times}</span></figcaption></figure>'
    )


def _picture(clip: Clip) -> str:
    try:
        rate = probe(clip.file).sample_rate
        png = spectrogram_png(np.concatenate(list(decode(clip.file, None))), rate)
    except RecordingError:  # what was copied of a damaged recording may hold nothing
        return '<div class="none">cannot be decoded</div>'
    about = escape(f"spectrogram of {clip.file.name}")
    return f'<img alt="{about}" src="data:image/png;base64,{base64.b64encode(png).decode()}">{_mark(clip)}'


def _mark(clip: Clip) -> str:
    """Where the place begins and ends, where the clip is longer."""
    length = clip.end - clip.start
    end = clip.place.start if clip.place.end is None else clip.place.end
    left, right = (min(max((time - clip.start) / length, 0), 1) for time in (clip.place.start, end))
    if left < 0.005 and right > 0.995:
        return ""
    return f'<span class="place" style="left: {100 * left:.1f}%; right: {100 * (1 - right):.1f}%"></span>'


def _clock(seconds: float) -> str:
    """`2:03.45`, and from an hour on `1:02:03.45`."""
    minutes, rest = divmod(round(seconds, 2), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{rest:05.2f}" if hours else f"{minutes}:{rest:05.2f}"
