"""The JSON API, version 1. Read-only."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request

from hub.api import models
from hub.api.source import MAX_BUCKETS, Source
from hub.availability import LONGEST_MS, Availability
from hub.locale import Translator
from hub.recurrence import Span
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


def ticket_answers(source: Source, speech: Translator, tickets: Sequence[reads.Ticket]) -> list[models.TicketAnswer]:
    """Tickets with their texts, and what covers them."""
    covered = source.covered(tickets)
    answers = []
    for ticket in tickets:
        texts = speech.ticket_texts(source.rules.get(ticket.rule), ticket.detail, ticket.rule)
        about = {**vars(ticket), **vars(texts), "cover": covered.get(ticket.id)}
        answers.append(models.TicketAnswer.model_validate(about))
    return answers


@router.get("/overview")
def overview(source: Reads, speech: Speech) -> models.OverviewAnswer:
    """What is broken now, and the fleet by kind and state."""
    fleet = source.fleet()
    tickets = ticket_answers(source, speech, fleet.tickets)
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
    history = ticket_answers(source, speech, found.history)
    covers = source.covers(site, device)
    own = _of_agent(source, found) if found.device.kind == "agent" else {"configuration": None, "collectors": None}
    return models.DeviceDetailAnswer.model_validate({**vars(found), "history": history, "covers": covers, **own})


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
    found = ticket_answers(source, speech, page.tickets)
    return models.TicketsAnswer(tickets=found, next=page.next)


@router.get("/tickets/{ticket}")
def ticket_detail(source: Reads, speech: Speech, ticket: RowId) -> models.TicketDetailAnswer:
    """One ticket with its timeline and the findings it explains."""
    found = source.ticket(ticket)
    if found is None:
        raise HTTPException(404, f"no ticket {ticket}")
    head = ticket_answers(source, speech, [found.ticket])[0].model_dump()
    history = {**vars(found.history), "tickets": [earlier.id for earlier in found.history.tickets]}
    more = {"timeline": found.timeline, "explained": found.consequences, "history": history}
    return models.TicketDetailAnswer.model_validate({**head, **more, "evidence": _evidence(source, found)})


def _evidence(source: Source, found: reads.TicketDetail) -> models.EvidenceAnswer:
    shown = source.evidence(found)
    since, until = shown.span
    step = max(1_000, -(-(until - since) // MAX_BUCKETS))
    base = f"/api/v1/sites/{found.ticket.site}/devices"
    series = [
        models.EvidenceSeriesAnswer(
            **one._asdict(), href=f"{base}/{one.device}/series/{one.metric}?since={since}&until={until}&step={step}"
        )
        for one in shown.series
    ]
    fault = {"fault_since": shown.fault.start, "fault_until": shown.fault.end}
    return models.EvidenceAnswer(since=since, until=until, **fault, series=series)


@router.get("/covers")
def covers(source: Reads) -> list[models.CoverAnswer]:
    """The maintenance windows and silences of now and of the next day."""
    return [models.CoverAnswer.model_validate(one) for one in source.covers(None)]


@router.get("/sites/{site}/availability")
def site_availability(
    source: Reads, site: Slug, since: Millis = None, until: Millis = None
) -> models.AvailabilityAnswer:
    """How much of a time the devices of a site were up. The last thirty days if nothing else is asked."""
    return _availability(source, site, "", since, until)


@router.get("/sites/{site}/devices/{device}/availability")
def device_availability(
    source: Reads, site: Slug, device: Slug, since: Millis = None, until: Millis = None
) -> models.AvailabilityAnswer:
    """The same of one device."""
    return _availability(source, site, device, since, until)


def _availability(
    source: Source, site: str, device: str, since: int | None, until: int | None
) -> models.AvailabilityAnswer:
    now = source.clock()
    end = now if until is None else min(until, now)
    start = max(0, end - 30 * 24 * HOUR) if since is None else since
    if not start < end <= start + LONGEST_MS:
        raise HTTPException(422, f"since must be before until and now, by at most {LONGEST_MS} ms")
    found = source.availability(site, Span(start, end), device)
    if not found:
        raise HTTPException(404, f"no device {device} in site {site}" if device else f"no device in site {site}")
    figures = sum((one.figures for one in found), Availability())
    about = {"site": site, "since": start, "until": end, "figures": figures, "devices": found}
    return models.AvailabilityAnswer.model_validate(about)
