"""What a hub would receive of a site that is only generated: always the same, in order, and readable."""

import gzip
import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.__main__ import main
from simulator.scenario import Scenario, parse
from simulator.virtual.recording import lines
from wire.codec import decode, inventory_hash
from wire.messages import Inventory, Message, Report, Status
from wire.metrics import BY_NAME
from wire.topics import Address, Topics, Verb

SITE = """
site: riverside
start: 2027-01-04T00:00:00+00:00
length: {length}
agents:
  - id: gate-1
    cameras: 3
    volumes: [{{ id: system, size: 32GiB }}]
    door_controllers: [{{ id: access-1, doors: [door-1] }}]
    switches: [{{ id: switch-1, ports: 2 }}]
  - id: gate-2
    recorders: [{{ id: nvr-1, channels: 2, speaks: isapi }}]
faults: [{faults}]
"""
START = 1_799_020_800_000
MODELS: dict[Verb, type[Message]] = {Verb.STATUS: Status, Verb.INVENTORY: Inventory, Verb.REPORT: Report}


def scenario(faults: str = "", length: str = "2h") -> Scenario:
    return parse(SITE.format(faults=faults, length=length))


def received(script: Scenario, verb: Verb, agent: str = "gate-1") -> list[tuple[float, str]]:
    """(seconds from the start, payload) of one agent's messages."""
    topic = Topics().topic(Address("riverside", agent), verb)
    rows = [json.loads(line) for line in lines(script)]
    return [((row["received"] - START) / 1000, row["payload"]) for row in rows if row.get("topic") == topic]


def reports(script: Scenario, agent: str = "gate-1") -> list[tuple[float, Report]]:
    return [(at, decode(Report, payload.encode())) for at, payload in received(script, Verb.REPORT, agent)]


def test_every_line_decodes_comes_in_order_and_the_clock_ends_it() -> None:
    before = START
    *messages, clock = map(json.loads, lines(scenario()))
    for row in messages:
        assert before <= row["received"]
        before = row["received"]
        parsed = Topics().parse(row["topic"])
        assert parsed is not None
        decode(MODELS[parsed[1]], row["payload"].encode())
    assert clock == {"received": START + 7_200_000}


@settings(max_examples=10)
@given(seed=st.integers(0, 2**63 - 1))
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(seed: int) -> None:
    script = scenario(length="10m").model_copy(update={"seed": seed})
    assert list(lines(script)) == list(lines(script))
    assert list(lines(script)) != list(lines(script.model_copy(update={"seed": seed + 1})))


def test_metrics_are_those_of_the_catalogue_for_their_kind_of_device() -> None:
    inventory = decode(Inventory, received(scenario(), Verb.INVENTORY)[0][1].encode())
    kinds = {device.device: device.kind for device in inventory.devices}
    assert inventory.hash == inventory_hash(inventory.devices)
    for _, report in reports(scenario()):
        assert report.inventory_hash == inventory.hash
        for sample in report.samples:
            assert all(kinds[sample.device] in BY_NAME[name].kinds for name in sample.values), sample


def test_reports_are_numbered_a_minute_apart_and_later_by_the_monotonic_clock() -> None:
    found = [report for _, report in reports(scenario())]
    assert [report.id.partition(":")[2] for report in found] == [str(n + 1) for n in range(len(found))]
    assert len({report.id.partition(":")[0] for report in found}) == 1
    assert {b.sent - a.sent for a, b in itertools.pairwise(found)} == {60_000}
    assert all(b.mono - a.mono == 60_000 for a, b in itertools.pairwise(found))


def test_one_device_more_disturbs_no_other() -> None:
    few = parse("site: a\nlength: 30m\nagents: [{ id: g, cameras: [cam-1] }]")
    more = parse("site: a\nlength: 30m\nagents: [{ id: g, cameras: [cam-1, cam-2] }]")

    def seen(script: Scenario) -> list[object]:
        rows = [json.loads(line) for line in lines(script)]
        found = [json.loads(row["payload"]) for row in rows if row.get("topic", "").endswith("/report")]
        return [sample for report in found for sample in report["samples"] if sample["device"] == "cam-1"]

    assert seen(few) == seen(more)


def test_an_agent_without_a_way_keeps_its_reports_and_sends_them_as_soon_as_it_has_one() -> None:
    script = scenario("{ at: 20m, for: 30m, kind: uplink_down, device: gate-1 }")
    found = reports(script)
    assert not [at for at, _ in found if 20 * 60 <= at < 50 * 60]
    back = [(at, report) for at, report in found if at >= 50 * 60]
    ids = [int(report.id.partition(":")[2]) for _, report in back]
    assert back[0][0] < 50 * 60 + 10
    assert ids[:31] == sorted(ids[:31])  # oldest first, where nothing live waits
    assert sorted(int(report.id.partition(":")[2]) for _, report in found) == list(range(1, 121))
    states = [decode(Status, text.encode()) for _, text in received(script, Verb.STATUS)]
    assert [status.state for status in states] == ["online", "offline", "online"]
    assert states[0].session == states[1].session != states[2].session


def test_a_silent_agent_says_nothing_and_nothing_later_of_that_time() -> None:
    script = scenario("{ at: 20m, for: 30m, kind: agent_silent, device: gate-1 }")
    times = [report.sent - START for _, report in reports(script)]
    assert not [at for at in times if 20 * 60_000 <= at < 50 * 60_000]
    assert len(times) == 90


def test_a_machine_that_lost_power_comes_back_with_another_boot() -> None:
    script = scenario("{ at: 20m, for: 5m, kind: agent_reboot, device: gate-1 }")
    found = [report for _, report in reports(script)]
    assert len({report.boot for report in found}) == 2
    events = [event.type for report in found for event in report.events]
    assert events.count("host.rebooted") == 1
    again = [report for report in found if report.boot == found[-1].boot]
    assert again[0].mono < 60_000


def test_some_reports_come_twice_where_the_script_says_so() -> None:
    ids = [report.id for _, report in reports(scenario().model_copy(update={"duplicates": 0.2}))]
    assert 10 < len(ids) - len(set(ids)) < 40


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "hour.yaml"
    path.write_text(SITE.format(faults="", length="1h"))
    return path


def test_the_command_writes_it_compressed_where_asked(script: Path, tmp_path: Path) -> None:
    plain, small = tmp_path / "a.jsonl", tmp_path / "a.jsonl.gz"
    assert main(["generate", str(script), "-o", str(plain)]) == 0
    assert main(["generate", str(script), "-o", str(small)]) == 0
    assert gzip.decompress(small.read_bytes()) == plain.read_bytes()
    again = tmp_path / "b.jsonl.gz"
    assert main(["generate", str(script), "-o", str(again)]) == 0
    assert again.read_bytes() == small.read_bytes()


def test_length_and_seed_may_be_given(script: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", str(script), "--length", "5m", "--seed", "9"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert json.loads(rows[-1]) == {"received": START + 300_000}
    with pytest.raises(SystemExit):
        main(["generate", str(script), "--length", "soon"])
    assert main(["generate", str(script), "-o", str(tmp_path / "no" / "folder")]) == 2
