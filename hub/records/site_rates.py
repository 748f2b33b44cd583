"""The four rates of one site on one day: what SQL holds against its devices, with the evidence of the series store."""

from collections.abc import Collection, Mapping

import sqlalchemy as sa

from hub.api.availability import of_site
from hub.picture import RANKS
from hub.records.evidence import PICTURED, Evidence
from hub.records.rates import ClockRange, Rates, Share, mean, right
from hub.recurrence import Span
from hub.scope import Whereabouts
from hub.scoped import Scoped
from hub.store import records
from wire.messages import DeviceKind

VIDEO = (DeviceKind.CAMERA, DeviceKind.CHANNEL, DeviceKind.RECORDER)
"""What the online rate speaks of."""
FLAWS = frozenset(f"picture_{flaw}" for flaw in RANKS)
"""The rules on what a picture shows. That none comes at all is a matter of the online rate."""
CLOCK_RULE = "clock_drift"


class Judge:
    """Reads SQL; every call may raise SQLAlchemyError."""

    def __init__(self, database: sa.Engine, rules: Scoped) -> None:
        self._database = database
        self._rules = rules

    def rates(self, site: str, day: Span, evidence: Evidence) -> Rates:
        """Those there is evidence for."""
        found = {
            "online": self._online(site, day),
            "integrity": mean(evidence.integrity[name] for name in sorted(evidence.integrity)),
            "picture": self._picture(site, day, evidence.pictured),
            "clock": self._clock(site, evidence.clocks),
        }
        return {rate: share for rate, share in found.items() if share.devices}

    def _online(self, site: str, day: Span) -> Share:
        devices = of_site(self._database, self._rules.rules, site, day)
        ratios = (one.figures.ratio for one in devices if one.kind in VIDEO)
        return mean(ratio for ratio in ratios if ratio is not None)

    def _picture(self, site: str, day: Span, looked_at: Collection[str]) -> Share:
        """A camera is not good on a day when a finding about its picture was open, but for planned work."""
        if not looked_at:
            return Share()
        flawed = {
            one.device
            for one in of_site(self._database, self._rules.rules, site, day, down=FLAWS)
            if one.kind in PICTURED and one.figures.down
        }
        return mean(float(name not in flawed) for name in looked_at)

    def _clock(self, site: str, clocks: Mapping[str, tuple[DeviceKind, ClockRange]]) -> Share:
        """A clock is not right on a day when it was ever off by what the rule makes a ticket of."""
        if not clocks or CLOCK_RULE not in self._rules.rules:
            return Share()
        with self._database.connect() as connection:
            rooms = records.rooms(connection, site)
        limits = {name: self._allowed(site, name, kind, rooms.get(name, "")) for name, (kind, _) in clocks.items()}
        return mean(float(right(clock, limits[name])) for name, (_, clock) in clocks.items())

    def _allowed(self, site: str, name: str, kind: DeviceKind, room: str) -> float:
        check = self._rules.check(CLOCK_RULE, self._rules.spot(Whereabouts(site, name, kind, room)))
        return float(check.settings.model_dump()["raise_offset_seconds"])
