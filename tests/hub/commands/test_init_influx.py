"""`watchkeeper-hub init-influx`, as typed: the real InfluxDB 1.6.7, and a strict stand-in for 2.x."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.__main__ import main
from hub.series.setup.version1 import hours
from tests.hub.commands.influx2 import ALL_RIGHTS, State, influx2
from tests.servers.influxdb import InfluxDB
from tests.servers.server import free_port

DAYS = {"watchkeeper": 90, "watchkeeper_hourly": 400, "watchkeeper_daily": 3650}

Command = Callable[..., int]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """`command(url, *options, more="settings")` types it; its exit status."""
    monkeypatch.delenv("WATCHKEEPER_INFLUX_ADMIN_TOKEN", raising=False)

    def typed(url: str, *options: str, more: str = "") -> int:
        config = tmp_path / "hub.toml"
        config.write_text(f'[series]\nkind = "influx"\nurl = "{url}"\ntimeout_seconds = 3\n{more}\n')
        return main(["init-influx", "--config", str(config), *options])

    return typed


def secret(folder: Path, text: str, name: str = "secret") -> str:
    path = folder / name
    path.write_text(text + "\n")
    return str(path)


def policies(server: InfluxDB, database: str) -> dict[str, int]:
    (series,) = server.query(f'SHOW RETENTION POLICIES ON "{database}"')
    return {row[0]: hours(row[1]) // 24 for row in series["values"]}


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """what → what became of it."""
    return {step["what"]: step["done"] for step in json.loads(capsys.readouterr().out)["steps"]}


# --- 1.x ---

V1 = 'api = "v1"'


@pytest.fixture
def empty(influxdb: InfluxDB) -> InfluxDB:
    influxdb.query("DROP DATABASE watchkeeper")
    return influxdb


def test_1x_databases_are_made_with_their_retention_and_once(
    empty: InfluxDB, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(empty.url, "--json", more=V1) == 0
    assert told(capsys) == {f"database {name}": "created" for name in DAYS}
    assert {name: policies(empty, name) for name in DAYS} == {name: {"autogen": days} for name, days in DAYS.items()}
    assert command(empty.url, "--json", more=V1) == 0
    assert told(capsys) == {f"database {name}": "kept" for name in DAYS}


def test_1x_a_dry_run_changes_nothing(empty: InfluxDB, command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(empty.url, "--dry-run", "--json", more=V1) == 0
    assert told(capsys) == {f"database {name}": "created" for name in DAYS}
    assert empty.query("SHOW DATABASES")[0].get("values", []) == []


def test_1x_a_retention_is_changed_only_when_told_and_shortened_only_when_told_twice(
    influxdb: InfluxDB, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    influxdb.query('CREATE DATABASE "watchkeeper_hourly" WITH DURATION 30d')
    assert command(influxdb.url, more=V1) == 0
    shown = capsys.readouterr().out
    assert "differs  database watchkeeper: keeps for ever, configured are 90 days" in shown
    assert "differs  database watchkeeper_hourly: keeps 30 days, configured are 400 days" in shown
    assert policies(influxdb, "watchkeeper_hourly") == {"autogen": 30}
    assert command(influxdb.url, "--change-retention", "--json", more=V1) == 0
    assert told(capsys)["database watchkeeper_hourly"] == "changed"
    assert (policies(influxdb, "watchkeeper_hourly"), policies(influxdb, "watchkeeper")) == (
        {"autogen": 400},
        {"autogen": 0},
    )
    assert command(influxdb.url, "--change-retention", "--shorten", more=V1) == 0
    assert policies(influxdb, "watchkeeper") == {"autogen": 90}


def test_1x_a_retention_policy_of_another_name_is_made_beside(influxdb: InfluxDB, command: Command) -> None:
    more = V1 + '\nretention_policy = "cctv"\nretention_days = 30'
    assert command(influxdb.url, more=more) == 0
    assert policies(influxdb, "watchkeeper") == {"autogen": 0, "cctv": 30}
    assert policies(influxdb, "watchkeeper_hourly") == {"autogen": 400}


def test_1x_daily_shards_hold_a_year(empty: InfluxDB, command: Command) -> None:
    assert command(empty.url, more=V1) == 0
    (series,) = empty.query('SHOW RETENTION POLICIES ON "watchkeeper_daily"')
    assert hours(series["values"][0][2]) == 365 * 24


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[InfluxDB]:
    folder = tmp_path / "influxdb"
    folder.mkdir()
    with InfluxDB(folder, authentication=True) as server:
        yield server


def test_1x_an_administrator_makes_them_and_the_hub_gets_its_rights_and_no_more(
    guarded: InfluxDB, command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = secret(tmp_path, "of-the-hub", "own")
    more = f'{V1}\nusername = "watchkeeper"\npassword_file = "{own}"'
    admin = ["--username", guarded.user_name, "--password-file", secret(tmp_path, guarded.password)]
    assert command(guarded.url, *admin, more=more) == 1  # nobody has made the hub's user yet
    assert "CREATE USER" in capsys.readouterr().out
    guarded.query("CREATE USER watchkeeper WITH PASSWORD 'of-the-hub'")
    assert command(guarded.url, *admin, "--json", more=more) == 0
    assert told(capsys)["user watchkeeper"] == "changed"
    assert sorted(guarded.query("SHOW GRANTS FOR watchkeeper")[0]["values"]) == sorted(
        [name, "ALL PRIVILEGES"] for name in DAYS
    )
    assert command(guarded.url, *admin, "--json", more=more) == 0
    assert set(told(capsys).values()) <= {"kept", "differs"}
    assert command(guarded.url, more=more) == 0  # with its own rights the hub may look
    guarded.query("DROP DATABASE watchkeeper_daily")
    assert command(guarded.url, more=more) == 1
    assert "ALL PRIVILEGES (1.x lets administrators alone make databases)" in capsys.readouterr().err


def test_1x_wrong_credentials_are_named(
    guarded: InfluxDB, command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = ["--username", guarded.user_name, "--password-file", secret(tmp_path, "guessed")]
    assert command(guarded.url, *wrong, more=V1) == 1
    said = capsys.readouterr().err
    assert "refuses these credentials" in said
    assert "guessed" not in said


def test_1x_older_than_1_8_is_told_how_to_write(
    empty: InfluxDB, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(empty.url) == 0
    assert 'set api = "v1"' in capsys.readouterr().out


# --- 2.x ---

V2 = 'org = "depots"'


@pytest.fixture
def state() -> State:
    return State()


@pytest.fixture
def url(state: State) -> Iterator[str]:
    with influx2(state) as address:
        yield address


@pytest.fixture
def operator(tmp_path: Path) -> list[str]:
    return ["--token-file", secret(tmp_path, "operator")]


def own(state: State, folder: Path, rights: frozenset[str] = frozenset()) -> str:
    """[series] with a token of the hub's own."""
    state.tokens["own"] = rights
    return f'{V2}\ntoken_file = "{secret(folder, "own", "own")}"'


