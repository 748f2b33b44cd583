"""InfluxDB 1.x: databases, retention policies, and the hub's rights, by InfluxQL."""

import re
from collections.abc import Sequence
from typing import Any

from hub.series.influxql import identifier
from hub.series.setup.server import Server, refusal
from hub.series.setup.steps import HOUR_SECONDS, Choice, Done, SetupError, Step, Wanted, retention_step, written

RIGHT = "ALL PRIVILEGES (1.x lets administrators alone make databases)"
_DURATION = re.compile(r"(\d+)([hms])")
_SECONDS = {"h": HOUR_SECONDS, "m": 60, "s": 1}


def set_up(server: Server, wanted: Sequence[Wanted], user: str, choice: Choice) -> list[Step]:
    """Each tier's database and policy, then `user`'s rights to them where there is such a user. Raises SetupError."""
    known = {str(row[0]) for row in _ask(server, "SHOW DATABASES")}
    steps = [(_database if one.database in known else _create)(server, one, choice) for one in wanted]
    return [*steps, *_grants(server, wanted, user, choice)] if user else steps


def hours(duration: str) -> int:
    """A duration as InfluxDB writes it, `2160h0m0s`, in hours; 0 is for ever. Raises ValueError."""
    parts = _DURATION.findall(duration)
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        raise ValueError(f"no duration: {duration!r}")
    return sum(int(number) * _SECONDS[unit] for number, unit in parts) // HOUR_SECONDS


def _create(server: Server, one: Wanted, choice: Choice) -> Step:
    name = identifier(one.policy or "autogen")
    shard = f" SHARD DURATION {one.shard_hours}h" if one.shard_hours else ""
    if not choice.dry_run:
        kept = f"DURATION {one.hours}h REPLICATION 1{shard} NAME {name}"
        _ask(server, f"CREATE DATABASE {identifier(one.database)} WITH {kept}")
    return Step(Done.CREATED, f"database {one.database}", f"keeps {written(one.hours)}")


def _database(server: Server, one: Wanted, choice: Choice) -> Step:
    """A database that is there: its policy."""
    rows = _ask(server, f"SHOW RETENTION POLICIES ON {identifier(one.database)}")
    policies = {row[0]: hours(row[1]) for row in rows}
    standard = next((row[0] for row in rows if row[-1]), None)
    policy = one.policy or standard or "autogen"
    place = f"{identifier(policy)} ON {identifier(one.database)}"
    what = f"database {one.database}" if policy == standard else f"database {one.database}, policy {policy}"
    if policy not in policies:
        if not choice.dry_run:
            default = "" if standard else " DEFAULT"
            _ask(server, f"CREATE RETENTION POLICY {place} DURATION {one.hours}h REPLICATION 1{default}")
        return Step(Done.CREATED, what, f"keeps {written(one.hours)}")
    step = retention_step(what, policies[policy], one.hours, choice)
    if step.done is Done.CHANGED and not choice.dry_run:
        _ask(server, f"ALTER RETENTION POLICY {place} DURATION {one.hours}h")
    return step


def _grants(server: Server, wanted: Sequence[Wanted], user: str, choice: Choice) -> list[Step]:
    """The hub's own user reads and writes these and nothing else."""
    users = {row[0]: bool(row[1]) for row in _ask(server, "SHOW USERS")}
    what = f"user {user}"
    if user not in users:
        rights = "; ".join(f"GRANT ALL ON {identifier(one.database)} TO {identifier(user)}" for one in wanted)
        made = f"CREATE USER {identifier(user)} WITH PASSWORD '…'; {rights}"
        return [Step(Done.DIFFERS, what, f"is not there; where authentication is on: {made}")]
    if users[user]:
        return [Step(Done.KEPT, what, "is an administrator, which is more than the hub needs")]
    held = dict(_ask(server, f"SHOW GRANTS FOR {identifier(user)}"))
    missing = [one.database for one in wanted if held.get(one.database) != "ALL PRIVILEGES"]
    for database in missing if not choice.dry_run else ():
        _ask(server, f"GRANT ALL ON {identifier(database)} TO {identifier(user)}")
    if missing:
        return [Step(Done.CHANGED, what, f"may read and write {', '.join(missing)}")]
    return [Step(Done.KEPT, what, "may read and write all of them")]


def _ask(server: Server, statement: str) -> list[list[Any]]:
    """The rows of one statement. Raises SetupError."""
    answer = server.ask("POST", "/query", form={"q": statement})
    what = statement.partition(" WITH ")[0]
    if answer.status != 200:
        raise refusal(server.url, what, answer, RIGHT)
    try:
        (result,) = answer.body["results"]
        if "error" in result:
            raise SetupError(f"InfluxDB at {server.url}: {what}: {result['error']}")
        return [row for series in result.get("series", []) for row in series.get("values", [])]
    except (KeyError, ValueError, TypeError):
        raise SetupError(f"InfluxDB at {server.url}: {what}: no answer of InfluxDB's: {answer.words}") from None
