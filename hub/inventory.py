"""Takes over what agents say there is: a device's checks when it comes or changes, its findings' end when it goes."""

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from hub.findings import Findings
from hub.fleet import AgentState, Site, Subject
from hub.happening import Happenings
from hub.plan import Plans
from hub.scope import Whereabouts
from hub.unusual import Unusuals
from wire.messages import Device, DeviceKind


class Taken(NamedTuple):
    """What became of an inventory: devices taken, and ids of those that vanished or were not taken, and why."""

    accepted: list[Device]
    vanished: list[str]
    conflicts: list[str]
    """Claimed by another agent."""
    unknown_kinds: list[str]
    """Of a kind that a later version of the wire may know."""


class Inventories:
    """Changes which devices a site has. Whoever else remembers something of a device hears that it is gone."""

    def __init__(
        self, sites: dict[str, Site], plans: Plans, findings: Findings, happenings: Happenings, unusuals: Unusuals
    ) -> None:
        self._sites = sites
        self._plans = plans
        self._findings = findings
        self._happenings = happenings
        self._unusuals = unusuals

    def add(self, subject: Subject) -> Subject:
        """Make a device known, with the checks that its kind and facts call for."""
        where = Whereabouts(subject.site, subject.device, subject.kind, subject.room)
        subject.plan, subject.area = self._plans.of(where, subject.facts)
        subject.windows = {window: subject.windows.get(window, ()) for window in chain(*subject.plan.windows.values())}
        self._sites.setdefault(subject.site, Site()).add(subject)
        return subject

    def take(self, state: AgentState, devices: Sequence[Device], now: int) -> Taken:
        """Take over an agent's whole inventory."""
        place = self._sites[state.site]
        taken, moved = Taken([], [], [], []), False
        for device in devices:
            known = place.devices.get(device.device)
            foreign = known is not None and known.agent != state.agent
            posing = device.kind == DeviceKind.AGENT and device.device != state.agent
            if not isinstance(device.kind, DeviceKind):
                taken.unknown_kinds.append(device.device)
            elif foreign or posing or device.kind == DeviceKind.SITE:
                taken.conflicts.append(device.device)
            else:
                taken.accepted.append(device)
                moved |= known is not None and known.parent != device.parent
                self._update(state, device, device.kind, now)
        state.refused = set(taken.conflicts)
        present = {device.device for device in taken.accepted} | {state.agent}
        taken.vanished.extend(
            d.device for d in place.devices.values() if d.agent == state.agent and d.device not in present
        )
        for name in taken.vanished:
            self.retire(place.remove(name), now)
        for other in place.agents.values():
            if not other.refused.isdisjoint(taken.vanished):  # it may have them now, and is asked
                other.inventory_hash = None
        if moved or taken.vanished:
            self._findings.rearranged(place)
        self._findings.groups.review_all(place, now)
        return taken

    def retire(self, subject: Subject, now: int) -> None:
        """A device is gone, or another has taken its id: nothing of it is remembered, its findings end."""
        self._happenings.forget(subject)
        self._unusuals.forget(subject)
        for finding in list(subject.findings.values()):
            self._findings.end(subject, finding, now, why="retired")

    def close_orphans(self, now: int) -> None:
        """After a rebuild: end findings whose rule was removed or switched off, or whose device is retired."""
        for place in self._sites.values():
            for subject in list(place.devices.values()):
                for finding in list(subject.findings.values()):
                    if not subject.agent or finding.rule not in subject.plan.checks:
                        self._findings.end(subject, finding, now, why="unwatched" if subject.agent else "retired")
                if not subject.agent:
                    place.remove(subject.device)

    def _update(self, state: AgentState, device: Device, kind: DeviceKind, now: int) -> None:
        old = self._sites[state.site].devices.get(device.device)
        if old is None or old.kind != kind:
            if old is not None:
                self.retire(old, now)
            old = Subject(state.site, device.device, kind, state.agent)
        before = old.facts
        old.parent, old.facts, old.room = device.parent, device.facts, device.room or ""
        self.add(old)
        for finding in [f for f in old.findings.values() if f.rule not in old.plan.checks]:
            self._findings.end(old, finding, now, why="unwatched")
        if old.plan.changes:
            self._happenings.changed(old, before, now)
