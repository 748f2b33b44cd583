"""However messages fall into batches, and wherever the hub is restarted or hears twice, the tickets are the same."""

import tempfile
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.config import parse
from hub.rule import Rule, Together, discover
from hub.store import schema
from tests.hub.fleets import DEVICES, T0
from tests.hub.hubs import Hub
from wire.messages import Device, DeviceKind, Report, Sample
from wire.topics import Verb

TOGETHER = Rule(
    "power_lost",
    frozenset({DeviceKind.SWITCH}),
    Together(frozenset({"camera_unreachable"}), lambda _: (2, 0.5, 4.0)),
    "{number} of {of} dark",
    hides_children=True,
)
POWERED = [Device(device=f"cam-{n}", kind=DeviceKind.CAMERA, parent="poe-1") for n in (1, 2, 3)]
FLEET = [
    *(device for device in DEVICES if device.kind is not DeviceKind.CAMERA),
    Device(device="poe-1", kind=DeviceKind.SWITCH, parent="nvr-1"),
    *POWERED,
]
RULES: Mapping[str, Mapping[str, object]] = {
    "camera_unreachable": {"hold_seconds": 2, "clear_seconds": 2},
    "recorder_unreachable": {"hold_seconds": 0, "clear_seconds": 1},
    "channel_offline": {"hold_seconds": 1, "clear_seconds": 0, "flap_seconds": 6},
    "agent_silent": {"enabled": False},
    "power_lost": {"clear_seconds": 60},  # a group ends by the hub's clock, which stands still here
}
METRIC = {**dict.fromkeys(("cam-1", "cam-2", "cam-3"), "reachable"), "nvr-1": "reachable", "nvr-1-ch1": "online"}

BEGAN = T0 - 25_000
"""Of the first report: none is of a time that the hub's clock has yet to reach."""

samples = st.lists(st.tuples(st.sampled_from(sorted(METRIC)), st.integers(0, 1)), min_size=1, max_size=25)
breaks = st.lists(st.sampled_from(["", "commit", "restart", "again"]), min_size=25, max_size=25)


def play(history: list[tuple[str, int]], between: list[str]) -> tuple[list[tuple[object, ...]], list[str]]:
    """Findings and timeline lines after this history, with something done after each report."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = parse({"rules": RULES}, {**discover(), "power_lost": TOGETHER}, folder=folder)
        hub = Hub(folder, config=config)
        hub.announce(FLEET)
        hub.step()
        said: list[Report] = []
        for second, ((device, value), then) in enumerate(zip(history, between, strict=False)):
            values = {METRIC[device]: value}
            report = hub.report(Sample(device=device, at=BEGAN + second * 1000, values=values))
            report = report.model_copy(update={"id": f"abcdef:{second + 1}", "mono": second + 1})
            said.append(report)
            hub.hear(Verb.REPORT, report)
            if then == "again":
                hub.hear(Verb.REPORT, said[second // 2])
            elif then:
                hub.step()
            if then == "restart":
                hub.close()
                hub = Hub(folder, config=config)
        hub.step()
        findings = [
            (r.device, r.rule, r.state, r.since, r.opened, r.clearing, r.closed, r.cause is not None, r.flaps)
            for r in hub.rows(schema.finding)
        ]
        timeline = [f"{r.at - BEGAN} {r.what}" for r in hub.rows(schema.timeline)]
        hub.close()
        return sorted(findings, key=repr), sorted(timeline)


FLAP_MS = 6000


def lives(findings: list[tuple[object, ...]]) -> dict[tuple[object, object], list[tuple[int, int | None]]]:
    """(device, rule) → when each of its findings that opened began and ended, in order."""
    found: dict[tuple[object, object], list[tuple[int, int | None]]] = {}
    for device, rule, _, since, opened, _, closed, *_ in findings:
        if opened is not None:
            assert isinstance(since, int)
            assert closed is None or isinstance(closed, int)
            found.setdefault((device, rule), []).append((since, closed))
    return {key: sorted(spans) for key, spans in found.items()}


@settings(max_examples=20, deadline=None)
@given(samples, breaks)
def test_batches_restarts_and_repeats_change_nothing(history: list[tuple[str, int]], between: list[str]) -> None:
    findings, timeline = play(history, between)
    assert (findings, timeline) == play(history, ["commit"] * len(history))
    for spans in lives(findings).values():
        for (_, ended), (began, _) in pairwise(spans):
            assert ended is not None, "no two at a time"
            assert began - ended >= FLAP_MS, "what comes back soon is the same one"
