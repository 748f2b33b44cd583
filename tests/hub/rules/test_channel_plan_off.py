"""A recording plan that is switched off, as a timeline."""

from tests.hub.rules.timelines import MINUTE, timeline


def test_off_for_ten_minutes_is_one_ticket_and_on_again_ends_it() -> None:
    line = timeline()
    line.samples(range(0, 5 * MINUTE, MINUTE), "nvr-1-ch1", recording_plan_enabled=1, recording_planned=1)
    for second in range(5 * MINUTE, 40 * MINUTE, MINUTE):
        recorded = {"recording_active": 0.0} if second % (10 * MINUTE) == 0 else {}
        line.sample(second, "nvr-1-ch1", recording_plan_enabled=0, recording_planned=0, **recorded)
    line.samples(range(40 * MINUTE, 45 * MINUTE, MINUTE), "nvr-1-ch1", recording_plan_enabled=1, recording_planned=1)
    assert line.log == [
        "300 nvr-1-ch1 channel_plan_off pending",
        "900 nvr-1-ch1 channel_plan_off opened",
        "2400 nvr-1-ch1 channel_plan_off clearing",
        "2460 nvr-1-ch1 channel_plan_off closed",
    ]
