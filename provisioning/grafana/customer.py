"""Who gets dashboards, and of which data: a TOML file.

[[customer]]
name = "Depots"                           # the organisation in Grafana
language = "zh_CN"                        # or "en"
console = "https://watchkeeper.example"   # the hub's console, for links to tickets
time_zone = "Asia/Shanghai"               # as [console] of the hub's, whose months rates are of; default: the browser's
teams = ["Technicians"]

[customer.influx]
url = "https://influx.example:8086"       # as Grafana reaches it
version = 2                               # 1, 2 or 3
database = "watchkeeper"                  # and its _hourly and _daily
token_file = "/etc/watchkeeper/grafana-influx.token"          # 2, 3
# username = "grafana"; password_file = "…"                   # 1
# ca_file = "/etc/watchkeeper/ca.crt"
"""

from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from wire.settings import ConfigError, read_toml, refusal

MAX_SECRET_BYTES = 65_536
BROWSER = "browser"
"""Grafana's word for the time zone of whoever looks."""

_CONTROL = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
Name = Annotated[
    str, StringConstraints(min_length=1, max_length=190, pattern=rf"^[^{_CONTROL}]+$", strip_whitespace=True)
]
"""What Grafana takes as a name of a team, on one line."""
_PART = rf"[^{_CONTROL}/\\]*"
Organisation = Annotated[
    str,
    StringConstraints(max_length=190, pattern=rf"^{_PART}[^{_CONTROL}/\\.]{_PART}$", strip_whitespace=True),
]
"""Of an organisation, which is a part of a path besides: no slash, and not dots alone."""
Url = Annotated[str, StringConstraints(max_length=500, pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$")]
"""Without a user, a query or a fragment in it."""
Console = Annotated[
    str, StringConstraints(max_length=500, pattern=r"^https?://[A-Za-z0-9:._\[\]-]+(/[A-Za-z0-9:/._~%-]*)?$")
]
"""As it goes into links: nothing that Grafana would fill in, or that ends a link."""
TimeZone = Annotated[
    str,
    StringConstraints(max_length=64, pattern=r"^[A-Za-z][A-Za-z0-9/_+-]*$"),
    AfterValidator(lambda name: _zone(name)),
]
"""Of the IANA database, or "browser"."""
Secret = Annotated[Path, AfterValidator(lambda path: _plain_path(path))]
"""A file that holds a secret. Its name goes into `$__file{…}`."""


def _plain_path(path: Path) -> Path:
    if any(letter in "${}" or not letter.isprintable() for letter in str(path)):
        raise ValueError("a path without $, { and }")
    return path


def _zone(name: str) -> str:
    if name != BROWSER and name not in available_timezones():
        raise ValueError(f"{BROWSER}, or a time zone such as Asia/Shanghai")
    return name


class CustomerError(Exception):
    """The file, or a file it names, cannot be used."""


class Influx(BaseModel):
    """Where the data lies, and what Grafana may read it with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Url
    version: Literal[1, 2, 3] = 2
    database: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,60}$")] = "watchkeeper"
    username: Annotated[str, StringConstraints(max_length=190, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    password_file: Secret | None = None
    token_file: Secret | None = None
    ca_file: Secret | None = None

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        """1.x knows users, 2 and 3 know tokens."""
        if self.version == 1 and self.token_file:
            raise ValueError("InfluxDB 1.x takes username and password_file, no token")
        if bool(self.username) != bool(self.password_file):
            raise ValueError("username and password_file go together")
        if self.version > 1 and not self.token_file:
            raise ValueError(f"InfluxDB {self.version} wants a token_file")
        return self


class Customer(BaseModel):
    """One organisation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Organisation
    language: Literal["en", "zh_CN"] = "en"
    console: Console = "http://127.0.0.1:8080"
    time_zone: TimeZone = BROWSER
    teams: list[Name] = Field(default=[], max_length=50)
    influx: Influx


class Customers(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    customer: list[Customer] = Field(min_length=1, max_length=1000)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        twice = _twice([one.name for one in self.customer])
        twice += [name for one in self.customer for name in _twice(one.teams)]
        if twice:
            raise ValueError(f"named twice: {', '.join(twice)}")
        return self


def _twice(names: list[str]) -> list[str]:
    """Some databases take names that differ in capitals alone for the same."""
    folded = [name.casefold() for name in names]
    return sorted({name for name in names if folded.count(name.casefold()) > 1})


def read(path: Path) -> list[Customer]:
    """The customers of a file. Raises CustomerError, naming line and field of the first thing that is wrong."""
    text = ""
    try:
        table, text = read_toml(path)
        return Customers.model_validate(table).customer
    except ConfigError as error:
        raise CustomerError(str(error)) from None
    except ValidationError as error:
        raise CustomerError(str(refusal(error, (), str(path), text))) from None


def secret(path: Path, lines: bool = False) -> str:
    """What is in a secret's file, without the line's end; of several `lines` only where that is said, as certificates
    have them. Raises CustomerError; what it holds is never told."""
    try:
        with path.open("rb") as file:
            found = file.read(MAX_SECRET_BYTES + 1).decode("utf-8").strip()
    except OSError as error:
        raise CustomerError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CustomerError(f"{path}: is no text in UTF-8") from None
    if len(found) > MAX_SECRET_BYTES:
        raise CustomerError(f"{path}: is longer than {MAX_SECRET_BYTES} bytes, which no secret is")
    if not found or not (found.replace("\r", "").replace("\n", "") if lines else found).isprintable():
        raise CustomerError(f"{path}: {'holds no text' if lines else 'is empty, or no single line of text'}")
    return found
