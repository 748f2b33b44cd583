import threading
from pathlib import Path

import pytest

from agent.cameras.settings import CamerasSettings
from agent.collector import Collector
from agent.collectors.cameras import Cameras
from agent.collectors.doors import ControllerCollector, DoorsSettings
from agent.collectors.recorders import RecorderCollector
from agent.device.workers import MAX_ROUNDS, Workers, apart
from agent.onvif import envelope
from agent.recorder.settings import RecordersSettings
from simulator.onvif import Camera, Device, DoorController, Recorder
from tests.waiting import wait_until


def test_threads_end_between_rounds() -> None:
    workers = Workers(2, "worker")
    threads = []
    for _ in range(3):
        workers.renew(idle=True)
        threads.append(workers.submit(threading.current_thread).result())
    assert len(set(threads)) == 3
    wait_until(lambda: [t.is_alive() for t in threads] == [False, False, True], what="the earlier ones ended")
    workers.close()


def test_busy_threads_are_replaced_after_some_rounds_and_finish_their_work() -> None:
    workers = Workers(1, "worker")
    go = threading.Event()
    workers.renew(idle=True)
    busy = workers.submit(go.wait, 10.0)
    for _ in range(MAX_ROUNDS - 1):
        workers.renew(idle=False)
    waiting = workers.submit(threading.current_thread)
    assert not waiting.done()
    workers.renew(idle=False)
    assert workers.submit(lambda: 7).result(timeout=10.0) == 7
    go.set()
    assert busy.result(timeout=10.0) is True
    assert waiting.result(timeout=10.0) is not None
    workers.close()


def test_work_apart_has_a_thread_of_its_own() -> None:
    thread = apart(threading.current_thread)
    assert thread is not threading.current_thread()
    assert not thread.is_alive()


def built(device: Device, password: Path) -> Collector:
    table = {"username": "watchkeeper", "password_file": str(password), "device_timeout_seconds": 10.0}
    where = {"id": "one", "host": device.host, "port": device.port}
    if isinstance(device, Camera):
        return Cameras(CamerasSettings.model_validate(table | {"clock_samples": 1, "devices": [where]}))
    if isinstance(device, Recorder):
        recorders = RecordersSettings.model_validate(table | {"clock_samples": 1, "devices": [where]})
        return RecorderCollector(recorders.devices[0], recorders)
    controllers = [where | {"doors": [{"id": "front", "token": "D1"}]}]
    doors = DoorsSettings.model_validate(table | {"wait_seconds": 0.05, "controllers": controllers})
    return ControllerCollector(doors.controllers[0], doors)


@pytest.mark.parametrize("kind", [Camera, Recorder, DoorController])
def test_the_threads_that_parsed_a_round_end_by_the_next(
    kind: type[Device], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    password = tmp_path / "password"
    password.write_text("secret")
    parsing: set[threading.Thread] = set()
    real = envelope.parse

    def noting(body: bytes, *more: int) -> object:
        parsing.add(threading.current_thread())
        return real(body, *more)

    monkeypatch.setattr(envelope, "parse", noting)
    with kind(name="one") as device:
        collector = built(device, password)
        collector.collect()
        first = set(parsing)
        assert first
        collector.collect()
        assert threading.current_thread() not in parsing
        wait_until(lambda: not any(thread.is_alive() for thread in first), what="the first round's threads ended")
        collector.close()
