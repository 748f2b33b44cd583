"""How an agent's collectors fare, from its own figures and facts. No SQL in here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from hub.series.store import Value
from wire.metrics import COLLECTORS

LOOKBACK_MS = 27 * 3_600_000
"""A collector may run once a day, with some jitter, and says so only then."""

FACT = "collector_"
"""An agent's fact `collector_{name}` is there while that collector lacks something; its text says what."""

State = Literal["well", "failing", "unavailable", "unknown"]


@dataclass(frozen=True)
class CollectorState:
    """One collector. `unknown`: nobody hears the agent. `reason` is the agent's own English, empty unless unavailable.

    `at` is when its last run ended (ms UTC, None where not told) and `seconds` how long that took.
    """

    name: str
    state: State
    reason: str
    at: int | None
    seconds: float | None


def states(latest: Mapping[str, Value], facts: Mapping[str, Any], heard: bool) -> list[CollectorState]:
    """Of every collector that runs or would, in the catalogue's order; `latest` are the agent's newest figures."""
    lacking = {key.removeprefix(FACT): str(text) for key, text in facts.items() if key.startswith(FACT)}
    told = {name.removeprefix(FACT).removesuffix("_ok") for name in latest if _is_verdict(name)}
    order = {name: number for number, name in enumerate(COLLECTORS)}
    names = sorted(told | lacking.keys(), key=lambda name: (order.get(name, len(order)), name))
    return [_state(name, latest, lacking.get(name), heard) for name in names]


def _is_verdict(metric: str) -> bool:
    return metric.startswith(FACT) and metric.endswith("_ok")


def _state(name: str, latest: Mapping[str, Value], lacking: str | None, heard: bool) -> CollectorState:
    verdict, took = latest.get(f"{FACT}{name}_ok"), latest.get(f"{FACT}{name}_seconds")
    well = verdict is not None and verdict.value >= 0.5
    state: State = "well" if well else "failing" if lacking is None else "unavailable"
    return CollectorState(
        name=name,
        state=state if heard else "unknown",
        reason="" if well else lacking or "",
        at=verdict.at if verdict else None,
        seconds=took.value if took else None,
    )
