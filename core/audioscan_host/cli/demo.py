"""`audioscan-host demo`: train and scan on recordings made in code."""

import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from audioscan_host.cli import reporting
from audioscan_host.cli.train import print_reports

if TYPE_CHECKING:
    from audioscan_host.demo import DemoResult
    from audioscan_host.demo.judgement import Judgement
    from audioscan_host.demo.synthesis import Event
    from audioscan_host.regions import Region


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("audioscan-demo"),
    show_default=True,
    metavar="FOLDER",
    help="Where everything goes; an earlier demo there is overwritten.",
)
def demo(out: Path) -> None:
    """Train and scan, on recordings synthesised in code.

    Needs the MEL plugin and nothing else: no recordings, no labels, no network. Leaves recordings,
    labels, detector, regions and a picture of the scores in one folder.
    """
    from audioscan_host.demo import run_demo

    result = run_demo(out, progress=reporting.progress())
    _print_training(result)
    _print_scan(result.judgement)
    _print_files(result)
    _print_next(result)
    reporting.say(
        f"\nDone: trained a detector on {len(result.trained.recordings)} recordings and scanned one that it "
        f"had not seen: {result.judgement.summary}. It is all in {result.folder}/."
    )


def _print_training(result: "DemoResult") -> None:
    from audioscan_host.demo.sounds import OTHERS, TARGET
    from audioscan_host.demo.synthesis import DURATION, OTHERS_OF_A_KIND, TARGETS

    learned_from, detector = len(result.trained.recordings), result.trained.detector
    usually = result.trained.window_choice.usual_lengths[TARGET]
    reporting.say(
        f"{learned_from + 1} recordings of {DURATION / 60:g} minutes, synthesised in code: nobody recorded them.\n"
        f"Each holds {TARGETS} {TARGET}s on a door of its own, {OTHERS_OF_A_KIND} each of {', '.join(OTHERS)},\n"
        "and background noise of its own.\n\n"
        f"Learned {TARGET} from {learned_from} of them by the model {detector.model}, with windows of "
        f"{detector.window:g} s every {detector.hop:g} s,\n"
        f"since a {TARGET} usually lasts {usually:.2g} s:\n"
    )
    print_reports(result.trained)


def _print_scan(judgement: "Judgement") -> None:
    found = [
        (m.event.start, [_span(m.event), *(_cells(m.region) if m.region else ["missed", "-"])])
        for m in judgement.matches
    ]
    false = [(region.start, ["none: false", *_cells(region)]) for region in judgement.false_regions]
    reporting.say("\nScanned the one that it had not seen:\n")
    rows = [row for _, row in sorted(found + false)]
    reporting.print_table(["true knock", "found region", "score"], rows, right=["score"])
    reporting.say(f"\n{judgement.summary}. Real recordings are harder than these.\n")


def _print_files(result: "DemoResult") -> None:
    from audioscan_host.demo import FILES

    reporting.say(f"All of it is in the folder {result.folder}:")
    for name, what in FILES.items():
        if result.picture or name != "scores.png":
            reporting.say(f"  {name:<16}{what}")
    if result.picture is None:
        reporting.say("No picture, since matplotlib is missing: pip install 'audioscan-host[plot]'")


def _print_next(result: "DemoResult") -> None:
    from audioscan_host.demo.sounds import OTHERS

    other = next(iter(OTHERS))
    detector = result.trained.detector
    program = _program()
    folder = {name: shlex.quote(str(result.folder / name)) for name in ("recordings", "labels.csv", "cache")}
    reporting.say(
        "\nWhat to try next:\n"
        "  scan a recording of your own, though real knocks are hardly like these, so expect little\n"
        f"    {program} scan YOUR.wav --detector {shlex.quote(str(result.detector))}\n"
        "  learn another of the sounds here\n"
        f"    {program} train {folder['recordings']} --labels {folder['labels.csv']} --label {other} \\\n"
        f"      --model {detector.model} --window {detector.window:g} --hop {detector.hop:g} "
        f"--cache-dir {folder['cache']} --out {other}.detector\n"
        "  learn a sound of your own, from recordings and a CSV of file,start,end,label\n"
        f"    {program} train YOUR_FOLDER --labels YOUR.csv --model {detector.model} --out your.detector"
    )


def _program() -> str:
    """What to type: the command's name where it is on the path, else how it was called."""
    name = "audioscan-host"
    return name if shutil.which(name) or Path(sys.argv[0]).name != name else shlex.quote(sys.argv[0])


def _cells(region: "Region") -> list[str]:
    return [_span(region), f"{region.score:.2f}"]


def _span(span: "Event | Region") -> str:
    return f"{_clock(span.start)} - {_clock(span.end)}"


def _clock(seconds: float) -> str:
    minutes, hundredths = divmod(round(seconds * 100), 6000)
    return f"{minutes}:{hundredths / 100:05.2f}"
