"""Deletes a site from every SQL table, and counts what there is of it.

Every table has its rows by site, or hangs on one that has, or is named here as holding nothing about any site.
"""

from typing import NamedTuple

import sqlalchemy as sa

from hub.store import records, schema

OF_NO_SITE = frozenset(
    {"desired_counter", "blindness", "heartbeat", "lease", "restoration", "rollup_progress", "record_progress"}
)
"""The hub's own affairs."""

_NOBODY = "-"
"""The site of what was rejected without a sender that could be read."""


class Reporter(NamedTuple):
    """An agent of the site and when it was last heard (ms UTC): one that goes on brings the site back."""

    agent: str
    last_heard: int


def reporters(connection: sa.Connection, site: str) -> list[Reporter]:
    """Every agent ever heard of the site, the last heard first."""
    table = schema.agent
    query = sa.select(table.c.agent, table.c.last_heard).where(table.c.site == site)
    return [Reporter(*row) for row in connection.execute(query.order_by(table.c.last_heard.desc()))]


def count(connection: sa.Connection, site: str) -> dict[str, int]:
    """Rows of the site by table, those without any left out."""
    found = {}
    for table in schema.metadata.sorted_tables:
        where = _of(table, site)
        if where is not None:
            rows = connection.execute(sa.select(sa.func.count()).select_from(table).where(where)).scalar_one()
            if rows:
                found[table.name] = rows
    return found


def erase(connection: sa.Connection, site: str) -> None:
    """Delete them, in the caller's transaction."""
    for table in reversed(schema.metadata.sorted_tables):
        where = _of(table, site)
        if where is not None:
            connection.execute(table.delete().where(where))
    records.step_back(connection)
    rejected = schema.rejected
    named = (rejected.c.site == _NOBODY) & rejected.c.example.contains(site, autoescape=True)
    connection.execute(rejected.update().where(named).values(example=""))


def _of(table: sa.Table, site: str) -> sa.ColumnElement[bool] | None:
    """Which rows are the site's; None of a table that has nothing about any."""
    if table.name in OF_NO_SITE:
        return None
    if "site" in table.c:
        return table.c.site == site
    for key in table.foreign_keys:
        parent = key.column.table
        if "site" in parent.c:
            return key.parent.in_(sa.select(key.column).where(parent.c.site == site))
    raise LookupError(f"table {table.name} has no site: say in hub.store.erasure how to find its rows")
