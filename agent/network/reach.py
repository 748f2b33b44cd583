"""One round of asking whether hosts are there: pings where we may, TCP connects where not. For one thread."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from agent.device.errors import HeldBack
from agent.device.manners import MANNERS, Manners
from agent.network.connects import Connect, Outcome, Place, connect
from agent.network.pings import Echoes, Pace, Pinger, PingForbidden
from agent.network.targets import Target
from agent.network.wake import Wake

log = logging.getLogger(__name__)

CONNECT_PATIENCE = 4.0
"""Longer than Linux asks for a neighbour's hardware address (3 s): then one that is gone is told from one that drops
what it does not like."""


@dataclass(frozen=True)
class Findings:
    """What a round found, by address and by place; what was not asked, or not decided, is missing.

    `forbidden` says why there are no pings, empty where there are.
    """

    echoes: Mapping[str, Echoes] = field(default_factory=dict)
    connects: Mapping[Place, Connect] = field(default_factory=dict)
    forbidden: str = ""

    def echo(self, address: str) -> Echoes | None:
        """Of the pings to it, None where none was decided."""
        echoes = self.echoes.get(address)
        return echoes if echoes is not None and echoes.sent else None

    def connect(self, place: Place) -> Connect | None:
        """The connect there, None where nothing is known of it."""
        found = self.connects.get(place)
        return None if found is None or found.outcome is Outcome.UNKNOWN else found

    def values(self, address: str, target: Target) -> dict[str, float]:
        """The metrics of a device at that address."""
        echoes = self.echo(address)
        if echoes is not None:
            return _values(echoes.typical, echoes.loss)
        found = self.connect((address, target.endpoint.port))
        if found is None or (found.outcome is Outcome.SILENT and not target.listens):
            return {}
        return _values(found.seconds, 0.0 if found.answered else 1.0)


def _values(seconds: float | None, loss: float | None) -> dict[str, float]:
    told = {"ping_seconds": seconds, "ping_loss_ratio": loss}
    return {name: value for name, value in told.items() if value is not None}


class Reach:
    """Asks, and says once in the log how."""

    def __init__(self, manners: Manners = MANNERS) -> None:
        self.wake = Wake()
        self._manners = manners
        self._forbidden: str | None = None

    def ask(
        self,
        hosts: Mapping[str, Sequence[Target]],
        places: Sequence[Place],
        doubtful: Mapping[str, Sequence[Place]],
        pace: Pace,
    ) -> Findings:
        """One round. `hosts` are pinged: addresses, each with what listens there, if anything. `places` are connected
        to in any case, those of `doubtful` where the address gave no answer to a ping."""
        found = connect(places, CONNECT_PATIENCE, self.wake)
        try:
            with Pinger(self.wake) as pinger:
                self._say("")
                echoes = pinger.ping(hosts, pace)
        except PingForbidden as error:
            self._say(str(error))
            found = {**found, **self._instead(hosts)}
            echoes = {}
        mute = [address for address in doubtful if not (address in echoes and echoes[address].seconds)]
        rest = connect((place for address in mute for place in doubtful[address]), CONNECT_PATIENCE, self.wake)
        return Findings(echoes, {**found, **rest}, self._forbidden or "")

    def close(self) -> None:
        """Let go of everything."""
        self.wake.close()

    def _instead(self, hosts: Mapping[str, Sequence[Target]]) -> Mapping[Place, Connect]:
        """One connect to each device instead of pings. It counts as a request, and none is made while another question
        of ours is under way there: that one tells as much."""
        return connect(self._allowed(hosts), CONNECT_PATIENCE, self.wake)

    def _allowed(self, hosts: Mapping[str, Sequence[Target]]) -> Iterator[Place]:
        for address, target in ((address, one) for address, listening in hosts.items() for one in listening):
            manner = self._manners.of(target.endpoint)
            try:
                with manner.turn(0.0):
                    manner.spend(target.budget)
            except HeldBack:
                continue
            yield address, target.endpoint.port

    def _say(self, forbidden: str) -> None:
        if forbidden and forbidden != self._forbidden:
            log.warning("no pings, TCP connects instead: %s", forbidden)
        self._forbidden = forbidden
