"""The console's pages. Read-only; every page works without JavaScript."""

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from fastapi import APIRouter, FastAPI, HTTPException, Query, Request, Response
from fastapi.staticfiles import StaticFiles

from hub.api.collectors import FACT, CollectorState
from hub.api.covered import Covered
from hub.api.routes import Reads, RowId, Slug, Speech
from hub.api.source import Source
from hub.console import figures, happenings
from hub.console.figures import Figures
from hub.console.page import HERE, render
from hub.console.timeline import happened, happens, said
from hub.locale import TicketTexts, Translator
from hub.series.store import SeriesUnavailable
from hub.store import reads
from wire.metrics import CATALOGUE, Metric

HOUR = 3_600_000
MINUTE = 60_000
SPANS = {"1h": HOUR, "6h": 6 * HOUR, "24h": 24 * HOUR, "7d": 7 * 24 * HOUR, "30d": 30 * 24 * HOUR}
"""What a device's charts can show, beside "auto": as far back as there are values, within bounds."""
PAGE_TICKETS = 50
_FAULTS_FIRST = ("fault", "unknown", "ok")

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class TicketView:
    """A ticket with its texts."""

    ticket: reads.Ticket
    texts: TicketTexts
    cover: Covered | None = None
    """What covers it now, though it has a ticket."""
    happened: bool = False
    """It is about what happened, not about what lasts: it was never seen to have gone, it has only not come again."""


@dataclass(frozen=True)
class TicketPart:
    """One page of the tickets in one state; `next` as in reads.TicketPage."""

    state: reads.TicketState
    tickets: list[TicketView]
    next: int | None


def add_to(app: FastAPI) -> None:
    """The pages and their static files."""
    app.include_router(router)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")


def error_page(request: Request, status: int) -> Response:
    """A page for a status: 404, 503 or any other."""
    return render(request, "error.html", status, status=status)


def _views(source: Source, speech: Translator, tickets: list[reads.Ticket]) -> list[TicketView]:
    covered = source.covered(tickets)
    rules = [source.rules.get(t.rule) for t in tickets]
    return [
        TicketView(t, speech.ticket_texts(rule, t.detail, t.rule), covered.get(t.id), happens(rule))
        for t, rule in zip(tickets, rules, strict=True)
    ]


@router.get("/")
def first(request: Request, source: Reads, speech: Speech) -> Response:
    """What is broken now, since when, why it matters and what to do; then the fleet."""
    fleet = source.fleet()
    tickets = _views(source, speech, list(fleet.tickets))
    return render(request, "overview.html", fleet=fleet, tickets=tickets)


def _standing(device: reads.Device) -> tuple[bool, str, int, str, str]:
    """Rooms by name, the roomless last; within one, faults first."""
    return device.room is None, device.room or "", _FAULTS_FIRST.index(device.state), device.kind, device.device


@router.get("/sites/{site}")
def site_page(request: Request, source: Reads, speech: Speech, site: Slug) -> Response:
    """One site: what is broken there, its agents, and its devices by room."""
    found = source.site(site)
    if found is None:
        raise HTTPException(404)
    rooms: dict[str, list[reads.Device]] = {}
    for device in sorted(found.devices, key=_standing):
        rooms.setdefault(device.room or "", []).append(device)
    tickets = _views(source, speech, list(found.tickets))
    covers = source.covers(site)
    return render(request, "site.html", site=found, rooms=rooms, tickets=tickets, covers=covers)


@router.get("/sites/{site}/devices/{device}")
def device_page(
    request: Request,
    source: Reads,
    speech: Speech,
    site: Slug,
    device: Slug,
    span: Annotated[Literal["auto", "1h", "6h", "24h", "7d", "30d"], Query()] = "auto",
) -> Response:
    """One device: findings, charts, facts, events."""
    found = source.device(site, device)
    if found is None:
        raise HTTPException(404)
    until = source.clock()
    metrics = [metric.name for metric in CATALOGUE if found.device.kind in metric.kinds and not _told_elsewhere(metric)]
    if span == "auto":
        shown = figures.of_now(source, speech, found.device, metrics, until)
    else:
        shown = figures.of_span(source, speech, found.device, metrics, (until - SPANS[span], until))
    return render(
        request,
        "device.html",
        detail=found,
        here=found.device,
        span=span,
        spans={"auto": speech.gettext("Auto")} | {n: speech.duration(ms / 1000) for n, ms in SPANS.items()},
        figures=shown,
        configuration=source.configuration(site, device) if found.device.kind == "agent" else None,
        collectors=_collectors(source, found),
        no_reference=_no_reference(source, found.device),
        events=happenings.listed(found.events, speech),
        findings=[(f, speech.ticket_texts(source.rules.get(f.rule), f.detail, f.rule)) for f in found.findings],
        history=_views(source, speech, list(found.history)),
        covers=source.covers(site, device),
    )


