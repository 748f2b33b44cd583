"""One switch, round by round: its uptime, its ports, its power, and what it sees behind each port."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from agent.device.errors import BadAnswer, DeviceError, Forbidden, Interrupted
from agent.device.text import printable
from agent.snmp import mib, ports, power
from agent.snmp.addresses import Sight, interfaces, sight
from agent.snmp.client import AT_ONCE, SnmpClient, by_column
from agent.snmp.mib import Oid, Value
from agent.snmp.ports import Port, Reading
from agent.snmp.settings import SwitchesSettings

_MOST_INTERFACES = 512
"""Rows read of a table of interfaces: VLANs and trunks are in it, too."""


@dataclass
class Round:
    """What one round read. `ports` are values by ifIndex, `monos` when each was read; `problem` is what failed."""

    values: dict[str, float] = field(default_factory=dict)
    ports: dict[int, dict[str, float]] = field(default_factory=dict)
    monos: dict[int, float] = field(default_factory=dict)
    problem: str = ""


class Watch:
    """Remembers a switch's ports, and their counters of the round before. For one thread."""

    def __init__(
        self, client: SnmpClient, settings: SwitchesSettings, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.client = client
        self.ports: list[Port] = []
        self.facts: dict[str, str] = {}
        self.sight: Sight | None = None
        """What it saw last; None until it was looked up."""
        self._settings = settings
        self._monotonic = monotonic
        self._surplus = 0
        self._wide = True
        self._feeds = False
        self._powered: dict[int, Oid] = {}
        self._bridged: dict[int, int] = {}
        self._before: dict[int, Reading] = {}
        self._uptime: tuple[int, float] | None = None
        self._ports_due = self._map_due = float("-inf")

    def examine(self, until: float) -> Round:
        """One round, begun nothing new after `until` (monotonic seconds). Raises DeviceError where the switch does not
        answer, or refuses us; what fails after its first answer is the round's problem."""
        found = Round()
        now = self._monotonic()
        uptime = self._look(found)
        try:
            if now >= self._ports_due:
                self._learn_ports(until)
            self._read_ports(found, uptime, until)
            self._read_power(found, until)
            if now >= self._map_due:
                self._learn_map(until)
        except Interrupted:
            return found
        except DeviceError as error:
            found.problem = str(error)
        if self._surplus and not found.problem:
            found.problem = f"{self._surplus} ports beyond the {len(self.ports)} watched"
        return found

    def _look(self, found: Round) -> int:
        """The first question of a round: its uptime in hundredths, which also tells that it answers."""
        told = self.client.get([mib.SYS_UPTIME, mib.SYS_NAME, mib.SYS_DESCR])
        found.values["response_seconds"] = self.client.elapsed
        self.facts = {
            name: text
            for name, oid in (("description", mib.SYS_DESCR), ("system_name", mib.SYS_NAME))
            if (text := _text(told[oid]))
        }
        uptime, now = told[mib.SYS_UPTIME], self._monotonic()
        if not isinstance(uptime, int):
            raise BadAnswer("does not tell its uptime")
        found.values["uptime_seconds"] = uptime / 100
        if self._uptime is not None and ports.restarted(self._uptime[0], uptime, now - self._uptime[1]):
            self._ports_due = self._map_due = float("-inf")  # interfaces may be numbered anew
            self._before.clear()
            self._wide = True
        self._uptime = (uptime, now)
        return uptime

    def _learn_ports(self, until: float) -> None:
        table = self.client.walk(ports.NAMES, _MOST_INTERFACES, until)
        self.ports, self._surplus = ports.ports_of(table)
        self._bridged = interfaces(self._column(mib.BASE_PORT_IF_INDEX, _MOST_INTERFACES, until))
        rows = list(self._column(mib.PSE_DETECTION, _MOST_INTERFACES, until))
        self._feeds = bool(rows)
        self._powered = {index: row for row, index in power.matched(rows, self.ports, self._bridged).items()}
        self._ports_due = self._monotonic() + self._settings.ports_seconds

    def _read_ports(self, found: Round, uptime: int, until: float) -> None:
        columns = self.ports[0].columns(self._wide) if self.ports else ()
        each = max(1, AT_ONCE // (len(columns) + 1))
        for at in range(0, len(self.ports), each):
            if self._monotonic() >= until:
                raise BadAnswer("takes too long to tell of its ports")
            self._read_some(self.ports[at : at + each], columns, found, uptime)
        found.values["switch_ports_up"] = sum(one.get("link_up", 0.0) for one in found.ports.values())
        self._wide = self._wide and (not self._before or any(_is_wide(one) for one in self._before.values()))

    def _read_some(self, some: Sequence[Port], columns: Sequence[Oid], found: Round, uptime: int) -> None:
        oids = [(*column, port.index) for port in some for column in columns]
        rows = {port.index: self._powered[port.index] for port in some if port.index in self._powered}
        fed = {index: (*mib.PSE_DETECTION, *row) for index, row in rows.items()}
        told = self.client.get([*oids, *fed.values()])
        now = self._monotonic()
        for port in some:
            reading = Reading(now, uptime, by_column(told, columns, (port.index,)))
            values = ports.link(reading) | ports.rates(self._before.get(port.index), reading)
            values |= power.port_values(told[fed[port.index]]) if port.index in fed else {}
            self._before[port.index] = reading
            found.ports[port.index], found.monos[port.index] = values, now

    def _read_power(self, found: Round, until: float) -> None:
        if not self._feeds:
            return
        table = self.client.walk((mib.PSE_POWER, mib.PSE_CONSUMPTION), power.MOST_SUPPLIES, until)
        found.values |= power.supply_values(table)

    def _learn_map(self, until: float) -> None:
        most = self._settings.max_addresses
        by_vlan = self._column(mib.Q_FDB_PORT, most, until)
        plain = {} if by_vlan else self._column(mib.FDB_PORT, most, until)
        self.sight = sight(by_vlan, plain, self._bridged)
        self._map_due = self._monotonic() + self._settings.map_seconds

    def _column(self, column: Oid, most: int, until: float) -> dict[Oid, Value]:
        """A column that not every switch has, or lets us read."""
        try:
            return dict(self.client.walk([column], most, until).column(column))
        except Forbidden:
            return {}


def _is_wide(reading: Reading) -> bool:
    return reading.number(mib.IF_HC_IN) is not None


def _text(value: Value) -> str:
    return printable(value.decode("utf-8", "replace")) if isinstance(value, bytes) else ""
