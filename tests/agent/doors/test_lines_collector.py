"""Timelines: silence before, what happens, recovery."""

import json
import socket
import time
from pathlib import Path

import pytest
from pydantic import ValidationError

from agent.collector import Context, Reading
from agent.collectors.doors import DoorsSettings, plugin
from agent.doors.inputs import LinesSettings
from agent.doors.lines_collector import FileCollector, SocketCollector
from tests.waiting import wait_until
from wire.messages import DeviceKind, Event

DOORS = [{"id": "front", "name": "Front door", "room": "hall"}, {"id": "back", "token": "2"}]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "doors.jsonl"
    made.touch()
    return made


def collector(path: Path, clock: Clock | None = None, **more: object) -> FileCollector:
    settings = LinesSettings.model_validate({"id": "turnstile", "path": str(path), "doors": DOORS} | more)
    if clock is not None:
        return FileCollector(settings, path, path.parent / "state", clock)
    return FileCollector(settings, path, path.parent / "state")


def write(path: Path, *events: str, door: str = "front", **more: object) -> None:
    with path.open("a") as file:
        for event in events:
            file.write(json.dumps({"door": door, "event": event} | more) + "\n")


def told(reading: Reading) -> list[tuple[str, str]]:
    if reading.kept is not None:
        reading.kept()
    return [(one.device, one.type) for one in reading.happenings]


def values(reading: Reading, door: str = "front") -> dict[str, float]:
    (found,) = [dict(one.values) for one in reading.measurements if one.device == door]
    del found["door_silence_seconds"]
    return found


def test_nothing_is_known_before_the_first_word(path: Path) -> None:
    reading = collector(path).collect()
    assert (told(reading), values(reading), reading.problem) == ([], {}, "")
    assert reading.devices is not None
    assert [(d.device, d.kind, d.name, d.room) for d in reading.devices] == [
        ("front", DeviceKind.DOOR, "Front door", "hall"),
        ("back", DeviceKind.DOOR, "", None),
    ]
    assert reading.devices[1].facts == {"controller": "turnstile", "token": "2", "source": str(path)}


def test_a_door_is_forced_and_closed_again(path: Path) -> None:
    built = collector(path)
    told(built.collect())
    write(path, "closed")
    reading = built.collect()
    assert (told(reading), values(reading)) == ([("front", "door.closed")], {"door_open": 0, "door_alarm": 0})
    write(path, "forced")
    reading = built.collect()
    assert told(reading) == [("front", "door.alarm"), ("front", "door.opened")]
    assert reading.happenings[0].data == {"state": "DoorForcedOpen"}
    assert values(reading) == {"door_open": 1, "door_alarm": 1}
    assert (told(built.collect()), values(reading, "back")) == ([], {})
    write(path, "closed", "closed")
    reading = built.collect()
    assert (told(reading), values(reading)) == ([("front", "door.closed")], {"door_open": 0, "door_alarm": 0})


def test_every_event_fits_the_wire(path: Path) -> None:
    built = collector(path)
    told(built.collect())
    write(path, "granted", "denied", "duress", "opened", "held_open", "tamper", "fault", "locked", reason="R" * 500)
    happenings = built.collect().happenings
    assert [one.type for one in happenings] == [
        *("door.access_granted", "door.access_denied", "door.duress"),
        *("door.opened", "door.alarm", "door.tamper", "door.fault"),
    ]
    for one in happenings:
        assert one.type in plugin.events
        Event(device=one.device, at=0, type=one.type, data=dict(one.data))


def test_faults_tampering_and_locks_last_until_they_are_over(path: Path) -> None:
    built = collector(path)
    told(built.collect())
    write(path, "fault", "tamper", "unlocked")
    assert values(built.collect()) == {"door_alarm": 1, "door_fault": 1, "door_locked": 0}
    write(path, "fault_over", "tamper_over", "locked")
    reading = built.collect()
    assert (told(reading), values(reading)) == ([], {"door_alarm": 0, "door_fault": 0, "door_locked": 1})


def test_an_event_is_as_old_as_its_line_says(path: Path) -> None:
    built = collector(path)
    told(built.collect())
    write(path, "opened", at=(time.time() - 30) * 1000)
    (opened,) = built.collect().happenings
    assert opened.mono == pytest.approx(time.monotonic() - 30, abs=5)


