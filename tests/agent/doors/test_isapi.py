"""An access controller over real sockets: timelines of silence, faults and recovery."""

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from agent.collector import Context, Reading
from agent.collectors.doors import DoorsSettings, plugin
from agent.device.address import Endpoint
from agent.device.pause import PAUSES
from agent.doors import reconciliation
from agent.doors.isapi import IsapiController
from simulator.device.server import Misbehaviour
from simulator.isapi.access import BOUNDARY, AccessController
from tests.waiting import wait_until
from wire.messages import Event

BESIDE = {"requests_per_hour", "requests_held_back", "door_silence_seconds", "account_paused"}
CLOSED = {
    **{"door_reachable": 1, "authenticated": 1},
    **{"door_open": 0, "door_locked": 1, "door_alarm": 0},
}
OPEN = CLOSED | {"door_open": 1}
UNALARMED = {name: value for name, value in OPEN.items() if name != "door_alarm"}
"""Of a door that was open when we came: whether it was forced or held open, its state does not tell."""


@pytest.fixture
def controller() -> Iterator[AccessController]:
    with AccessController() as controller:
        yield controller


class Watched:
    """A collector, and all that it ever told."""

    def __init__(self, controller: AccessController, folder: Path, **more: Any) -> None:
        password = folder / "password"
        if not password.exists():
            password.write_text("secret")
        where = {"id": "access", "host": controller.host, "port": controller.port, "speaks": "isapi"}
        doors = [{"id": "front", "token": "1", "room": "hall"}, {"id": "back", "token": "2"}]
        self.settings = DoorsSettings.model_validate(
            {
                "username": "watchkeeper",
                "password_file": str(password),
                "device_timeout_seconds": 10.0,
                "controllers": [where | {"doors": doors}],
            }
            | more
        )
        self.collector = IsapiController(
            self.settings.controllers[0], self.settings, folder / "state", first_pause=0.05
        )
        self.events: list[tuple[str, str]] = []
        self.data: list[dict[str, Any]] = []
        self.problems: list[str] = []
        self.reading = Reading()

    def look(self, kept: bool = True) -> dict[str, dict[str, float]]:
        self.reading = self.collector.collect()
        if kept and self.reading.kept is not None:
            self.reading.kept()
        self.events += [(one.device, one.type) for one in self.reading.happenings]
        self.data += [dict(one.data) for one in self.reading.happenings]
        self.problems += [self.reading.problem] if self.reading.problem else []
        assert all(one.values.keys() >= BESIDE for one in self.reading.measurements)
        return {
            one.device: {name: value for name, value in one.values.items() if name not in BESIDE}
            for one in self.reading.measurements
        }

    def until(self, **doors: Mapping[str, float]) -> None:
        seen: dict[str, dict[str, float]] = {}

        def fits() -> bool:
            seen.update(self.look())
            return all(seen[door] == values for door, values in doors.items())

        try:
            wait_until(fits)
        except AssertionError:
            raise AssertionError(f"{doors} never came, last was {seen}; {self.problems[-3:]}") from None

    def until_told(self, count: int) -> None:
        def told() -> bool:
            self.look()
            return len(self.events) >= count

        wait_until(told, what=f"{count} events, not {self.events}")

    def until_listening(self) -> None:
        wait_until(lambda: self.look() and self.collector._listener.listening, what="the stream flows")
        self.look()


@pytest.fixture
def watch(controller: AccessController, tmp_path: Path) -> Iterator[Callable[..., Watched]]:
    made: list[Watched] = []

    def make(**more: Any) -> Watched:
        made.append(Watched(controller, tmp_path, **more))
        return made[-1]

    yield make
    for one in made:
        one.collector.close()


