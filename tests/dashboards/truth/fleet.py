"""Of the fleet overview, at the end of the week: ten tickets are open, and the hill is silent."""

from tests.dashboards.expected import Expected, at_least, just, near

WANTED: dict[str, list[str]] = {}

PANELS = {
    "Critical tickets": Expected(last=(("site_state", just(5.0)),)),  # quay-2, a disk; cam-1, nvr-1-ch3; the hill
    "Warnings": Expected(last=(("site_state", just(6.0)),)),
    "Agents silent": Expected(last=(("site_state", just(1.0)),)),
    "Sites heard": Expected(last=(("site_state", just(3.0)),)),
    "Which sites need me today": Expected(
        rows=3,
        values=(
            ({"site": "harbour"}, "critical", just(2.0)),
            ({"site": "harbour"}, "warning", just(2.0)),
            ({"site": "harbour"}, "silent", just(0.0)),
            ({"site": "hill"}, "silent", just(1.0)),
            ({"site": "hill"}, "unknown", at_least(1.0)),
            ({"site": "school"}, "critical", just(2.0)),
            ({"site": "school"}, "warning", just(4.0)),
        ),
    ),
    "Open tickets": Expected(
        rows=10,
        values=(
            ({"device": "sda", "site": "school"}, "severity", just("warning")),
            ({"device": "quay-2"}, "title", just("Clock is wrong")),
            ({"device": "gate-1", "site": "hill"}, "title", just("Agent has fallen silent")),
        ),
        absent=frozenset({"cam-2", "switch-1"}),  # these are well again
    ),
    "Tickets opened, day by day": Expected(most=(("ritical", at_least(2.0)),)),
    "The inspector's four rates, by site and month": Expected(
        rows=3,
        values=(
            ({"site": "school"}, "online_ratio", near(0.98)),
            ({"site": "harbour"}, "clock_ratio", near(0.79, 0.05)),
            ({"site": "hill"}, "integrity_ratio", just(None)),  # nothing there records
        ),
    ),
}
