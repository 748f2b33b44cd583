"""Of an agent: the one of the school's main house, with a recorder, software, and most devices."""

from tests.dashboards.expected import Expected, at_least, just, near, none_of, shows

WANTED = {"site": ["school"], "agent": ["gate-1"]}

PANELS = {
    "Reports, last hour": Expected(last=(("agent", at_least(2.0)),)),
    "Collectors failing": Expected(last=(("gate-1", just(0.0)),)),
    "Collectors lacking something": Expected(last=(("gate-1", just(0.0)),)),
    "Reports waiting": Expected(last=(("gate-1", just(0.0)),)),
    "Samples given up": Expected(last=(("gate-1", just(0.0)),)),
    "Machine is up for": Expected(last=(("gate-1", at_least(86_400.0)),)),
    "Open tickets of its devices": Expected(
        rows=6,
        values=(({"device": "sda"}, "severity", just("warning")), ({"device": "backups"}, "open", just(1.0))),
    ),
    "Collectors": shows("cameras", "recorders", "disks", "doors"),
    "Longest run of each collector": Expected(last=(("cameras", at_least(0.5)), ("doors", at_least(0.5)))),
    "How long collectors take": shows("cameras", "recorders", "disks", "doors"),
    "Reports waiting over time": Expected(last=(("gate-1", just(0.0)),)),
    "The agent's own memory": Expected(last=(("gate-1", near(63e6, 0.2)),)),
    "Processor and memory": Expected(most=(("Processor", near(0.99)),)),  # overloaded for four hours
    "Temperature of the machine": shows("Hottest sensor"),
    "Network of the machine": shows("Received", "Sent"),
    "Unexpected reboots": shows("Reboots"),
    "Recorders answer": Expected(extremes=(("nvr-1", 1.0, 1.0),)),
    "Recorders' own alarms": none_of("no alarm was raised, and what a recorder does not tell is missing"),
    "Recording software runs": Expected(extremes=(("vms", 1.0, 1.0),)),
    "Recorders' time to answer": shows("nvr-1"),
    "Age of the newest recording": shows("nvr-1"),
    "Recorders' memory": shows("nvr-1"),
    "What happened at its devices": Expected(rows=100, absent=frozenset({"yard-1"})),
}

ANNOTATIONS = {"Maintenance": 0}  # which was at the harbour
