"""A run of the command against the stand-in, with two customers and their secrets."""

from pathlib import Path

from provisioning.__main__ import main
from provisioning.grafana import wanted
from tests.provisioning.grafana.fake import Grafana

CUSTOMERS = """
[[customer]]
name = "Depots & Söhne"
language = "zh_CN"
console = "https://watchkeeper.example"
time_zone = "Asia/Shanghai"
teams = ["Technicians", "Watch"]
[customer.influx]
url = "http://influx.example:8086"
version = 2
token_file = "{folder}/influx.token"

[[customer]]
name = "Schools"
[customer.influx]
url = "http://influx.example:8087"
version = 1
username = "grafana"
password_file = "{folder}/influx.password"
"""
SECRETS = ("token-of-influx", "password-of-influx", "correct-horse")
BOARDS = len(list((Path(wanted.__file__).parents[2] / "dashboards" / "json" / "en").glob("*.json")))


def publish(grafana: Grafana, folder: Path, *more: str) -> int:
    """As its server administrator; the exit status."""
    login = ["--user", "admin", "--password-file", str(folder / "admin.password")]
    where = ["--grafana", grafana.url, "--customers", str(folder / "customers.toml")]
    return main(["dashboards", "publish", *where, *login, *more])
