"""How the time steps of a window become one vector: a table."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Self

Statistic = Callable[[Any, Any], Any]
"""The arrays' namespace and (batch, time, width) of float32 -> (batch, width)."""


def _mean(xp: Any, states: Any) -> Any:
    return xp.mean(states, axis=1)


def _deviation(xp: Any, states: Any) -> Any:
    return xp.std(states, axis=1)  # of the population: divided by the number of steps


def _highest(xp: Any, states: Any) -> Any:
    return xp.max(states, axis=1)


class Pooling(StrEnum):
    """What is computed of the time steps.

    Attributes:
        statistics: one after the other; a vector is so many times as long as a time step is wide.
    """

    statistics: tuple[Statistic, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Of the statistics: `mean`, `std` of the population after it, `max`."""
        return tuple(self.value.split("+"))

    def __new__(cls, name: str, *statistics: Statistic) -> Self:
        """A row of the table: its name, and what it computes."""
        row = str.__new__(cls, name)
        row._value_ = name
        row.statistics = statistics
        return row

    MEAN = "mean", _mean
    MEAN_AND_DEVIATION = "mean+std", _mean, _deviation
    MEAN_AND_HIGHEST = "mean+max", _mean, _highest
