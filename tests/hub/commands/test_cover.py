"""`maintenance` and `silence`: what they cover is shown before and after, and wrong ones are refused, and why."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hub.__main__ import main
from hub.commands import cover as command
from hub.config import ConfigError
from hub.store import covers, schema
from tests.hub.fleets import T0
from tests.hub.hubs import Hub
from wire.messages import Sample
from wire.topics import Verb

HOUR = 3_600_000
BY = ("--author", "Li Na", "--reason", "new disks")


class Commands:
    """The command line on one hub's database."""

    def __init__(self, hub: Hub, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.hub = hub
        self._file = folder / "hub.toml"
        self._file.write_text(f'state_dir = "{folder}"\n')
        self._capsys = capsys

    def __call__(self, *words: str, status: int = 0) -> str:
        assert main([*words, "--config", str(self._file)]) == status
        said = self._capsys.readouterr()
        return said.err if status else said.out

    def json(self, *words: str) -> Any:
        return json.loads(self(*words, "--json"))


@pytest.fixture
def wk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Commands]:
    hub = Hub(tmp_path, rules={"camera_unreachable": {"hold_seconds": 0}})
    hub.announce()
    hub.hear(Verb.REPORT, hub.report(Sample(device="cam-1", at=T0, values={"reachable": 0})))
    hub.step()
    monkeypatch.setattr(command, "now_ms", lambda: hub.now)
    yield Commands(hub, tmp_path, capsys)
    hub.close()


def test_a_dry_run_shows_what_would_be_covered_and_which_tickets_are_open_there(wk: Commands) -> None:
    told = wk("maintenance", "add", "--site", "school", "--for", "4h", *BY, "--dry-run")
    assert "nothing was changed" in told
    assert "covers 8 devices" in told
    assert "1 open tickets stay open, and are marked:\n  #1 school/cam-1 camera_unreachable" in told
    assert wk.json("maintenance", "list") == []


def test_a_device_means_what_hangs_below_it(wk: Commands) -> None:
    found = wk.json("silence", "add", "--site", "school", "--device", "nvr-1", "--for", "2d", *BY)
    assert found["devices"] == [["school", "nvr-1"], ["school", "nvr-1-ch1"]]
    assert found["tickets"] == []
    (listed,) = wk.json("silence", "list")
    assert (listed["id"], listed["author"], listed["reason"]) == (found["id"], "Li Na", "new disks")
    assert listed["current"] == [T0, T0 + 48 * HOUR]


def test_every_sunday_night_at_the_site(wk: Commands) -> None:
    when = ("--from", "2027-01-17 02:00", "--for", "30m", "--zone", "Asia/Shanghai")
    told = wk("maintenance", "add", "--site", "school", *when, "--repeat", "FREQ=WEEKLY;BYDAY=SU", *BY)
    assert "2027-01-17 02:00 to 02:30 Asia/Shanghai\n  2027-01-24 02:00" in told
    assert "to come  school  2027-01-17 02:00 to 02:30 Asia/Shanghai, FREQ=WEEKLY;BYDAY=SU  Li Na: new disks" in wk(
        "maintenance", "list"
    )


def test_what_is_ended_is_over_and_what_it_held_is_said_before(wk: Commands) -> None:
    wk("silence", "add", "--rule", "recorder_unreachable", "--for", "4h", *BY)
    for _ in range(7):
        wk.hub.pass_time(60)
        wk.hub.hear(Verb.REPORT, wk.hub.report(Sample(device="nvr-1", at=wk.hub.now, values={"reachable": 0})))
        wk.hub.step()
    assert "holds 1 findings" in wk("silence", "list")
    told = wk("silence", "end", "1", "--dry-run")
    assert "1 findings get their ticket if they still fire and nothing else covers them:\n  school/nvr-1" in told
    assert len(wk.json("silence", "list")) == 1
    assert "silence 1 is over\n     1 ended " in wk("silence", "end", "1")
    assert wk.json("silence", "list") == []
    assert wk.json("silence", "list", "--all")[0]["ended"] == wk.hub.now
    assert "had been ended before" in wk("silence", "end", "1")


