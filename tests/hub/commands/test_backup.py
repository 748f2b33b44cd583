"""`watchkeeper-hub backup`, `restore` and `restored` as an operator types them."""

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hub.__main__ import main
from hub.archive import history
from hub.commands import backup, restore, restored
from hub.folder import lock
from hub.store import desired, rollups, schema
from hub.store.database import connect
from tests.hub.archive.places import LATER, Place, live
from tests.hub.fleets import SITE, T0
from wire.messages import ConfigApplied
from wire.topics import Address

GATEWAY = Address(SITE, "gateway")


class Desk:
    """A hub's place and what commands print there."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.place = Place(folder)
        self.folder = folder
        self._capsys = capsys

    def type(self, *words: str, expect: int = 0) -> str:
        """What the command says on standard output, or on standard error where it fails."""
        status = main([*words, "--config", str(self.place.toml)])
        told = self._capsys.readouterr()
        assert status == expect, told.err + told.out
        return told.out if expect == 0 else told.err + told.out

    def json(self, *words: str) -> Any:
        return json.loads(self.type(*words, "--json"))


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A hub that has lived and is stopped. The test's own process keeps its priority and its signals."""
    monkeypatch.setattr(os, "nice", lambda _: 0)
    for command in (backup, restore, restored):
        monkeypatch.setattr(command, "now_ms", lambda: LATER)
    before = signal.getsignal(signal.SIGTERM)
    made = Desk(tmp_path, capsys)
    hub = made.place.hub()
    live(hub, 8)
    hub.close()
    yield made
    signal.signal(signal.SIGTERM, before)


def test_a_backup_names_what_is_in_it_and_what_is_not(desk: Desk) -> None:
    told = desk.type("backup", "--to", str(desk.folder))
    (file,) = desk.folder.glob("watchkeeper-*Z.zip")
    assert str(file) in told
    assert re.search(r"SQL +\d+ rows", told)
    assert "whole and unchanged" in desk.type("backup", "--verify", str(file))
    file.write_bytes(file.read_bytes()[:-1])
    assert "damaged" in desk.type("backup", "--verify", str(file), expect=1)


def test_without_a_word_it_goes_beside_the_hub_s_state(desk: Desk) -> None:
    file = Path(desk.json("backup")["file"])
    assert file.parent == desk.place.state / "backups"
    assert file.parent.stat().st_mode & 0o077 == 0


def test_secrets_and_influxdb_are_named_as_missing(desk: Desk) -> None:
    (desk.folder / "db.token").write_text("s3cret-token")
    desk.place.toml.write_text(
        'state_dir = "state"\n[series]\nkind = "influx"\nurl = "https://influx.example:8086"\ntoken_file = "db.token"\n'
    )
    told = desk.type("backup", "--to", str(desk.folder / "b.zip"))
    assert "after this, never before" in told
    assert "influx backup DIR --bucket watchkeeper" in told
    assert "db.token" in told
    assert b"s3cret-token" not in (desk.folder / "b.zip").read_bytes()


def test_a_place_without_a_folder_or_a_database_is_one_line(desk: Desk, tmp_path: Path) -> None:
    told = desk.type("backup", "--to", "/nowhere/at/all.zip", expect=2)
    assert told == "watchkeeper-hub: --to /nowhere/at/all.zip: there is no folder /nowhere/at; no backup was made\n"
    (desk.place.state / "hub.db").unlink()
    for words in (("--to", str(tmp_path / "b.zip")), ()):
        assert "no database yet; start the hub once" in desk.type("backup", *words, expect=2)
    assert not (desk.place.state / "backups").exists()


def test_a_disk_that_is_not_mounted_gets_no_file_of_its_name(desk: Desk) -> None:
    told = desk.type("backup", "--to", f"{desk.folder}/usb/", expect=2)
    assert f"there is no folder {desk.folder}/usb; no backup was made" in told
    assert not (desk.folder / "usb").exists()
    (desk.folder / "usb").mkdir()
    assert Path(desk.json("backup", "--to", f"{desk.folder}/usb/")["file"]).parent == desk.folder / "usb"


def test_before_the_first_start_every_command_says_so_and_ends_alike(desk: Desk) -> None:
    (desk.place.state / "hub.db").unlink()
    for words in (
        ("restored",),
        ("forget", "--site", SITE),
        ("config", "list"),
        ("maintenance", "list"),
        ("reconcile",),
    ):
        told = desk.type(*words, expect=2)
        assert told == f"watchkeeper-hub: {desk.place.state}/hub.db: no database yet; start the hub once\n"


