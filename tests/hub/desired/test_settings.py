"""What may be desired of an agent, and what may never travel."""

from pathlib import Path

import pytest

from hub.desired.settings import check, read
from wire.codec import MAX_BYTES
from wire.settings import ConfigError

FILE = """\
name = "Gate"

[collectors.cameras]
interval_seconds = 60

[[collectors.cameras.devices]]
id = "cam-1"
host = "10.0.0.8"
username = "watch"
password_file = "cam.password"

[collectors.doors]
controllers = [{ id = "c", password_env = "DOOR", doors = [{ id = "door-1", token = "Door1" }] }]
"""


def _file(folder: Path, text: str) -> Path:
    path = folder / "gateway.toml"
    path.write_text(text)
    return path


def test_names_and_collectors_are_taken_with_references_to_secrets(tmp_path: Path) -> None:
    settings = read(_file(tmp_path, FILE))
    assert settings["name"] == "Gate"
    assert settings["collectors"]["cameras"]["devices"][0]["password_file"] == "cam.password"


@pytest.mark.parametrize(
    ("add", "line", "complaint"),
    [
        ('[broker]\nhost = "elsewhere"', 15, "broker: a hub sets name and collectors only"),
        ('[collectors.power]\npassword = "x"', 16, "collectors.power.password: no secret may travel in clear"),
        ('[collectors.power]\nups = { snmp_secret = "x" }', 16, "use snmp_secret_file or snmp_secret_env"),
        ('[collectors.power]\napi-token = "x"', 16, "collectors.power.api-token: no secret"),
        ('[collectors.power]\nurl = "http://me:pw@ups.example/"', 16, "a password within an address"),
        ("[collectors.power]\nsince = 2026-11-01", 16, "a date or time; write it as a text"),
        ("[collectors.power]\nlimit = nan", 16, "no finite number"),
        ("[collectors.power]\nlimit = 99999999999999999999", 16, "too large"),
        ('[collectors.power]\nname = "a\\u0000"', 16, "NUL"),
        ("[collectors]\npower = 3", 16, "collectors.power: a table of a collector's settings"),
    ],
)
def test_what_may_not_travel_is_refused_with_its_line(tmp_path: Path, add: str, line: int, complaint: str) -> None:
    path = _file(tmp_path, FILE + "\n" + add + "\n")
    with pytest.raises(ConfigError) as refused:
        read(path)
    assert str(refused.value).startswith(f"{path}:{line}: ")
    assert complaint in str(refused.value)


def test_a_file_that_is_no_toml_names_the_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="line 2"):
        read(_file(tmp_path, "[collectors]\nx = \n"))


def test_what_fits_into_no_message_is_refused() -> None:
    devices = [{"id": f"cam-{n}", "note": "x" * 100} for n in range(MAX_BYTES // 100)]
    with pytest.raises(ConfigError, match="at most 262144 go on the wire"):
        check({"collectors": {"cameras": {"devices": devices}}})


def test_nesting_is_bounded() -> None:
    deep: dict[str, object] = {}
    settings = {"collectors": {"power": deep}}
    for _ in range(20):
        inner: dict[str, object] = {}
        deep["x"] = inner
        deep = inner
    with pytest.raises(ConfigError, match="nested more than 12 deep"):
        check(settings)
