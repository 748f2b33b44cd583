"""Of clocks, everywhere: nvr-1 of the harbour was 90 s ahead for thirty hours, quay-2 runs 6 s a day fast."""

from tests.dashboards.expected import Expected, at_least, at_most, just, near

WANTED: dict[str, list[str]] = {}

PANELS = {
    "Whose clock is off": Expected(
        rows=1,
        values=(({"device": "quay-2", "site": "harbour"}, "offset", near(-6 * 6.0, 0.05)),),  # six days of it
        absent=frozenset({"school"}),
    ),
    "Open tickets about clocks": Expected(values=(({"device": "quay-2"}, "severity", just("critical")),)),
    "Recorders: offset": Expected(least=(("harbour nvr-1", near(-90.0)), ("school nvr-1", at_least(-0.5)))),
    "Cameras: offset": Expected(last=(("harbour quay-2", near(-36.0, 0.05)), ("school cam-1", at_most(0.5)))),
    "Machines of agents: offset": Expected(last=(("school gate-1-host", at_most(0.5)),)),
    "Machines whose time service is in step": Expected(extremes=(("school gate-1-host", 1.0, 1.0),)),
    "Clock accuracy, by site and day": Expected(
        last=(("harbour", near(0.75)),),  # quay-2, one of four
        extremes=(("school", 1.0, 1.0),),
    ),
}
