"""A whole stack under load that is counted: hub, broker, series store, and agents whose every reading has a number."""

import random
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from hub.rule import discover
from hub.series.config import SeriesSettings, open_series
from tests.e2e.numbered_agent import CAMERA, EPOCH
from tests.e2e.stack import HubProcess, Program, toml
from tests.servers.influxdb import InfluxDB
from tests.servers.mosquitto import Mosquitto
from tests.servers.nginx import Nginx
from tests.waiting import wait_until

RULES: Mapping[str, Mapping[str, object]] = {
    **{name: {"enabled": False} for name in discover()},  # what this machine really lacks is no matter here
    "camera_unreachable": {"hold_seconds": 0.2, "clear_seconds": 0.2, "flap_seconds": 0},
}
AGENT = "gateway"
END = 1 << 53
OTHERS_OFF = {f"collectors.{name}": {"enabled": False} for name in ("host", "volumes", "clock")}


def influx_v1(influxdb: InfluxDB) -> dict[str, object]:
    """The `[series]` table for InfluxDB's own `/write`."""
    return {"kind": "influx", "api": "v1", "url": influxdb.url, "database": influxdb.database}


def influx_v2(influxdb: InfluxDB, proxy: Nginx) -> dict[str, object]:
    """The `[series]` table for `/api/v2/write`."""
    return {"kind": "influx", "api": "v2", "url": f"http://127.0.0.1:{proxy.port}", "database": influxdb.database}


class NumberedAgent(Program):
    """An agent process of a site of its own, and what it has proved."""

    def __init__(self, folder: Path, site: str, broker: int, interval: float = 0.05) -> None:
        self.site, self._own = site, folder / site
        self._own.mkdir()
        config = self._own / "agent.toml"
        config.write_text(
            toml(
                {
                    "": {"site": site, "agent": AGENT, "state_dir": str(self._own / "agent")},
                    "broker": {"host": "127.0.0.1", "port": broker},
                    **OTHERS_OFF,
                    "collectors.cameras": {"interval_seconds": interval},
                }
            )
        )
        super().__init__(folder, f"agent-{site}", ["tests.e2e.numbered_agent", str(config), str(self._own)])

    def flag(self, name: str, up: bool) -> None:
        """`fault`: the camera reads as unreachable. `quiet`: no more readings."""
        path = self._own / name
        path.touch() if up else path.unlink(missing_ok=True)
        if name == "quiet" and not up:
            (self._own / "silent").unlink(missing_ok=True)

    def silent(self) -> bool:
        """It has been told to be quiet, and every number it has spooled is proven."""
        return (self._own / "silent").exists()

    def proven(self) -> list[int]:
        """Numbers that were certainly spooled."""
        path = self._own / "proven"
        return [int(line) for line in path.read_text().split()] if path.exists() else []


@dataclass
class Stack:
    """Broker, hub and agents of one test; `others` may be killed and paused, too."""

    folder: Path
    broker: Mosquitto
    hub: HubProcess
    agents: list[NumberedAgent]
    series: SeriesSettings
    others: dict[str, InfluxDB] = field(default_factory=dict)

    @classmethod
    def make(
        cls, folder: Path, broker: Mosquitto, series: Mapping[str, object], sites: int = 1, **others: InfluxDB
    ) -> "Stack":
        """Nothing runs yet but the servers."""
        hub = HubProcess(folder, broker.port, series, RULES)
        agents = [NumberedAgent(folder, f"school-{number}", broker.port) for number in range(1, sites + 1)]
        return cls(folder, broker, hub, agents, SeriesSettings.model_validate(series), dict(others))

    def start(self) -> None:
        self.hub.start()
        for agent in self.agents:
            agent.start()
        self.hub.await_up()

    def stop(self) -> None:
        """All that runs, whatever becomes of one."""
        with ExitStack() as every:
            for program in (self.hub, *self.agents):
                if program.running():
                    every.callback(program.stop)

    @property
    def victims(self) -> dict[str, Mosquitto | InfluxDB | Program]:
        """Whatever may be killed, by name."""
        return {"broker": self.broker, "hub": self.hub, **self.others, **{one.site: one for one in self.agents}}

    def kill(self, name: str) -> None:
        """SIGKILL, and started again."""
        victim = self.victims[name]
        victim.kill()
        victim.start()

    def flag(self, name: str, up: bool) -> None:
        for agent in self.agents:
            agent.flag(name, up)

    def readings(self) -> int:
        """How many were certainly spooled so far."""
        return sum(len(agent.proven()) for agent in self.agents)

    def await_load(self, more: int, timeout: float = 90) -> None:
        """So many more readings are spooled."""
        goal = self.readings() + more
        wait_until(lambda: self.readings() >= goal, timeout=timeout, what=lambda: f"load\n{self.logs()}")

    def tickets(self) -> Counter[tuple[str, str]]:
        """(site, state) → tickets."""
        return Counter((ticket["site"], ticket["state"]) for ticket in self.hub.tickets())

    def await_tickets(self, state: str, number: int) -> None:
        """So many in this state at each site."""
        wanted = {(agent.site, state) for agent in self.agents}
        wait_until(
            lambda: all(self.tickets()[one] == number for one in wanted), timeout=90, what=f"{number} {state} tickets"
        )

    def stored(self, site: str) -> Counter[int]:
        """Every number in the series store, and at how many times it stands."""
        store = open_series(self.series)
        try:
            values = store.window(site, "camera", CAMERA, "response_seconds", 0, END)
        finally:
            store.close()
        return Counter(round(value.value) for value in values)

    def events(self, site: str) -> Counter[int]:
        """Every number among the events in SQL, and how often."""
        rows = self.hub.query("SELECT site, json_extract(data, '$.number') FROM event")
        return Counter(number for where, number in rows if where == site)

    def drained(self) -> bool:
        """Everything has arrived: in the series, and in SQL, where the hub commits it a moment later."""
        return all(
            set(agent.proven()) <= self.stored(agent.site).keys() & self.events(agent.site).keys()
            for agent in self.agents
        )

    def count(self) -> int:
        """Ends the load, waits for the last reading; nothing is lost and nothing doubled. How many there were."""
        self.flag("quiet", up=True)
        wait_until(lambda: all(agent.silent() for agent in self.agents), timeout=120, what="the load to end")
        wait_until(self.drained, timeout=180, what=lambda: f"every reading to arrive\n{self.logs()}")
        for agent in self.agents:
            proven, stored, events = set(agent.proven()), self.stored(agent.site), self.events(agent.site)
            assert proven - stored.keys() == set(), "lost readings"
            assert proven - events.keys() == set(), "lost events"
            assert [n for n, times in stored.items() if times != 1] == [], "readings doubled"
            assert [n for n, times in events.items() if times != 1] == [], "events doubled"
            # Stored but not proven is only the last of a process: spooled, then killed before the next.
            extra = set(stored) - proven
            assert len(extra) == len({number // EPOCH for number in extra})
        return self.readings()

    def logs(self) -> str:
        return "\n".join(f"--- {name}\n{one.log()}" for name, one in self.victims.items())


def seeded() -> random.Random:
    """Chance whose seed pytest shows when the test fails."""
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    return random.Random(seed)
