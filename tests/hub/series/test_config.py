"""The [series] table: what it opens, and what it refuses before anything is sent anywhere."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hub.series.config import (
    PASSWORD_VARIABLE,
    TIERS,
    TOKEN_VARIABLE,
    SeriesConfigError,
    SeriesSettings,
    of_tier,
    open_series,
    retention_ms,
)
from hub.series.connection import InfluxTarget
from hub.series.embedded import EmbeddedSeries
from hub.series.influx import InfluxSeries
from hub.series.store import Point
from tests.servers.influxdb import InfluxDB

REMOTE = "http://influx.example:8086"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text("correct-horse\n")
    return path


def test_the_default_is_a_file_and_no_server(tmp_path: Path) -> None:
    store = open_series(SeriesSettings(path=tmp_path / "series.db"), {})
    assert isinstance(store, EmbeddedSeries)
    store.ping()
    store.close()


def test_influxdb_with_a_password_from_a_file_is_written_to(tmp_path: Path, secret: Path) -> None:
    folder = tmp_path / "influxdb"
    folder.mkdir()
    with InfluxDB(folder, authentication=True) as server:
        settings = SeriesSettings(
            kind="influx", url=server.url, api="v1", username=server.user_name, password_file=secret
        )
        store = open_series(settings, {})
        store.write([Point("camera", "depot", "gate-1", "cam-1", 1000, {"reachable": 1.0})])
        store.ping()
        store.close()


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"kind": "prometheus"}, "kind"),
        ({"pathh": "x"}, "pathh"),
        ({"url": "influx.example:8086"}, "url"),
        ({"url": "ftp://influx.example"}, "url"),
        ({"url": "http://hub:hush@127.0.0.1:8086"}, "credentials"),
        ({"username": "hub", "token_file": "t"}, "choose one"),
        ({"password_file": "p"}, "username"),
        ({"timeout_seconds": 0}, "timeout_seconds"),
        ({"buffer_bytes": 10}, "buffer_bytes"),
        ({"url": REMOTE, "token_file": "t"}, "unencrypted"),
        ({"url": REMOTE, "username": "hub"}, "unencrypted"),
        ({"url": "http://127.0.0.1.example:8086", "username": "hub"}, "unencrypted"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused_by_name(settings: dict[str, Any], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        SeriesSettings(**{"kind": "influx", **settings})


@pytest.mark.parametrize(
    "settings",
    [
        {"url": REMOTE, "token_file": "t", "plaintext": True},
        {"url": "https://influx.example", "token_file": "t"},
        {"url": REMOTE},
        {"url": "http://[::1]:8086", "username": "hub"},
        {"url": "http://localhost:8086", "token_file": "t"},
    ],
)
def test_settings_that_keep_secrets_are_taken(settings: dict[str, Any]) -> None:
    SeriesSettings(**{"kind": "influx", **settings})


def test_a_token_from_the_environment_does_not_cross_a_network_unencrypted_either() -> None:
    settings = SeriesSettings(kind="influx", url=REMOTE)
    with pytest.raises(SeriesConfigError, match="unencrypted"):
        open_series(settings, {TOKEN_VARIABLE: "hush"})


def test_a_user_without_a_password_is_refused() -> None:
    settings = SeriesSettings(kind="influx", username="hub")
    with pytest.raises(SeriesConfigError, match=PASSWORD_VARIABLE):
        open_series(settings, {})
    store = open_series(settings, {PASSWORD_VARIABLE: "hush"})
    assert isinstance(store, InfluxSeries)
    store.close()


@pytest.mark.parametrize("content", [b"", b"  \n", b"two\nlines", b"\xff\xfe", b"x" * 5000])
def test_a_secret_file_that_holds_no_secret_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    settings = SeriesSettings(kind="influx", token_file=path)
    with pytest.raises(SeriesConfigError, match="token"):
        open_series(settings, {})


def test_a_secret_file_that_is_missing_is_named(tmp_path: Path) -> None:
    settings = SeriesSettings(kind="influx", token_file=tmp_path / "gone")
    with pytest.raises(SeriesConfigError, match="gone"):
        open_series(settings, {})


@pytest.mark.parametrize(
    ("settings", "database", "bucket"),
    [
        (SeriesSettings(), "watchkeeper_hourly", "watchkeeper_hourly"),
        (SeriesSettings(retention_policy="long"), "watchkeeper_hourly", "watchkeeper_hourly"),
        (SeriesSettings(bucket="watchkeeper/autogen"), "watchkeeper_hourly", "watchkeeper_hourly"),
        (SeriesSettings(database="cctv", bucket="numbers"), "cctv_hourly", "numbers_hourly"),
    ],
)
def test_rollups_have_a_database_and_a_bucket_of_their_own(
    settings: SeriesSettings, database: str, bucket: str
) -> None:
    hourly = of_tier(settings, "hourly")
    target = InfluxTarget(hourly.url, hourly.database, bucket=hourly.bucket, retention_policy=hourly.retention_policy)
    assert (target.database, target.write_bucket, hourly.retention_policy) == (database, bucket, "")
    assert of_tier(settings, "raw") == settings


def test_rollups_have_a_file_of_their_own() -> None:
    assert of_tier(SeriesSettings(path=Path("/var/series.db")), "daily").path == Path("/var/series_daily.db")


def test_rollups_are_kept_longer_than_raw_values() -> None:
    days = [retention_ms(SeriesSettings(), tier) // 86_400_000 for tier in TIERS]
    assert days == [90, 400, 3650]
