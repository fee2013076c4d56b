"""What is asked of a scan beside recordings and a detector: labels, thresholds, rates, how regions are cut, and a zone."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from audioscan_host.detector import Detector
from audioscan_host.errors import SettingError
from audioscan_host.recorded_at.clock import UtcOffset
from audioscan_host.region_settings import RegionSettings


@dataclass(frozen=True)
class ScanSettings:
    """What is asked of a scan, as `scan` explains it.

    Attributes:
        regions: how window scores become regions; as `RegionSettings` has it unless given.
        thresholds: label -> its threshold, where it has one of its own.
        rate: share of the windows that hold the sound, of all labels or by label.
        only: the labels to look for; all of the detector's where there are none.
        utc_offset: zone of the recordings whose header and name tell a time without one.
    """

    regions: RegionSettings | None = None
    thresholds: Mapping[str, float] | None = None
    rate: float | Mapping[str, float] | None = None
    only: Collection[str] = ()
    utc_offset: UtcOffset = None

    def regions_of(self, detector: Detector) -> Mapping[str, RegionSettings]:
        """Label -> how its scores become regions.

        Raises:
            SettingError: a threshold is of a label that is not looked for.
        """
        common, thresholds = self.regions or RegionSettings(), self.thresholds or {}
        _require_known("threshold", thresholds, detector)
        return {
            label: replace(common, threshold=thresholds.get(label, common.threshold))
            for label in detector.classifiers
        }

    def rates_of(self, detector: Detector) -> Mapping[str, float]:
        """Label -> its share of windows, where one is given.

        Raises:
            SettingError: a share is not above 0 and below 1, or of a label that is not looked for.
        """
        if self.rate is None:
            return {}
        rate = self.rate
        rates = rate if isinstance(rate, Mapping) else dict.fromkeys(detector.classifiers, rate)
        _require_known("rate", rates, detector)
        for each in rates.values():
            if not 0 < each < 1:
                raise SettingError(f"a rate is a share of windows above 0 and below 1, not {each:g}")
        return rates


def _require_known(what: str, given: Mapping[str, float], detector: Detector) -> None:
    unknown = sorted(set(given) - set(detector.classifiers))
    if unknown:
        known = ", ".join(detector.classifiers)
        raise SettingError(f"a {what} is given for {unknown[0]!r}; the labels looked for are: {known}")
