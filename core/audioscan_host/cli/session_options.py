"""What a session is made of, as options: device, precision, weights, channel, cache, who computes; and progress."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audioscan_host.cli import reporting
from audioscan_host.cli.eight_cut_options import eight_cut_cache
from audioscan_host.cli.options import cache_dir, one_of
from audioscan_host.models.model import Precision, Runtime
from audioscan_host.plugins.executor_kind import LOCAL
from audioscan_host.plugins.registry import Registry, load_registry
from audioscan_host.reading import Reading

if TYPE_CHECKING:
    from audioscan_host.journeys.session import SessionOptions

channel = click.option(
    "--channel",
    metavar="mix|N|loudest|each",
    help="Which channel of a recording is read: the mean of all, one by its number from 1, or the one with most energy; embed and scan "
    "also read each by itself. "
    "[default: that of the detector, where there is one; else mix]",
)


_READINGS = (
    "windows: the model is given each by itself, and encodes an overlap again and again. stretches: it is given each second "
    "once, and windows are made of its time steps. auto takes stretches where the model can and windows overlap"
)

reading = click.option(
    "--reading",
    type=one_of(Reading),
    default=Reading.AUTO.value,
    show_default=True,
    help=f"{_READINGS}; a detector reads as it was trained.",
)

readings = click.option(
    "--reading",
    "readings",
    type=one_of(Reading),
    multiple=True,
    default=[Reading.AUTO.value],
    show_default=True,
    help=f"{_READINGS}. May repeat, to compare.",
)


def encoder(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--device`, `--precision`, `--batch-size`, `--checkpoint`: the command gets a runtime and a registry."""

    @click.option(
        "--device",
        default="auto",
        show_default=True,
        metavar="auto|cpu|cuda|cuda:N|mps",
        help="Where the encoder runs; auto takes a GPU where there is one.",
    )
    @click.option(
        "--precision",
        type=one_of(Precision),
        default=Precision.AUTO.value,
        show_default=True,
        help="What the encoder computes in; auto is bf16 on a CUDA GPU that has it, else fp32.",
    )
    @click.option(
        "--batch-size",
        type=click.IntRange(min=1),
        help="Windows that go through the encoder at once. [default: what fits the device]",
    )
    @click.option(
        "--checkpoint",
        "checkpoints",
        multiple=True,
        metavar="NAME=PATH",
        callback=_named_paths,
        help="A file or folder in place of the weights that would be downloaded; PATH#sha256=HEX also checks "
        "it. The variable AUDIOSCAN_<NAME> says the same. May repeat.",
    )
    @wraps(command)
    def with_encoder(
        *, device: str, precision: str, batch_size: int | None, checkpoints: dict[str, str], **rest: Any
    ) -> Any:
        runtime = Runtime(device, precision, batch_size)
        return command(runtime=runtime, registry=load_registry(checkpoints=checkpoints), **rest)

    return with_encoder


def _elsewhere(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--on`, `--workers`, `--gpus-per-worker`."""
    on = click.option(
        "--on",
        metavar="ADDRESS",
        default=LOCAL,
        show_default=True,
        help="Who computes: local, this process, or what a plugin understands, such as ray, ray://HOST:PORT and auto of "
        "audioscan-ray. `audioscan-host plugins` lists them.",
    )
    workers = click.option(
        "--workers",
        type=click.IntRange(min=1),
        metavar="N",
        help="Processes that compute there. [default: as many as there is room for]",
    )
    gpus = click.option(
        "--gpus-per-worker",
        type=click.FloatRange(min=0),
        metavar="X",
        help="GPUs of each of them; 0.5: two share one. [default: 1 where there are GPUs]",
    )
    return on(workers(gpus(command)))


def session(command: Callable[..., Any]) -> Callable[..., Any]:
    """What `encoder` adds, `--channel`, `--reading`, `--cache-dir`, `--eight-cut-cache` and who computes: the command gets a session's options."""

    @channel
    @reading
    @_session
    @wraps(command)
    def with_reading(*, session: "SessionOptions", reading: str, **rest: Any) -> Any:
        session["reading"] = reading
        return command(session=session, **rest)

    return with_reading


def session_of_readings(command: Callable[..., Any]) -> Callable[..., Any]:
    """The same for a command that compares readings: it gets those beside a session's options."""
    return channel(readings(_session(command)))


def _session(command: Callable[..., Any]) -> Callable[..., Any]:
    @encoder
    @cache_dir
    @eight_cut_cache
    @_elsewhere
    @wraps(command)
    def with_session(
        *,
        runtime: Runtime,
        registry: Registry,
        cache_dir: Path | None,
        eight_cut_cache: str,
        channel: str | None,
        on: str,
        workers: int | None,
        gpus_per_worker: float | None,
        **rest: Any,
    ) -> Any:
        options: SessionOptions = {
            "cache_dir": cache_dir,
            "runtime": runtime,
            "registry": registry,
            "progress": reporting.progress(),
            "eight_cut_cache": eight_cut_cache,
            "channel": channel,
            "on": on,
            "workers": workers,
            "gpus_per_worker": gpus_per_worker,
        }
        return command(session=options, **rest)

    return with_session


def _named_paths(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, str]:
    named = {}
    for value in values:
        name, equals, path = value.partition("=")
        if not (name and equals and path):
            raise click.BadParameter(f"expected NAME=PATH, found {value!r}")
        named[name] = path
    return named
