"""What no recording has, refused before anything is computed from it."""

from pathlib import Path

from audioscan_host.errors import RecordingError

LONGEST_RECORDING = 31 * 86400.0
"""Seconds; longer is refused, declared or not."""

SAMPLE_RATES = (1000, 768_000)
"""Hz, lowest and highest that are read."""

MOST_CHANNELS = 64


def check_bounds(path: Path, sample_rate: int, channels: int, seconds: float | None) -> None:
    """Raise `RecordingError` for what no recording has, before anything is computed from it."""
    lowest, highest = SAMPLE_RATES
    if not lowest <= sample_rate <= highest:
        found, expected = f"a sample rate of {sample_rate} Hz", f"{lowest} to {highest} Hz"
    elif not 1 <= channels <= MOST_CHANNELS:
        found, expected = f"{channels} channels", f"1 to {MOST_CHANNELS}"
    elif seconds is not None and seconds > LONGEST_RECORDING:
        found, expected = (
            f"a length of {seconds / 86400:.1f} days",
            f"up to {LONGEST_RECORDING / 86400:.0f} days",
        )
    else:
        return
    raise RecordingError(f"{path}: has {found}, but {expected} can be read; convert it, or copy it again")
