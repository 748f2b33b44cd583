"""The availability of devices, joined from what is stored of them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from hub.availability import Availability, availability
from hub.cover import Cover, chain
from hub.recurrence import Span
from hub.rule import Rule
from hub.store import availability as stored
from hub.store import covers


@dataclass(frozen=True)
class OfDevice:
    """A device's figures over a time."""

    device: str
    kind: str
    name: str
    figures: Availability


def of_site(
    engine: sa.Engine,
    rules: Mapping[str, Rule],
    site: str,
    span: Span,
    device: str = "",
    down: Collection[str] | None = None,
) -> list[OfDevice]:
    """Every device of a site that was known within the time, or one; by id.

    `down` names the rules whose findings count as down, where these are not all that mean an outage.
    """
    outages = {name for name, rule in rules.items() if rule.outage} if down is None else down
    hiding = {name for name, rule in rules.items() if rule.darkens}
    known = stored.record(engine, site, span, {*outages, *hiding})
    with engine.connect() as connection:
        windows = covers.touching(connection, span.start, span.end, site, "maintenance")
    return list(_figures(known, outages, hiding, windows, span, site, device))


def _figures(
    known: stored.Record,
    outages: Collection[str],
    hiding: Collection[str],
    windows: Sequence[Cover],
    span: Span,
    site: str,
    device: str,
) -> Iterator[OfDevice]:
    lineage = {one.device: (one.parent, one.agent) for one in known.devices}
    planned = [(cover, list(cover.spans(*span))) for cover in windows if not cover.scope.rule]
    for one in known.devices:
        if (device and one.device != device) or (one.until is not None and one.until <= span.start):
            continue
        above = chain(one.device, lineage)
        own = [f for f in known.findings.get(one.device, ()) if f.rule in outages]
        screens = [f for name in above[1:] for f in known.findings.get(name, ()) if f.rule in hiding]
        strange = [Span(span.start, one.since), *([Span(one.until, span.end)] if one.until is not None else [])]
        yield OfDevice(
            one.device,
            one.kind,
            one.name,
            availability(
                span,
                down=_spans(own, span),
                planned=[s for cover, spans in planned if cover.scope.meets(site, above, "") for s in spans],
                blind=[*known.blind, *strange],
                hidden=_spans(screens, span),
            ),
        )


def _spans(findings: Sequence[stored.Lasting], span: Span) -> list[Span]:
    return [Span(one.since, span.end if one.closed is None else one.closed) for one in findings]
