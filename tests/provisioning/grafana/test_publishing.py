"""Dashboards in a Grafana: made once, left alone, mended, pruned, and never more than is ours."""

import json
from pathlib import Path

import pytest

from provisioning.__main__ import main
from provisioning.grafana import wanted
from tests.provisioning.grafana.fake import Grafana, running
from tests.provisioning.grafana.runs import BOARDS, SECRETS, publish


def test_the_first_run_makes_all_and_the_second_changes_nothing(
    grafana: Grafana, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish(grafana, folder) == 0
    depots = grafana.named("Depots & Söhne")
    assert set(depots.sources) == {"wk-raw", "wk-hourly", "wk-daily"}
    assert depots.sources["wk-daily"]["jsonData"]["dbName"] == "watchkeeper_daily"
    assert depots.sources["wk-raw"]["secureJsonData"] == {"httpHeaderValue1": "Token token-of-influx"}
    assert grafana.named("Schools").sources["wk-raw"]["secureJsonData"] == {"password": "password-of-influx"}
    assert set(depots.teams) == {"Technicians", "Watch"}
    assert [grant["permission"] for grant in depots.permissions["watchkeeper"]] == [1, 1, 1, 1]
    assert len(depots.dashboards) == len(grafana.named("Schools").dashboards) == BOARDS
    fleet = depots.dashboards["wk-fleet-zh"]["dashboard"]
    console = next(one for one in fleet["templating"]["list"] if one["name"] == "console")
    assert console["query"] == console["current"]["value"] == "https://watchkeeper.example"
    assert fleet["timezone"] == "Asia/Shanghai"
    assert grafana.organisations[1].dashboards == {}, "nobody else's organisation"
    before, written = grafana.state(), len(grafana.writes)
    capsys.readouterr()
    assert publish(grafana, folder, "--prune") == 0
    assert (grafana.state(), len(grafana.writes)) == (before, written)
    said = capsys.readouterr()
    assert said.out == ""
    assert "as wanted" in said.err


def test_a_dry_run_says_the_same_and_does_nothing(
    one: Grafana, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = one.state()
    assert publish(one, folder, "--dry-run", "--json") == 0
    assert (one.state(), one.writes) == (before, [])
    planned = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert publish(one, folder, "--json") == 0
    done = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [{**step, "dry_run": False} for step in planned] == done
    assert {step["verb"] for step in done if step["kind"] != "permissions"} == {"create"}


def test_after_a_failure_anywhere_the_next_run_ends_where_one_without_would_have(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    all_of_them = wanted.dashboards
    monkeypatch.setattr(wanted, "dashboards", lambda customer: all_of_them(customer)[:2])
    for whole in running():
        assert publish(whole, folder) == 0
        wanted_state, writes = whole.state(), len(whole.writes)
    for turn in range(1, writes + 1):
        for grafana in running():
            grafana.fail_at = turn
            assert publish(grafana, folder) == 1
            assert "failed at" in capsys.readouterr().err
            assert publish(grafana, folder) == 0
            assert grafana.state() == wanted_state, turn


def test_prune_removes_what_is_ours_and_no_longer_made_and_nothing_else(one: Grafana, folder: Path) -> None:
    publish(one, folder)
    depots = one.named("Depots & Söhne")
    for uid, tags, where in (
        ("wk-old", ["watchkeeper"], "watchkeeper"),
        ("wk-untagged", [], "watchkeeper"),
        ("theirs", ["watchkeeper"], "watchkeeper"),
        ("wk-elsewhere", ["watchkeeper"], ""),
    ):
        depots.save({"uid": uid, "title": uid, "tags": tags}, where, "", "anna")
    assert publish(one, folder) == 0
    assert "wk-old" in depots.dashboards
    assert publish(one, folder, "--prune") == 0
    kept = {uid for uid in depots.dashboards if not uid.endswith("-zh")}
    assert kept == {"wk-untagged", "theirs", "wk-elsewhere"}
    assert len(depots.dashboards) == BOARDS + 3


def test_what_somebody_edited_is_told_and_left_until_it_is_said_to_be_replaced(
    one: Grafana, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(one, folder)
    depots = one.named("Depots & Söhne")
    edited = {**depots.dashboards["wk-fleet-zh"]["dashboard"], "title": "Anna's"}
    depots.save(edited, "watchkeeper", "my colours", "anna")
    before = one.state()
    assert publish(one, folder) == 1
    assert one.state() == before
    assert "edited in Grafana (by anna" in capsys.readouterr().out
    assert publish(one, folder, "--overwrite") == 0
    assert depots.dashboards["wk-fleet-zh"]["dashboard"]["title"] != "Anna's"


def test_an_older_version_of_ours_is_brought_up_to_date(one: Grafana, folder: Path) -> None:
    publish(one, folder)
    depots = one.named("Depots & Söhne")
    older = {**depots.dashboards["wk-fleet-zh"]["dashboard"], "description": "of last year"}
    depots.save(older, "watchkeeper", "watchkeeper 0123456789ab", "watchkeeper")
    depots.sources["wk-raw"]["url"] = "http://old.example:8086"
    assert publish(one, folder) == 0
    assert depots.dashboards["wk-fleet-zh"]["dashboard"]["description"] != "of last year"
    assert depots.sources["wk-raw"]["url"] == "http://influx.example:8086"


def test_one_that_is_saved_between_our_look_and_our_write_is_not_lost(
    one: Grafana, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(one, folder)
    depots = one.named("Depots & Söhne")
    older = {**depots.dashboards["wk-fleet-zh"]["dashboard"], "description": "of last year"}
    depots.save(older, "watchkeeper", "watchkeeper 0123456789ab", "watchkeeper")

    def race(method: str, path: str) -> None:
        if path.endswith("/wk-fleet-zh/versions"):
            one.answer = lambda method, path: None
            depots.save({**older, "title": "Anna's"}, "watchkeeper", "mine", "anna")
            depots.dashboards["wk-fleet-zh"]["versions"].append(depots.dashboards["wk-fleet-zh"]["versions"].pop(0))

    one.answer = race
    assert publish(one, folder) == 1
    assert "changed by somebody else meanwhile" in capsys.readouterr().err
    assert depots.dashboards["wk-fleet-zh"]["dashboard"]["title"] == "Anna's"


def test_secrets_are_sent_again_only_when_that_is_asked_for(one: Grafana, folder: Path) -> None:
    publish(one, folder)
    (folder / "influx.token").write_text("another")
    assert publish(one, folder) == 0
    depots = one.named("Depots & Söhne")
    assert depots.sources["wk-raw"]["secureJsonData"]["httpHeaderValue1"] == "Token token-of-influx"
    assert publish(one, folder, "--renew-secrets") == 0
    assert depots.sources["wk-raw"]["secureJsonData"]["httpHeaderValue1"] == "Token another"


def test_a_token_serves_its_own_organisation_and_no_other(
    one: Grafana, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WATCHKEEPER_GRAFANA_TOKEN", "glsa_depots")
    arguments = ["dashboards", "publish", "--grafana", one.url, "--customers", str(folder / "customers.toml")]
    assert main(arguments) == 1
    assert "a token is of one organisation" in capsys.readouterr().err
    assert main([*arguments, "--only", "Schools"]) == 1
    assert "the token is of organisation 'Main Org.', not 'Schools'" in capsys.readouterr().err
    one.organisations[1].name = "Schools"
    assert main([*arguments, "--only", "Schools"]) == 0
    assert len(one.organisations[1].dashboards) == BOARDS


ANSWERS: dict[str, tuple[tuple[int, str, str], str]] = {
    "401": ((401, "application/json", '{"message": "Invalid"}'), "these credentials are not accepted"),
    "403": ((403, "application/json", '{"message": "no"}'), "may not do that"),
    "404 of an endpoint": ((404, "application/json", '{"message": "Not found"}'), "not there"),
    "412": ((412, "application/json", '{"message": "conflict"}'), "--overwrite"),
    "500": ((500, "application/json", '{"message": "database is locked"}'), "database is locked"),
    "a page": ((200, "text/html", "<html>Welcome</html>"), "is this a Grafana?"),
    "a page as an error": ((502, "text/html", "<html>Bad Gateway</html>"), "status 502"),
    "a list as an error": ((400, "application/json", '["x"]'), "status 400"),
    "a redirect": ((302, "http://127.0.0.1:1/login", ""), "redirect (status 302)"),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_a_refusal_is_one_clear_sentence_without_secrets(
    one: Grafana, folder: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    answer, said = ANSWERS[case]
    one.answer = lambda method, path: answer if path == "/folders" else None
    assert publish(one, folder) == 1
    told = capsys.readouterr().err
    assert said in told
    assert len(told.splitlines()) == 1
    assert not any(secret in told for secret in SECRETS)


def test_an_endless_answer_is_cut_off(
    one: Grafana, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("provisioning.grafana.client.MAX_BYTES", 1 << 20)
    one.answer = lambda method, path: (200, "application/json", '"' + "x" * (2 << 20) + '"')
    assert publish(one, folder) == 1
    assert "more than 1 MiB" in capsys.readouterr().err


@pytest.mark.parametrize("version", ["9.5.1", "13.0.0", "", "x"])
def test_a_version_that_nobody_looked_at_is_refused(
    one: Grafana, folder: Path, capsys: pytest.CaptureFixture[str], version: str
) -> None:
    one.version = version
    assert publish(one, folder) == 1
    assert "versions 10 to 12" in capsys.readouterr().err
    assert one.writes == []


@pytest.mark.parametrize(
    ("url", "said", "status"),
    [
        ("http://grafana.example", "unencrypted", 2),
        ("https://user:pass@grafana.example", "has no user and no password", 2),
        ("ftp://grafana.example", "no address of a Grafana", 2),
        ("nothing", "no address of a Grafana", 2),
        ("http://127.0.0.1:1", "cannot be reached", 1),
    ],
)
def test_an_address_that_will_not_do_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str], url: str, said: str, status: int
) -> None:
    login = ["--user", "admin", "--password-file", str(folder / "admin.password")]
    where = ["--grafana", url, "--customers", str(folder / "customers.toml")]
    assert main(["dashboards", "publish", *where, *login]) == status
    told = capsys.readouterr().err
    assert said in told
    assert "pass@" not in told


@pytest.mark.parametrize("held", [None, "no certificate\n"])
def test_an_authoritys_file_that_is_none_is_a_wrong_command_line(
    one: Grafana, folder: Path, capsys: pytest.CaptureFixture[str], held: str | None
) -> None:
    if held:
        (folder / "ca.crt").write_text(held)
    assert publish(one, folder, "--ca-file", str(folder / "ca.crt"), "--json") == 2
    said = "holds no certificate in PEM form" if held else "No such file or directory"
    told = capsys.readouterr()
    assert told.err.startswith("watchkeeper-fleet: ")
    assert f"{folder}/ca.crt: {said}" in told.err
    assert "Error" not in told.err
    assert list(json.loads(told.out)) == ["error"]
    assert one.writes == []


def test_a_secret_that_is_missing_is_told_before_anything_is_written(
    one: Grafana, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "influx.password").unlink()
    assert publish(one, folder) == 2
    assert capsys.readouterr().err == f"watchkeeper-fleet: {folder}/influx.password: No such file or directory\n"
    assert one.writes == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("customer = 1", "customer"),
        ("[[customer]]\nname = 'a'\n", "influx"),
        ("[[customer]]\nname = \"a\\nb\"\n[customer.influx]\nurl='http://i'\nversion=1", "name"),
        ("[[customer]]\nname = 'a'\n[customer.influx]\nurl='http://u:p@i'\nversion=1", "url"),
        ("[[customer]]\nname = 'a'\n[customer.influx]\nurl='http://i'\nversion=2", "wants a token_file"),
        ("[[customer]]\nname = 'a'\nfoo=1\n[customer.influx]\nurl='http://i'\nversion=1", "foo"),
        ("[[customer", "c.toml: "),
        ("\n[[customer]]\nname = 'a'\n", "c.toml:2: customer.0.influx: is missing"),
    ],
)
def test_a_wrong_file_is_told_by_field(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    (tmp_path / "c.toml").write_text(text)
    assert main(["dashboards", "files", "--customers", str(tmp_path / "c.toml"), "--out", str(tmp_path / "o")]) == 2
    assert said in capsys.readouterr().err


def test_files_go_into_a_folder_and_nothing_else(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "taken").write_text("theirs")
    arguments = ["dashboards", "files", "--customers", str(folder / "customers.toml"), "--only", "Schools", "--out"]
    assert main([*arguments, str(folder / "taken")]) == 2
    assert capsys.readouterr().err == f"watchkeeper-fleet: --out {folder}/taken: is no folder\n"
    assert main([*arguments, str(folder / "taken" / "below")]) == 1
    assert capsys.readouterr().err.endswith(": Not a directory\n")
    assert (folder / "taken").read_text() == "theirs"


def test_files_for_a_grafana_that_starts_hold_no_secret_and_are_written_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = folder / "grafana"
    arguments = ["dashboards", "files", "--customers", str(folder / "customers.toml"), "--out", str(out)]
    assert main(arguments) == 2
    assert "one customer" in capsys.readouterr().err
    assert main([*arguments, "--only", "Depots & Söhne"]) == 0
    sources = json.loads((out / "datasources" / "watchkeeper.yaml").read_text())["datasources"]
    assert sources[0]["secureJsonData"]["httpHeaderValue1"] == f"Token $__file{{{folder}/influx.token}}"
    provider = json.loads((out / "dashboards" / "watchkeeper.yaml").read_text())["providers"][0]
    assert provider["options"]["path"] == "/etc/grafana/provisioning/dashboards/watchkeeper"
    boards = sorted((out / "dashboards" / "watchkeeper").iterdir())
    assert len(boards) == BOARDS
    assert not any(secret in path.read_text() for path in out.rglob("*.*") if path.is_file() for secret in SECRETS)
    (out / "dashboards" / "watchkeeper" / "wk-old.json").write_text("{}")
    (out / "dashboards" / "watchkeeper" / "theirs.json").write_text("{}")
    capsys.readouterr()
    assert main([*arguments, "--only", "Depots & Söhne"]) == 0
    assert capsys.readouterr().out.splitlines() == [str(out / "dashboards" / "watchkeeper" / "wk-old.json")]
    assert (out / "dashboards" / "watchkeeper" / "theirs.json").exists()
