"""Every code that agent and hub can write has its words."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from hub.console import charts, words
from wire.messages import DeviceKind
from wire.metrics import CATALOGUE
from wire.topics import FROM_AGENT

ROOT = Path(__file__).parents[3]


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
    written = set(re.findall(r'"(\w+ed|consequence|clearing)"', source)) - {"dropped", "closed"}
    assert {"opened", "promoted", "consequence", "clearing", "relapsed", "resolved"} <= written
    assert written <= set(words.TIMELINE)


def test_every_event_of_our_agents() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "agent").rglob("*.py")]
    written = {name for source in sources for name in re.findall(r'"(door\.\w+)"', source)}
    assert written == set(words.EVENTS)
    keys = {key for source in sources for key in re.findall(r'\bdata(?:\["|: dict.* = \{"| = \{")(\w+)"', source)}
    assert {"state", "credential", "reason", "device_time", "after_gap"} <= keys <= set(words.EVENT_FIELDS)


def test_every_fact_of_our_agents() -> None:
    written: set[str] = set()
    for path in (ROOT / "agent").rglob("*.py"):
        for block in re.findall(r"facts[^=\n]*(?:\|)?= ?\{[^}]*\}", path.read_text(encoding="utf-8")):
            written |= set(re.findall(r'"(\w+)":', block))
    assert {"address", "path", "fstype", "token", "os"} <= written, "the search finds them"
    assert written == set(words.FACTS)


def test_every_kind_of_device() -> None:
    assert {kind.value for kind in DeviceKind} == set(words.KINDS)


COUNTS = {
    "collectors_failing",
    "collectors_unavailable",
    "spool_reports",
    "spool_lost_samples",
    "spool_lost_events",
    "reports_refused",
}


def test_every_metric_without_a_unit_is_a_share_a_count_or_a_known_flag() -> None:
    bare = {metric.name for metric in CATALOGUE if metric.unit == "1" and not metric.name.endswith("_ratio")}
    assert {name for name in bare if not charts.is_flag(name)} == COUNTS
