"""The ways in which an evaluation reads recordings: windows, and readings of each model."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from audioscan_host.classifier import ClassifierSettings
from audioscan_host.errors import SettingError
from audioscan_host.evaluation.held_out import System
from audioscan_host.journeys.session import Session
from audioscan_host.models.model import Model
from audioscan_host.notes import About, Note
from audioscan_host.reading import Reading
from audioscan_host.windows import Windowing


@dataclass(frozen=True)
class WayOfReading:
    """What is read at one go: by models that take the same windows.

    Attributes:
        windowing: window and hop.
        readings: of each model that reads so.
        systems: those that learn from it, and how.
    """

    windowing: Windowing
    readings: Mapping[Model, Reading]
    systems: Mapping[System, ClassifierSettings]

    @property
    def models(self) -> list[Model]:
        """The models, in the order asked for."""
        return list(self.readings)


@dataclass(frozen=True)
class Ways:
    """All ways of an evaluation.

    Attributes:
        ways: one at least; no model reads the same windows twice in the same way.
        systems: of all of them, in the order in which they are shown: model by model.
    """

    ways: tuple[WayOfReading, ...]
    systems: tuple[System, ...]

    @classmethod
    def of(
        cls,
        session: Session,
        models: Sequence[Model],
        *,
        windowings: Sequence[Windowing],
        readings: Sequence[Reading],
        classifiers: Sequence[ClassifierSettings],
        paths: Sequence[Path],
    ) -> "Ways":
        """Every model with every window, reading and classifier.

        Where several readings are asked for, a model that cannot read stretches reads windows alone, and that is told.

        Args:
            session: registry and cache.
            models: the models.
            windowings: window and hop of each.
            readings: those asked for, one at least.
            classifiers: ways to fit and calibrate.
            paths: of the recordings.

        Raises:
            SettingError: no model can read what is asked for.
        """
        read = {
            asked: _readings(session, asked, models, windowings, paths, strict=len(readings) == 1)
            for asked in readings
        }
        seen: set[tuple[Model, Windowing, Reading]] = set()
        ways = []
        for asked, windowing in product(read, windowings):
            new = {}
            for model, reading in read[asked][windowing].items():
                if (model, windowing, reading) not in seen:
                    seen.add((model, windowing, reading))
                    new[model] = reading
            if new:
                learning = dict(_systems(windowing, new, classifiers, (windowings, readings)))
                ways.append(WayOfReading(windowing, new, learning))
        if not ways:
            raise SettingError("none of the models can read stretches here; leave --reading out")
        names = {model.name: place for place, model in enumerate(models)}
        in_order = sorted((s for way in ways for s in way.systems), key=lambda system: names[system.model])
        return cls(tuple(ways), tuple(in_order))

    @property
    def moment(self) -> float | None:
        """Seconds of the moments at which systems of several windows are judged; None where there is one window."""
        windowings = {way.windowing for way in self.ways}
        return min(each.hop for each in windowings) if len(windowings) > 1 else None


def _readings(
    session: Session,
    asked: Reading,
    models: Sequence[Model],
    windowings: Sequence[Windowing],
    paths: Sequence[Path],
    *,
    strict: bool,
) -> dict[Windowing, dict[Model, Reading]]:
    """What each model reads of each window, of one reading that is asked for."""
    session = replace(session, reading=asked)
    read: dict[Windowing, dict[Model, Reading]] = {windowing: {} for windowing in windowings}
    for model, windowing in product(models, windowings):
        try:
            read[windowing] |= session.readings([model], windowing, paths)
        except SettingError as error:
            if strict:
                raise
            message = f"left out of the comparison in windows of {windowing.window:g} s: {error}"
            session.notes(Note(About.LEFT_OUT, message))
    if asked == Reading.AUTO:
        # Windows that do not overlap would be read one by one: beside others of the same grains they cost nothing.
        in_stretches = {m for each in read.values() for m, r in each.items() if r == Reading.STRETCHES}
        session = replace(session, reading=Reading.STRETCHES)
        for model, windowing in product(models, windowings):
            if model in in_stretches and read[windowing][model] == Reading.WINDOWS:
                try:
                    read[windowing] |= session.readings([model], windowing, paths)
                except SettingError as error:
                    session.notes(Note(About.WINDOWS, f"read one by one, unlike the other windows: {error}"))
    return read


def _systems(
    windowing: Windowing,
    readings: Mapping[Model, Reading],
    classifiers: Sequence[ClassifierSettings],
    compared: tuple[Sequence[Windowing], Sequence[Reading]],
) -> Iterator[tuple[System, ClassifierSettings]]:
    """A system for each model and classifier; it is named by window and reading where several are compared."""
    several_windows, several_readings = (len(each) > 1 for each in compared)
    for (model, reading), each in product(readings.items(), classifiers):
        yield (
            System(
                model.name,
                each.kind,
                each.calibration,
                str(reading) if several_readings else None,
                windowing.window if several_windows else None,
                windowing.hop if several_windows else None,
            ),
            each,
        )
