"""System/time: the recorder's clock, its zone, and what sets it."""

from dataclasses import dataclass

from agent.device.errors import BadAnswer
from agent.isapi import stamp, zone
from agent.isapi.document import root
from agent.isapi.element import descendants, text
from agent.isapi.stamp import Stamp
from agent.isapi.zone import Zone

MAX_SERVERS = 8
_BY_NTP = "ntp"
_OTHERWISE = frozenset({"manual", "platform", "sdk", "onvif", "28181", "satellite", "timecorrect", "ezviz"})


@dataclass(frozen=True)
class Clock:
    """What the clock shows, in which zone. `ntp`: whether NTP sets it; `word` the recorder's own for its zone."""

    shown: Stamp
    zone: Zone
    word: str = ""
    ntp: bool | None = None
    utc: bool = False
    """Whether `shown` is UTC by the recorder's explicit word."""

    @property
    def moment(self) -> float:
        """Unix seconds."""
        return float(self.shown.wall if self.utc else self.zone.moment(self.shown.wall))

    @property
    def utc_offset(self) -> int:
        """Seconds that it shows more than UTC now."""
        moment = int(self.moment)
        return self.zone.wall(moment) - moment


def read(body: bytes) -> Clock:
    """Raises BadAnswer (and what a ResponseStatus says) for anything that does not tell a time and a zone.

    The zone is what `timeZone` says, daylight saving with it. The offset behind `localTime` only counts where that is
    missing: recorders go on saying -05:00 in summer, while their digits are daylight time.
    """
    element = root(body, "time")
    said, word = text(element, "localtime", limit=40), text(element, "timezone", limit=120)
    shown = stamp.read(said)
    if shown is None:
        raise BadAnswer(f"tells the time {said!r}")
    found = zone.read(word) if word else None
    if found is None and shown.offset is not None:
        found = Zone(shown.offset)
    if found is None and shown.zulu:
        found = Zone(0)
    if found is None:
        raise BadAnswer(f"tells a local time without a zone that can be read ({word!r})")
    utc = shown.zulu and text(element, "timetype").lower() == "utc"
    return Clock(shown, found, word, _ntp(text(element, "timemode")), utc)


def servers(body: bytes) -> tuple[str, ...]:
    """System/time/ntpServers: their names or addresses. Raises BadAnswer as `read`."""
    found = [
        text(server, "hostname") or text(server, "ipaddress") or text(server, "ipv6address")
        for server in descendants(root(body, "ntpserverlist", "ntpserver"), "ntpserver")
    ]
    return tuple([one for one in found if one and one != "0.0.0.0"][:MAX_SERVERS])  # noqa: S104 - their "none"


def _ntp(mode: str) -> bool | None:
    word = mode.lower()
    return True if word == _BY_NTP else False if word in _OTHERWISE else None
