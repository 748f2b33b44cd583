"""A camera without a stream, as a timeline."""

from tests.hub.rules.timelines import MINUTE, lives, timeline

RULE = "camera_not_streaming"


def test_three_looks_without_a_stream_are_a_ticket_and_two_with_one_end_it() -> None:
    line = timeline()
    line.samples(range(0, 20 * MINUTE, 5 * MINUTE), "cam-1", reachable=1, streaming=1)
    line.samples(range(20 * MINUTE, 40 * MINUTE, 5 * MINUTE), "cam-1", reachable=1, streaming=0)
    line.samples(range(40 * MINUTE, 60 * MINUTE, 5 * MINUTE), "cam-1", reachable=1, streaming=1)
    assert line.log == [
        "1200 cam-1 camera_not_streaming pending",
        "1800 cam-1 camera_not_streaming opened",
        "2400 cam-1 camera_not_streaming clearing",
        "2700 cam-1 camera_not_streaming closed",
    ]


def test_a_camera_that_is_off_has_one_ticket() -> None:
    line = timeline()
    line.samples([0], "cam-1", reachable=1, streaming=0)  # it dies as it is asked
    line.samples(range(MINUTE, 60 * MINUTE, MINUTE), "cam-1", reachable=0)
    assert lives(line, RULE) == ["0 pending"]
    line.samples([60 * MINUTE], "cam-1", reachable=1, streaming=0)  # its stream takes a moment longer
    line.samples([65 * MINUTE], "cam-1", reachable=1, streaming=1)
    assert lives(line, RULE) == ["0 pending", "3600 pending", "3900 dropped"]
