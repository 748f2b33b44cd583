"""What every answer carries, and what becomes of errors."""

import pytest
from sqlalchemy import text

from hub.api.boundary import HEADERS
from tests.hub.api.served import Served

PAGES = (
    "/",
    "/sites/depot",
    "/sites/depot/devices/cam-1",
    "/tickets",
    "/tickets/4",
    "/tickets/999",
    "/api/v1/overview",
    "/api/v1/tickets/999",
    "/healthz",
    "/static/console.js",
    "/static/missing.js",
)


@pytest.mark.parametrize("address", PAGES)
def test_every_answer_has_the_security_headers(served: Served, address: str) -> None:
    answer = served.client().get(address)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == ("no-cache" if address.startswith("/static/") else "no-store")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8080", "10.0.0.5"])
def test_a_foreign_host_header_is_refused(served: Served, host: str) -> None:
    answer = served.client().get("/", headers={"host": host})
    assert answer.status_code == 400
    assert "depot" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8080", "localhost:1", "LOCALHOST", "[::1]:8080"])
def test_the_loopback_names_are_answered(served: Served, host: str) -> None:
    assert served.client().get("/", headers={"host": host}).status_code == 200


def test_nothing_can_be_written(served: Served) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert served.client().request(method, "/api/v1/tickets").status_code == 405
        assert served.client().request(method, "/tickets/4").status_code == 405


def test_a_database_that_is_away_is_a_503_in_the_readers_language(empty: Served) -> None:
    with empty.engine.begin() as connection:
        connection.execute(text("DROP TABLE rejected"))
    page = empty.client("zh").get("/")
    assert page.status_code == 503
    assert "中心的数据库无应答" in page.text
    api = empty.client().get("/api/v1/overview")
    assert api.status_code == 503
    assert api.json() == {"detail": "a database of the hub does not answer"}


def test_an_error_of_ours_is_a_500_page_with_the_headers(empty: Served) -> None:
    def broken() -> None:
        raise RuntimeError("secret detail")

    empty.app.state.source.fleet = broken
    page = empty.client().get("/")
    assert page.status_code == 500
    assert "The page could not be shown" in page.text
    assert "secret" not in page.text
    assert page.headers["content-security-policy"] == HEADERS["content-security-policy"]
