"""Of pictures: at the school cam-3 was defocused for twenty hours, and somebody taped over cam-1's lens yesterday."""

from tests.dashboards.expected import Expected, at_most, just, near

WANTED = {"site": ["school"], "closer": ["school"]}

PANELS = {
    "Which cameras see badly": Expected(
        rows=1, values=(({"device": "cam-1"}, "covered", just(1.0)), ({"device": "cam-1"}, "blurred", just(0.0)))
    ),
    "Open tickets about pictures": Expected(rows=1, values=(({"device": "cam-1"}, "title", just("View is covered")),)),
    "Pictures looked at": Expected(last=(("cameras", just(5.0)), ("channels", just(3.0)))),
    "Sharpness against each camera's own baseline": Expected(most=(("cam-2", near(1.0, 0.2)),)),
    "Likeness to the usual scene": Expected(last=(("cam-2", near(0.97, 0.1)), ("cam-1", at_most(0.5)))),
    "Pictures that could not be fetched": Expected(last=(("cam-1", just(1.0)),)),
    "Picture quality, by day": Expected(extremes=(("school", 0.875, 1.0),)),
}

ANNOTATIONS = {"Maintenance": 0}  # which was at the harbour
