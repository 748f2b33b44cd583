"""Every code that agent and hub can write has its words."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from agent.collector import discover
from hub.api import collectors
from hub.console import charts, words
from hub.locale import translator
from hub.locale.catalogue import LOCALES
from hub.store import desired
from tests.hub.console.codes import event_keys, fact_keys
from wire.messages import DeviceKind
from wire.metrics import CATALOGUE, COLLECTORS
from wire.topics import FROM_AGENT

ROOT = Path(__file__).parents[3]


COMING = set(COLLECTORS) - set(discover())
"""Collectors that the catalogue names and nobody has written yet: they may have their words before."""


def _calls(folder: str, name: str) -> Iterator[ast.Call]:
    """Every call of something so named in a folder's modules."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and name in (getattr(node.func, "attr", ""), getattr(node.func, "id", "")):
                yield node


def _texts(nodes: list[ast.expr]) -> set[str]:
    """The literal texts among arguments and within them."""
    found = {n.value for node in nodes for n in ast.walk(node) if isinstance(n, ast.Constant)}
    return {text for text in found if isinstance(text, str) and re.fullmatch(r"[a-z]+(_[a-z]+)*", text)}


def test_every_reason_for_a_rejection() -> None:
    written = {text for call in _calls("hub", "reject") for text in _texts(call.args[:-1])}
    assert {"poison", "series_refused", "queue_full"} <= written, "the search finds them"
    unreadable = {f"bad_{verb.value.replace('/', '_')}" for verb in FROM_AGENT}
    assert written | unreadable | {"many_senders"} == set(words.REJECTIONS)


def test_everything_on_a_timeline() -> None:
    source = (ROOT / "hub/tickets/ledger.py").read_text(encoding="utf-8")
    written = set(re.findall(r'"(\w+ed|consequence|clearing)"', source)) - {"dropped", "closed", "returned"}
    assert {"opened", "promoted", "consequence", "clearing", "relapsed", "resolved"} <= written
    assert written <= set(words.TIMELINE)


def test_every_event_of_our_agents() -> None:
    declared = {event for plugin in discover().values() for event in plugin.events}
    assert {"door.opened", "host.rebooted"} <= declared
    assert declared <= set(words.EVENTS)
    assert COMING or declared == set(words.EVENTS), "no word is left over"
    assert {event for event, _, _ in words.EVENTS_WHERE} <= set(words.EVENTS)


def test_every_detail_of_our_agents_events() -> None:
    written = event_keys()
    assert {"state", "credential", "reason", "device_time", "after_gap", "unexpected"} <= written, (
        "the search finds them"
    )
    assert written <= set(words.EVENT_FIELDS)
    assert COMING or written == set(words.EVENT_FIELDS), "no word is left over"


def test_every_fact_of_our_agents() -> None:
    written = fact_keys()
    assert {"address", "path", "fstype", "token", "os", "wwn"} <= written, "the search finds them"
    written |= {"smart", "sample"}  # put beside what smartctl told, and returned beside a backup's figures
    # What devices of a site tell, put together from several answers.
    written |= {"mac", "unsupported", "forbidden", "description", "system_name"}
    assert written <= set(words.FACTS)
    assert COMING or written == set(words.FACTS), "no word is left over"


def test_every_collector() -> None:
    assert set(words.COLLECTORS) == set(COLLECTORS)
    assert set(discover()) <= set(words.COLLECTORS)


def test_every_state_of_a_configuration_and_of_a_collector() -> None:
    assert set(words.CONFIGURATIONS) == set(get_args(desired.State))
    assert set(words.COLLECTOR_STATES) == set(get_args(collectors.State))


def test_every_kind_of_device() -> None:
    assert {kind.value for kind in DeviceKind} == set(words.KINDS)


COUNTS = {
    *("collectors_failing", "collectors_unavailable", "reports_refused"),
    *("spool_reports", "spool_lost_samples", "spool_lost_events"),
    *("unexpected_reboots", "clock_stratum", "process_count", "process_restarts", "backups"),
    *("smart_reallocated_sectors", "smart_pending_sectors", "smart_uncorrectable_sectors"),
    *("smart_uncorrectable_errors", "smart_command_timeouts", "smart_critical_warning"),
    *("raid_disks", "raid_disks_missing", "recording_gaps", "recording_segments"),
    *("footage_reads", "footage_reads_uncounted"),
    *("requests_held_back", "profiles", "accounts", "administrators", "picture_baseline_samples", "switch_ports_up"),
    "events_unknown",
    *(
        "batch_messages",
        "queue_messages",
        "buffer_points",
        "dead_letters",
        "answers_dropped",
        "agents_known",
        "agents_heard",
        "learned_series",
        "open_files",
    ),
}


def test_every_metric_without_a_unit_is_a_share_a_count_or_a_known_flag() -> None:
    bare = {metric.name for metric in CATALOGUE if metric.unit == "1" and not metric.name.endswith("_ratio")}
    assert {name for name in bare if not charts.is_flag(name)} == COUNTS


@pytest.mark.parametrize("locale", LOCALES)
def test_every_metric_with_a_unit_is_written_with_it(locale: str) -> None:
    speech = translator(locale)
    bare = {metric.name for metric in CATALOGUE if metric.unit != "1" and speech.value(metric.name, 7.25) == "7.25"}
    assert bare == set()