def _told_elsewhere(metric: Metric) -> bool:
    """How collectors fare stands in a table of its own."""
    return metric.name.startswith(FACT)


def _collectors(source: Source, found: reads.DeviceDetail) -> list[CollectorState] | None:
    """Of an agent; None with the series store away, or of anything else."""
    if found.device.kind != "agent":
        return None
    try:
        return source.collectors(found)
    except SeriesUnavailable:
        return None  # the page says that it is away


def _no_reference(source: Source, device: reads.Device) -> bool:
    """Whether a host has lately asked reference clocks and none answered: then its clock may be right or wrong."""
    if device.kind != "host":
        return False
    now = source.clock()
    try:
        since = now - source.evidence_ms
        asked = source.newest(device, "clock_reference", since, now)
        offset = source.newest(device, "clock_offset_seconds", since, now)
    except SeriesUnavailable:
        return False  # the page says that it is away
    return asked is not None and asked.value < 0.5 and offset is None


@router.get("/tickets")
def tickets_page(
    request: Request,
    source: Reads,
    speech: Speech,
    state: Annotated[Literal["open", "resolved", "all"], Query()] = "all",
    before: Annotated[int | None, Query(ge=1, le=2**53)] = None,
) -> Response:
    """Tickets: the open ones, then the resolved ones, either newest first. `before` pages through the latter."""
    shown: list[reads.TicketState] = ["open", "resolved"] if state == "all" else [state]
    if before is not None:
        shown = shown[-1:]
    parts = [_part(source, speech, one, before) for one in shown]
    return render(request, "tickets.html", parts_shown=parts, state=state, before=before)


def _part(source: Source, speech: Translator, state: reads.TicketState, before: int | None) -> TicketPart:
    page = source.tickets(state, before, PAGE_TICKETS)
    return TicketPart(state, _views(source, speech, list(page.tickets)), page.next)


@router.get("/tickets/{ticket}")
def ticket_page(request: Request, source: Reads, speech: Speech, ticket: RowId) -> Response:
    """One ticket: what, why, first step, evidence, timeline, consequences."""
    found = source.ticket(ticket)
    if found is None:
        raise HTTPException(404)
    titles = {name: speech.of_rule(rule, rule.runbook.title) for name, rule in source.rules.items() if rule.runbook}
    return render(
        request,
        "ticket.html",
        view=_views(source, speech, [found.ticket])[0],
        timeline=_timeline(source, speech, found),
        explained=[(c, titles.get(c.rule, c.rule)) for c in found.consequences],
        titles=titles,
        figures=_evidence(source, speech, found),
        history=found.history,
        earlier=_views(source, speech, list(found.history.tickets)),
    )


def _timeline(source: Source, speech: Translator, found: reads.TicketDetail) -> list[tuple[reads.TimelineEntry, str]]:
    """Each entry with the summary as it was then, where the fault was there."""
    told: list[tuple[reads.TimelineEntry, str]] = []
    rule = source.rules.get(found.ticket.rule)
    clearing = False
    for entry in found.timeline:
        word = happened(rule, entry.what, entry.data, clearing)
        told.append((replace(entry, what=word), said(rule, entry.what, entry.data, speech)))
        clearing = entry.what == "clearing" or (clearing and entry.what == "consequence")
    return told


def _evidence(source: Source, speech: Translator, found: reads.TicketDetail) -> Figures | None:
    """The series that show the fault, from a while before to a while after, the fault shaded."""
    shown = source.evidence(found)
    here = found.ticket.device
    by_device: dict[str, list[str]] = {}
    for one in shown.series:
        by_device.setdefault(one.device, []).append(one.metric)
    parts: list[Figures] = []
    for name, metrics in by_device.items():
        detail = source.device(found.ticket.site, name)
        if detail is None:
            continue
        part = figures.of_span(source, speech, detail.device, metrics, shown.span, shown.fault)
        if part is None:
            return None
        parts.append(part if name == here else figures.of_other(part, detail.device.name or name))
    return figures.together(parts)
