"""Of network and uplinks: the school, whose switch was dark for four hours and one of whose ports had errors."""

from tests.dashboards.expected import Expected, at_least, just, near, shows

WANTED = {"site": ["school"], "closer": ["school"]}

PANELS = {
    "Switches": Expected(last=(("answer", just(1.0)), ("heard of", just(1.0)))),
    "Paths": Expected(last=(("answer", just(2.0)), ("heard of", just(2.0)))),
    "Ports and interfaces": Expected(last=(("have a link", just(5.0)), ("heard of", just(5.0)))),
    "Power over Ethernet": Expected(last=(("faults", just(0.0)), ("heard of", just(3.0)))),
    "Paths over time": Expected(
        extremes=(("gate-1-gateway", 1.0, 1.0), ("gate-2-gateway", 1.0, 1.0)),
        absent=frozenset({"harbour", "hill"}),
    ),
    "Time to the other end": shows("gate-1-gateway", "gate-2-gateway"),
    "Devices that answer late or not at all": Expected(
        rows=9,
        values=(
            ({"device": "cam-2"}, "loss", near(6 / 168, 0.3)),  # off for six hours of the week
            ({"device": "cam-1"}, "loss", just(0.0)),
            ({"device": "yard-2"}, "longest", at_least(0.02)),
        ),
        absent=frozenset({"harbour"}),
    ),
    "Switches now": Expected(
        values=(
            ({"device": "switch-1", "agent": "gate-2"}, "reachable", just(1.0)),
            ({"device": "switch-1"}, "ports", just(3.0)),
            ({"device": "switch-1"}, "budget", near(46.2)),
        )
    ),
    "Switches over time": Expected(extremes=(("switch-1", 0.0, 1.0),)),
    "Power over Ethernet delivered": Expected(last=(("switch-1", at_least(10.0)),)),
    "Ports and interfaces now": Expected(
        rows=5,
        values=(
            ({"device": "switch-1-p1"}, "link", just(1.0)),
            ({"device": "switch-1-p1"}, "feeds", just(1.0)),
            ({"device": "gate-1-host-if-eth0"}, "feeds", just(None)),
            ({"device": "gate-1-host-if-eth0"}, "speed", just(1e9)),
        ),
    ),
    "Links over time": Expected(extremes=(("switch-1-p2", 1.0, 1.0),)),
    "Packets with errors": Expected(extremes=(("switch-1-p1", 0.0, 50.0), ("switch-1-p2", 0.0, 0.0))),
    "Received": Expected(last=(("gate-1-host-if-eth0", at_least(1e6)),)),
    "Sent": Expected(last=(("gate-1-host-if-eth0", at_least(1e4)),)),
    "Tickets of the network": Expected(
        rows=3,
        values=(
            ({"device": "switch-1", "site": "school"}, "open", just(0.0)),
            ({"device": "gate-2"}, "severity", just("critical")),
            ({"device": "switch-1-p1"}, "severity", just("warning")),
        ),
        absent=frozenset({"harbour"}),
    ),
}

ANNOTATIONS = {"Maintenance": 0}  # which was at the harbour
