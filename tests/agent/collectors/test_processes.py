"""The processes collector: its settings, how processes are found, and real processes that die and come back."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from agent.collector import Context, NotAvailable, Reading
from agent.collectors.processes import RESTARTED, ProcessesCollector, ProcessesSettings, plugin
from agent.machine.process_table import read
from tests.waiting import wait_until
from wire.messages import DeviceKind
from wire.metrics import BY_NAME

HERE = Context(agent="gate", host="gate-host")


class Program:
    """A real program under a name of its own, started and killed at will."""

    def __init__(self, path: Path, *arguments: str) -> None:
        self.command = [str(path), *arguments]
        self.running: subprocess.Popen[bytes] | None = None

    def start(self) -> int:
        self.running = subprocess.Popen(self.command, stdin=subprocess.PIPE)
        pid, expected = self.running.pid, tuple(self.command)
        wait_until(lambda: read().command(pid) == expected, what="the program runs")
        return pid

    def kill(self) -> None:
        if self.running is not None:
            self.running.kill()
            self.running.communicate()


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Program]:
    """`nvr-recorder-XXXXXX 1000`: longer than the kernel keeps of a name."""
    path = tmp_path / f"nvr-recorder-{uuid4().hex[:6]}"
    shutil.copy(shutil.which("sleep") or "/bin/sleep", path)
    program = Program(path, "1000")
    yield program
    program.kill()


def collector(*processes: dict[str, Any]) -> ProcessesCollector:
    (one,) = plugin.build(ProcessesSettings.model_validate({"process": processes}), HERE)
    assert isinstance(one, ProcessesCollector)
    return one


def values(reading: Reading) -> dict[str, float]:
    (measurement,) = reading.measurements
    return dict(measurement.values)


@pytest.mark.parametrize(
    ("processes", "complaint"),
    [
        ([{"name": "a"}], "exactly one of .* here none"),
        ([{"name": "a", "unit": "x", "executable": "y"}], "exactly one of .* here executable and unit"),
        ([{"name": "", "unit": "x"}], "at least 1 character"),
        ([{"name": "a", "pidfile": "run/x.pid"}], "pidfile"),
        ([{"name": "A b", "unit": "x"}, {"name": "a B", "unit": "y"}], "two processes are called 'a-b'"),
        ([{"name": "a", "unit": "x", "id": "i"}, {"name": "b", "unit": "y", "id": "i"}], "are called 'i'"),
        ([{"name": str(number), "unit": "x"} for number in range(33)], "at most 32"),
        ([{"name": "a", "run": "rm -rf /"}], "Extra inputs"),
    ],
)
def test_settings_that_make_no_sense_are_refused(processes: list[dict[str, str]], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        ProcessesSettings.model_validate({"process": processes})


def test_with_nothing_to_watch_there_is_no_collector() -> None:
    assert not plugin.build(ProcessesSettings(), HERE)


def test_a_recorder_that_dies_and_comes_back(recorder: Program) -> None:
    name = Path(recorder.command[0]).name
    watch = collector({"name": "Recorder", "executable": name, "room": "rack"})
    silent = watch.collect()
    assert values(silent)["process_running"] == 0
    (device,) = silent.devices or ()
    assert (device.kind, device.parent, device.room) == (DeviceKind.RECORDER, "gate-host", "rack")
    assert device.facts == {"watched": f"executable {name}"}

    recorder.start()
    reading = watch.collect()
    assert (values(reading)["process_running"], values(reading)["process_count"]) == (1, 1)
    assert values(reading)["process_rss_bytes"] > 100_000
    assert 0 <= values(reading)["process_uptime_seconds"] < 60
    assert not reading.happenings
    assert reading.devices is None

    recorder.kill()
    assert values(watch.collect())["process_running"] == 0
    recorder.start()
    (event,) = watch.collect().happenings
    assert (event.device, event.type) == (device.device, RESTARTED)
    assert event.data["name"] == "Recorder"
    assert event.data["restarts"] == 1
    assert event.data["down_seconds"] >= 0  # type: ignore[operator]  # a number here

    recorder.kill()
    recorder.start()
    reading = watch.collect()
    assert values(reading)["process_restarts"] == 2
    assert "down_seconds" not in reading.happenings[0].data
    assert not watch.collect().happenings


def test_one_is_found_by_its_command_line_with_all_its_children() -> None:
    mark = f"wk-{uuid4().hex}"
    # The child ends with its parent, whose end of the pipe closes.
    parent = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE).wait()"
    program = Program(Path(sys.executable), "-c", parent, mark)
    watch = collector({"name": "parent", "command": f"*python*{mark}"})
    try:
        pid = program.start()
        alone = values(watch.collect())["process_rss_bytes"]
        wait_until(lambda: len(read().family([pid])) == 2, what="the child runs")
        wait_until(lambda: values(watch.collect())["process_rss_bytes"] > 1.3 * alone, what="the child's memory counts")
        # Between fork and exec a child has its parent's command line and memory.
        wait_until(lambda: values(watch.collect())["process_count"] == 1, what="only the parent matches")
        assert values(watch.collect())["process_cpu_ratio"] >= 0
    finally:
        program.kill()
    assert values(watch.collect())["process_running"] == 0


ITSELF = """
import sys
from agent.collector import Context
from agent.collectors.processes import plugin
settings = plugin.settings.model_validate({"process": [{"name": "me", "command": sys.argv[1]}]})
(collector,) = plugin.build(settings, Context(agent="agent", host="host"))
print([one.values["process_running"] for one in collector.collect().measurements])
"""


def test_the_agent_does_not_take_itself_for_what_it_watches(tmp_path: Path) -> None:
    marked = f"*{tmp_path.name}*"
    own = subprocess.run([sys.executable, "-c", ITSELF, marked], capture_output=True, text=True, check=True)
    assert own.stdout == "[0.0]\n"


def test_one_is_found_by_its_pidfile(recorder: Program, tmp_path: Path) -> None:
    pidfile = tmp_path / "run.pid"
    watch = collector({"name": "r", "pidfile": str(pidfile)})
    assert values(watch.collect())["process_running"] == 0
    pidfile.write_text(f"{recorder.start()}\n")
    assert values(watch.collect())["process_running"] == 1
    recorder.kill()
    assert values(watch.collect())["process_running"] == 0
    for garbage in ("", "-1\n", "abc\n", "9" * 50):
        pidfile.write_text(garbage)
        assert values(watch.collect())["process_running"] == 0


def test_a_pidfile_that_cant_be_read_is_a_problem_and_the_others_go_on(recorder: Program, tmp_path: Path) -> None:
    recorder.start()
    reading = collector(
        {"name": "folder", "pidfile": str(tmp_path)},
        {"name": "r", "executable": Path(recorder.command[0]).name},
    ).collect()
    assert reading.problem == f"{tmp_path}: Is a directory"
    assert values(reading)["process_running"] == 1
    assert len(reading.devices or ()) == 2


def test_a_pipe_as_pidfile_holds_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert values(collector({"name": "p", "pidfile": str(tmp_path / "pipe")}).collect())["process_running"] == 0


def test_hidden_processes_are_not_available(tmp_path: Path) -> None:
    settings = ProcessesSettings.model_validate({"process": [{"name": "a", "unit": "x.service"}]})
    with pytest.raises(NotAvailable):
        ProcessesCollector(settings, HERE, proc=tmp_path).collect()


def test_ids_are_stable_and_told_apart() -> None:
    def ids() -> list[str]:
        names = ("ZM capture", "recorder_1", "recorder-1", "录像软件", "门禁软件")
        devices = collector(*({"name": name, "unit": "x"} for name in names)).collect().devices or ()
        return [device.device for device in devices]

    assert ids() == ids()
    assert ids()[0] == "gate-host-zm-capture"
    assert len(set(ids())) == 5


def test_all_that_is_sent_is_declared_and_in_the_catalogue(recorder: Program) -> None:
    recorder.start()
    watch = collector({"name": "r", "executable": Path(recorder.command[0]).name})
    watch.collect()
    assert set(values(watch.collect())) | {"process_rss_growth_bytes_per_hour"} == set(plugin.metrics)
    assert all(DeviceKind.RECORDER in BY_NAME[name].kinds for name in plugin.metrics)
    assert plugin.events == (RESTARTED,)
