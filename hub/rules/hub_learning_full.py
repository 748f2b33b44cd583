"""Hub watches more series than it can learn.

Meaning: What has no limit of its own is judged by what is usual for it, which takes about 7 KB of memory a series. The
hub learns 30,000 series; all places are taken, and of what came later it does not learn what is usual.

Why it matters: Rules called unusual or slow say nothing of those devices. All other rules judge them as ever.

First step: Switch the rules off whose word you do not need, for a whole kind of device or for sites, in the hub's
configuration; or divide the sites among several hubs. Devices that are retired free their places.
"""

from pydantic import Field

from hub.rule import N_, Rule, Settings, Severity, Threshold
from wire.messages import DeviceKind


class HubLearningFullSettings(Settings):
    """A quarter of an hour is enough to see that it stays so."""

    severity: Severity = Severity.INFO
    hold_seconds: float = 900.0
    clear_seconds: float = 900.0
    raise_ratio: float = Field(default=1.0, gt=0, le=1, description="1, of the series that can be learnt")
    clear_ratio: float = Field(default=0.99, ge=0, le=1, description="1, of the series that can be learnt")


rule = Rule(
    name="hub_learning_full",
    kinds=frozenset({DeviceKind.HUB}),
    condition=Threshold("learned_fill_ratio", lambda s: (s.raise_ratio, s.clear_ratio)),
    summary=N_("Of further series the hub does not learn what is usual."),
    settings=HubLearningFullSettings,
)
