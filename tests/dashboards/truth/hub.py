"""Of the hub itself: InfluxDB was away for three hours, the broker for an hour and a half (`hub_week`)."""

from tests.dashboards.expected import Expected, at_most, just, near, none_of, shows

WANTED: dict[str, list[str]] = {}

PANELS = {
    "Broker connected": Expected(last=(("hub-1", just(1.0)),)),
    "Nothing heard for": Expected(last=(("hub-1", just(2.0)),)),
    "Own word missing for": Expected(last=(("hub-1", just(0.0)),)),
    "Store takes values": Expected(last=(("hub-1", just(1.0)),)),
    "Dead letters": Expected(last=(("hub-1", just(3.0)),)),
    "Certificate good for": Expected(last=(("hub-1", near(53.0)),)),
    "Waiting for the commit": Expected(extremes=(("arrival to commit, hub-1", 0.0, 0.36),)),
    "Lag of live data": Expected(extremes=(("99 of 100, hub-1", 0.32, 0.48),)),
    "Queue in use": Expected(last=(("of the queue", at_most(0.01)),)),
    "Messages together": shows("a batch, hub-1", "waiting, hub-1"),
    "Reports and values": Expected(extremes=(("of backlogs", 0.0, 120.0), ("values, hub-1", 0.0, 48.0))),
    "Rejected": Expected(last=(("rejected", near(0.01)),)),
    "Dropped": Expected(last=(("queue full", just(0.0)),)),
    "Age of backlogs": Expected(extremes=(("oldest", 3600.0, 3600.0),)),
    "Agents": Expected(extremes=(("known", 4.0, 4.0), ("heard", 0.0, 4.0))),
    "Round trip by the broker": Expected(last=(("there and back", near(0.003)),)),
    "Buffer in use": Expected(extremes=(("of the buffer", 0.0, 0.432),)),
    "Longest wait in the buffer": Expected(extremes=(("oldest", 0.0, 10_800.0),)),
    "Values in the buffer": Expected(extremes=(("waiting", 0.0, 432_000.0),)),
    "Longest steps of a commit": shows("commit, hub-1", "store, hub-1", "SQL, hub-1"),
    "Rules and process": Expected(last=(("process", near(0.12)),)),
    "Room to learn": Expected(last=(("in use", near(0.012)),)),
    "Memory": Expected(last=(("process", near(198e6)),)),
    "Open files": Expected(last=(("open", just(61.0)),)),
    "Answers not sent": Expected(last=(("dropped", just(0.0)),)),
    "Times in which nobody was heard": Expected(
        values=(({}, "duration_seconds", just(5400.0)),), columns=frozenset({"until_at"})
    ),
    "Tickets about hubs": none_of("a replay has no hub that watches itself"),
}
