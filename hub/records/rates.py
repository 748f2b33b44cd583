"""The inspector's four rates, from evidence of one day. Pure. Their definitions are in docs/records.md.

Inspectors count devices: of those looked at, the share that is as it should be. So a rate of a day is a mean over the
devices there is evidence of, each of which counts the same; a rate of a month is the mean over all its device-days.
What nobody looked at counts for nothing, neither good nor bad.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from wire.records import RATES


class Share(NamedTuple):
    """How much of so many devices was as it should be: `good` from 0 to `devices`."""

    good: float = 0.0
    devices: int = 0

    @property
    def ratio(self) -> float | None:
        """None without a device."""
        return self.good / self.devices if self.devices else None


Rates = Mapping[str, Share]
"""Rate, as in RATES → share."""


class ClockRange(NamedTuple):
    """What a device's clock did on a day, in seconds: the lowest and highest offset, and the largest error bound."""

    low: float
    high: float
    error: float = 0.0


def mean(parts: Iterable[float]) -> Share:
    """Of a number from 0 to 1 a device."""
    known = list(parts)
    return Share(sum(known), len(known))


def right(clock: ClockRange, allowed: float) -> bool:
    """Whether it was never off by the allowed offset (s) or more, beyond the error of the measurement: as the rule on
    clocks judges."""
    return max(abs(clock.low), abs(clock.high)) - clock.error < allowed


def fields(rates: Rates) -> dict[str, float | str | None]:
    """As fields of a row. Of a rate without evidence only that it speaks of no device."""
    found: dict[str, float | str | None] = {}
    for rate in RATES:
        share = rates.get(rate, Share())
        found[f"{rate}_ratio"] = share.ratio
        found[f"{rate}_devices"] = float(share.devices)
    return found


def of_fields(values: Mapping[str, float | None]) -> dict[str, Share]:
    """The same backwards."""
    found = {}
    for rate in RATES:
        ratio, devices = values.get(f"{rate}_ratio"), values.get(f"{rate}_devices")
        if ratio is not None and devices:
            found[rate] = Share(ratio * devices, round(devices))
    return found


def month(days: Iterable[Rates]) -> dict[str, Share]:
    """The mean over device-days; it speaks of as many devices as its fullest day does."""
    found: dict[str, Share] = {}
    known = list(days)
    for rate in RATES:
        shares = [day[rate] for day in known if rate in day and day[rate].devices]
        together = sum(share.devices for share in shares)
        if together:
            most = max(share.devices for share in shares)
            found[rate] = Share(sum(share.good for share in shares) / together * most, most)
    return found
