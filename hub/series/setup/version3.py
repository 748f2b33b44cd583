"""InfluxDB 3.x: what to do by hand, for its set-up takes an administrator's token of its own kind."""

from collections.abc import Sequence

from hub.series.setup.steps import Wanted

_NOTES = (
    "# In InfluxDB 3 Core a database's retention is fixed when it is made.",
    "# Charts over long spans of raw values read many files: start the server with --query-file-limit 10000.",
)


def commands(wanted: Sequence[Wanted], url: str) -> list[str]:
    """To run once, on a machine that has influxdb3."""
    makes = [
        f"influxdb3 create database --host {url} --token ADMIN_TOKEN --retention-period {max(one.hours // 24, 1)}d "
        f"{one.bucket}"
        for one in wanted
    ]
    return [*makes, *_NOTES]
