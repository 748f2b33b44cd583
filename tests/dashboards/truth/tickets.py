"""Of tickets and repairs, everywhere: 23 were opened in the week, ten of which are open."""

from tests.dashboards.expected import Expected, at_least, just, near, none_of, shows

WANTED: dict[str, list[str]] = {}

PANELS = {
    "Critical, open": Expected(last=(("site_state", just(5.0)),)),
    "Warnings, open": Expected(last=(("site_state", just(6.0)),)),
    "Oldest open ticket": Expected(last=(("site_state", at_least(1.7e12)),)),
    "Held back by maintenance and silences": Expected(last=(("site_state", just(0.0)),)),
    "Open tickets, the oldest first": Expected(
        rows=10,
        values=(
            ({"device": "quay-2"}, "severity", just("critical")),
            ({"device": "sda"}, "title", just("Disk shows its age")),
        ),
        absent=frozenset({"cam-2"}),
    ),
    "Open tickets over time, all sites": Expected(last=(("critical", just(5.0)), ("warning", just(6.0)))),
    "Opened and resolved, by day": shows("Opened", "Resolved"),
    "How long our repairs take, by fault": Expected(
        values=(
            ({"rule": "camera_unreachable"}, "mean", near(6.5 * 3600)),  # six hours, told every half hour
            ({"rule": "switch_unreachable"}, "number", just(1.0)),
            ({"rule": "clock_drift"}, "worst", near(31 * 3600)),  # thirty hours, told every hour
        ),
    ),
    "How long our repairs take, by site": Expected(
        rows=2, values=(({"site": "harbour"}, "number", just(1.0)),), absent=frozenset({"hill"})
    ),
    "Repairs by month": Expected(rows=10, columns=frozenset({"median_seconds", "longest_seconds"})),
    "Faults that come back": none_of("no fault of the week came back within an hour"),
    "Tickets opened in this time": Expected(
        rows=23,
        values=(({"device": "cam-2"}, "open", just(0.0)), ({"device": "switch-1"}, "severity", just("critical"))),
    ),
}
