"""Numbers that people are told must never mean two things: the last one handed out is kept, whatever is deleted.

PostgreSQL's sequences do that by themselves; in SQLite the table `ticket` is AUTOINCREMENT for it.
"""

import sqlalchemy as sa

STEP = 10_000
"""How far numbers jump when the database has gone back in time: nobody opens so many tickets between two backups."""


def last(connection: sa.Connection, table: sa.Table) -> int:
    """The last number the table has handed out, 0 before the first."""
    newest = connection.execute(sa.select(sa.func.max(table.c.id))).scalar() or 0
    if connection.dialect.name == "sqlite":
        query = sa.text("SELECT seq FROM sqlite_sequence WHERE name = :name").bindparams(name=table.name)
        return max(newest, connection.execute(query).scalar() or 0)
    sequence = _sequence(connection, table)
    row = connection.exec_driver_sql(f"SELECT last_value, is_called FROM {sequence}").one()  # noqa: S608 - the server's own name, quoted by it
    return max(newest, row.last_value if row.is_called else 0)


def skip_to(connection: sa.Connection, table: sa.Table, number: int) -> None:
    """From now on numbers are above this one and all that were handed out."""
    number = max(number, last(connection, table))
    if connection.dialect.name != "sqlite":
        if number:
            connection.execute(sa.select(sa.func.setval(_sequence(connection, table), number)))
        return
    values = {"name": table.name, "number": number}
    changed = connection.execute(sa.text("UPDATE sqlite_sequence SET seq = :number WHERE name = :name"), values)
    if not changed.rowcount:
        connection.execute(sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :number)"), values)


def beyond(number: int) -> int:
    """A round number at least STEP above this one."""
    return (number + 2 * STEP - 1) // STEP * STEP


def counted(connection: sa.Connection, table: sa.Table) -> bool:
    """Whether the database itself numbers this table's rows, never using a number twice."""
    key = list(table.primary_key.columns)
    if len(key) != 1 or key[0].name != "id" or not isinstance(key[0].type, sa.Integer):
        return False
    if connection.dialect.name != "sqlite":
        return _sequence(connection, table) is not None
    query = sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name").bindparams(name=table.name)
    return "AUTOINCREMENT" in (connection.execute(query).scalar() or "").upper()


def _sequence(connection: sa.Connection, table: sa.Table) -> str | None:
    found: str | None = connection.execute(sa.select(sa.func.pg_get_serial_sequence(table.name, "id"))).scalar()
    return found
