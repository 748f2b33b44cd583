"""`watchkeeper-hub config` as IT types it."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from hub.__main__ import main
from hub.store import desired, schema
from hub.store.database import connect
from tests.databases import prepare
from wire.codec import config_revision
from wire.messages import ConfigApplied
from wire.topics import Address

GATEWAY, OTHER, FAR = Address("school", "gateway"), Address("school", "other"), Address("depot", "far")
DISKS = "[collectors.disks]\nenabled = false\n"
CAMERAS = '[[collectors.cameras.devices]]\nid = "cam-1"\nhost = "10.0.0.8"\n'


class Desk:
    """A folder with a hub's configuration and database, and what a command printed."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], hub: bool = True) -> None:
        self.folder = folder
        self._capsys = capsys
        (folder / "hub.toml").write_text('state_dir = "state"\n')
        (folder / "state").mkdir()
        self.database = connect(f"sqlite:///{folder / 'state' / 'hub.db'}")
        if hub:
            prepare(self.database)
            with self.database.begin() as connection:
                for one in (GATEWAY, OTHER, FAR):
                    values = {"site": one.site, "agent": one.agent, "first_heard": 1, "last_heard": 1}
                    connection.execute(schema.agent.insert().values(**values))

    def write(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text)
        return str(self.folder / name)

    def type(self, *words: str, expect: int = 0) -> str:
        """What the command says on standard output, or on standard error where it fails."""
        status = main(["config", *words, "--config", str(self.folder / "hub.toml")])
        told = self._capsys.readouterr()
        assert status == expect, told.err
        return told.out if expect == 0 else told.err

    def desired(self, who: Address = GATEWAY) -> dict[str, Any] | None:
        with self.database.connect() as connection:
            wish = desired.wish(connection, who)
            return None if wish is None or wish.settings is None else dict(wish.settings)

    def answer(self, who: Address, message: ConfigApplied) -> None:
        with self.database.begin() as connection:
            desired.save_applied(connection, {who: message}, 1_793_500_000_000)


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)


def test_what_is_set_is_shown_and_can_be_set_again(desk: Desk) -> None:
    desk.type("set", "school/gateway", desk.write("a.toml", 'name = "Gate"\n' + CAMERAS))
    shown = desk.type("show", "school/gateway")
    assert shown.startswith("# school/gateway: not confirmed yet (")
    assert "nothing changes" in desk.type("set", "school/gateway", desk.write("b.toml", shown))


def test_a_dry_run_shows_the_difference_and_writes_nothing(desk: Desk) -> None:
    desk.type("set", "school/gateway", desk.write("a.toml", DISKS))
    said = desk.type("set", "school/gateway", desk.write("b.toml", CAMERAS + "\n" + DISKS), "--dry-run")
    assert "(not written)" in said
    assert '+id = "cam-1"' in said
    assert "-enabled" not in said
    assert desk.desired() == {"collectors": {"disks": {"enabled": False}}}


def test_an_agent_can_be_provisioned_before_it_was_ever_heard(desk: Desk) -> None:
    said = desk.type("set", "school/new", desk.write("a.toml", DISKS))
    assert "no agent of that name was ever heard" in said
    assert desk.desired(Address("school", "new")) is not None


def test_one_file_for_a_site_or_for_everybody(desk: Desk) -> None:
    path = desk.write("a.toml", DISKS)
    said = desk.type("set", "--site", "school", path)
    assert said.count("\n") == 2
    assert desk.desired(FAR) is None
    assert json.loads(desk.type("set", "--all", path, "--json")) == [
        {"site": "depot", "agent": "far", "before": None, "after": _revision(DISKS), "changes": True, "heard": True},
        *(
            {
                "site": "school",
                "agent": name,
                "before": _revision(DISKS),
                "after": _revision(DISKS),
                "changes": False,
                "heard": True,
            }
            for name in ("gateway", "other")
        ),
    ]


def _revision(text: str) -> str:
    return config_revision(tomllib.loads(text))


def test_merging_keeps_what_the_file_does_not_name(desk: Desk) -> None:
    desk.type("set", "school/gateway", desk.write("a.toml", 'name = "Gate"\n' + CAMERAS))
    desk.type("set", "--all", "--merge", desk.write("b.toml", DISKS))
    merged = desk.desired()
    assert merged is not None
    assert merged["name"] == "Gate"
    assert set(merged["collectors"]) == {"cameras", "disks"}
    assert desk.desired(FAR) == {"collectors": {"disks": {"enabled": False}}}


def test_many_agents_cannot_share_a_name(desk: Desk) -> None:
    assert "can't share a name" in desk.type("set", "--all", desk.write("a.toml", 'name = "Gate"'), expect=2)


def test_clearing_wants_nothing_any_more(desk: Desk) -> None:
    desk.type("set", "--site", "school", desk.write("a.toml", DISKS))
    desk.type("clear", "school/gateway")
    assert desk.desired() is None
    assert desk.desired(OTHER) is not None
    desk.type("clear", "--all")
    assert desk.desired(OTHER) is None
    assert "nothing changes" in desk.type("clear", "school/gateway")


def test_what_another_hub_desired_can_be_cleared(desk: Desk) -> None:
    desk.answer(GATEWAY, ConfigApplied(revision="aa"))
    assert "runs another hub's" in desk.type("list")
    assert "(nothing) -> (nothing)" in desk.type("clear", "school/gateway")
    assert "not confirmed yet" in desk.type("list")


def test_the_list_says_who_runs_what_and_who_refuses(desk: Desk) -> None:
    desk.type("set", "--site", "school", desk.write("a.toml", DISKS))
    revision = _revision(DISKS)
    desk.answer(GATEWAY, ConfigApplied(revision=revision))
    desk.answer(OTHER, ConfigApplied(refused=revision, reason="collectors.disks.enabled: no"))
    lines = desk.type("list").splitlines()
    assert lines[0].split() == ["AGENT", "DESIRED", "RUNNING", "STATE", "SINCE", "(UTC)", "REASON"]
    assert lines[1].split() == ["depot/far", "-", "?", "nothing", "desired", "-"]
    assert lines[2].split() == ["school/gateway", revision, revision, "running", "2026-11-01", "02:26:40"]
    refused = ["school/other", revision, "-", "REFUSED", "2026-11-01", "02:26:40", "collectors.disks.enabled:", "no"]
    assert lines[3].split() == refused
    told = json.loads(desk.type("list", "--json"))
    assert [one["state"] for one in told] == ["none", "agreed", "refused"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["set", "school/gateway"], "set wants SITE/AGENT FILE"),
        (["set", "gateway", "x.toml"], "SITE/AGENT, each of"),
        (["set", "school/gateway", "nowhere.toml"], "No such file"),
        (["set", "--site", "School", "x.toml"], "a site is of lower-case"),
        (["set", "--site", "moon", "x.toml"], "site moon: no agent was ever heard"),
        (["clear"], "which agent?"),
        (["clear", "--all", "school/gateway"], "clear wants SITE/AGENT, or nothing"),
    ],
)
def test_a_wrong_command_line_says_what_is_wanted(desk: Desk, words: list[str], complaint: str) -> None:
    assert complaint in desk.type(*words, expect=2)


def test_without_a_database_the_hub_is_to_be_started_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    desk = Desk(tmp_path, capsys, hub=False)
    assert "no database yet; start the hub once" in desk.type("list", expect=2)
    with desk.database.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE agent (site)")
    assert "start this version's hub once" in desk.type("list", expect=2)
