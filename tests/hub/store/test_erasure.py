"""Every row of a site goes, and no other."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.store import erasure, schema
from hub.store.database import connect
from tests.hub.archive.places import Place, live
from tests.hub.fleets import SITE, T0


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    url = request.getfixturevalue("postgresql_tables_url") if request.param == "postgresql" else ""
    return Place(tmp_path, url)


def test_an_erased_site_is_in_no_table_and_the_other_one_in_all(place: Place) -> None:
    hub = place.hub()
    live(hub, 8)
    live(hub, 8, T0 + 3_600_000, site="depot")
    hub.close()
    engine = connect(place.url)
    with engine.begin() as connection:
        rejected = {"agent": "-", "reason": "stray_topic", "count": 1, "last": 1}
        connection.execute(schema.rejected.insert().values(site="-", example=f"wk/v1/{SITE}/x/y", **rejected))
        before, other = erasure.count(connection, SITE), erasure.count(connection, "depot")
        assert {"agent", "device", "event", "finding", "ticket", "timeline"} <= before.keys() == other.keys()
        assert [one.agent for one in erasure.reporters(connection, SITE)] == ["gateway"]
        erasure.erase(connection, SITE)
    with engine.connect() as connection:
        assert erasure.count(connection, SITE) == {}
        assert erasure.count(connection, "depot") == other
        rest = [row for table in schema.metadata.sorted_tables for row in connection.execute(sa.select(table))]
        assert not any(SITE in str(row) for row in rest)
    engine.dispose()


def test_a_new_table_has_to_say_whose_its_rows_are() -> None:
    for table in schema.metadata.sorted_tables:
        erasure._of(table, SITE)  # raises LookupError
    stranger = sa.Table("stranger", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True))
    with pytest.raises(LookupError, match="stranger"):
        erasure._of(stranger, SITE)


def test_a_number_of_an_erased_ticket_is_not_used_again(place: Place) -> None:
    hub = place.hub()
    live(hub, 8)
    (ticket,) = hub.rows(schema.ticket)
    hub.close()
    engine = connect(place.url)
    with engine.begin() as connection:
        erasure.erase(connection, SITE)
    engine.dispose()
    hub = place.hub()
    live(hub, 8, T0 + 3_600_000, site="depot")
    (other,) = hub.rows(schema.ticket)
    hub.close()
    assert other.id > ticket.id
