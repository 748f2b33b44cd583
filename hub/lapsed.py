"""Findings that closed only lately: should one come back, it is the same again."""

from hub.check import Check
from hub.fleet import LiveFinding, Subject

MAX_LAPSED = 100_000
"""So many are remembered; what is more opens a ticket of its own when it is back."""


class Lapsed:
    """In the order in which they closed. All times are ms UTC on the hub's clock."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], tuple[int, LiveFinding]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def remember(self, finding: LiveFinding, until: int) -> None:
        """One that is closed, until then."""
        key = finding.site, finding.device, finding.rule
        self._known.pop(key, None)
        self._known[key] = until, finding
        if len(self._known) > MAX_LAPSED:
            del self._known[next(iter(self._known))]

    def of(self, subject: Subject, rule: str) -> LiveFinding | None:
        """A device's of a rule."""
        return self._known.get((subject.site, subject.device, rule), (0, None))[1]

    def back(self, check: Check, subject: Subject, since: int) -> LiveFinding | None:
        """The one that is back since then, where it was closed only lately. It is remembered no longer."""
        _, finding = self._known.pop((subject.site, subject.device, check.rule.name), (0, None))
        flap = round(check.settings.flap_seconds * 1000)
        if finding is None or finding.life.closed is None or since - finding.life.closed >= flap:
            return None
        return finding

    def forget(self, now: int) -> None:
        """Those whose time is over."""
        while self._known:
            key, (until, _) = next(iter(self._known.items()))
            if until > now:
                break
            del self._known[key]

    def clock_set_back(self, now: int) -> None:
        """The hub's own clock was ahead and no longer is: what it closed then does not come back."""
        self._known = {key: known for key, known in self._known.items() if (known[1].life.closed or 0) <= now}
