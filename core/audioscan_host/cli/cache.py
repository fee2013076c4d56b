"""`audioscan-host cache`: what is kept, whether it is sound, and what of it can go."""

from pathlib import Path

import click

from audioscan_host.cli import options, reporting


@click.group()
def cache() -> None:
    """Look after the cache of embeddings."""


@cache.command()
@options.cache_dir
@options.as_json
def info(cache_dir: Path | None, as_json: bool) -> None:
    """Say what is in the cache."""
    from audioscan_host.cache import Cache, upkeep
    from audioscan_host.remote_path import path_of

    found = upkeep.info(Cache(cache_dir))
    if as_json:
        shares = [
            {
                "model": s.model,
                "reading": s.reading,
                "window": s.window,
                "hop": s.hop,
                "recordings": s.recordings,
                "windows": s.windows,
                "bytes": s.size,
            }
            for s in found.models
        ]
        reporting.print_json(
            {
                "folder": str(path_of(found.location).resolve()),
                "bytes": found.size,
                "models": shares,
                "silence": found.silence,
                "eight_cut": found.eight_cut,
                "unfinished": found.unfinished,
                "leftovers": found.leftovers,
            }
        )
        return
    reporting.say(f"{path_of(found.location).resolve()}: {_megabytes(found.size)}")
    if found.models:
        reporting.print_table(
            ["model", "recordings", "vectors", "size", "gives"],
            [[s.model, s.recordings, s.windows, _megabytes(s.size), s.gives] for s in found.models],
            right=["recordings", "vectors", "size"],
        )
    reporting.say(f"recordings whose silence is known: {found.silence}")
    reporting.say(f"files of 8-cut: {found.eight_cut}")
    reporting.say(f"unfinished recordings: {found.unfinished}")
    reporting.say(f"damaged and temporary files: {found.leftovers}")


@cache.command()
@options.cache_dir
def verify(cache_dir: Path | None) -> None:
    """Read every file to its last byte; set damaged ones aside, to be computed again."""
    from audioscan_host.cache import Cache, upkeep

    count, damaged = upkeep.verify(Cache(cache_dir), reporting.progress())
    for sentence in damaged:
        reporting.note(sentence)
    reporting.say(f"{reporting.counted(count, 'file')} read, {len(damaged)} damaged")
    if damaged:
        click.get_current_context().exit(1)


@cache.command()
@options.cache_dir
@click.option("--model", "models", multiple=True, metavar="NAME", help="Also the files of this model.")
@click.option(
    "--older-than", type=click.FloatRange(min=0), metavar="DAYS", help="Also files made longer ago than this."
)
@click.option(
    "--missing", is_flag=True, help="Also files whose recording is no longer where it was embedded."
)
@click.option("--dry-run", is_flag=True, help="Say what would go, and remove nothing.")
def prune(
    cache_dir: Path | None, models: tuple[str, ...], older_than: float | None, missing: bool, dry_run: bool
) -> None:
    """Remove damaged and temporary files, and unfinished work of more than a week ago.

    Files that 8-cut wrote are never touched.
    """
    from audioscan_host.cache import Cache, upkeep

    pruned = upkeep.prune(
        Cache(cache_dir), models=models, older_than=older_than, missing=missing, dry_run=dry_run
    )
    for location in pruned.locations:
        reporting.say(location)
    verb = "would be removed" if dry_run else "removed"
    reporting.note(f"files and folders {verb}: {len(pruned.locations)}, {_megabytes(pruned.size)}")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
