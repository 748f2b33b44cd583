"""Of clocks, everywhere: nvr-1 of the harbour was 90 s ahead for thirty hours, quay-2 runs 6 s a day fast."""

from tests.dashboards.expected import Expected, at_least, at_most, just, near, none_of

WANTED = {"closer": ["harbour"]}

PANELS = {
    "Whose clock is off": Expected(
        rows=1,
        values=(({"device": "quay-2", "site": "harbour"}, "offset", near(-6 * 6.0, 0.05)),),  # six days of it
        absent=frozenset({"school"}),
    ),
    "Open tickets about clocks": Expected(values=(({"device": "quay-2"}, "severity", just("critical")),)),
    "Clocks measured": Expected(
        last=(("recorders", just(2.0)), ("cameras", at_least(7.0)), ("machines", at_least(3.0))),
    ),
    "Who follows no time server": none_of("all do in this week"),
    "How clocks run: slide or step": Expected(
        rows=4,
        values=(
            ({"device": "quay-2"}, "slide", near(-6.0, 0.05)),
            ({"device": "nvr-1"}, "slide", at_least(-1.0)),
            ({"device": "nvr-1"}, "forth", at_most(-10.0)),
            ({"device": "nvr-1"}, "back", at_least(10.0)),
            ({"device": "quay-1"}, "forth", at_least(-0.5)),
        ),
        absent=frozenset({"school"}),
    ),
    "Recorders: offset": Expected(least=(("nvr-1", near(-90.0)),)),
    "Cameras: offset": Expected(last=(("quay-2", near(-36.0, 0.05)), ("quay-1", at_most(0.5)))),
    "Machines of agents: offset": Expected(last=(("gate-1-host", at_most(0.5)),)),
    "Machines whose time service is in step": Expected(extremes=(("gate-1-host", 1.0, 1.0),)),
    "Clock accuracy, by day": Expected(
        last=(("harbour", near(0.75)), ("sites chosen", at_most(0.99))),  # quay-2, one of four there
        absent=frozenset({"school"}),
    ),
}
