"""The hub's web application: JSON API, health and console in one."""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import tzinfo
from zoneinfo import ZoneInfo

import sqlalchemy
from babel.dates import LOCALTZ
from fastapi import FastAPI

from hub.api import boundary, exposition, routes
from hub.api import health as health_routes
from hub.api.source import Source
from hub.console import pages
from hub.health import Health
from hub.locale import Translator, negotiate, translator
from hub.measures import Measures
from hub.own import software_version
from hub.rule import Rule
from hub.series.store import SeriesReads
from hub.store import reads

EVIDENCE_SECONDS = 900.0
"""A device without any number for so long is shown as unknown: longer than any collector's default interval."""


def system_clock() -> int:
    """ms UTC."""
    return time.time_ns() // 1_000_000


def create_app(
    engine: sqlalchemy.Engine,
    series: SeriesReads,
    rules: Mapping[str, Rule],
    *,
    clock: Callable[[], int] = system_clock,
    time_zone: str | None = None,
    hosts: tuple[str, ...] = boundary.LOOPBACK,
    evidence_seconds: float = EVIDENCE_SECONDS,
    own_site: str = "",
    health: Health | None = None,
    measures: Measures | None = None,
) -> FastAPI:
    """Read-only; opens nothing and starts no thread. `time_zone` is an IANA name, nothing for the machine's own;
    `own_site` is where hubs report on themselves and no agent is.

    `health` knows the hub's other parts; the databases are added to it here. `measures` are what /metrics shows.

    Answers only requests whose Host header is one of `hosts`. Raises ZoneInfoNotFoundError for an unknown zone.
    """
    zone: tzinfo = ZoneInfo(time_zone) if time_zone else LOCALTZ

    def speak(wishes: Iterable[str | None], header: str | None) -> Translator:
        return translator(negotiate(wishes, header), zone)

    app = FastAPI(
        title="Watchkeeper hub",
        version="1",
        description="Read-only. Texts come in the language of ?lang= or Accept-Language (en, zh_CN).",
        openapi_url="/api/v1/openapi.json",
        # FastAPI's own documentation pages load scripts from another host.
        docs_url=None,
        redoc_url=None,
    )
    app.state.source = Source(engine, series, rules, clock, round(evidence_seconds * 1000), own_site)
    app.state.speak = speak
    parts = _with_databases(health or Health(), engine, series)
    app.state.health = parts
    app.state.registry = exposition.registry(
        measures or Measures(), software_version(), lambda: parts.standing().role == "holder"
    )
    app.include_router(routes.router)
    app.include_router(health_routes.router)
    app.include_router(exposition.router)
    pages.add_to(app)
    boundary.answer_errors(app, pages.error_page)
    boundary.guard(app, hosts)
    return app


def _with_databases(health: Health, engine: sqlalchemy.Engine, series: SeriesReads) -> Health:
    health.answers("database", lambda: reads.ping(engine))
    health.answers("series", series.ping)
    return health
