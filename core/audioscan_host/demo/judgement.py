"""Regions held against what is really in a recording."""

from collections.abc import Sequence
from dataclasses import dataclass

from audioscan_host.demo.sounds import TARGET
from audioscan_host.demo.synthesis import Event
from audioscan_host.regions import Region


@dataclass(frozen=True)
class Match:
    """A true event, and of the regions that overlap it the one with the highest score."""

    event: Event
    region: Region | None


@dataclass(frozen=True)
class Judgement:
    """How well regions fit the true events.

    Attributes:
        matches: every true event, in order; a long region may have found several.
        false_regions: those that overlap no true event, in order.
    """

    matches: tuple[Match, ...]
    false_regions: tuple[Region, ...]

    @property
    def found(self) -> int:
        """How many of the true events a region overlaps."""
        return sum(match.region is not None for match in self.matches)

    @property
    def summary(self) -> str:
        """The judgement in a few words."""
        false = len(self.false_regions) or "no"
        return (
            f"{self.found} of {len(self.matches)} {TARGET}s found, {false} false region{'s' * (false != 1)}"
        )


def judge(events: Sequence[Event], regions: Sequence[Region]) -> Judgement:
    """Hold regions against the events with the label that the demo looks for."""
    true = [event for event in events if event.label == TARGET]
    matches = []
    for event in true:
        over = [region for region in regions if _overlap(event, region)]
        matches.append(Match(event, max(over, key=lambda region: region.score, default=None)))
    false = [region for region in regions if not any(_overlap(event, region) for event in true)]
    return Judgement(tuple(matches), tuple(false))


def _overlap(event: Event, region: Region) -> bool:
    return region.start < event.end and event.start < region.end