def test_a_state_dir_that_is_a_file_is_one_line(desk: Desk) -> None:
    desk.place.toml.write_text('state_dir = "hub.toml"\n')
    assert "hub.toml: is no folder" in desk.type("restored", expect=2)


def test_restoring_says_first_what_is_in_the_way(desk: Desk) -> None:
    desk.type("backup", "--to", str(desk.folder / "b.zip"))
    told = desk.type("restore", str(desk.folder / "b.zip"), "--dry-run", expect=1)
    assert "in the way" in told
    assert "--force moves it aside" in told
    assert "Nothing was changed" in desk.type("restore", str(desk.folder / "b.zip"), "--dry-run", "--force")
    told = desk.type("restore", str(desk.folder / "b.zip"), "--force")
    assert told.count("moved aside") == 3
    assert "tickets go on above number 20000" in told


def test_a_hub_that_runs_has_to_be_stopped_first(desk: Desk) -> None:
    desk.type("backup", "--to", str(desk.folder / "b.zip"))
    with lock(desk.place.state):
        assert "another hub runs" in desk.type("restore", str(desk.folder / "b.zip"), "--force", expect=2)
        assert "another hub runs" in desk.type("restored", expect=2)


def test_restored_twice_is_restored_once(desk: Desk) -> None:
    first = desk.json("restored")
    tables = desk.place.tables()
    second = desk.json("restored")
    assert desk.place.tables() == tables
    assert (first["fresh"], second["fresh"]) == (True, False)
    assert second["tickets_from"] == first["tickets_from"] == 20_000


def test_the_time_since_the_last_sign_of_life_is_blindness(desk: Desk) -> None:
    noted = desk.json("restored")
    (interval,) = [row for row in desk.place.tables()["blindness"] if row[1] >= noted["went_back_to"]]
    assert interval[1:] == (noted["went_back_to"], noted["at"], "hub")
    assert noted["went_back_to"] == T0 + 420_000


def test_the_hours_of_the_last_days_are_rolled_up_once_more(desk: Desk) -> None:
    day = 86_400_000
    database = connect(desk.place.url)
    with database.begin() as connection:
        rollups.advance(connection, "hour", T0)
        rollups.advance(connection, "day", T0 - 30 * day)
    desk.type("restored")
    with database.connect() as connection:
        assert rollups.until(connection) == {"hour": T0 // day * day - 3 * day, "day": T0 - 30 * day}
    database.dispose()


def test_going_back_to_the_same_backup_twice_gives_no_number_twice(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.type("backup", "--to", str(desk.folder / "b.zip"))
    numbers = [desk.json("restore", str(desk.folder / "b.zip"), "--force")["noted"]["tickets_from"] for _ in range(2)]
    assert numbers == [20_000, 30_000]
    monkeypatch.setattr(restore, "now_ms", lambda: LATER + 9)
    above = desk.json("restore", str(desk.folder / "b.zip"), "--force", "--tickets-above", "123456")
    assert above["noted"]["tickets_from"] == 140_000


def test_configurations_are_published_anew_until_agents_say_that_they_run_them(desk: Desk) -> None:
    database = connect(desk.place.url)
    with database.begin() as connection:
        desired.write(connection, {GATEWAY: {"name": "Gate"}}, T0)
        revision = desired.standing(connection, GATEWAY).desired
        desired.save_applied(connection, {GATEWAY: ConfigApplied(revision=revision)}, T0)
        assert desired.standing(connection, GATEWAY).state == "agreed"
    desk.type("restored")
    with database.connect() as connection:
        assert desired.standing(connection, GATEWAY).state == "waiting"
        generation, changed = desired.changed_since(connection, 5000)
        assert (generation, changed) == (20_000, [GATEWAY]), "a publisher that has seen more of the counter notices"
        assert connection.execute(sa.select(schema.desired_counter.c.value)).scalar() == 20_000
    database.dispose()


def test_a_site_that_was_forgotten_since_is_named(desk: Desk) -> None:
    desk.type("backup", "--to", str(desk.folder / "b.zip"))
    history.add(desk.place.state, history.Forgotten(1 << 50, SITE))
    told = desk.type("restore", str(desk.folder / "b.zip"), "--force")
    assert f"watchkeeper-hub forget --site {SITE} again" in told
