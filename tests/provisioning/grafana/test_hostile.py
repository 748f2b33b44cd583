"""What a hostile, broken or foreign server, proxy or file can do: be told in one sentence, and learn no secret."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from provisioning.__main__ import main
from provisioning.grafana.client import Grafana as Client
from provisioning.grafana.client import GrafanaError
from provisioning.grafana.customer import CustomerError, read, secret
from tests.provisioning.grafana.fake import Grafana, Organisation
from tests.provisioning.grafana.runs import SECRETS, publish

pytestmark = pytest.mark.usefixtures("few")


@contextmanager
def speaking(*parts: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A server that says these bytes to whoever comes, and hangs up; its address and what it was sent."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            try:
                while True:
                    connection, _ = listening.accept()
                    with connection:
                        heard.append(connection.recv(65_536))
                        for part in parts:
                            connection.sendall(part)
            except OSError:
                return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", heard
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def test_an_organisation_header_that_does_not_arrive_puts_nobodys_data_anywhere(
    one: Grafana, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one.heeds_organisation = False
    assert publish(one, folder) == 1
    assert "takes what is meant for organisation 'Depots & Söhne' for 'Main Org.'" in capsys.readouterr().err
    assert one.writes == ["POST /orgs"]
    assert one.organisations[1].sources == {}


def test_a_server_administrator_who_is_no_member_is_told_so_before_anything_is_written(
    one: Grafana, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish(one, folder) == 0
    one.named("Schools").members.clear()
    written = len(one.writes)
    assert publish(one, folder, "--overwrite", "--renew-secrets", "--only", "Schools") == 1
    assert "is this user no member of it?" in capsys.readouterr().err
    assert len(one.writes) == written


ODD: dict[str, tuple[int, str, str]] = {
    "a page that says message": (502, "text/html", "<html>no message from the upstream</html>"),
    "a page that says message, of a client's error": (403, "text/html", "<html>message</html>"),
    "a number as an error": (500, "application/json", "5"),
    "nothing as an error": (500, "application/json", "null"),
    "a text as an error": (400, "application/json", '"message"'),
    "a list with message as an error": (400, "application/json", '["message"]'),
    "a message that is no text": (400, "application/json", '{"message": {"a": ["b"]}}'),
    "nothing": (200, "application/json", "null"),
    "an empty object": (200, "application/json", "{}"),
    "a list": (200, "application/json", "[1, 2]"),
    "a number": (200, "application/json", "7"),
    "a number without end": (200, "application/json", "1" * 5000),
    "brackets without end": (200, "application/json", "[" * 100_000),
    "an identity that is no number": (200, "application/json", '{"id": "1\\r\\nX-Evil: 1", "orgId": true}'),
    "not even letters": (200, "application/json", "\udcff"),
}


@pytest.mark.parametrize("case", ODD)
def test_whatever_comes_for_an_answer_is_one_sentence_and_no_traceback(
    one: Grafana, folder: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    for path in ("/orgs", "/org", "/folders", "/teams/search", "/search", "/health"):
        one.answer = lambda method, asked, path=path: ODD[case] if asked == path else None  # type: ignore[misc]
        status = publish(one, folder, "--prune")
        told = capsys.readouterr().err
        assert len(told.splitlines()) == 1, path
        assert told.startswith("watchkeeper-fleet: Grafana at ") is (status == 1), path
        assert status == 1 or path in ("/health", "/teams/search", "/search"), "what could be taken for no more"
        assert not any(secret in told for secret in SECRETS)


def test_a_server_that_repeats_credentials_does_not_get_them_into_a_log(
    one: Grafana, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = json.dumps({"message": f"you sent \x1b[31m{' and '.join(SECRETS)}\nand more"})
    one.answer = lambda method, path: (400, "application/json", said) if path == "/datasources" else None
    assert publish(one, folder, "--json") == 1
    told = capsys.readouterr()
    assert "you sent ?[31m… and" in told.err
    assert len(told.err.splitlines()) == 1
    assert json.loads(told.out.splitlines()[-1])["error"] in told.err
    assert not any(one in told.out + told.err for one in (SECRETS[0], SECRETS[2]))


def test_what_others_wrote_does_not_move_a_terminals_cursor(
    one: Grafana, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(one, folder)
    depots = one.named("Depots & Söhne")
    depots.save({"uid": "wk-old", "title": "\x1b[2J\rold", "tags": ["watchkeeper"]}, "watchkeeper", "", "x")
    uid = next(uid for uid in depots.dashboards if uid.endswith("-zh"))
    depots.save({**depots.dashboards[uid]["dashboard"], "title": "mine"}, "watchkeeper", "", "\x1b]0;anna\x07")
    capsys.readouterr()
    publish(one, folder, "--prune")
    said = capsys.readouterr().out
    assert "?[2J?old" in said
    assert "by ?]0;anna?" in said
    assert all(letter.isprintable() or letter == "\n" for letter in said)


@pytest.mark.parametrize("token", ["glsa_a\nb", "glsa_a b", "glsa_Ü", "glsa_a\x00b"])
def test_a_token_that_is_none_is_not_repeated(
    one: Grafana, folder: Path, capsys: pytest.CaptureFixture[str], token: str
) -> None:
    (folder / "token").write_text(token)
    where = ["--grafana", one.url, "--customers", str(folder / "customers.toml"), "--only", "Schools"]
    assert main(["dashboards", "publish", *where, "--token-file", str(folder / "token")]) in (1, 2)
    said = capsys.readouterr()
    assert "glsa_" not in said.out + said.err
    assert len(said.err.splitlines()) == 1


def test_a_password_may_be_in_any_script(one: Grafana, folder: Path) -> None:
    one.password = "密码-пароль"
    (folder / "admin.password").write_text(one.password)
    assert publish(one, folder, "--dry-run") == 0


def test_a_password_in_the_address_is_refused_and_not_repeated(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    login = ["--user", "admin", "--password-file", str(folder / "admin.password")]
    for url in ("https://anna:hunter2@grafana.example", "https://:hunter2@grafana.example"):
        arguments = ["--grafana", url, "--customers", str(folder / "customers.toml"), *login]
        assert main(["dashboards", "publish", *arguments]) == 2
        assert "hunter2" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "url", ["https://grafana.example:99999", "https://grafana.example:x", "https://[::1", "https://", "https://a\nb"]
)
def test_an_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(GrafanaError, match="is no address of a Grafana"):
        Client(url, "token")


def test_credentials_for_this_machine_pass_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    with speaking(answer) as (proxy, through), speaking(answer) as (grafana, heard):
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy)
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        assert Client(grafana, "glsa_secret").call("GET", "/health") == {}
        assert len(heard) == 1
        assert through == []


def test_a_byte_now_and_then_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provisioning.grafana.client.MAX_SECONDS", 0.0)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n"
    with speaking(head + b"[", b"1") as (url, _), pytest.raises(GrafanaError, match="did not come to the end"):
        Client(url, "token").call("GET", "/health")


def test_an_answer_that_breaks_off_is_told() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n"
    with speaking(head + b"[1") as (url, _), pytest.raises(GrafanaError, match="broke off"):
        Client(url, "token").call("GET", "/health")


def test_a_version_that_is_hidden_from_strangers_is_asked_for_with_credentials(one: Grafana, folder: Path) -> None:
    one.shows_version = False
    assert publish(one, folder) == 0


def test_others_default_data_source_stays_the_default(one: Grafana, folder: Path) -> None:
    theirs = {"uid": "theirs", "name": "Theirs", "type": "prometheus", "access": "proxy", "isDefault": True}
    schools = one.organisations[2] = Organisation(2, "Schools")
    schools.sources["theirs"] = {**theirs, "id": 1, "version": 1}
    assert publish(one, folder) == 0
    assert [uid for uid, source in schools.sources.items() if source["isDefault"]] == ["theirs"]
    schools.sources["theirs"]["isDefault"], schools.sources["wk-raw"]["isDefault"] = False, True
    assert publish(one, folder, "--renew-secrets") == 0
    assert [uid for uid, source in schools.sources.items() if source["isDefault"]] == ["wk-raw"]


def test_a_data_source_that_trusts_any_certificate_or_sends_an_old_header_is_mended(
    one: Grafana, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(one, folder)
    sources = one.named("Schools").sources
    sources["wk-raw"]["jsonData"]["tlsSkipVerify"] = True
    sources["wk-daily"]["jsonData"]["httpHeaderName1"] = "Authorization"
    capsys.readouterr()
    assert publish(one, folder) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Schools: data source Watchkeeper: updated",
        "Schools: data source Watchkeeper daily: updated",
    ]
    assert sources["wk-raw"]["jsonData"]["tlsSkipVerify"] is False
    assert "httpHeaderName1" not in sources["wk-daily"]["jsonData"]


def test_a_data_source_that_comes_from_a_file_is_told_and_left(
    one: Grafana, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(one, folder)
    one.named("Schools").sources["wk-raw"] |= {"readOnly": True, "url": "http://elsewhere"}
    assert publish(one, folder) == 1
    assert "data source Watchkeeper: left - comes from a file of Grafana's" in capsys.readouterr().out
    assert publish(one, folder) == 1


def test_what_a_newer_version_of_ours_no_longer_has_goes_from_grafana_too(one: Grafana, folder: Path) -> None:
    publish(one, folder)
    entry = one.named("Schools").dashboards
    uid = min(entry)
    one.named("Schools").save({**entry[uid]["dashboard"], "style": "light"}, "watchkeeper", "watchkeeper 0123", "us")
    assert publish(one, folder) == 0
    assert "style" not in entry[uid]["dashboard"]


def test_what_grafana_writes_otherwise_than_it_got_it_is_not_written_again_and_again(
    one: Grafana, folder: Path
) -> None:
    publish(one, folder)
    for entry in one.named("Schools").dashboards.values():
        del entry["dashboard"]["description"]
        entry["dashboard"]["schemaVersion"] = 99
    written = len(one.writes)
    assert publish(one, folder) == 0
    assert len(one.writes) == written


FILE = """
[[customer]]
name = "{name}"
console = "{console}"
time_zone = "{zone}"
teams = [{teams}]
[customer.influx]
url = "http://influx.example"
token_file = "{token}"
"""
SOUND = {"name": "a", "console": "https://c", "zone": "UTC", "teams": "", "token": "/t"}


@pytest.mark.parametrize(
    ("said", "about"),
    [
        ({"name": "a/b"}, "customer.0.name"),
        ({"name": ".."}, "customer.0.name"),
        ({"name": "a\\u0085b"}, "customer.0.name"),
        ({"console": "https://c/${__user.email}"}, "customer.0.console"),
        ({"console": 'https://c\\"onload'}, "customer.0.console"),
        ({"console": "javascript:alert(1)"}, "customer.0.console"),
        ({"zone": "Nowhere/City"}, "customer.0.time_zone"),
        ({"teams": '"Watch", "watch"'}, "named twice: Watch, watch"),
        ({"token": "/a}$__file{/etc/shadow"}, "token_file"),
    ],
)
def test_names_and_addresses_that_would_mean_something_to_grafana_are_refused(
    tmp_path: Path, said: dict[str, str], about: str
) -> None:
    (tmp_path / "c.toml").write_text(FILE.format(**{**SOUND, **said}))
    with pytest.raises(CustomerError, match=about):
        read(tmp_path / "c.toml")


def test_customers_that_differ_in_capitals_alone_are_refused(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(FILE.format(**SOUND) + FILE.format(**{**SOUND, "name": "A"}))
    with pytest.raises(CustomerError, match="named twice: A, a"):
        read(tmp_path / "c.toml")


@pytest.mark.parametrize("held", ["", "\n", "a\nb", "a\x00b", "x" * 70_000])
def test_a_file_that_holds_no_secret_is_told_without_what_it_holds(tmp_path: Path, held: str) -> None:
    (tmp_path / "s").write_text(held)
    with pytest.raises(CustomerError) as told:
        secret(tmp_path / "s")
    assert "x" * 10 not in str(told.value)
    assert "a\nb" not in str(told.value)


def test_files_for_grafana_name_secrets_as_grafana_finds_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "c.toml").write_text(FILE.format(**{**SOUND, "token": "secrets/token"}))
    arguments = ["dashboards", "files", "--customers", str(tmp_path / "c.toml"), "--out", str(tmp_path / "out")]
    assert main(arguments) == 2
    assert "say its whole path" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_token_and_a_user_are_one_too_many(one: Grafana, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert publish(one, folder, "--token-file", str(folder / "influx.token")) == 2
    assert "not both" in capsys.readouterr().err
