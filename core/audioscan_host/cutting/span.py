"""From where to where a clip is cut."""

from dataclasses import dataclass

from audioscan_host.annotations import Annotation
from audioscan_host.cutting.settings import ClipSettings
from audioscan_host.errors import SettingError


@dataclass(frozen=True)
class Span:
    """From where to where a clip is to be cut, before anything is known of the recording's end.

    Attributes:
        start: seconds, 0 or more.
        end: seconds, after `start`.
        place: where what was found begins, seconds; a recording that ends before it does not hold it.
        fixed: whether the length is to be kept at the recording's end.
    """

    start: float
    end: float
    place: float
    fixed: bool

    @classmethod
    def around(cls, place: Annotation, settings: ClipSettings) -> "Span":
        """The span of a found place.

        Raises:
            SettingError: the place is a point, and nothing says how long its clip is to be.
        """
        end = place.start if place.end is None else place.end
        if settings.length is not None:
            start = max((place.start + end) / 2 - settings.length / 2, 0.0)
            return cls(start, start + settings.length, place.start, fixed=True)
        if place.end is None and not settings.pad:
            raise SettingError(
                f"{place.file}: {place.label} at {place.start:g} s is a point, which has no length: say how long its clip "
                "is to be, by length or pad"
            )
        return cls(max(place.start - settings.pad, 0.0), end + settings.pad, place.start, fixed=False)