def test_states_are_known_at_once_and_each_event_comes_once(
    controller: AccessController, watch: Callable[..., Watched]
) -> None:
    controller.doors[2].contact = 1
    watched = watch()
    assert watched.look() == {"front": CLOSED, "back": UNALARMED}
    assert watched.reading.devices is not None
    watched.until_listening()
    assert watched.events == [], "it was so when we came"
    controller.grant(1)
    controller.open(1)
    controller.close(1)
    controller.force(2)
    watched.until_told(4)
    assert watched.events == [
        ("front", "door.access_granted"),
        ("front", "door.opened"),
        ("front", "door.closed"),
        ("back", "door.alarm"),
    ]
    assert watched.look() == {"front": CLOSED, "back": OPEN | {"door_alarm": 1}}
    controller.close(2)
    watched.until_told(5)
    assert watched.look() == {"front": CLOSED, "back": CLOSED}
    assert "Ms Li" not in str(watched.data)
    assert "4711" not in str(watched.data)
    assert not any("after_gap" in data for data in watched.data)
    assert watched.problems == []


@pytest.mark.parametrize("pictures", [False, True])
def test_xml_and_pictures_are_read_past_and_understood(
    controller: AccessController, watch: Callable[..., Watched], pictures: bool
) -> None:
    controller.xml, controller.pictures = True, pictures
    watched = watch()
    watched.until_listening()
    controller.hold_open(1)
    watched.until_told(2)
    assert watched.events == [("front", "door.opened"), ("front", "door.alarm")]
    assert watched.data[1]["state"] == "DoorOpenTooLong"
    for happening in watched.reading.happenings:
        Event(device=happening.device, at=0, type=happening.type, data=dict(happening.data))


def test_a_trouble_of_the_controller_is_one_of_all_its_doors_and_one_event(
    controller: AccessController, watch: Callable[..., Watched]
) -> None:
    watched = watch()
    watched.until_listening()
    controller.happen(2, 1029)
    watched.until(front=CLOSED | {"door_fault": 1}, back=CLOSED | {"door_fault": 1})
    assert watched.events == [("front", "door.fault")]
    assert watched.data[0]["part"] == "power"
    controller.happen(2, 1030)
    watched.until(front=CLOSED | {"door_fault": 0}, back=CLOSED | {"door_fault": 0})
    assert len(watched.events) == 1


def test_a_stream_that_dies_silently_is_made_anew_and_what_was_missed_is_told(
    controller: AccessController, watch: Callable[..., Watched]
) -> None:
    watched = watch(stream_silence_seconds=1.0)
    watched.until_listening()
    controller.open(2)
    watched.until_told(1)
    controller.kill_streams()
    controller.open(1)
    controller.close(1)
    controller.force(1)
    watched.until_told(5)
    assert watched.events[1:] == [
        ("front", "door.opened"),
        ("front", "door.closed"),
        ("front", "door.alarm"),
        ("front", "door.opened"),
    ]
    assert all(data["after_gap"] for data in watched.data[1:])
    assert all("device_time" in data for data in watched.data[2:]), "of the first, its state was told before its event"
    watched.until(front=OPEN | {"door_alarm": 1}, back=OPEN)
    watched.until_listening()
    controller.close(2)
    watched.until_told(6)
    assert watched.events[5] == ("back", "door.closed")


@pytest.mark.parametrize("year", ["9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+00:00"])
def test_an_event_at_the_end_of_time_costs_nothing_but_its_date(
    year: str, controller: AccessController, watch: Callable[..., Watched]
) -> None:
    watched = watch(stream_silence_seconds=1.0)
    watched.until_listening()
    controller.doors[1].contact = 1
    controller.happen(5, 25, 1, time=year)
    watched.until_told(1)
    controller.kill_streams()
    controller._log.clear()
    wait_until(lambda: watched.look() and watched.collector._listener.sessions == 2, what="the stream flows anew")
    controller.open(2)
    watched.until_told(2)
    assert watched.events == [("front", "door.opened"), ("back", "door.opened")]


