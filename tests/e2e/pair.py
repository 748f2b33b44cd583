"""Two hub processes on one database, `north` and `south`, under the load that is counted."""

import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from hub.series.config import SeriesSettings
from hub.store import lease, schema
from hub.store.database import connect
from tests.e2e.numbered import RULES, NumberedAgent, Stack
from tests.e2e.stack import HubProcess
from tests.servers.mosquitto import Mosquitto
from tests.waiting import wait_until

STEADY = "school-2"
"""Its readings are so few that the agent's window has room for new ones while nobody answers. The other's is full after
three seconds; then that agent only repeats what it sent, after 2, 4 and 8 s."""


@dataclass
class Pair(Stack):
    """`hub` is whichever is asked for tickets: both show the same."""

    url: str = ""
    fellows: dict[str, HubProcess] = field(default_factory=dict)
    database: sa.Engine = field(init=False)

    @classmethod
    def of(cls, folder: Path, broker: Mosquitto, series: Mapping[str, object], url: str) -> "Pair":
        """Nothing runs yet but the servers."""
        fellows = {}
        for name in ("north", "south"):
            (folder / name).mkdir()
            tables = {"hub": {"name": name}, "store": {"url": url}}
            fellows[name] = HubProcess(folder / name, broker.port, series, RULES, tables=tables)
        agents = [NumberedAgent(folder, "school-1", broker.port), NumberedAgent(folder, STEADY, broker.port, 0.3)]
        settings = SeriesSettings.model_validate(series)
        return cls(folder, broker, fellows["north"], agents, settings, url=url, fellows=fellows)

    def __post_init__(self) -> None:
        self.database = connect(self.url)

    def start(self) -> None:
        """North works, south stands by."""
        self.fellows["north"].start()
        self.await_role("north", "holder")
        self.fellows["south"].start()
        for agent in self.agents:
            agent.start()
        self.await_role("south", "standby")

    def stop(self) -> None:
        with ExitStack() as every:
            every.callback(self.database.dispose)
            for program in (*self.fellows.values(), *self.agents):
                if program.running():
                    every.callback(program.stop)

    def role(self, name: str) -> tuple[str, str] | None:
        """(role, who works), as this hub says it; None while it says nothing."""
        answer = self.fellows[name].get("/healthz")
        return (answer["role"], answer["holder"]) if answer else None

    def await_role(self, name: str, role: str) -> None:
        wait_until(
            lambda: (self.role(name) or ("",))[0] == role,
            timeout=120,
            what=lambda: f"{name} to be {role}\n{self.logs()}",
        )

    def lease(self) -> lease.Seen:
        with self.database.connect() as connection:
            seen = lease.look(connection)
        assert seen is not None
        return seen

    def await_commits(self) -> dict[str, float]:
        """Site → how long it takes, in seconds, until a reading spooled after this call is committed."""
        began, spooled = time.monotonic(), {agent.site: max(agent.proven()) for agent in self.agents}
        took: dict[str, float] = {}

        def committed() -> bool:
            for site in spooled.keys() - took.keys():
                if max(self.events(site), default=0) > spooled[site] + 1:  # the next one may be on its way already
                    took[site] = time.monotonic() - began
            return len(took) == len(spooled)

        wait_until(committed, timeout=120, what=lambda: f"a commit of each site\n{self.logs()}")
        return took

    def events(self, site: str) -> Counter[int]:
        query = sa.select(schema.event.c.data).where(schema.event.c.site == site)
        with self.database.connect() as connection:
            return Counter(row.data["number"] for row in connection.execute(query))

    def logs(self) -> str:
        programs = {**self.fellows, **{agent.site: agent for agent in self.agents}}
        return "\n".join(f"--- {name}\n{one.log()}" for name, one in programs.items() if one.log_path.exists())

    def log(self, name: str) -> str:
        """All that one hub has said."""
        return self.fellows[name].log_path.read_text(errors="replace")
