"""What maintenance windows and silences cover now, for whoever looks at tickets and devices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from hub.cover import Cover, chain
from hub.recurrence import Span
from hub.rule import Rule
from hub.store import covers
from hub.store.reads import Ticket

SOON_MS = 86_400_000
"""What begins within a day is worth knowing."""


@dataclass(frozen=True)
class Covered:
    """A cover and its time now, or its next."""

    id: int
    kind: str
    site: str
    device: str
    rule: str
    author: str
    reason: str
    recurrence: str
    start: int
    end: int
    current: bool


def of_tickets(engine: sa.Engine, rules: Mapping[str, Rule], tickets: Sequence[Ticket], now: int) -> dict[int, Covered]:
    """Ticket → what covers it, of those that are open. Of several the one that lasts longest."""
    going = [ticket for ticket in tickets if ticket.state == "open"]
    found: dict[int, Covered] = {}
    if not going:
        return found
    with engine.connect() as connection:
        active = _active(covers.current(connection, now), now)
        sites = {ticket.site for ticket in going} if any(cover.scope.device for cover, _ in active) else set()
        lineages = {site: covers.lineage(connection, site) for site in sites}
    for ticket in going if active else ():
        rule = rules.get(ticket.rule)
        above = chain(ticket.device, lineages.get(ticket.site, {}))
        meant = [one for one in active if one[0].scope.meets(ticket.site, above, ticket.rule)]
        if meant and not (rule is not None and rule.never_covered):
            found[ticket.id] = _covered(*max(meant, key=lambda one: one[1].end), current=True)
    return found


def of_device(engine: sa.Engine, site: str, device: str, now: int) -> list[Covered]:
    """What covers a device now, wholly or by a rule, and what will soon."""
    with engine.connect() as connection:
        known = [one for one in covers.current(connection, now) if one.scope.site in ("", site)]
        above = chain(device, covers.lineage(connection, site)) if known else []
    meant = [one for one in known if not one.scope.device or one.scope.device in above]
    return _current_and_coming(meant, now)


def of_site(engine: sa.Engine, site: str | None, now: int) -> list[Covered]:
    """What covers something at a site (None: anywhere) now, and what will soon."""
    with engine.connect() as connection:
        known = covers.current(connection, now)
    return _current_and_coming([one for one in known if site is None or one.scope.site in ("", site)], now)


def _current_and_coming(known: Sequence[Cover], now: int) -> list[Covered]:
    found = [_covered(cover, span, current=True) for cover, span in _active(known, now)]
    for cover in known:
        later = next((span for span in cover.spans(now, now + SOON_MS) if span.start > now), None)
        if later is not None and cover.current(now) is None:
            found.append(_covered(cover, later, current=False))
    return found


def _active(known: Sequence[Cover], now: int) -> list[tuple[Cover, Span]]:
    return [(cover, span) for cover in known if (span := cover.current(now)) is not None]


def _covered(cover: Cover, span: Span, *, current: bool) -> Covered:
    about = (cover.author, cover.reason, cover.recurrence)
    return Covered(cover.id, cover.kind, *cover.scope, *about, span.start, span.end, current)
