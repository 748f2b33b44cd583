"""What Retry-After and Location say, and how little of it is believed."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from hub.series.answer import MOST_RETRY_AFTER_SECONDS, elsewhere, retry_after

NOW = 1_767_225_600.0


def date(seconds: float) -> str:
    return format_datetime(datetime.fromtimestamp(NOW + seconds, UTC), usegmt=True)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("0", 0.0),
        ("17", 17.0),
        (" 17 ", 17.0),
        ("86400", MOST_RETRY_AFTER_SECONDS),
        ("9" * 15, MOST_RETRY_AFTER_SECONDS),
        ("9" * 4000, 0.0),
        ("-5", 0.0),
        ("1.5", 0.0),
        ("1e3", 0.0),
        ("nan", 0.0),
        ("٣", 0.0),
        ("", 0.0),
        ("soon", 0.0),
        ("Thu, 99 Foo 2026 25:61:61 GMT", 0.0),
        ("Thu, 01 Jan 99999 00:00:00 GMT", 0.0),
        (date(40), 40.0),
        (date(-40), 0.0),
        (date(86_400), MOST_RETRY_AFTER_SECONDS),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_bounded(said: str, seconds: float) -> None:
    assert retry_after({"Retry-After": said}, NOW) == seconds


def test_a_date_is_read_by_the_servers_own_clock() -> None:
    assert retry_after({"Retry-After": date(7230), "Date": date(7200)}, NOW) == 30.0


def test_without_a_word_there_is_no_pause() -> None:
    assert retry_after({}, NOW) == 0.0


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("https://user:hush@proxy.example/login?token=hush", "https://proxy.example/login"),
        ("/login", "/login"),
        ("", "nowhere"),
        ("http://[broken", "nowhere"),
        ("/\x1b[31m" + "x" * 1000, "/[31m" + "x" * 195),
    ],
)
def test_where_a_redirect_points_to_is_shown_without_secrets(location: str, shown: str) -> None:
    assert elsewhere({"Location": location}) == shown
