"""The JSON API, version 1. Read-only."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request

from hub.api import models
from hub.api.source import MAX_BUCKETS, Source
from hub.locale import Translator
from hub.series.store import SeriesUnavailable
from hub.store import reads
from wire.metrics import BY_NAME

HOUR = 3_600_000
COOKIE = "wk_lang"

Slug = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="Lower-case letters, digits and -")]
Millis = Annotated[int | None, Query(ge=0, le=253_402_300_799_999, description="ms UTC since 1970")]
RowId = Annotated[int, Path(ge=1, le=2**53)]


def source_of(request: Request) -> Source:
    """The reads of the application that serves this request."""
    source: Source = request.app.state.source
    return source


def translator_of(request: Request) -> Translator:
    """The language of `?lang=`, the cookie or Accept-Language."""
    speak: Translator = request.app.state.speak(
        (request.query_params.get("lang"), request.cookies.get(COOKIE)), request.headers.get("accept-language")
    )
    return speak


Reads = Annotated[Source, Depends(source_of)]
Speech = Annotated[Translator, Depends(translator_of)]

router = APIRouter(prefix="/api/v1", tags=["v1"])


def ticket_answer(source: Source, speech: Translator, ticket: reads.Ticket) -> models.TicketAnswer:
    """A ticket with its texts."""
    texts = speech.ticket_texts(source.rules.get(ticket.rule), ticket.detail, ticket.rule)
    return models.TicketAnswer.model_validate({**vars(ticket), **vars(texts)})


@router.get("/overview")
def overview(source: Reads, speech: Speech) -> models.OverviewAnswer:
    """What is broken now, and the fleet by kind and state."""
    fleet = source.fleet()
    tickets = [ticket_answer(source, speech, ticket) for ticket in fleet.tickets]
    return models.OverviewAnswer.model_validate({**vars(fleet), "tickets": tickets})


@router.get("/sites")
def sites(source: Reads) -> list[models.SiteAnswer]:
    """Every site an agent was heard from."""
    return [models.SiteAnswer.model_validate(site) for site in source.sites()]


@router.get("/agents")
def agents(source: Reads) -> list[models.AgentAnswer]:
    """Every agent ever heard."""
    return [models.AgentAnswer.model_validate(agent) for agent in source.agents()]


@router.get("/configurations")
def configurations(source: Reads) -> list[models.ConfigurationAnswer]:
    """Of every agent what it shall run, and whether it does."""
    return [models.ConfigurationAnswer.model_validate(one) for one in source.configurations()]


@router.get("/sites/{site}/devices")
def devices(source: Reads, site: Slug) -> list[models.DeviceAnswer]:
    """The devices of a site and their states."""
    found = source.site(site)
    if found is None:
        raise HTTPException(404, f"no site {site}")
    return [models.DeviceAnswer.model_validate(device) for device in found.devices]


def _device(source: Source, site: str, device: str) -> reads.DeviceDetail:
    found = source.device(site, device)
    if found is None:
        raise HTTPException(404, f"no device {device} in site {site}")
    return found


@router.get("/sites/{site}/devices/{device}")
def device_detail(source: Reads, speech: Speech, site: Slug, device: Slug) -> models.DeviceDetailAnswer:
    """One device: facts, family, findings, tickets, events."""
    found = _device(source, site, device)
    history = [ticket_answer(source, speech, ticket) for ticket in found.history]
    own = _of_agent(source, found) if found.device.kind == "agent" else {"configuration": None, "collectors": None}
    return models.DeviceDetailAnswer.model_validate({**vars(found), "history": history, **own})


def _of_agent(source: Source, found: reads.DeviceDetail) -> dict[str, Any]:
    """What only an agent has."""
    own: dict[str, Any] = {"configuration": source.configuration(found.device.site, found.device.device)}
    try:
        return own | {"collectors": source.collectors(found)}
    except SeriesUnavailable:
        return own | {"collectors": None}


@router.get("/sites/{site}/devices/{device}/series/{metric}")
def series(
    source: Reads,
    speech: Speech,
    site: Slug,
    device: Slug,
    metric: Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,63}$")],
    since: Millis = None,
    until: Millis = None,
    step: Annotated[int, Query(ge=1_000, le=31 * 24 * HOUR, description="ms")] = 60_000,
) -> models.SeriesAnswer:
    """One metric by steps: mean, low and high. The last six hours by minutes if nothing else is asked."""
    found = _device(source, site, device).device
    known = BY_NAME.get(metric)
    if known is None or found.kind not in known.kinds:
        raise HTTPException(404, f"a {found.kind} has no metric {metric}")
    end = source.clock() if until is None else until
    start = max(0, end - 6 * HOUR) if since is None else since
    if not start < end <= start + step * MAX_BUCKETS:
        raise HTTPException(422, f"since must be before until, by at most {MAX_BUCKETS} steps")
    buckets: list[Any] = [bucket._asdict() for bucket in source.chart(found, metric, start, end, step)]
    return models.SeriesAnswer(
        metric=metric, unit=known.unit, help=speech.metric(metric), since=start, until=end, step=step, buckets=buckets
    )


@router.get("/tickets")
def tickets(
    source: Reads,
    speech: Speech,
    state: models.TicketState | None = None,
    before: Annotated[int | None, Query(ge=1, le=2**53, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=reads.MAX_TICKETS)] = 50,
) -> models.TicketsAnswer:
    """Tickets, newest first."""
    page = source.tickets(state, before, limit)
    found = [ticket_answer(source, speech, ticket) for ticket in page.tickets]
    return models.TicketsAnswer(tickets=found, next=page.next)


@router.get("/tickets/{ticket}")
def ticket_detail(source: Reads, speech: Speech, ticket: RowId) -> models.TicketDetailAnswer:
    """One ticket with its timeline and the findings it explains."""
    found = source.ticket(ticket)
    if found is None:
        raise HTTPException(404, f"no ticket {ticket}")
    head = ticket_answer(source, speech, found.ticket).model_dump()
    return models.TicketDetailAnswer.model_validate(
        {**head, "timeline": found.timeline, "explained": found.consequences}
    )