def test_without_a_search_the_states_are_compared(controller: AccessController, watch: Callable[..., Watched]) -> None:
    controller.refuses = {"AccessControl/AcsEvent"}
    watched = watch(stream_silence_seconds=1.0)
    watched.until_listening()
    controller.close(2)
    controller.kill_streams()
    controller.open(1)
    watched.until_told(1)
    assert watched.events == [("front", "door.opened")]
    assert watched.data[0] == {"state": "Open", "after_gap": True}


def test_what_the_controller_repeats_is_told_once(controller: AccessController, watch: Callable[..., Watched]) -> None:
    controller.repeats = 50
    for _ in range(3):
        controller.grant(1)
    watched = watch(stream_silence_seconds=1.0)
    watched.until_listening()
    assert watched.events == [], "from before our time"
    controller.grant(2)
    watched.until_told(1)
    controller.kill_streams()
    controller.grant(2)
    watched.until_told(2)
    watched.until_listening()
    controller.grant(1)
    watched.until_told(3)
    assert watched.events == [("back", "door.access_granted")] * 2 + [("front", "door.access_granted")]
    assert ["after_gap" in data for data in watched.data] == [False, True, False]


def test_a_restart_tells_what_happened_meanwhile_and_nothing_twice(
    controller: AccessController, watch: Callable[..., Watched]
) -> None:
    controller.repeats = 50
    watched = watch()
    watched.until_listening()
    controller.grant(1)
    watched.until_told(1)
    watched.collector.close()
    controller.grant(2)
    again = watch()
    again.until_told(1)
    again.until_listening()
    assert again.events == [("back", "door.access_granted")]
    assert again.data[0]["after_gap"] is True


def test_what_was_not_kept_is_told_again_after_a_kill(
    controller: AccessController, watch: Callable[..., Watched]
) -> None:
    watched = watch()
    watched.until_listening()
    controller.grant(1)
    watched.until_told(1)
    controller.grant(2)
    wait_until(lambda: watched.look(kept=False) and len(watched.events) == 2)
    watched.collector.close()
    again = watch()
    again.until_told(1)
    assert again.events == [("back", "door.access_granted")]


def test_a_controller_that_is_off_is_unreachable_and_its_doors_unknown(
    controller: AccessController, watch: Callable[..., Watched]
) -> None:
    watched = watch()
    watched.until_listening()
    controller.off()
    watched.until(front={"door_reachable": 0}, back={"door_reachable": 0})
    controller.open(2)
    controller.on()
    watched.until(front=CLOSED, back=UNALARMED)
    assert watched.events == [("back", "door.opened")]


def test_the_silence_of_a_door_that_the_controller_no_longer_has_is_noticed(
    controller: AccessController, watch: Callable[..., Watched]
) -> None:
    del controller.doors[2]
    watched = watch(status_seconds=1.0)
    watched.until_listening()
    begun = watched.reading.measurements[1].values["door_silence_seconds"]

    def silences() -> tuple[float, float]:
        watched.look()
        front, back = (one.values["door_silence_seconds"] for one in watched.reading.measurements)
        return front, back

    wait_until(lambda: silences()[1] > begun + 0.5, what="its silence grows")
    assert watched.look()["back"] == {"door_reachable": 1, "authenticated": 1}


def test_a_wrong_password_is_tried_once_and_leaves_the_doors_reachable(
    controller: AccessController, watch: Callable[..., Watched]
) -> None:
    controller.gate.password = "changed"
    watched = watch()
    watched.until(front={"door_reachable": 1, "authenticated": 0})
    wait_until(lambda: watched.collector._listener.error is not None)
    for _ in range(3):
        watched.look()
    assert controller.refused_logins == 1
    assert watched.reading.measurements[0].values["account_paused"] == 1
    controller.gate.password = "secret"
    PAUSES.start(Endpoint(controller.host, controller.port), "watchkeeper", 0.0)
    watched.collector._status_due = 0.0
    watched.until(front=CLOSED)


