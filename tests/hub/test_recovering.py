"""How long a finding may go on after its cause."""

from hub.blindness import Blindness
from hub.finding import Life
from hub.fleet import LiveFinding
from hub.recovering import CLOCK_MS, Recovering
from hub.rule import Severity


def finding(device: str = "cam-1") -> LiveFinding:
    return LiveFinding("school", device, "camera_unreachable", Severity.CRITICAL, Life("open", since=0), {})


def test_each_has_its_own_time() -> None:
    recovering, one, other = Recovering(Blindness()), finding(), finding("cam-2")
    recovering.wait(one, 0, 100)
    recovering.wait(other, 0, 50)
    assert recovering.next_due == 50
    assert recovering.over(49) == []
    assert recovering.over(60) == [other]
    assert (one in recovering, other in recovering) == (True, False)
    assert recovering.over(100) == [one]
    assert recovering.next_due is None


def test_told_several_times_it_is_over_once_and_with_the_latest() -> None:
    recovering, one = Recovering(Blindness()), finding()
    for since, patience in ((0, 100), (20, 100), (30, 10)):
        recovering.wait(one, since, patience)
    assert recovering.over(119) == []
    assert recovering.over(120) == [one]
    assert recovering.over(1000) == []


def test_what_was_not_heard_does_not_count() -> None:
    blindness = Blindness()
    recovering, one = Recovering(blindness), finding()
    recovering.wait(one, 0, 100)
    blindness.begin(40, "broker")
    blindness.end(540)
    assert recovering.over(540) == []
    assert recovering.next_due == 600
    assert recovering.over(600) == [one]


def test_nobody_waits_for_days_that_never_were() -> None:
    recovering, one = Recovering(Blindness()), finding()
    recovering.wait(one, 86_400_000, 300_000)
    recovering.clock_set_back(1000)
    assert recovering.next_due == 1000 + CLOCK_MS
    assert recovering.over(1000 + CLOCK_MS) == [one]
