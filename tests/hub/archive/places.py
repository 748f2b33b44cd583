"""A hub's place: its configuration, databases and what it has lived through, on SQLite or PostgreSQL."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hub.archive import backup
from hub.archive.container import Archive
from hub.archive.manifest import Manifest
from hub.archive.restore import Choice, Outcome, restore
from hub.config import HubConfig, load
from hub.rule import discover
from hub.series.store import SeriesStore
from hub.store import schema
from tests.hub.fleets import SITE, T0
from tests.hub.hubs import Hub
from wire.messages import Event, Sample
from wire.topics import Address, Verb

LATER = T0 + 3_600_000


class Place:
    """A folder with hub.toml; `hub()` is the hub that lives there."""

    def __init__(self, folder: Path, url: str = "", series: str = "") -> None:
        self.folder = folder
        self.state = folder / "state"
        self.state.mkdir(parents=True, exist_ok=True)
        self.toml = folder / "hub.toml"
        store = f'\n[store]\nurl = "{url}"' if url else ""
        # The test hub calls its buffer so.
        self.toml.write_text(f'state_dir = "state"\n[series]\nbuffer_path = "buffer.db"\n{series}{store}\n')
        self.config: HubConfig = load(self.toml, discover())
        self.url = self.config.store_url()

    def hub(self, store: SeriesStore | None = None, buffer_bytes: int = 1 << 30) -> Hub:
        return Hub(self.state, self.url, (lambda: store) if store else None, buffer_bytes)

    def backup(self, target: Path, now: int = T0) -> Manifest:
        return backup.make(self.config, self.toml, target, lambda: now)

    def restore(self, file: Path, now: int = LATER, **choice: Any) -> Outcome:
        with Archive(file) as archive:
            return restore(self.config, archive, Choice(**choice), now, lambda _: None)

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table, in an order of their own."""
        engine = sa.create_engine(self.url)
        with engine.connect() as connection:
            found = {
                name: sorted((tuple(row) for row in connection.execute(sa.select(table))), key=repr)
                for name, table in schema.metadata.tables.items()
            }
        engine.dispose()
        return found


def live(hub: Hub, minutes: int = 6, start: int = T0, site: str = SITE) -> None:
    """A camera that goes away for good: agents, devices, events, a finding, its ticket and its timeline."""
    hub.now = start
    hub.committer.vigil.broker_back()
    who = Address(site, "gateway")
    hub.announce(address=who)
    for minute in range(minutes):
        hub.now = start + minute * 60_000
        sample = Sample(device="cam-1", at=hub.now, values={"reachable": 0.0, "response_seconds": float(minute)})
        event = Event(device="door-1", at=hub.now, type="door.opened", data={"name": "王\u2028 \\u0000", "n": 1e300})
        hub.hear(Verb.REPORT, hub.report(sample, events=[event]), who)
        assert hub.step()