def test_a_controller_without_a_stream_for_us_is_asked_for_its_states(
    controller: AccessController, watch: Callable[..., Watched]
) -> None:
    controller.forbids = {"Event/notification/alertStream"}
    watched = watch(status_seconds=1.0)
    watched.until(front=CLOSED)
    wait_until(lambda: watched.collector._listener.error is not None)
    controller.doors[1].contact = 1
    watched.until(front=OPEN)
    assert watched.events == [("front", "door.opened")]
    assert watched.data[0]["after_gap"] is True
    assert watched.problems == []
    assert controller.requests["Event/notification/alertStream"] == 1


def test_a_controller_without_states_is_heard_by_its_events(
    controller: AccessController, watch: Callable[..., Watched]
) -> None:
    controller.refuses = {"AccessControl/AcsWorkStatus"}
    watched = watch()
    watched.until_listening()
    assert watched.look()["front"] == {"door_reachable": 1}
    controller.open(1)
    watched.until(front={"door_reachable": 1, "door_open": 1})


def test_a_state_that_overtook_its_event_is_told_when_it_is_told_again(
    controller: AccessController, watch: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = watch()
    watched.until_listening()
    controller.doors[1].contact = 1
    watched.collector._status_due = 0.0
    assert watched.look()["front"] == CLOSED, "its event may be on its way"
    controller.open(1)
    watched.until_told(1)
    assert watched.events == [("front", "door.opened")]
    assert "after_gap" not in watched.data[0]
    controller.doors[1].contact = 0
    watched.collector._states._told.clear()
    monkeypatch.setattr(reconciliation, "CONFIRM_SECONDS", 0.1)
    watched.collector._status_due = 0.0
    watched.until_told(2)
    assert watched.events[1] == ("front", "door.closed")
    assert watched.data[1]["after_gap"] is True, "no event came, so it was missed"


def test_a_flood_becomes_one_event_and_hides_no_alarm(
    controller: AccessController, watch: Callable[..., Watched]
) -> None:
    watched = watch()
    watched.until_listening()
    for _ in range(1200):
        controller.grant(1)
    controller.force(2)
    wait_until(lambda: len(controller._streams[0].queue) == 0)
    wait_until(lambda: bool(watched.look()) and ("back", "door.alarm") in watched.events, what="the alarm was told")
    assert watched.events.count(("front", "door.access_granted")) <= 1000, (
        "500, and what a busy machine's seconds allow"
    )
    assert any("events folded into one" in problem for problem in watched.problems)


HOSTILE: dict[str, bytes] = {
    "endless part": f"--{BOUNDARY}\r\nContent-Type: application/json\r\n\r\n".encode() + b"x" * 300_000,
    "no boundary": b"x" * 100_000,
    "no line ends": b"--" + b"x" * 100_000,
    "50 MB": f"--{BOUNDARY}\r\nContent-Length: 52428800\r\n\r\n".encode() + b"x" * 1_000_000,
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_stream_is_hung_up_on_and_tried_ever_less_often(
    controller: AccessController, watch: Callable[..., Watched], raw: bytes
) -> None:
    controller.raw = raw
    watched = watch()
    wait_until(lambda: watched.look() and bool(watched.problems), what="the stream is called none")
    assert "no event stream" in watched.problems[0]
    assert watched.look() == {"front": CLOSED, "back": CLOSED}, "its states are known all the same"
    controller.raw = None
    watched.until_listening()
    controller.open(1)
    watched.until_told(1)
    assert watched.look()["front"] == OPEN


PARTS: dict[str, bytes] = {
    "garbage": b"what?",
    "nested multipart": b"--inner\r\nContent-Type: text/plain\r\n\r\nx\r\n--inner--",
    "deep": b"[" * 10_000,
    "no XML": b"<a><b></a>",
    "a bomb": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
}


@pytest.mark.parametrize("body", PARTS.values(), ids=PARTS.keys())
def test_a_part_that_is_none_costs_itself_only(
    controller: AccessController, watch: Callable[..., Watched], body: bytes
) -> None:
    watched = watch()
    watched.until_listening()
    head = f"--{BOUNDARY}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    controller._streams[0].queue.append(head + body + b"\r\n")
    controller.open(1)
    watched.until_told(1)
    assert watched.events == [("front", "door.opened")]
    assert any("parts of the event stream can't be read" in problem for problem in watched.problems)


@pytest.mark.parametrize("length", [0, 3, 100_000])
def test_a_wrong_length_loses_no_later_event(
    controller: AccessController, watch: Callable[..., Watched], length: int
) -> None:
    watched = watch()
    watched.until_listening()
    head = f"--{BOUNDARY}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n".encode()
    controller._streams[0].queue.append(head + b'{"eventType":"heartBeat"}\r\n')
    controller.open(1)
    watched.until_told(1)
    assert watched.events == [("front", "door.opened")]


@pytest.mark.parametrize("how", [Misbehaviour.GARBAGE, Misbehaviour.NOISE, Misbehaviour.REDIRECT, Misbehaviour.HANG])
def test_a_controller_gone_mad_is_survived(
    controller: AccessController, watch: Callable[..., Watched], how: Misbehaviour
) -> None:
    watched = watch(device_timeout_seconds=2.0)
    watched.until_listening()
    controller.misbehaviour = how
    watched.collector._listener._stream.interrupt()  # type: ignore[union-attr] # it is listening
    reachable = 0.0 if how is Misbehaviour.HANG else 1.0

    def unknown() -> bool:
        watched.collector._status_due = 0.0
        front = watched.look()["front"]
        return front["door_reachable"] == reachable and "door_open" not in front

    wait_until(unknown, what="it is what it is")


def test_the_end_comes_at_once(controller: AccessController, watch: Callable[..., Watched]) -> None:
    controller.heartbeat_seconds = 60.0
    watched = watch()
    watched.until_listening()
    watched.collector.interrupt()
    controller.open(1)
    assert watched.look() == {} or watched.reading.measurements
    watched.collector.close()
    assert not watched.collector._listener.alive
    assert not any(thread.name == "door-alerts" for thread in threading.enumerate())


def test_requests_are_few(controller: AccessController, watch: Callable[..., Watched]) -> None:
    watched = watch()
    watched.until_listening()
    for _ in range(10):
        watched.look()
    spent = watched.reading.measurements[0].values["requests_per_hour"]
    assert spent <= 8, "a challenge and an answer for the stream and for two states"


def test_doors_and_readers_are_numbers() -> None:
    where = {"id": "access", "host": "a", "speaks": "isapi"}
    for doors in ([{"id": "front", "token": "Door1"}], [{"id": "front", "token": "1", "access_points": ["R1"]}]):
        with pytest.raises(ValidationError, match="are numbers from 1"):
            DoorsSettings.model_validate({"controllers": [where | {"doors": doors}]})


def test_a_controller_speaks_what_it_is_said_to_speak(tmp_path: Path) -> None:
    doors = [{"id": "front", "token": "1"}]
    settings = DoorsSettings.model_validate(
        {"controllers": [{"id": "access", "host": "a", "speaks": "isapi", "doors": doors}]}
    )
    (built,) = plugin.build(settings, Context("agent", "host", tmp_path))
    assert isinstance(built, IsapiController)
    built.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_listening_thread_that_died_is_begun_anew(
    controller: AccessController, watch: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = watch()
    watched.until_listening()
    listener = watched.collector._listener
    with monkeypatch.context() as patched:
        patched.setattr(listener, "_hear", lambda part: 1 / 0)
        controller.open(2)
        wait_until(lambda: not listener.alive, what="its thread died")
    controller.kill_streams()
    wait_until(lambda: watched.look() and listener.listening and listener.sessions == 2, what="the stream flows anew")
    assert watched.look()["back"]["door_open"] == 1
