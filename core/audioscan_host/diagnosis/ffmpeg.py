"""The FFmpeg inside PyAV: its version, and whether it decodes what recordings commonly are."""

from collections.abc import Iterator
from typing import Any

from audioscan_host.diagnosis.finding import Finding

COMMON = {
    "PCM": (
        "pcm_u8",
        "pcm_s16le",
        "pcm_s16be",
        "pcm_s24le",
        "pcm_s32le",
        "pcm_f32le",
        "pcm_alaw",
        "pcm_mulaw",
    ),
    "ADPCM": ("adpcm_ima_wav", "adpcm_ms", "adpcm_ima_qt"),
    "MP3": ("mp3float", "mp3"),
    "AAC": ("aac",),
    "FLAC": ("flac",),
    "ALAC": ("alac",),
    "Vorbis": ("vorbis",),
    "Opus": ("opus",),
    "AMR": ("amrnb", "amrwb"),
    "WMA": ("wmav1", "wmav2"),
    "AC-3": ("ac3", "eac3"),
}
"""Format -> FFmpeg's names of its decoders; all of them are needed, but for MP3 one."""

CONTAINERS = ("wav", "aiff", "caf", "mp3", "aac", "flac", "ogg", "mov", "matroska", "avi", "amr", "asf")
"""FFmpeg's names of demuxers."""

_ALTERNATIVES = ("MP3",)
_REMEDY = "pip install --force-reinstall --only-binary av av"


def examine_ffmpeg() -> Iterator[Finding]:
    """Versions, decoders and containers."""
    try:
        import av
        from av.codec import Codec
        from av.format import ContainerFormat
    except ImportError as error:
        yield Finding(
            "FFmpeg", "broken", f"PyAV does not import: {error}", "pip install --force-reinstall av"
        )
        return
    versions = ", ".join(
        f"{name} {'.'.join(map(str, version))}" for name, version in sorted(av.library_versions.items())
    )
    yield Finding("FFmpeg", "ok", versions)
    lacking = [form for form, names in COMMON.items() if not _decodes(Codec, form, names)]
    yield _told("decoders", list(COMMON), lacking)
    yield _told(
        "containers", CONTAINERS, [name for name in CONTAINERS if not _is_there(ContainerFormat, name)]
    )


def _told(what: str, wanted: Any, lacking: list[str]) -> Finding:
    if lacking:
        found = f"lacks {', '.join(lacking)}: recordings in them cannot be read"
        return Finding(f"FFmpeg's {what}", "broken", found, _REMEDY)
    return Finding(f"FFmpeg's {what}", "ok", ", ".join(wanted))


def _decodes(codec: Any, form: str, names: tuple[str, ...]) -> bool:
    there = [_is_there(codec, name) for name in names]
    return any(there) if form in _ALTERNATIVES else all(there)


def _is_there(kind: Any, name: str) -> bool:
    try:
        kind(name, "r")
    except ValueError:  # as PyAV's errors for unknown codecs and formats are
        return False
    return True
