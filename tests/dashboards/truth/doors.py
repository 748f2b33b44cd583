"""Of doors: at the school door-1 was forced once, and door-2 turned a card away five times and is held open."""

from tests.dashboards.expected import Expected, at_least, just, none_of, shows

WANTED = {"site": ["school"]}

PANELS = {
    "Let in": Expected(last=(("event", at_least(300.0)),)),
    "Refused": Expected(last=(("event", just(5.0)),)),
    "Alarms": Expected(last=(("event", at_least(1.0)),)),
    "Duress and tampering": none_of("nobody was threatened, and nobody was at a door's contacts"),
    "Who opened that door": Expected(rows=100, values=(({"title": "Access granted"}, "site", just("school")),)),
    "Refused, forced, held open, tampered with": Expected(
        rows=6,
        values=(
            ({"title": "Access denied"}, "device", just("door-2")),
            ({"title": "Access denied"}, "person", just("card-7")),
        ),
    ),
    "Tickets about doors": Expected(rows=2, values=(({"title": "Door was forced open"}, "device", just("door-1")),)),
    "Let in and refused": Expected(most=(("Refused", just(5.0)),)),
    "Open or closed": Expected(extremes=(("door-2", 0.0, 1.0),)),
    "Alarm": Expected(extremes=(("door-1", 0.0, 1.0),)),
    "Controller answers": Expected(extremes=(("door-1", 1.0, 1.0), ("door-2", 1.0, 1.0))),
    "Silence": shows("door-1", "door-2"),
}

ANNOTATIONS = {"Maintenance": 0}  # which was at the harbour
