"""A recorder that refuses our account, as a timeline."""

from tests.hub.rules.timelines import HOUR, MINUTE, lives, others, timeline

RULE = "recorder_unauthenticated"


def test_the_second_refusal_is_a_ticket_though_nothing_is_told_in_between() -> None:
    line = timeline()
    line.samples(range(0, 10 * MINUTE, MINUTE), "nvr-1", reachable=1, authenticated=1)
    line.samples(range(10 * MINUTE, 2 * HOUR, 30 * MINUTE), "nvr-1", reachable=1, authenticated=0)
    line.samples(range(2 * HOUR, 2 * HOUR + 3 * MINUTE, MINUTE), "nvr-1", reachable=1, authenticated=1)
    assert lives(line, RULE) == ["600 pending", "2400 opened", "7200 clearing", "7260 closed"]


def test_what_its_channels_still_say_is_a_consequence() -> None:
    line = timeline()
    line.samples(range(0, HOUR, MINUTE), "nvr-1", reachable=1, authenticated=0)
    line.samples(range(HOUR, 2 * HOUR, MINUTE), "nvr-1-ch1", online=0)
    (finding,) = line.engine.sites["school"].devices["nvr-1-ch1"].findings.values()
    assert finding.cause is not None
    assert finding.cause.rule == RULE
    assert [entry.split()[1] for entry in others(line, RULE)] == ["nvr-1-ch1", "nvr-1-ch1"]
