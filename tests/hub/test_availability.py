"""Up, down, planned, unknown: every moment counts once."""

from hypothesis import given, strategies

from hub.availability import Availability, availability
from hub.recurrence import Span

DAY = Span(0, 24)


def test_a_device_that_nothing_was_found_about_was_up() -> None:
    assert availability(DAY) == Availability(up=24)
    assert availability(DAY).ratio == 1.0


def test_an_outage_is_down_and_overlapping_ones_count_once() -> None:
    found = availability(DAY, down=[Span(2, 6), Span(4, 8)])
    assert found == Availability(up=18, down=6)
    assert found.ratio == 0.75


def test_planned_time_is_expected_whether_it_was_down_or_not() -> None:
    found = availability(DAY, down=[Span(2, 6)], planned=[Span(1, 4)])
    assert found == Availability(up=19, down=2, planned=3)


def test_blindness_is_unknown_though_a_finding_was_open_before_and_after() -> None:
    assert availability(DAY, down=[Span(2, 10)], blind=[Span(4, 6)]) == Availability(up=16, down=6, unknown=2)


def test_behind_something_that_is_down_a_device_is_unknown_but_for_what_is_known_of_itself() -> None:
    found = availability(DAY, down=[Span(2, 4)], hidden=[Span(3, 6)])
    assert found == Availability(up=20, down=2, unknown=2)


def test_nothing_is_said_of_a_time_in_which_it_was_neither_up_nor_down() -> None:
    assert availability(DAY, blind=[Span(-5, 50)]).ratio is None
    assert availability(Span(5, 5)) == Availability()


SPANS = strategies.lists(
    strategies.tuples(strategies.integers(-5, 30), strategies.integers(-5, 30)).map(lambda t: Span(*t))
)


@given(SPANS, SPANS, SPANS, SPANS)
def test_it_is_what_counting_every_moment_alone_comes_to(
    down: list[Span], planned: list[Span], blind: list[Span], hidden: list[Span]
) -> None:
    counted = {"up": 0, "down": 0, "planned": 0, "unknown": 0}

    def within(at: int, spans: list[Span]) -> bool:
        return any(start <= at < end for start, end in spans)

    for at in range(*DAY):
        layers = (("planned", planned), ("unknown", blind), ("down", down), ("unknown", hidden))
        counted[next((name for name, spans in layers if within(at, spans)), "up")] += 1
    assert vars(availability(DAY, down=down, planned=planned, blind=blind, hidden=hidden)) == counted