def test_garbage_and_strangers_are_named_and_the_rest_is_told(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    built = collector(path)
    told(built.collect())
    write(path, "closed")
    with path.open("a") as file:
        file.write("secret of another program\n{}\n")
    write(path, "opened", door="nobody's")
    write(path, "opened")
    reading = built.collect()
    assert told(reading) == [("front", "door.closed"), ("front", "door.opened")]
    assert reading.problem == "door lines turnstile: 2 lines are no events, the first: no JSON, at byte 37"
    assert [record.getMessage() for record in caplog.records] == [
        'door lines turnstile: tells of "nobody\'s", which no configured door has'
    ]
    assert built.collect().problem == ""


def test_a_flood_becomes_one_event_and_hides_no_alarm(path: Path) -> None:
    built = collector(path)
    told(built.collect())
    write(path, *["granted"] * 3000, "forced")
    reading = built.collect()
    assert len(reading.happenings) == 501
    assert reading.happenings[-1].type == "door.flood"
    assert "door.alarm" in {one.type for one in reading.happenings}
    assert "events folded into one" in reading.problem
    assert values(reading) == {"door_open": 1, "door_alarm": 1}


def test_a_door_that_falls_silent_is_unknown_and_comes_back(path: Path) -> None:
    clock = Clock()
    built = collector(path, clock, silence_seconds=60.0)
    assert values(built.collect()) == {}
    write(path, "opened")
    assert values(built.collect()) == {"door_reachable": 1, "door_open": 1}
    clock.now += 59.0
    reading = built.collect()
    assert values(reading) == {"door_reachable": 1, "door_open": 1}
    assert reading.measurements[0].values["door_silence_seconds"] == 59.0
    clock.now += 1.0
    assert values(built.collect()) == {"door_reachable": 0}
    write(path, "alive")
    reading = built.collect()
    assert (told(reading), values(reading)) == ([], {"door_reachable": 1, "door_open": 1})
    write(path, "lost")
    assert values(built.collect()) == {"door_reachable": 0}
    write(path, "closed")
    reading = built.collect()
    assert told(reading) == [("front", "door.closed")]
    assert values(reading) == {"door_reachable": 1, "door_open": 0, "door_alarm": 0}


def test_a_program_that_never_spoke_is_unreachable_after_its_time(path: Path) -> None:
    clock = Clock()
    built = collector(path, clock, silence_seconds=60.0)
    clock.now += 60.0
    assert values(built.collect()) == {"door_reachable": 0}


def test_a_missing_file_is_a_problem_until_it_comes(path: Path) -> None:
    path.unlink()
    built = collector(path)
    reading = built.collect()
    assert reading.problem == f"door lines turnstile: {path} is not there"
    assert reading.devices is not None
    write(path, "opened")
    reading = built.collect()
    assert (told(reading), reading.problem) == ([("front", "door.opened")], "")


def test_a_line_counts_once_over_a_restart_and_nothing_is_lost_to_a_kill(path: Path) -> None:
    told(collector(path).collect())
    write(path, "opened")
    killed = collector(path).collect()
    assert [one.type for one in killed.happenings] == ["door.opened"], "but nobody kept it"
    restarted = collector(path)
    assert told(restarted.collect()) == [("front", "door.opened")]
    write(path, "closed")
    assert told(collector(path).collect()) == [("front", "door.closed")]
    assert told(collector(path).collect()) == []


def test_being_made_and_closed_writes_nothing(path: Path) -> None:
    collector(path).close()
    assert not (path.parent / "state").exists()


# -- the socket ----------------------------------------------------------------------------------------------------


def test_lines_come_through_a_socket_and_it_is_made_anew_when_somebody_removes_it(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    where = tmp_path_factory.mktemp("s") / "doors.sock"
    settings = LinesSettings.model_validate({"id": "turnstile", "socket": str(where), "doors": DOORS})
    built = SocketCollector(settings, where)
    assert not where.exists()
    assert told(built.collect()) == []
    for event in ("opened", "closed"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as program:
            program.connect(str(where))
            program.sendall(b'nonsense\n{"door":"front","event":"%s"}\n' % event.encode())
        seen: list[tuple[str, str]] = []
        problems: list[str] = []

        def heard(seen: list[tuple[str, str]] = seen, problems: list[str] = problems) -> bool:
            reading = built.collect()
            seen += told(reading)
            problems += [reading.problem] if reading.problem else []
            return bool(seen)

        wait_until(heard, what="the line was heard")
        assert seen == [("front", f"door.{event}")]
        assert problems == ["door lines turnstile: 1 lines are no events, the first: no JSON"]
        where.unlink()
        built.collect()
        assert where.is_socket()
    built.close()
    assert not where.exists()


def test_a_socket_that_cannot_be_had_is_a_problem_and_its_doors_are_there(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    where = tmp_path_factory.mktemp("s") / "doors.sock"
    where.write_text("somebody's")
    settings = LinesSettings.model_validate({"id": "turnstile", "socket": str(where), "doors": DOORS})
    built = SocketCollector(settings, where)
    reading = built.collect()
    assert "no socket of ours" in reading.problem
    assert reading.devices is not None
    assert where.read_text() == "somebody's"
    where.unlink()
    assert built.collect().problem == ""
    built.close()


# -- configuration -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ({}, "path or socket"),
        ({"path": "/a", "socket": "/b"}, "path or socket"),
        ({"path": "doors.jsonl"}, "no absolute path"),
        ({"socket": "/" + "x" * 200}, "at most 107 bytes"),
    ],
)
def test_a_wrong_way_is_refused(lines: dict[str, object], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        LinesSettings.model_validate({"id": "turnstile", "doors": DOORS} | lines)


def test_doors_are_unique_over_all_inputs_and_each_input_is_a_collector(tmp_path: Path) -> None:
    lines = [{"id": "a", "path": "/a", "doors": [{"id": "x"}]}, {"id": "b", "socket": "/b", "doors": [{"id": "y"}]}]
    built = plugin.build(DoorsSettings.model_validate({"lines": lines}), Context("agent", "host", tmp_path))
    assert [type(one) for one in built] == [FileCollector, SocketCollector]
    lines[1]["doors"] = [{"id": "x"}]
    with pytest.raises(ValidationError, match="'x' occurs twice"):
        DoorsSettings.model_validate({"lines": lines})
    with pytest.raises(ValidationError, match="'a' occurs twice"):
        DoorsSettings.model_validate({"lines": [lines[0], lines[0]]})
