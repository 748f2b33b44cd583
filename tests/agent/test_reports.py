"""Reports: what they say of time is all of one moment."""

from agent.clock import Reference, milliseconds
from agent.collector import ClockReading, Happening, Measurement, Reading
from agent.draft import Draft
from agent.inventory import InventoryBook
from agent.reports import Reports
from wire.messages import Device, DeviceKind

YEAR = 365 * 86_400.0


class Set:
    """A wall clock a year behind that somebody sets right once it was looked at `looks` more times."""

    def __init__(self) -> None:
        self.looks = -1

    def wall(self) -> float:
        self.looks -= 1
        return self.mono() + (YEAR if self.looks < 0 else 0.0)

    def mono(self) -> float:
        return 1_000.0


def test_a_clock_that_is_set_while_a_report_is_made_moves_no_reading() -> None:
    """The reference's time of every reading is the same, by the clock before or by the one after."""
    clock = Set()
    reference = Reference(clock)
    reference.read(ClockReading(0.0, "ntp:a"))
    notes: dict[str, str] = {}
    book = InventoryBook([Device(device="agent", kind=DeviceKind.AGENT)], [], notes.get, notes.__setitem__)
    drafts: list[Draft] = []
    reports = Reports("agent", book, drafts.append, clock, reference)
    reading = Reading([Measurement("agent", {"up": 1.0}, mono=990.0)], [Happening("agent", "agent.note", mono=980.0)])
    for looks in range(4):
        clock.looks = looks
        reports.put("agent", reading, {})
    for draft in drafts:
        offset = draft.offset.ms
        assert offset is not None
        assert draft.samples[0].at + offset == milliseconds(YEAR + 990.0)
        assert draft.events[0].at + offset == milliseconds(YEAR + 980.0)
        assert draft.sent + offset == milliseconds(YEAR + 1_000.0)
    assert {draft.offset.ms for draft in drafts} == {0.0, YEAR * 1000}
