"""When recordings began: what their headers and names tell, put together; never guessed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from audioscan_host.ahead import answers
from audioscan_host.errors import SettingError
from audioscan_host.notes import About, Note, Tell, log
from audioscan_host.recorded_at.headers import Header, HeaderMoment, read_header
from audioscan_host.recorded_at.moments import agree, zone_of
from audioscan_host.recorded_at.names import moment_in_hexadecimal, moments_in
from audioscan_host.remote_path import RemotePath

UtcOffset = timezone | str | None
"""What a zone is given by: `+02:00`, `-0330`, `Z`, or a `datetime.timezone`."""


@dataclass(frozen=True)
class Clock:
    """Tells when recordings began.

    Attributes:
        zone: of the times whose zone is not known; None where nobody knows.
        tell: takes notes of what contradicts itself.
    """

    zone: timezone | None = None
    tell: Tell = log

    @classmethod
    def of(cls, utc_offset: UtcOffset, tell: Tell = log) -> "Clock":
        """The clock of a run.

        Raises:
            SettingError: the offset is none that is in use.
        """
        if not isinstance(utc_offset, str):
            return cls(utc_offset, tell)
        zone = zone_of(utc_offset)
        if zone is None:
            raise SettingError(
                f"an offset from UTC is written +HH:MM or -HH:MM, such as +02:00, not {utc_offset!r}"
            )
        return cls(zone, tell)

    def recorded_at(self, path: Path) -> datetime | None:
        """When a recording began; without a zone where that is not known, None where it cannot be told.

        The header counts before the name. Where one of them knows the zone and the other can be the same
        time in another zone, the one that knows is taken. Where they cannot be the same, that is told, and the
        header is taken. A name of two different times says nothing.
        """
        try:
            header = read_header(path)
        except OSError:  # it was read before, or its failure is told elsewhere
            header = Header()
        in_name = self._in_name(path, header)
        candidates = [*header.moments, *([HeaderMoment("name", in_name)] if in_name else [])]
        if not candidates:
            return None
        first, *rest = candidates
        other = next((each for each in rest if not agree(first.when, each.when)), None)
        if other is not None:
            self._tell(
                path,
                f"it began at {first.when.isoformat()} by its header ({first.part}) and at {other.when.isoformat()} by its "
                f"{'name' if other.part == 'name' else f'header ({other.part})'}: the first is taken",
            )
            known = first.when
        else:
            known = next((each.when for each in candidates if each.when.tzinfo), first.when)
        return known if known.tzinfo else known.replace(tzinfo=self.zone)

    def of_each(self, paths: Iterable[Path]) -> dict[Path, datetime]:
        """Recording -> when it began; those left out of which that cannot be told."""
        asked = list(dict.fromkeys(paths))
        is_far = any(isinstance(path, RemotePath) for path in asked)
        moments = answers(self.recorded_at, asked) if is_far else map(self.recorded_at, asked)
        return {path: when for path, when in zip(asked, moments, strict=True) if when is not None}

    def _in_name(self, path: Path, header: Header) -> datetime | None:
        if header.is_audiomoth and (told := moment_in_hexadecimal(path.stem)):
            return told
        moments = moments_in(path.stem)
        if len(moments) > 1 and not header.moments:
            self._tell(path, "its name has several times, and none is taken for its beginning")
        return moments[0] if len(moments) == 1 else None

    def _tell(self, path: Path, what: str) -> None:
        self.tell(Note(About.RECORDED_AT, f"{path}: {what}", path))
