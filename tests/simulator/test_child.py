"""Processes of the demo: ended in order, shown when they die, never outliving us."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.child import Child, ChildDied
from tests.waiting import wait_until

PATIENT = "import time; print('ready', flush=True); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {PATIENT}"


def state(pid: int) -> str:
    """The process's state letter, empty when it is gone: R, S, T (stopped), Z."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Child]:
    child = Child("patient", [sys.executable, "-c", PATIENT], tmp_path / "patient.log")
    child.start()
    wait_until(lambda: "ready" in child.last_lines(), what="the child is ready")
    yield child
    child.stop()


def test_a_running_child_is_well_and_ends_when_asked(patient: Child) -> None:
    patient.check()
    patient.stop()
    assert patient.exit_code == -signal.SIGTERM


def test_a_paused_child_stops_goes_on_and_still_ends(patient: Child) -> None:
    assert patient.pid
    patient.pause()
    wait_until(lambda: state(patient.pid or 0) == "T", what="the child is stopped")
    patient.check()
    patient.resume()
    wait_until(lambda: state(patient.pid or 0) == "S", what="the child goes on")
    patient.pause()
    patient.stop()
    assert patient.exit_code == -signal.SIGTERM


def test_a_child_that_will_not_end_is_killed(tmp_path: Path) -> None:
    child = Child("stubborn", [sys.executable, "-c", STUBBORN], tmp_path / "log")
    child.start()
    wait_until(lambda: "ready" in child.last_lines(), what="the child is ready")
    child.stop(seconds=0.2)
    assert child.exit_code == -signal.SIGKILL


def test_a_child_that_dies_is_shown_with_the_end_of_its_log(tmp_path: Path) -> None:
    program = "print(*range(100), sep='\\n'); raise SystemExit('no such broker')"
    child = Child("hub", [sys.executable, "-c", program], tmp_path / "hub.log")
    child.start()
    wait_until(lambda: child.exit_code is not None, what="the child ended")
    with pytest.raises(ChildDied, match="hub ended with code 1") as raised:
        child.check()
    lines = str(raised.value).splitlines()
    assert lines[-1] == "no such broker"
    assert len(lines) == 16


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_a_child_dies_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib, time; from simulator.child import Child; "
        f"c = Child('c', [sys.executable, '-c', {PATIENT!r}], pathlib.Path({str(tmp_path / 'log')!r})); "
        "c.start(); print(c.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        wait_until(lambda: "ready" in (tmp_path / "log").read_text(), what="the grandchild is ready")
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
    wait_until(lambda: state(pid) in ("", "Z"), what="the grandchild is gone")
