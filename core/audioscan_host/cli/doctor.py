"""`audioscan-host doctor`: whether what is installed works."""

import platform
import sys
from pathlib import Path

import click

from audioscan_host.cli import options, reporting
from audioscan_host.errors import CacheError
from audioscan_host.registry import load_registry

LIBRARIES = ("av", "numpy", "scikit-learn", "skops", "soxr", "pluggy", "click", "rich")
ACCELERATION = ("torch", "torchaudio", "torchvision", "transformers", "timm")


@click.command()
@options.cache_dir
def doctor(cache_dir: Path | None) -> None:
    """Check the installation; exit code 1 where something is broken."""
    rows: list[list[object]] = [
        ["Python", "ok", f"{platform.python_version()} at {sys.executable}"],
        ["platform", "ok", platform.platform()],
        *_versions(),
        _ffmpeg(),
        *_plugins(),
        _cache(cache_dir),
    ]
    reporting.print_table(["what", "state", "found"], rows)
    broken = [str(row[0]) for row in rows if row[1] == "broken"]
    if broken:
        reporting.note(f"broken: {', '.join(broken)}")
        click.get_current_context().exit(1)
    click.echo("everything works")


def _versions() -> list[list[object]]:
    from importlib_metadata import PackageNotFoundError, version

    rows: list[list[object]] = []
    for name in ("audioscan-host", *LIBRARIES, *ACCELERATION):
        try:
            rows.append([name, "ok", version(name)])
        except PackageNotFoundError:
            optional = name in ACCELERATION
            found = "not installed; only some plugins need it" if optional else "not installed"
            rows.append([name, "absent" if optional else "broken", found])
    return rows


def _ffmpeg() -> list[object]:
    try:
        import av
    except ImportError as error:
        return ["FFmpeg", "broken", f"PyAV does not import: {error}"]
    versions = ", ".join(
        f"{name} {'.'.join(map(str, version))}" for name, version in sorted(av.library_versions.items())
    )
    return ["FFmpeg", "ok", versions]


def _plugins() -> list[list[object]]:
    registry = load_registry()
    rows: list[list[object]] = [
        [f"plugin {p.name}", "ok", f"{p.origin}, {len(p.models)} models"] for p in registry.plugins
    ]
    rows += [[f"plugin {f.name}", "broken", f.reason] for f in registry.failures]
    remote = [m.name for m in registry.models.values() if m.checkpoint.remote_code]
    found = f"on: {', '.join(remote)} run code that comes with their weights" if remote else "off"
    rows.append(["remote code", "ok", found])
    if not registry.models:
        rows.append(["models", "broken", "none; install a plugin, for example `pip install audioscan-mel`"])
    return rows


def _cache(cache_dir: Path | None) -> list[object]:
    from audioscan_host.cache import Cache

    try:
        cache = Cache(cache_dir)
    except CacheError as error:
        return ["cache folder", "broken", str(error)]
    return ["cache folder", "ok", f"{cache.folder.resolve()}, can be written to"]
