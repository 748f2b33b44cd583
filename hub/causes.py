"""What explains a finding, and what a finding explains: by the inventory, the rules, and when each began."""

from collections.abc import Iterator, Mapping, Sequence

from hub.blindness import Blindness
from hub.check import Check
from hub.fleet import LiveFinding, Site, Subject
from hub.lapsed import Lapsed
from hub.rule import Occurrence, Together

EXPLAINS_MS = 300_000
"""What began so shortly before its cause was seen to begin is its consequence all the same: not everything is looked at
at the same time."""

EXPLAINS_BESIDE_MS = 3_600_000
"""As much for what explains its neighbours: disks are looked at rarely, and a recorder's once an hour."""

STAND_MS = 60_000
"""When its cause is gone a consequence has its hold time, at least this, to be seen to go, too; and one look more."""

LOOK_MS = 3_600_000
"""The longest that is waited for that look: some are taken once a day."""


class Causes:
    """Looks at findings, changes none."""

    def __init__(self, sites: Mapping[str, Site], blindness: Blindness, lapsed: Lapsed) -> None:
        self._sites = sites
        self._blindness = blindness
        self._lapsed = lapsed

    # --- of a finding ---

    def nearest(self, check: Check, subject: Subject, finding: LiveFinding) -> LiveFinding | None:
        """The open finding nearest above this device that explains it, if any. Of a group also one of the parent's."""
        return next(self.all(check, subject, finding), None)

    def all(self, check: Check, subject: Subject, finding: LiveFinding) -> Iterator[LiveFinding]:
        """All that explain it now, the nearest first. What hangs on a member of a group leads to the group over it."""
        if isinstance(check.rule.condition, Occurrence) and check.rule.condition.late:
            return
        for other in subject.findings.values():
            beside = subject.plan.checks.get(other.rule)
            if beside and check.rule.name in beside.rule.explains and other.life.state == "open":
                yield other.root
        for brother in self._brothers(check, subject):
            for other in brother.findings.values():
                beside = brother.plan.checks.get(other.rule)
                explains = beside is not None and check.rule.name in beside.rule.explains_beside
                loop = other is finding or other.cause is finding
                if explains and other.life.state == "open" and not loop:
                    yield other.root
        for above in self._above(check, subject):
            for other in above.findings.values():
                known = above.plan.checks.get(other.rule)
                loop = other is finding or other.cause is finding
                fits = known and known.explains_below(check.rule.name) and _in_time(known, other, finding)
                if fits and other.life.state == "open" and not loop:
                    yield other.root

    def ended(self, check: Check, subject: Subject, finding: LiveFinding) -> LiveFinding | None:
        """The fault above during which, or at the end of which, this happened, though it is heard of only now."""
        if not check.aftermath:
            return None
        for above in self._sites[subject.site].ancestors(subject):
            for lapsed, closed in self._explained_lately(check, above):
                if lapsed.began - EXPLAINS_MS <= finding.life.since <= closed + EXPLAINS_MS:
                    return lapsed.cause or lapsed
        return None

    def lately(self, check: Check, subject: Subject, since: int, at: int) -> LiveFinding | None:
        """The fault above during which this began, and which went so lately that this may be about to go as well."""
        if check.passing or not self._lapsed:
            return None
        finding = subject.findings.get(check.rule.name)
        for above in self._above(check, subject):
            for lapsed, closed in self._explained_lately(check, above):
                heard = at - closed - self._blindness.milliseconds(closed, at)
                if lapsed.began - EXPLAINS_MS <= since <= closed and heard < patience(check, finding):
                    return lapsed
        return None

    def _explained_lately(self, check: Check, above: Subject) -> Iterator[tuple[LiveFinding, int]]:
        """Closed findings of a device that explained this rule's below it, and when (ms UTC) each closed."""
        for name, other in above.plan.checks.items():
            lapsed = self._lapsed.of(above, name)
            if lapsed is not None and lapsed.life.closed is not None and other.explains_below(check.rule.name):
                yield lapsed, lapsed.life.closed

    def _above(self, check: Check, subject: Subject) -> Iterator[Subject]:
        """What it hangs on, the nearest first; of a group's finding also its own device."""
        if isinstance(check.rule.condition, Together):
            yield subject
        yield from self._sites[subject.site].ancestors(subject)

    def _brothers(self, check: Check, subject: Subject) -> Sequence[Subject]:
        """What hangs on the same device; of a group's finding, what hangs on its own."""
        place = self._sites[subject.site]
        parent = subject if isinstance(check.rule.condition, Together) else place.above(subject)
        return place.children(parent) if parent is not None else ()

    # --- by a finding ---

    def consequences(self, check: Check, subject: Subject, finding: LiveFinding) -> Iterator[LiveFinding]:
        """What is open, began with it or shortly before it was seen to, and needs no ticket of its own; of each as it
        is when it is asked for."""
        if check.rule.explains_beside:
            yield from self._beside(check, subject, finding)
        if check.rule.hides_children or check.rule.explains:
            yield from self._below(check, subject, finding)

    def _beside(self, check: Check, subject: Subject, finding: LiveFinding) -> Iterator[LiveFinding]:
        """Among the devices of the same parent, and the parent's own group."""
        place = self._sites[subject.site]
        parent = place.above(subject)
        if parent is None:
            return
        for near in (parent, *place.children(parent)):
            for other in list(near.findings.values()):
                fits = other.rule in check.rule.explains_beside and other is not finding and other is not finding.root
                stands = other.life.state == "open" and not other.explained
                if fits and stands and other.began >= finding.began - EXPLAINS_BESIDE_MS:
                    yield other

    def _below(self, check: Check, subject: Subject, finding: LiveFinding) -> Iterator[LiveFinding]:
        """On the device itself and what hangs on it."""
        condition = check.rule.condition
        members = condition.rules if isinstance(condition, Together) else frozenset()
        place, root = self._sites[subject.site], finding.root
        for below in place.devices.values():
            if not below.findings or (below is not subject and subject not in place.ancestors(below)):
                continue
            for other in list(below.findings.values()):
                known = below.plan.checks.get(other.rule)
                if known is None or known.passing or other is finding or other is root:
                    continue
                beside = below is subject and not isinstance(known.rule.condition, Together)
                if not (other.rule in check.rule.explains if beside else check.explains_below(other.rule)):
                    continue
                began = _begun_last(check, below, other) + (0 if other.rule in members else EXPLAINS_MS)
                if other.life.state == "open" and not other.explained and began >= finding.began:
                    yield other


def patience(check: Check | None, finding: LiveFinding | None) -> int:
    """How many ms a consequence has to go after its cause."""
    return max(check.holds.hold if check else 0, STAND_MS) + min(finding.pace if finding else 0, LOOK_MS)


def _begun_last(check: Check, below: Subject, other: LiveFinding) -> int:
    """When it began; of a group's member when the last of its findings did that make it one: the forecast that came
    true belongs to what it foretold."""
    condition = check.rule.condition
    if not isinstance(condition, Together) or other.rule not in condition.rules:
        return other.began
    return max(one.began for one in below.findings.values() if one.rule in condition.rules)


def _in_time(check: Check, group: LiveFinding, finding: LiveFinding) -> bool:
    """Whether it can be of this group, if it is a group's: its consequence before, or begun soon enough."""
    condition = check.rule.condition
    if not isinstance(condition, Together) or not condition.abrupt or finding.cause is group.root:
        return True
    within = round(condition.levels(check.settings)[2] * 1000)
    return finding.began <= max(group.life.opened or 0, group.began) + within
