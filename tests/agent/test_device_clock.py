"""A device's clock on demand, against a simulated device over real sockets whose offset is known to the millisecond."""

import json
import time
from pathlib import Path

import pytest

from agent.__main__ import command
from agent.device_clock import Told, lines
from simulator.onvif import Camera


def asked(camera: Camera, *options: str) -> int:
    return command(["clock", camera.host, "--port", str(camera.port), *options])


@pytest.mark.parametrize(("offset", "samples"), [(0.372, 10), (-7.868, 6)])
def test_a_clock_is_told_to_a_twentieth_of_a_second(
    offset: float, samples: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with Camera(name="gate") as camera:
        camera.clock_offset = offset
        camera.time_zone = "CST-8"
        assert asked(camera, "--json", "--samples", str(samples)) == 0
    told = json.loads(capsys.readouterr().out)
    assert abs(told["ahead_seconds"] - offset) <= told["error_seconds"] <= 0.05
    assert told["reached"] is True
    assert (told["set_by"], told["time_zone"], told["samples"]) == ("NTP", "CST-8", samples)
    assert camera.answered == {"GetSystemDateAndTime": samples}


def test_what_cannot_be_told_so_exactly_is_said_and_not_taken_for_it(capsys: pytest.CaptureFixture[str]) -> None:
    with Camera(name="gate") as camera:
        camera.clock_offset = 60.25
        assert asked(camera, "--samples", "1") == 1
        out = capsys.readouterr().out
        assert "s ahead of this machine's, ±0.5" in out
        assert "not within ±0.05 s" in out
        assert asked(camera, "--samples", "1", "--within", "1") == 0


def test_a_device_that_answers_late_bounds_what_can_be_known(capsys: pytest.CaptureFixture[str]) -> None:
    def late() -> float:
        now = time.time()
        time.sleep(0.2)
        return now

    with Camera(name="gate", clock=late) as camera:
        assert asked(camera, "--samples", "4", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert abs(told["ahead_seconds"]) <= told["error_seconds"]
    assert told["error_seconds"] > 0.05


def test_a_device_that_keeps_its_time_to_itself_wants_the_account(tmp_path: Path) -> None:
    password = tmp_path / "password"
    with Camera(name="gate") as camera:
        camera.anonymous = False
        few = ("--samples", "1", "--within", "1")
        assert asked(camera, *few) == 4
        password.write_text("secret")
        assert asked(camera, *few, "--username", "watchkeeper", "--password-file", str(password)) == 0


def test_one_refused_login_ends_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    password = tmp_path / "password"
    password.write_text("wrong")
    with Camera(name="gate") as camera:
        camera.anonymous = False
        assert asked(camera, "--username", "watchkeeper", "--password-file", str(password)) == 4
        assert camera.refused_logins == 1
    assert "401" in capsys.readouterr().err


def test_a_device_that_is_not_there_is_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    with Camera(name="gate") as camera:
        camera.off()
        assert asked(camera) == 4
    assert "refused" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [
        ["http://a/"],
        ["a", "--port", "0"],
        ["a", "--samples", "31"],
        ["a", "--within", "0"],
        ["a", "--timeout", "-1"],
        ["a", "--password-file", "x"],
        ["a", "--username", "x"],
    ],
)
def test_wrong_usage_asks_nobody(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["clock", *options]) == 2
    assert capsys.readouterr().err.startswith("watchkeeper-agent: ")


def test_a_person_reads_which_way_it_is_off() -> None:
    told = Told(-3.2, 0.004, 10, 0.012, "Manual", "", False)
    assert lines("10.0.0.21:80", told, 0.05) == [
        "10.0.0.21:80: its clock is 3.200 s behind this machine's, ±0.004 s (10 questions, an answer takes 12 ms)",
        "its clock: is set by hand",
        "this machine's: no time service holds it",
    ]
