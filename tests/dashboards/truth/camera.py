"""Of a camera: the harbour's quay-1, which lost its stream for three hours and whose certificate runs out."""

from tests.dashboards.expected import Expected, at_most, just, near, none_of, shows

WANTED = {"site": ["harbour"], "device": ["quay-1"]}
_UNRECORDED = "no recorder of the week tells that this camera is one of its channels"

PANELS = {
    "Answers": Expected(last=(("camera", just(1.0)),)),
    "Streams": Expected(last=(("camera", just(1.0)),)),
    "Takes our account": Expected(last=(("camera", just(1.0)),)),
    "Picture fetched": Expected(last=(("camera", just(1.0)),)),
    "Clock is off by": Expected(last=(("camera", at_most(0.5)),)),
    "Certificate left": Expected(last=(("camera", near(12 - 68 / 24)),)),  # twelve days, 68 hours ago
    "Is it there and recorded": Expected(extremes=(("answers", 1.0, 1.0), ("streams", 0.0, 1.0))),
    "What is wrong with its picture": Expected(extremes=(("blurred", 0.0, 0.0), ("too dark", 0.0, 0.0))),
    "Its tickets": Expected(
        values=(({"device": "quay-1"}, "title", just("Device's certificate expires soon")),),
        absent=frozenset({"stream"}),  # somebody worked at it
    ),
    "What happened to it": shows("what", "text"),
    "Time to answer": shows("Time to answer", "Round trip"),
    "Pings lost": Expected(last=(("pings", just(0.0)),)),
    "Its picture against the baseline": shows("sharpness", "likeness", "brightness"),
    "Clock": shows("clock"),
    "Days of recordings kept": none_of(_UNRECORDED),
    "Share of the day's plan that was recorded": none_of(_UNRECORDED),
    "Write rate": none_of(_UNRECORDED),
    "Age of its newest recording": none_of(_UNRECORDED),
}
