"""`audioscan-host ui`: the review page in a browser."""

import secrets
import webbrowser
from contextlib import ExitStack
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audioscan_host import SettingError
from audioscan_host.cli.options import FOLDER_OR_URL
from audioscan_host.remote_path import is_url

if TYPE_CHECKING:
    import socket

    from audioscan_ui.session.review_session import ReviewSession


class _File(click.Path):
    """A file of this machine: the page jumps to any place of a recording, many times."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if is_url(value):
            self.fail("the review page reads files of this machine: copy it, or its clips, and name the copy")
        return super().convert(value, param, ctx)


_FILE = _File(path_type=Path)
_SESSION = Path("audioscan.review")
_TOKEN_BYTES = 32


@click.command()
@click.argument("recordings", nargs=-1, type=_FILE, metavar="[RECORDING...]")
@click.option(
    "--detector",
    "detectors",
    multiple=True,
    type=_FILE,
    metavar="FILE",
    help="A detector to review. May repeat.",
)
@click.option(
    "--labels",
    multiple=True,
    type=_FILE,
    metavar="FILE",
    help="What is labelled already, as for `train`. May repeat.",
)
@click.option(
    "--session",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=_SESSION,
    show_default=True,
    metavar="FOLDER",
    help="Where verdicts, scores and detectors are kept; an earlier session there is gone on with.",
)
@click.option(
    "--cache-dir",
    type=FOLDER_OR_URL,
    metavar="FOLDER|URL",
    envvar="AUDIOSCAN_CACHE",
    show_envvar=True,
    help="Where embeddings are kept.  [default: as for `train`]",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default="the last one of the session, or a free one",
    help="Where the page is served.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen at; another than this machine's own needs --allow-host.",
)
@click.option(
    "--allow-host",
    "names",
    multiple=True,
    metavar="NAME",
    help="A name that browsers of other machines call this one by. Prefer `ssh -L`, which needs none. May repeat.",
)
@click.option("--no-browser", is_flag=True, help="Print the address only.")
@click.option("--demo", is_flag=True, help="Begin with recordings made in code, where the session is new.")
def ui(
    *,
    recordings: tuple[Path, ...],
    detectors: tuple[Path, ...],
    labels: tuple[Path, ...],
    folder: Path,
    cache_dir: Path | None,
    port: int,
    host: str,
    names: tuple[str, ...],
    no_browser: bool,
    demo: bool,
) -> None:
    """Train, scan, look, listen and judge in a browser.

    Serves a page to this machine alone, at an address that nobody can guess. Recordings are read where they lie, and
    nothing is written but into the session's folder and the cache. Without recordings the page offers those of the demo.
    """
    _require_local(host, names)
    # What follows takes a second to import, and `--help` does without it.
    from audioscan_ui.application import application
    from audioscan_ui.events import Events
    from audioscan_ui.jobs.queue import JobQueue
    from audioscan_ui.media.reader import MediaReader
    from audioscan_ui.review import Review
    from audioscan_ui.serving import bound, serve
    from audioscan_ui.session.review_session import opened
    from audioscan_ui.session.surveyor import surveyed

    events, token = Events(), secrets.token_urlsafe(_TOKEN_BYTES)
    cache = None if cache_dir is None else str(cache_dir.absolute())
    with ExitStack() as closing:
        session = closing.enter_context(opened(folder, events))
        _add(session, recordings, labels, detectors)
        listening = closing.enter_context(bound(host, port, session.port))
        session.port = listening.getsockname()[1]
        jobs = JobQueue(session, events, cache)
        closing.callback(jobs.close)
        media = MediaReader(session)
        closing.callback(media.close)
        review = Review(session, jobs, media, events, cache)
        closing.enter_context(surveyed(session, events, cache))
        if demo and not session.recordings:
            jobs.start({"kind": "demo"})
        address = _address(listening, names, token)

        def announce() -> None:
            click.echo(f"The review page of {session.name} is at {address} (Ctrl-C ends it)")
            if not no_browser:
                webbrowser.open(address)

        serve(application(review, token, names), listening, announce, events.close)
        click.echo(f"Ended. Everything is kept in {session.folder}/", err=True)


def _add(
    session: "ReviewSession",
    recordings: tuple[Path, ...],
    labels: tuple[Path, ...],
    detectors: tuple[Path, ...],
) -> None:
    if recordings:
        session.add_recordings(recordings)
    if labels:
        session.add_label_files(labels)
    for detector in detectors:
        session.add_detector(detector)


def _require_local(host: str, names: tuple[str, ...]) -> None:
    """Refuse to be seen by other machines, unless it is said what they call this one."""
    try:
        is_local = host == "localhost" or ip_address(host).is_loopback
    except ValueError as error:
        raise SettingError(f"--host {host}: is no address; the usual one is 127.0.0.1") from error
    if not is_local and not names:
        raise SettingError(
            f"--host {host} lets other machines in: say what they call this one, --allow-host NAME, or use an ssh tunnel"
        )


def _address(listening: "socket.socket", names: tuple[str, ...], token: str) -> str:
    host, port = listening.getsockname()[:2]
    address = ip_address(host)
    name = host if address.is_loopback else names[0]
    return f"http://{f'[{name}]' if ':' in name else name}:{port}/{token}/"