REFUSED = {
    ("--for", "4h"): "say what is covered",
    ("--device", "cam-1", "--for", "4h"): "--device wants --site",
    ("--site", "schol", "--for", "4h"): "no device of a site schol",
    ("--site", "school", "--device", "cam-2", "--for", "4h"): "has no device cam-2",
    ("--rule", "camera_bored", "--for", "4h"): "unknown rule camera_bored",
    ("--rule", "door_duress", "--for", "4h"): "door_duress always has its ticket",
    ("--site", "school", "--for", "soon"): "a length such as",
    ("--site", "school", "--for", "0m"): "end after it begins",
    ("--site", "school", "--until", "2020-01-01 00:00"): "end after it begins",
    ("--site", "school", "--from", "tomorrow", "--for", "4h"): "a time such as",
    ("--site", "school", "--from", "2027-01-17 02:00", "--for", "4h", "--zone", "Shanghai"): "no such time zone",
    ("--site", "school", "--for", "4h", "--zone", "Mars"): "'Mars': no such time zone",
    ("--site", "school", "--for", "40d"): "31 days at most",
    ("--site", "school", "--for", "4h", "--repeat", "FREQ=HOURLY"): "one of DAILY",
}


def test_what_makes_no_sense_is_refused(wk: Commands) -> None:
    for words, said in REFUSED.items():
        assert said in wk("maintenance", "add", *words, *BY, status=2)


def test_one_stored_with_a_zone_that_is_none_is_listed_on_utcs_clock_and_can_be_ended(wk: Commands) -> None:
    wk("silence", "add", "--site", "school", "--for", "4h", *BY)
    with wk.hub.database.begin() as connection:
        connection.execute(sa.update(schema.cover).values(zone="Mars"))
    assert re.search(r"NOW +school  2027-\d\d-\d\d \d\d:\d\d to \d\d:\d\d UTC  Li Na", wk("silence", "list"))
    assert "silence 1 is over" in wk("silence", "end", "1")


def test_an_author_and_a_reason_are_mandatory(wk: Commands, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--reason: some words" in wk(
        "silence", "add", "--site", "school", "--for", "4h", "--author", "Li", "--reason", " ", status=2
    )
    with pytest.raises(SystemExit):
        wk("silence", "add", "--site", "school", "--author", "Li", "--reason", "because")
    assert "--for --until" in capsys.readouterr().err


def test_there_is_no_such_number(wk: Commands) -> None:
    wk("silence", "add", "--site", "school", "--for", "4h", *BY)
    assert "there is no maintenance 1" in wk("maintenance", "end", "1", status=2)


def test_what_a_list_prints_can_be_given_to_a_replay(wk: Commands, tmp_path: Path) -> None:
    wk("silence", "add", "--site", "school", "--device", "nvr-1", "--for", "2d", *BY)
    when = ("--from", "2027-01-17 02:00", "--for", "30m", "--zone", "Asia/Shanghai")
    wk("maintenance", "add", "--site", "school", *when, "--repeat", "FREQ=WEEKLY;BYDAY=SU", *BY)
    file = tmp_path / "covers.json"
    listed = wk.json("silence", "list") + wk.json("maintenance", "list")
    file.write_text(json.dumps(listed))
    database = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    schema.metadata.create_all(database)
    command.load(database, file)
    with database.connect() as connection:
        found = covers.current(connection, T0)
    assert [(one.kind, one.scope, one.start, one.end, one.recurrence, one.zone) for one in found] == [
        (
            one["kind"],
            (one["site"], one["device"], one["rule"]),
            one["start"],
            one["end"],
            one["recurrence"],
            one["zone"],
        )
        for one in listed
    ]
    file.write_text('[{"site": "school"}]')
    with pytest.raises(ConfigError, match="start"):
        command.load(database, file)
    database.dispose()
