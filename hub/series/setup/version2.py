"""InfluxDB 2.x: buckets, and the mappings by which InfluxQL finds them, over its HTTP API."""

from collections.abc import Sequence
from typing import Any

from hub.series.setup.server import Answer, Server, refusal
from hub.series.setup.steps import HOUR_SECONDS, Choice, Done, SetupError, Step, Wanted, retention_step, written

POLICY = "autogen"
"""InfluxQL's name for what it reads when no retention policy is named."""


def set_up(server: Server, wanted: Sequence[Wanted], org: str, choice: Choice) -> list[Step]:
    """Each tier's bucket and its mapping. Raises SetupError."""
    org_id = _org(server, org)
    steps: list[Step] = []
    for one in wanted:
        step, bucket = _bucket(server, one, org_id, choice)
        steps += [step, _mapping(server, one, org_id, bucket, choice)]
    return steps


def rights(wanted: Sequence[Wanted], org: str) -> str:
    """How to make the hub a token of its own that can do this much and no more."""
    return (
        f"influx auth create --org {org} --description watchkeeper-hub --read-bucket ID --write-bucket ID …"
        f" (both for each of {', '.join(one.bucket for one in wanted)}; the ids: influx bucket list)"
    )


def _org(server: Server, org: str) -> str:
    answer = server.ask("GET", "/api/v2/orgs", query={"org": org})
    if answer.status != 404:
        _expect(server, 200, f"finding the organisation {org}", answer, "read access to orgs")
    found = [one for one in answer.body.get("orgs", []) if one.get("name") == org]
    if not found:
        raise SetupError(
            f"InfluxDB at {server.url} knows no organisation {org!r} these credentials may see: set org in [series]"
        )
    return str(found[0]["id"])


def _bucket(server: Server, one: Wanted, org_id: str, choice: Choice) -> tuple[Step, str]:
    """What became of the bucket, and its id; no id where a dry run has not made it."""
    what = f"bucket {one.bucket}"
    answer = server.ask("GET", "/api/v2/buckets", query={"name": one.bucket, "orgID": org_id})
    if answer.status != 404:
        _expect(server, 200, f"finding {what}", answer, "read access to buckets")
    found = [bucket for bucket in answer.body.get("buckets", []) if bucket.get("name") == one.bucket]
    if found:
        return _existing(server, one, found[0], choice)
    step = Step(Done.CREATED, what, f"keeps {written(one.hours)}")
    if choice.dry_run:
        return step, ""
    rule: dict[str, object] = {"type": "expire", "everySeconds": one.hours * HOUR_SECONDS}
    if one.shard_hours:
        rule["shardGroupDurationSeconds"] = one.shard_hours * HOUR_SECONDS
    made = server.ask("POST", "/api/v2/buckets", body={"orgID": org_id, "name": one.bucket, "retentionRules": [rule]})
    if made.status == 422:
        raise SetupError(
            f"InfluxDB at {server.url}: {what}: {made.words}. If it is there, these credentials may not see it: they "
            "need read access to all buckets"
        )
    _expect(server, 201, f"creating {what}", made, "write access to buckets")
    return step, str(made.body["id"])


def _existing(server: Server, one: Wanted, bucket: dict[str, Any], choice: Choice) -> tuple[Step, str]:
    rules = [rule for rule in bucket.get("retentionRules", []) if rule.get("type", "expire") == "expire"]
    have = int(rules[0].get("everySeconds", 0)) // HOUR_SECONDS if rules else 0
    step = retention_step(f"bucket {one.bucket}", have, one.hours, choice)
    if step.done is Done.CHANGED and not choice.dry_run:
        rule = {"type": "expire", "everySeconds": one.hours * HOUR_SECONDS}
        answer = server.ask("PATCH", f"/api/v2/buckets/{bucket['id']}", body={"retentionRules": [rule]})
        _expect(server, 200, f"changing the retention of bucket {one.bucket}", answer, "write access to buckets")
    return step, str(bucket["id"])


def _mapping(server: Server, one: Wanted, org_id: str, bucket: str, choice: Choice) -> Step:
    """The server maps a bucket of the database's own name by itself, which is as good."""
    what = f"mapping {one.database}"
    answer = server.ask("GET", "/api/v2/dbrps", query={"orgID": org_id, "db": one.database})
    if answer.status != 404:
        _expect(server, 200, f"finding {what}", answer, "read access to dbrp")
    known = [entry for entry in answer.body.get("content") or [] if entry.get("database") == one.database]
    standard = [entry for entry in known if entry.get("default")]
    leads = f"leads to bucket {one.bucket}"
    if standard and standard[0].get("bucketID") == bucket:
        return Step(Done.KEPT, what, leads + (" by the server's own rule" if standard[0].get("virtual") else ""))
    if standard and not standard[0].get("virtual"):
        raise SetupError(
            f"InfluxDB at {server.url}: the database name {one.database} is mapped to another bucket "
            f"({standard[0].get('bucketID')}): choose another name for `database` in [series], or remove that mapping "
            f"(influx v1 dbrp delete --id {standard[0].get('id')})"
        )
    if not choice.dry_run:
        body = {"orgID": org_id, "bucketID": bucket, "database": one.database, "retention_policy": POLICY}
        made = server.ask("POST", "/api/v2/dbrps", body={**body, "default": True})
        _expect(server, 201, f"creating {what}", made, "write access to dbrp, and to the bucket")
    return Step(Done.CREATED, what, leads)


def _expect(server: Server, status: int, what: str, answer: Answer, right: str) -> None:
    if answer.status != status:
        raise refusal(server.url, what, answer, right)
