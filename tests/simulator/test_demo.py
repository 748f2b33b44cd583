"""The parts of the demo that need no processes; tests/e2e/test_demo.py runs it whole."""

import io
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.__main__ import DEMO_SCRIPT, main
from simulator.demo import DEFAULT_PORT, DemoFailed, console_port, machine_id
from simulator.faults import KINDS, AnyFault, tell
from simulator.narrator import Narrator
from simulator.outcome import Ticket
from simulator.scenario import parse
from simulator.schedule import Step
from wire.messages import DeviceKind


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_wanted_port_that_is_taken_is_refused(taken: int) -> None:
    with pytest.raises(DemoFailed, match=f"port {taken} is taken"):
        console_port(taken)


def test_the_console_takes_the_next_free_port(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.demo.DEFAULT_PORT", taken)
    assert taken < console_port(None) < taken + 100
    assert DEFAULT_PORT == 8080


@pytest.mark.parametrize(
    ("name", "machine"),
    [("Gate-PC.local", "gate-pc-local"), ("监控", "machine"), ("", "machine"), ("x" * 60, "x" * 30), ("--a--", "a")],
)
def test_a_host_name_becomes_an_id(name: str, machine: str) -> None:
    assert machine_id(name) == machine


def fault(kind: str) -> AnyFault:
    devices = {
        DeviceKind.AGENT: "gw",
        DeviceKind.CAMERA: "cam-01",
        DeviceKind.RECORDER: "nvr",
        DeviceKind.CHANNEL: "nvr-ch1",
    }
    how = {"misbehaves": ", how: drip", "picture_spoilt": ", how: web"}
    devices |= {DeviceKind.DOOR: "door-1", DeviceKind.VOLUME: "data"}
    devices |= {
        DeviceKind.SWITCH: "sw",
        DeviceKind.NETWORK: "sw-p2",
        DeviceKind.DISK: "sda",
        DeviceKind.HOST: "gw-host",
    }
    devices |= {DeviceKind.UPS: "ups-1", DeviceKind.ROOM: "rack"}
    return parse(f"""\
site: s
agents:
  - id: gw
    cameras: 1
    recorders: [{{id: nvr}}]
    door_controllers: [{{id: acs, doors: [door-1]}}]
    volumes: [{{id: data}}]
    switches: [{{id: sw}}]
    disks: [sda]
    ups: [ups-1]
    rooms: [rack]
faults: [{{at: 0, for: 1, kind: {kind}, device: {devices[KINDS[kind].befalls[0]]}{how.get(kind, "")}}}]
""").faults[0]


@pytest.mark.parametrize("kind", KINDS)
def test_every_fault_can_be_told(kind: str) -> None:
    assert fault(kind).device in tell(fault(kind))


def test_the_narrator_tells_each_step_and_each_change_of_a_ticket_once() -> None:
    stream = io.StringIO()
    narrator = Narrator(stream)
    ticket = Ticket(1, "s", "cam-01", "camera_unreachable", "open", 5)
    narrator.step(Step(0, "begin", 0, fault("clock_jump")))
    narrator.tickets([ticket])
    narrator.tickets([ticket])
    narrator.step(Step(1, "end", 0, fault("clock_jump")))
    narrator.tickets([ticket._replace(state="resolved", resolved=9)])
    assert [line[10:] for line in stream.getvalue().splitlines()] == [
        "fault   the clock of cam-01 jumps by +3600 s",
        "  ticket 1 opened: camera_unreachable on s/cam-01",
        "healed  clock_jump of cam-01",
        "  ticket 1 resolved: camera_unreachable on s/cam-01",
    ]


def test_check_says_a_good_script_is_good(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(DEMO_SCRIPT)]) == 0
    assert "good. Site riverside: 45 devices, 5 faults in" in capsys.readouterr().out


@pytest.mark.parametrize("command", [["check"], ["demo", "--once", "--script"]])
def test_a_bad_script_is_refused_before_anything_starts(
    command: list[str], tmp_path: object, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, f"{tmp_path}/none.yaml"]) == 2
    assert "No such file" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["0", "70000", "http"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["demo", "--port", port])
    assert ended.value.code == 2


def test_help_shows_what_to_type(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    told = capsys.readouterr().out
    assert all(part in told for part in ("demo --once", "check mine.yaml", "docs/scenarios.md"))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--json"], "give --once too"),
        (["--port", "x"], "'x' is no port: 1 to 65535"),
        (["--port", "65536"], "'65536' is no port: 1 to 65535"),
    ],
)
def test_a_wrong_command_line_is_said_in_words(
    options: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["demo", *options])
    assert says in capsys.readouterr().err


def test_a_folder_that_can_not_be_kept_in_is_said_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    assert main(["demo", "--keep", str(file)]) == 2
    assert f"--keep {file}: is no folder" in capsys.readouterr().err
    assert main(["demo", "--keep", str(file / "below")]) == 2
    assert "Not a directory" in capsys.readouterr().err
    monkeypatch.setattr("os.access", lambda *_: False)
    assert main(["demo", "--keep", str(tmp_path / "kept")]) == 2
    assert "may not be written" in capsys.readouterr().err
