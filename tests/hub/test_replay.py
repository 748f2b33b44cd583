"""A recording made by hand: half an hour of a camera that fails, and an agent that falls silent."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.__main__ import main
from hub.recording import Line, read
from hub.replay import Replay, Summary, tickets
from hub.rule import discover
from tests.databases import prepare
from tests.hub.fleets import DEVICES, SITE, T0, settings_of
from wire.codec import encode, inventory_hash
from wire.messages import Inventory, Message, Report, Sample, Status
from wire.topics import Address, Topics, Verb

MINUTE = 60_000
GATEWAY = Address(SITE, "gateway")


def line(at: int, verb: Verb, message: Message, retained: bool = False) -> str:
    topic = Topics().topic(GATEWAY, verb)
    fields = {"received": at, "topic": topic, "payload": encode(message).decode()}
    return json.dumps(fields | ({"retained": True} if retained else {}))


def report(number: int, reachable: int) -> str:
    at = T0 + number * MINUTE
    sample = Sample(device="cam-1", at=at, values={"reachable": reachable, "response_seconds": 0.1})
    made = Report(
        id=f"abcdef:{number}", boot="b", mono=number, sent=at, inventory_hash=inventory_hash(DEVICES), samples=[sample]
    )
    return line(at, Verb.REPORT, made)


def recording() -> list[str]:
    """Minute by minute: down from 5 to 14, up until 19, then silence until 60."""
    online = Status(state="online", session="s1", version="1")
    offline = Status(state="offline", session="s1", version="1")
    return [
        line(T0, Verb.STATUS, online),
        line(T0, Verb.INVENTORY, Inventory(hash=inventory_hash(DEVICES), devices=DEVICES)),
        *(report(minute, 0 if 5 <= minute < 15 else 1) for minute in range(20)),
        line(T0 + 20 * MINUTE, Verb.STATUS, offline, retained=True),
        json.dumps({"received": T0 + 60 * MINUTE}),
    ]


def play(lines: list[str], window_ms: int = 10_000) -> tuple[Summary, list[dict[str, object]]]:
    database = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    prepare(database)
    rules = discover()
    summary = Replay(database, rules, settings_of(rules), window_ms=window_ms).play(read(lines))
    found = list(tickets(database))
    database.dispose()
    return summary, found


def test_the_tickets_of_half_an_hour_and_when_they_opened_and_closed() -> None:
    summary, found = play(recording())
    assert (summary.messages, summary.committed, summary.refused, summary.tickets) == (23, 20, 0, 2)
    assert (summary.start, summary.end) == (T0, T0 + 60 * MINUTE)
    camera, agent = found
    assert (camera["device"], camera["rule"], camera["state"]) == ("cam-1", "camera_unreachable", "resolved")
    assert (camera["since"], camera["opened"], camera["resolved"]) == (
        T0 + 5 * MINUTE,
        T0 + 10 * MINUTE,
        T0 + 17 * MINUTE,
    )
    assert (agent["device"], agent["rule"], agent["state"]) == ("gateway", "agent_silent", "open")
    assert (agent["since"], agent["opened"]) == (T0 + 19 * MINUTE, T0 + 22 * MINUTE)


@pytest.mark.parametrize("window_ms", [0, 1_000])
def test_how_much_is_committed_at_once_changes_nothing(window_ms: int) -> None:
    assert play(recording(), window_ms) == play(recording())


def test_delivered_twice_and_in_another_order_it_comes_to_the_same_tickets() -> None:
    lines = recording()
    doubled = [text for text in lines[:-1] for _ in range(2)] + lines[-1:]
    assert play(doubled)[1] == play(lines)[1]


def test_garbage_is_counted_as_a_hub_counts_it() -> None:
    topic = Topics().topic(GATEWAY, Verb.REPORT)
    garbage = json.dumps({"received": T0, "topic": topic, "payload": "garbage"})
    summary, _ = play([garbage, *recording()])
    assert summary.rejected == {"bad_report": 1}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "month.jsonl"
    path.write_text("\n".join(recording()) + "\n")
    return path


def test_the_command_writes_a_line_a_ticket(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "tickets.jsonl"
    assert main(["replay", str(file), "--tickets", str(out), "--json"]) == 0
    rows = [json.loads(text) for text in out.read_text().splitlines()]
    assert [row["rule"] for row in rows] == ["camera_unreachable", "agent_silent"]
    summary = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert (summary["committed"], summary["tickets"]) == (20, 2)


def test_the_rules_own_settings_come_from_the_hubs_file(file: Path, tmp_path: Path) -> None:
    config = tmp_path / "hub.toml"
    config.write_text("[rules.agent_silent]\nenabled = false\n")
    out = tmp_path / "tickets.jsonl"
    assert main(["replay", str(file), "--config", str(config), "--tickets", str(out)]) == 0
    assert [json.loads(text)["rule"] for text in out.read_text().splitlines()] == ["camera_unreachable"]


def test_the_databases_are_kept_where_asked(file: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    assert main(["replay", str(file), "--keep", str(kept), "--tickets", str(tmp_path / "t")]) == 0
    assert {"hub.db", "series.db"} <= {path.name for path in kept.iterdir()}
    assert main(["replay", str(file), "--keep", str(kept)]) == 2  # what is there is never played into by mistake


def test_numbers_are_played_into_no_file_that_a_hub_may_have(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "hub.toml"
    config.write_text('state_dir = "state"\n')
    keep = ["replay", str(file), "--keep", str(tmp_path / "kept"), "--series"]
    for words in (keep, [*keep, "--config", str(config)]):
        assert main(words) == 2
        assert '[series] kind = "influx"' in capsys.readouterr().err
    assert not (tmp_path / "kept").exists()
    assert not (tmp_path / "state").exists()


def test_a_file_that_is_none_ends_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text('{"received": 1}\nbroken\n')
    assert main(["replay", str(path)]) == 2
    assert "broken.jsonl:2" in capsys.readouterr().err
    assert main(["replay", str(tmp_path / "none")]) == 2
    assert f"watchkeeper-hub: {tmp_path}/none: No such file or directory\n" in capsys.readouterr().err


def test_a_line_without_a_topic_is_only_time() -> None:
    assert next(read([json.dumps({"received": 5})])) == Line(5, "", b"", False)
