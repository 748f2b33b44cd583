"""Another firmware than before, as a timeline."""

from tests.hub.fleets import SITE, T0, Timeline
from tests.hub.rules.timelines import DAY, lives, timeline
from wire.messages import Device, DeviceKind

RULE = "firmware_changed"


def announce(line: Timeline, second: int, firmware: str | None) -> None:
    facts = {"model": "NVR-4"} | ({"firmware": firmware} if firmware else {})
    line.engine.inventory(
        line.state, [Device(device="nvr-1", kind=DeviceKind.RECORDER, facts=facts)], T0 + 1000 * second
    )
    line.take()


def test_a_change_is_one_ticket_for_a_day() -> None:
    line = timeline()
    announce(line, 0, "V4.1.0")
    announce(line, 60, "V4.1.0")
    assert line.log == []
    announce(line, 120, "V4.2.0")
    assert line.engine.sites[SITE].devices["nvr-1"].findings[RULE].detail == {"before": "V4.1.0", "after": "V4.2.0"}
    line.engine.hear(SITE, "gateway", T0 + DAY * 1000)
    line.tick(DAY)
    assert lives(line, RULE) == ["120 opened"]
    line.engine.hear(SITE, "gateway", T0 + (DAY + 121) * 1000)
    line.tick(DAY + 121)
    assert lives(line, RULE)[1:] == ["86521 closed"]


def test_a_device_that_says_for_the_first_time_what_it_runs_has_changed_nothing() -> None:
    line = timeline()
    announce(line, 0, None)
    announce(line, 60, "V4.1.0")
    announce(line, 120, None)
    assert line.log == []