def test_2x_buckets_and_mappings_are_made_and_once(
    url: str, state: State, command: Command, operator: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = own(state, tmp_path)
    assert command(url, *operator, "--json", more=more) == 0
    assert set(told(capsys).values()) == {"created"}
    assert state.retention() == {name: days * 86_400 for name, days in DAYS.items()}
    assert {one["database"]: state.buckets[one["bucketID"]]["name"] for one in state.mappings} == {
        name: name for name in DAYS
    }
    made = list(state.changes)
    assert command(url, *operator, "--json", more=more) == 0
    assert set(told(capsys).values()) == {"kept"}
    assert state.changes == made


def test_2x_a_database_may_have_another_name_than_its_bucket(
    url: str, state: State, command: Command, operator: list[str], tmp_path: Path
) -> None:
    more = own(state, tmp_path) + '\ndatabase = "cctv"\nbucket = "numbers"'
    assert command(url, *operator, more=more) == 0
    assert {one["database"]: state.buckets[one["bucketID"]]["name"] for one in state.mappings} == {
        "cctv": "numbers",
        "cctv_hourly": "numbers_hourly",
        "cctv_daily": "numbers_daily",
    }


def test_2x_the_servers_own_mappings_are_as_good(
    url: str, state: State, command: Command, operator: list[str], tmp_path: Path
) -> None:
    state.maps_by_itself = True
    assert command(url, *operator, more=own(state, tmp_path)) == 0
    assert state.mappings == []


def test_2x_a_mapping_to_another_bucket_is_not_touched(
    url: str, state: State, command: Command, operator: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = state.add("other", 0)
    state.mappings.append({"id": "77", "database": "watchkeeper", "default": True, "bucketID": other["id"]})
    assert command(url, *operator, more=own(state, tmp_path)) == 1
    assert "watchkeeper is mapped to another bucket" in capsys.readouterr().err
    assert len(state.mappings) == 1


def test_2x_a_dry_run_changes_nothing(
    url: str, state: State, command: Command, operator: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(url, *operator, "--dry-run", more=own(state, tmp_path)) == 0
    assert "dry run" in capsys.readouterr().out
    assert state.changes == []


def test_2x_retention_is_lengthened_when_told_and_never_shortened_silently(
    url: str, state: State, command: Command, operator: list[str], tmp_path: Path
) -> None:
    more = own(state, tmp_path)
    state.add("watchkeeper", 0)
    state.add("watchkeeper_hourly", 7 * 86_400)
    assert command(url, *operator, more=more) == 0
    assert state.retention()["watchkeeper_hourly"] == 7 * 86_400
    assert command(url, *operator, "--change-retention", more=more) == 0
    assert (state.retention()["watchkeeper_hourly"], state.retention()["watchkeeper"]) == (400 * 86_400, 0)
    assert command(url, *operator, "--change-retention", "--shorten", more=more) == 0
    assert state.retention()["watchkeeper"] == 90 * 86_400


@pytest.mark.parametrize(
    ("rights", "said"),
    [
        (ALL_RIGHTS - {"read:orgs"}, "knows no organisation 'depots'"),
        (ALL_RIGHTS - {"write:buckets"}, "they need write access to buckets"),
        (ALL_RIGHTS - {"read:dbrp"}, "they need read access to dbrp"),
        (ALL_RIGHTS - {"write:dbrp"}, "they need write access to dbrp"),
    ],
)
def test_2x_a_right_that_is_missing_is_named(
    url: str,
    state: State,
    command: Command,
    operator: list[str],
    rights: frozenset[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    state.tokens["operator"] = rights
    assert command(url, *operator, more=V2) == 1
    assert said in capsys.readouterr().err


def test_2x_a_bucket_that_may_not_be_seen_is_a_conflict_with_a_cause(
    url: str, state: State, command: Command, operator: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    state.add("watchkeeper", 0)
    state.tokens["operator"] = ALL_RIGHTS - {"read:buckets"}
    assert command(url, *operator, more=V2) == 1
    assert "already exists. If it is there, these credentials may not see it" in capsys.readouterr().err


def test_2x_an_unknown_token_is_refused_and_not_shown(
    url: str, command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(url, "--token-file", secret(tmp_path, "stale-token"), more=V2) == 1
    shown = capsys.readouterr()
    assert "refuses these credentials (unauthorized access)" in shown.err
    assert "stale-token" not in shown.err + shown.out


def test_2x_the_token_may_come_from_the_environment(
    url: str, state: State, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHKEEPER_INFLUX_ADMIN_TOKEN", "operator")
    assert command(url, more=own(state, tmp_path)) == 0
    assert len(state.buckets) == 3


# --- 3.x, and no InfluxDB at all ---


def test_3x_is_told_what_to_run_until_it_is_ready(
    url: str, state: State, command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state.version = "3.1.0"
    more = own(state, tmp_path)
    assert command(url, more=more) == 1
    shown = capsys.readouterr().out
    made = f"influxdb3 create database --host {url} --token ADMIN_TOKEN --retention-period"
    assert f"{made} 90d watchkeeper\n" in shown
    assert f"{made} 400d watchkeeper_hourly\n" in shown
    state.maps_by_itself = True
    for name in DAYS:
        state.add(name, 0)
    assert command(url, more=more) == 0
    assert state.changes == []


def test_nobody_there_is_told(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(f"http://127.0.0.1:{free_port()}") == 1
    assert "does not answer" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--shorten"], "wants --change-retention"),
        (["--token-file", "x", "--username", "y"], "choose one"),
        (["--password-file", "x"], "wants --username"),
        (["--username", "y"], "password is missing"),
        (["--token-file", "/no/such/file"], "No such file"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    command: Command, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("http://127.0.0.1:1", *options) == 2
    assert said in capsys.readouterr().err


def test_credentials_do_not_cross_a_network_in_clear(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("http://influx.example:8086", "--token-file", secret(tmp_path, "operator")) == 2
    assert "unencrypted" in capsys.readouterr().err


def test_embedded_series_need_none_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "hub.toml"
    config.write_text("")
    assert main(["init-influx", "--config", str(config)]) == 0
    assert "embedded" in capsys.readouterr().out


@pytest.mark.parametrize(("text", "wanted"), [("2160h0m0s", 2160), ("0s", 0), ("1h30m0s", 1), ("168h", 168)])
def test_durations_are_read_as_influxdb_writes_them(text: str, wanted: int) -> None:
    assert hours(text) == wanted


@pytest.mark.parametrize("text", ["", "forever", "1d", "-1h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        hours(text)
