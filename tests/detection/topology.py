"""Which devices a fault may show at: the one it befalls, what hangs on it, and where an agent tells of it."""

from simulator.faults import AnyFault, FootageTaken, HistoryShort, UplinkDown
from simulator.scenario import Scenario
from simulator.virtual.site import watched
from wire.messages import DeviceKind

SITE = "site"
"""What the hub calls a site of several agents as a device."""


class Topology:
    """Of one scenario."""

    def __init__(self, script: Scenario) -> None:
        self._above: dict[str, frozenset[str]] = {}
        """Device → all that it hangs on, the agent and the site included."""
        self.kinds: dict[str, DeviceKind] = {}
        for agent in script.agents:
            for thing in watched(script, agent):
                self._above[thing.id] = frozenset({*(one.id for one in thing.ancestors()), agent.id, SITE})
                self.kinds[thing.id] = thing.kind

    def places(self, fault: AnyFault) -> frozenset[str]:
        """Devices on which a ticket may be about this fault."""
        roots = {fault.device, *(fault.also if isinstance(fault, UplinkDown) else ())}
        below = {device for device, above in self._above.items() if above & roots}
        told_by = {SITE} if len(roots) > 1 else set()
        if isinstance(fault, FootageTaken):  # the recorder's log tells of it
            told_by |= self._above[fault.device] - {SITE}
        return frozenset(roots | below | told_by)

    def related(self, one: AnyFault, other: AnyFault) -> bool:
        """Whether the two could be taken for each other, or one could hide the other."""
        return bool(self.places(one) & self.places(other))

    def one_store(self, one: AnyFault, other: AnyFault) -> bool:
        """Whether two channels of one store are cut short: at the same time that is what a store too small does, and
        nobody could tell the two from it."""
        both = isinstance(one, HistoryShort) and isinstance(other, HistoryShort)
        return both and self._above[one.device] == self._above[other.device]
