"""Every rule sees its fault: silence before, one ticket on the right device and in time, and its recovery."""

import re
from functools import cache
from pathlib import Path

import pytest

from simulator.faults import KINDS
from tests.detection.catalogue import NOT_BY_SCENARIO, STORIES, Entry
from tests.detection.matching import match
from tests.detection.playing import Ticket, play, rules
from tests.detection.topology import Topology

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "scenarios.md"
SHOWN = {entry.rule for story in STORIES.values() for entry in story.entries}
PRESENT = [
    pytest.param(name, number, id=f"{entry.rule}-{entry.kind}-{entry.device}")
    for name, story in STORIES.items()
    for number, entry in enumerate(story.entries)
]


@cache
def told(name: str) -> tuple[list[list[Ticket]], list[Ticket]]:
    """Of one story: the tickets of each of its faults, and those of none."""
    script = STORIES[name].script
    found = play(script, STORIES[name].settings)
    outcomes, rest = match(script.faults, found, Topology(script), script.span)
    return [outcome.tickets for outcome in outcomes], rest


@pytest.mark.parametrize(("name", "number"), PRESENT)
def test_a_fault_is_one_ticket_in_time_and_over_when_it_is_mended(name: str, number: int) -> None:
    entry: Entry = STORIES[name].entries[number]
    (ticket,) = told(name)[0][number]  # the one, and so nothing before or beside it
    assert (ticket.rule, ticket.device, ticket.severity) == (entry.rule, entry.place, entry.severity)
    assert entry.opens[0] <= ticket.opened - entry.at <= entry.opens[1]
    assert ticket.resolved is not None
    assert entry.resolves[0] <= ticket.resolved - entry.at - entry.lasts <= entry.resolves[1]
    assert entry.hides <= ticket.hides
    assert ticket.reopened == 0


@pytest.mark.parametrize("name", STORIES)
def test_there_is_no_ticket_without_a_fault(name: str) -> None:
    assert told(name)[1] == []


def test_every_rule_has_an_entry_or_a_reason_why_not() -> None:
    assert set(rules()) == SHOWN | set(NOT_BY_SCENARIO)
    assert SHOWN & set(NOT_BY_SCENARIO) == set()


def test_every_kind_of_fault_has_an_entry_for_each_rule_that_is_documented_to_see_it() -> None:
    shown: dict[str, set[str]] = {kind: set() for kind in KINDS}
    for story in STORIES.values():
        for entry in story.entries:
            shown[entry.kind].add(entry.rule)
    text = DOCUMENTATION.read_text(encoding="utf-8").partition("## Faults")[2].partition("\n## ")[0]
    documented = dict.fromkeys(KINDS, frozenset[str]())
    for kinds, seen_by in re.findall(r"^\| ((?:`\w+`(?:, )?)+).*\| ([^|]*) \|$", text, re.MULTILINE):
        names = re.findall(r"`(\w+)`", seen_by)
        for kind, own in zip(re.findall(r"`(\w+)`", kinds), _each(kinds, names), strict=True):
            documented[kind] = frozenset(name for name in own if name in rules())
    assert documented == {kind: frozenset(names) for kind, names in shown.items()}


def _each(kinds: str, names: list[str]) -> list[list[str]]:
    """The rules of each kind of a row: as many as there are, one each, or all of the one."""
    count = kinds.count("`") // 2
    return [names] if count == 1 else [[name] for name in names]
