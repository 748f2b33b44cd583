"""What the data source fills into a query after the variables: the time, and the step.

`now()` is InfluxDB's own clock in truth; here it is the moment at which the dashboard is looked at, for the week lies
in the past.
"""

import re
from dataclasses import dataclass

from tests.dashboards.player.errors import DashboardError
from tests.dashboards.player.span import Span, duration_text

_MACRO = re.compile(r"\$\{?(timeFilter|__interval_ms|__interval|interval|__from|__to)\b\}?", re.ASCII)
_NOW = re.compile(r"\bnow\(\)")
_LEFT = re.compile(r"\$(?:\w+|\{)|\[\[", re.ASCII)


@dataclass(frozen=True)
class Macros:
    """Of one query."""

    span: Span
    step: int
    """ms"""
    now: int

    def __call__(self, statement: str) -> str:
        """Filled in. Raises DashboardError for what is left."""
        values = {
            "timeFilter": f"time >= {self.span.since}ms and time <= {self.span.until}ms",
            "interval": duration_text(self.step),
            "__interval": duration_text(self.step),
            "__interval_ms": str(self.step),
            "__from": str(self.span.since),
            "__to": str(self.span.until),
        }
        done = _NOW.sub(f"{self.now}ms", _MACRO.sub(lambda found: values[found[1]], statement))
        if left := _LEFT.search(done):
            raise DashboardError(f"{left[0]}… is left in the query: {done}")
        return done
