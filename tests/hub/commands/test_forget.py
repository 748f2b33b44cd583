"""`watchkeeper-hub forget` as an operator types it."""

import json
from pathlib import Path
from typing import Any

import pytest

from hub.__main__ import main
from hub.archive import history
from hub.series.embedded import EmbeddedSeries
from hub.series.store import Point
from hub.store import schema
from hub.store.database import connect
from tests.hub.archive.places import Place, live
from tests.hub.fleets import SITE, T0
from tests.servers.influxdb import InfluxDB
from wire.messages import Sample
from wire.topics import Address, Verb


class Desk:
    """A hub's place with two sites, and what commands print there."""

    def __init__(self, place: Place, capsys: pytest.CaptureFixture[str]) -> None:
        self.place = place
        self._capsys = capsys
        hub = place.hub()
        live(hub, 8)
        live(hub, 8, T0 + 3_600_000, site="depot")
        hub.close()

    def type(self, *words: str, expect: int = 0) -> str:
        status = main(["forget", *words, "--config", str(self.place.toml)])
        told = self._capsys.readouterr()
        assert status == expect, told.err + told.out
        return told.out if expect == 0 else told.err + told.out

    def json(self, *words: str) -> Any:
        return json.loads(self.type(*words, "--json"))

    def bytes(self) -> bytes:
        """Every file of the hub's."""
        return b"".join(
            one.read_bytes()
            for one in self.place.state.rglob("*")
            if one.is_file() and not one.name.endswith("-shm") and one.name != history.NAME
        )


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    desk = Desk(Place(tmp_path), capsys)
    rollups = EmbeddedSeries(desk.place.state / "series_hourly.db")
    rollups.write([Point("camera", SITE, "gateway", "cam-1", T0, {"reachable_mean": 1.0})])
    rollups.close()
    return desk


def test_without_yes_it_only_counts(desk: Desk) -> None:
    before = desk.place.tables()
    told = desk.type("--site", SITE)
    assert "nothing was changed" in told
    assert f"agent {SITE}/gateway, last heard 2027-01-15" in told
    found = desk.json("--site", SITE)["found"]
    assert found["rows"]["event"] == 8
    assert found["series"] == {"raw": [1, 8], "hourly": [1, 1]}
    assert desk.place.tables() == before


def test_with_yes_not_a_byte_of_it_is_left_in_any_file(desk: Desk) -> None:
    assert SITE.encode() in desk.bytes()
    told = desk.type("--site", SITE, "--yes")
    assert "backups made before still hold it" in told
    assert SITE.encode() not in desk.bytes()
    assert b"depot" in desk.bytes()
    assert history.forgotten_since(desk.place.state, 0).keys() == {SITE}
    assert "nothing is known of it" in desk.type("--site", SITE)
    assert desk.json("--site", "depot")["found"]["rows"]["ticket"] == 1


def test_a_name_that_is_no_site_is_refused(desk: Desk) -> None:
    assert "a site is of" in desk.type("--site", "No Such'Site", expect=2)


def test_a_hub_that_runs_goes_on_without_the_site(desk: Desk) -> None:
    hub = desk.place.hub()
    live(hub, 1, T0 + 7_200_000)
    desk.type("--site", SITE, "--yes")
    hub.hear(
        Verb.REPORT,
        hub.report(Sample(device="cam-1", at=hub.now, values={"reachable": 1.0}), address=Address("depot", "gateway")),
        Address("depot", "gateway"),
    )
    assert hub.step()
    hub.close()
    assert SITE.encode() not in desk.bytes()


def test_series_that_can_not_be_erased_now_leave_sql_as_it_was_so_that_it_can_be_run_again(desk: Desk) -> None:
    series = desk.place.state / "series.db"
    whole = series.read_bytes()
    series.write_bytes(b"no database" * 1000)
    for side in ("-wal", "-shm"):
        series.with_name(series.name + side).unlink(missing_ok=True)
    before = desk.place.tables()
    assert "run it again" in desk.type("--site", SITE, "--yes", expect=1)
    assert desk.place.tables() == before
    series.write_bytes(whole)
    desk.type("--site", SITE, "--yes")
    assert SITE.encode() not in desk.bytes()


def test_on_influxdb_and_postgresql(
    influxdb: InfluxDB, postgresql_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    series = f'kind = "influx"\napi = "v1"\nurl = "{influxdb.url}"\n'
    place = Place(tmp_path, postgresql_url, series)
    desk = Desk(place, capsys)
    line = "camera,site={},agent=gateway,device=cam-1 reachable=1 1800000000000"
    for site in (SITE, "depot"):
        influxdb.write_lines(line.format(site))
        influxdb.write_lines(f'event,site={site},device=cam-1,family=camera person="c-17" 1800000000000')  # a record
    assert desk.json("--site", SITE)["found"]["series"] == {"raw": [1, None], "hourly": [0, 0], "daily": [0, 0]}
    desk.type("--site", SITE, "--yes")
    assert {row[1] for s in influxdb.query('SHOW TAG VALUES WITH KEY = "site"') for row in s["values"]} == {"depot"}
    engine = connect(postgresql_url)
    with engine.connect() as connection:
        assert [row.site for row in connection.execute(schema.ticket.select())] == ["depot"]
    engine.dispose()
