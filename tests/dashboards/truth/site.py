"""Of a site: the school, six of whose tickets are open at the end of the week."""

from tests.dashboards.expected import Expected, at_least, just, near

WANTED = {"site": ["school"]}

PANELS = {
    "Critical tickets": Expected(last=(("site_state", just(2.0)),)),
    "Warnings": Expected(last=(("site_state", just(4.0)),)),
    "Agents silent": Expected(last=(("site_state", just(0.0)),)),
    "Out of service": Expected(last=(("site_state", just(1.0)),)),  # the channel that is not recorded
    "State unknown": Expected(last=(("site_state", just(0.0)),)),
    "Devices there": Expected(last=(("site_state", just(37.0)),)),
    "Devices": Expected(
        rows=37,
        values=(
            ({"device": "yard-1"}, "kind", just("camera")),
            ({"device": "yard-1"}, "agent", just("gate-2")),
            ({"device": "system-2"}, "name", just("/system-2")),
            ({"device": "sda"}, "tickets", just(1.0)),
            ({"device": "cam-1"}, "worst", just(2.0)),
            ({"device": "cam-2"}, "tickets", just(0.0)),
        ),
    ),
    "Open tickets": Expected(
        rows=6,
        values=(
            ({"device": "nvr-1-ch3"}, "severity", just("critical")),
            ({"device": "system-1"}, "consequences", at_least(1.0)),
        ),
        absent=frozenset({"quay-2", "cam-2"}),
    ),
    "What changed before this fault": Expected(
        rows=200,
        values=(({"device": "nvr-1-ch3"}, "what", just("Channel is not recorded although its plan wants it")),),
        absent=frozenset({"harbour"}),
    ),
    "Cameras that answer": Expected(extremes=(("cam-1", 1.0, 1.0), ("cam-2", 0.0, 1.0), ("yard-1", 0.0, 1.0))),
    "Recorders that answer": Expected(extremes=(("nvr-1", 1.0, 1.0),)),
    "Open tickets over time": Expected(most=(("warning", at_least(4.0)),)),
    "The inspector's four rates by month": Expected(
        values=(
            ({}, "online_ratio", near(0.98)),
            ({}, "picture_ratio", near(0.946)),  # one camera of eight on two days and another on the last
            ({}, "clock_ratio", just(1.0)),
            ({}, "integrity_devices", just(4.0)),
        ),
    ),
}

ANNOTATIONS = {"Maintenance": 0}  # which was at the harbour
