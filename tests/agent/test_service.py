"""The agent as a service: what the hub desires, what a signal does, what systemd is told."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from agent.config import read
from agent.notify import Notifier
from agent.service import Event, Service
from agent.spool import Spool
from agent.succession import MOST_LEFT
from tests.agent.plugins import PLUGINS, Ticks, TicksSettings
from tests.agent.test_uplink import ADDRESS, Hub
from tests.servers.mosquitto import Mosquitto
from tests.waiting import wait_until
from wire.codec import decode, encode
from wire.messages import Config, ConfigApplied, Device, Inventory, Report
from wire.topics import Verb

ROOT = Path(__file__).parents[2]


class Box:
    """A machine with an agent, in a thread."""

    def __init__(self, folder: Path, port: int) -> None:
        self.path = folder / "agent.toml"
        self.state = folder / "state"
        self.port = port
        self.write()
        self._service: Service | None = None
        self._thread: threading.Thread | None = None

    def write(self, more: str = "", *, site: str = ADDRESS.site, agent: str = ADDRESS.agent, port: int = 0) -> None:
        self.path.write_text(
            f'site = "{site}"\nagent = "{agent}"\nhost = "gate-host"\nstate_dir = "state"\nsecrets_dir = "secrets"\n'
            f'[broker]\nhost = "127.0.0.1"\nport = {port or self.port}\nprotocol = "5"\n{more}'
        )

    def start(self, settle_seconds: float = 0.0, trial_seconds: float = 0.0) -> Service:
        self._service = Service(
            self.path, PLUGINS, Notifier({}), settle_seconds=settle_seconds, trial_seconds=trial_seconds
        )
        self._thread = threading.Thread(target=self._service.run, daemon=True)
        self._thread.start()
        service = self._service
        wait_until(lambda: hasattr(service, "_app"), what="started")
        return service

    def reload(self) -> None:
        assert self._service is not None
        self._service.tell(Event.RELOAD)

    def stop(self) -> None:
        if self._service is not None and self._thread is not None:
            self._service.tell(Event.STOP)
            self._thread.join(10)
            assert not self._thread.is_alive()
            self._service = None


@pytest.fixture
def hub(mosquitto: Mosquitto) -> Iterator[Hub]:
    one = Hub(mosquitto.port)
    yield one
    one.close()


@pytest.fixture
def box(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Box]:
    Ticks.made = Ticks.closed = 0
    one = Box(tmp_path, mosquitto.port)
    yield one
    one.stop()


def desire(hub: Hub, revision: str, settings: dict[str, Any]) -> None:
    hub.say(Verb.CONFIG, encode(Config(revision=revision, settings=settings)), retain=True)


def applied(hub: Hub) -> ConfigApplied:
    return decode(ConfigApplied, hub.of(Verb.CONFIG_APPLIED)[-1]) if hub.of(Verb.CONFIG_APPLIED) else ConfigApplied()


def applied_is(hub: Hub, **fields: str | None) -> Callable[[], bool]:
    return lambda: bool(hub.of(Verb.CONFIG_APPLIED)) and applied(hub) == ConfigApplied(**fields)


def devices(hub: Hub) -> dict[str, Device]:
    inventories = hub.of(Verb.INVENTORY)
    return {one.device: one for one in decode(Inventory, inventories[-1]).devices} if inventories else {}


def ticks(hub: Hub, device: str, metric: str = "reachable") -> list[float]:
    reports = [decode(Report, body) for body in hub.of(Verb.REPORT)]
    return [sample.values[metric] for one in reports for sample in one.samples if sample.device == device]


CAMERAS = {"collectors": {"cameras": {"devices": ["cam-1", "cam-2"], "value": 7}}}


def test_a_retained_configuration_changes_collectors_and_the_rest_runs_on(hub: Hub, box: Box) -> None:
    box.start()
    wait_until(lambda: len(ticks(hub, "tick")) > 2, what="the box's own collector")
    desire(hub, "aa", {"name": "Gate", **CAMERAS})
    wait_until(applied_is(hub, revision="aa"), what="it is applied")
    wait_until(lambda: 7.0 in ticks(hub, "cam-1") and 7.0 in ticks(hub, "cam-2"), what="the new collectors' readings")
    wait_until(lambda: list(devices(hub)) == ["agent", "gate-host", "tick", "cam-1", "cam-2"], what="the inventory")
    assert devices(hub)["agent"].name == "Gate"
    desire(hub, "bb", {"collectors": {"cameras": {"devices": ["cam-2"], "value": 8}}})
    wait_until(applied_is(hub, revision="bb"), what="the next is applied")
    wait_until(lambda: 8.0 in ticks(hub, "cam-2"), what="the changed collector's readings")
    wait_until(lambda: list(devices(hub)) == ["agent", "gate-host", "tick", "cam-2"], what="one camera is gone")
    hub.say(Verb.CONFIG, b"", retain=True)
    wait_until(applied_is(hub), what="nothing is desired")
    wait_until(lambda: list(devices(hub)) == ["agent", "gate-host", "tick"], what="the file alone")
    # Throughout, the box's own collector ran on, and nobody heard that we were away.
    runs = ticks(hub, "tick", "clock_offset_seconds")
    assert runs == [float(number) for number in range(1, len(runs) + 1)]
    assert {status.state for status in hub.statuses()} == {"online"}
    assert Ticks.made == 1 + 2 * (2 + 1), "each change is tried before anything ends"


def test_what_the_box_sets_wins(hub: Hub, box: Box) -> None:
    box.write('[collectors.cameras]\ndevices = ["mine"]\n')
    desire(hub, "aa", CAMERAS)
    box.start()
    wait_until(applied_is(hub, revision="aa"), what="it is applied")
    wait_until(lambda: 7.0 in ticks(hub, "mine"), what="our device with the hub's value")
    assert "cam-1" not in devices(hub)


def test_the_last_good_one_outlives_a_restart_without_a_broker(mosquitto: Mosquitto, hub: Hub, box: Box) -> None:
    box.start()
    desire(hub, "aa", CAMERAS)
    wait_until(applied_is(hub, revision="aa"), what="it is applied")
    box.stop()
    mosquitto.stop()
    made = Ticks.made
    box.start()
    wait_until(lambda: Ticks.made == made + 3, what="the same collectors")
    mosquitto.start()  # keeps no retained messages: the hub is silent
    seen = len(hub.of(Verb.CONFIG_APPLIED))
    wait_until(lambda: len(hub.of(Verb.CONFIG_APPLIED)) > seen, timeout=20, what="what runs is told")
    assert applied(hub) == ConfigApplied(revision="aa")


BAD = [
    ({"site": "x"}, "site: only name and collectors are set by the hub"),
    ({"collectors": {"weather": {}}}, "collectors.weather: unknown collector"),
    ({"collectors": {"cameras": {"password": "hunter2"}}}, "collectors.cameras.password: unknown key"),
    ({"collectors": {"cameras": {"password_file": "/etc/shadow"}}}, "one plain name in the box's secrets_dir"),
    ({"collectors": {"cameras": {"unbuildable": True}}}, "collectors.cameras: can't be made: KeyError"),
    ({"collectors": {f"c{number}": {} for number in range(10_000)}}, "unknown collector"),
    ({"collectors": {"cameras": {"value": float("nan")}}}, "is no finite number"),
    ({"collectors": {"cameras": {"value": 10**300}}}, "too large"),
    ({"name": "x" * 201}, "name:"),
]


def raw(settings: dict[str, Any]) -> bytes:
    return json.dumps({"revision": "bad", "settings": settings}).encode()


@pytest.mark.parametrize(("settings", "says"), BAD)
def test_a_bad_one_is_refused_as_a_whole_and_the_good_one_runs_on(
    hub: Hub, box: Box, settings: dict[str, Any], says: str
) -> None:
    box.start()
    desire(hub, "aa", CAMERAS)
    wait_until(lambda: 7.0 in ticks(hub, "cam-1"), what="the good one runs")
    made = Ticks.made
    others = {"doors": {}, **settings.get("collectors", {})}
    hub.say(Verb.CONFIG, raw({"name": "Other", **settings, "collectors": others}))
    wait_until(lambda: applied(hub).refused == "bad", what="the refusal")
    answer = applied(hub)
    assert answer.revision == "aa"
    assert answer.reason is not None
    assert says in answer.reason
    assert "hunter2" not in answer.reason
    count = len(ticks(hub, "cam-1"))
    wait_until(lambda: len(ticks(hub, "cam-1")) > count, what="the good one runs on")
    assert devices(hub)["agent"].name == "agent"
    assert Ticks.made == made
    desire(hub, "cc", CAMERAS)
    wait_until(applied_is(hub, revision="cc"), what="a good one ends the refusal")


def test_one_too_deep_to_be_read_is_refused_by_name(hub: Hub, box: Box) -> None:
    box.start()
    hub.say(Verb.CONFIG, b'{"revision": "deep", "settings": {"x": ' + b"[" * 400 + b"]" * 400 + b"}}", retain=True)
    wait_until(lambda: applied(hub).refused == "deep", what="the refusal")
    assert "recursion limit" in (applied(hub).reason or "")


def test_of_many_in_a_row_the_last_counts_and_few_are_applied(hub: Hub, box: Box) -> None:
    box.start(settle_seconds=1.0)
    wait_until(lambda: hub.of(Verb.CONFIG_APPLIED), what="the greeting")
    for number in range(50):
        desire(hub, f"r{number}", {"collectors": {"cameras": {"value": number}}})
    wait_until(applied_is(hub, revision="r49"), what="the last one")
    assert len(hub.of(Verb.CONFIG_APPLIED)) <= 3
    wait_until(lambda: 49.0 in ticks(hub, "cameras"), what="its readings")


def test_a_kept_one_that_fits_no_more_is_refused_and_the_file_alone_runs(hub: Hub, box: Box) -> None:
    box.start()
    desire(hub, "aa", {"collectors": {"cameras": {"devices": ["cam-1"]}}})
    wait_until(applied_is(hub, revision="aa"), what="it is applied")
    hub.say(Verb.CONFIG, b"", retain=False)
    wait_until(applied_is(hub), what="cleared")
    desire(hub, "aa", {"collectors": {"cameras": {"devices": ["cam-1"]}}})
    wait_until(applied_is(hub, revision="aa"), what="it is applied again")
    box.stop()
    box.write('[collectors.cameras]\npassword_file = "/etc/watchkeeper/pw"\n')
    box.start()
    wait_until(lambda: applied(hub).refused == "aa", what="the refusal")
    assert applied(hub).revision is None
    assert "the account is the box's own" in (applied(hub).reason or "")
    wait_until(lambda: "cam-1" not in devices(hub), what="the file alone")
    box.write()
    box.reload()
    wait_until(applied_is(hub, revision="aa"), what="once the file lets it, it runs")
    wait_until(lambda: "cam-1" in devices(hub), what="its device")


def test_a_hubs_password_file_is_taken_from_the_folder_for_them(hub: Hub, box: Box) -> None:
    service = box.start()
    desire(hub, "aa", {"collectors": {"cameras": {"password_file": "pw"}}})
    wait_until(applied_is(hub, revision="aa"), what="it is applied")
    assert service._app.config.collectors["cameras"].password_file == box.path.parent / "secrets" / "pw"


def test_a_thread_that_cannot_start_costs_one_collector_until_there_is_one(
    hub: Hub, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = threading.Event()
    full.set()
    begin = threading.Thread.start

    def start(thread: threading.Thread) -> None:
        if full.is_set() and thread.name == "collector-cameras-1":
            raise RuntimeError("can't start new thread")
        begin(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    three = {"collectors": {"cameras": {"devices": ["a", "b", "c"], "value": 7}}}
    box.start()
    desire(hub, "aa", three)
    wait_until(lambda: 7.0 in ticks(hub, "a") and 7.0 in ticks(hub, "c"), what="the others run")
    box.stop()
    box.start()
    seen = len(ticks(hub, "c"))
    wait_until(lambda: len(ticks(hub, "c")) > seen, what="so they do after a start")
    assert ticks(hub, "b") == []
    full.clear()
    wait_until(lambda: 7.0 in ticks(hub, "b"), what="the one there was no thread for")


def test_one_the_agent_dies_of_is_refused_at_the_next_start_until_somebody_wants_it_tried_again(
    hub: Hub, box: Box, process: Callable[..., "Process"]
) -> None:
    box.start()
    desire(hub, "aa", CAMERAS)
    wait_until(applied_is(hub, revision="aa"), what="a good one")
    box.stop()
    one = process()
    desire(hub, "bb", {"collectors": {"cameras": {"devices": ["deadly"]}}})
    wait_until(lambda: ticks(hub, "deadly"), what="the next is tried")
    one.process.kill()
    one.process.wait()
    box.start(trial_seconds=3600)
    wait_until(lambda: applied(hub).refused == "bb", what="the refusal")
    assert (applied(hub).revision, "died while it was on trial" in (applied(hub).reason or "")) == ("aa", True)
    count = len(ticks(hub, "cam-1"))
    wait_until(lambda: len(ticks(hub, "cam-1")) > count, what="the last good one runs")
    box.reload()
    wait_until(applied_is(hub, revision="bb"), what="somebody at the box has it tried again")


def test_what_was_said_to_who_we_were_is_not_for_who_we_are(tmp_path: Path) -> None:
    box = Box(tmp_path, port=1)
    service = Service(box.path, PLUGINS, Notifier({}), trial_seconds=0.0)
    service._open(read(box.path, PLUGINS))
    service._desired.hear(encode(Config(revision="aa", settings=CAMERAS)))
    box.write(site="other")
    service._reload()
    service._take()
    assert service._app.config.site == "other"
    assert list(service._app.config.collectors) == ["host"]
    assert not (box.state / "hub-config.json").exists()
    service._app.stop()


# The file, read again


def test_reloading_exchanges_what_changed_and_a_broken_file_changes_nothing(
    hub: Hub, box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    box.write("[collectors.cameras]\ndevices = ['a', 'b', 'c']\nvalue = 2\n")
    box.start()
    wait_until(lambda: 2.0 in ticks(hub, "c"), what="three cameras")
    box.write("[collectors.cameras]\ndevices = ['c', 'a']\nvalue = 3\n")
    box.reload()
    wait_until(lambda: 3.0 in ticks(hub, "c") and 3.0 in ticks(hub, "a"), what="two of them, changed")
    wait_until(lambda: "b" not in devices(hub), what="the third is gone")
    assert "dropped" not in caplog.text
    assert "is taken" not in caplog.text
    box.write("[collectors.cameras]\noops = 1\n")
    box.reload()
    wait_until(lambda: "agent.toml:11: collectors.cameras.oops: unknown key" in caplog.text, what="the line is named")
    count = len(ticks(hub, "c"))
    wait_until(lambda: len(ticks(hub, "c")) > count, what="what ran runs on")
    assert {status.state for status in hub.statuses()} == {"online"}
    runs = ticks(hub, "tick", "clock_offset_seconds")
    assert runs == [float(number) for number in range(1, len(runs) + 1)]


def test_another_broker_or_identity_begins_all_anew(hub: Hub, box: Box, tmp_path: Path) -> None:
    box.start()
    wait_until(lambda: len(ticks(hub, "tick")) > 2, what="readings")
    (tmp_path / "second").mkdir()
    with Mosquitto(tmp_path / "second") as second:
        other = Hub(second.port)
        box.write(port=second.port)
        box.reload()
        wait_until(lambda: len(ticks(other, "tick")) > 2, what="readings at the other broker")
        wait_until(lambda: hub.statuses()[-1].state == "offline", what="the goodbye at the first")
        box.write("[spool]\nmax_bytes = 1\n", port=second.port)
        box.reload()
        box.write(port=second.port)
        box.reload()
        count = len(ticks(other, "tick"))
        wait_until(lambda: len(ticks(other, "tick")) > count, what="readings go on")
        box.stop()
        other.close()


def test_where_the_new_place_is_taken_it_runs_as_before(hub: Hub, box: Box, caplog: pytest.LogCaptureFixture) -> None:
    box.start()
    wait_until(lambda: ticks(hub, "tick"), what="readings")
    (box.path.parent / "taken").write_text("no folder")
    box.path.write_text(box.path.read_text().replace('state_dir = "state"', 'state_dir = "taken"'))
    box.reload()
    wait_until(lambda: "as before runs: state_dir" in caplog.text, timeout=20, what="the reason")
    count = len(ticks(hub, "tick"))
    wait_until(lambda: len(ticks(hub, "tick")) > count, what="readings go on")


def test_what_this_machine_lacks_is_a_fact_while_it_lacks_it(hub: Hub, box: Box) -> None:
    box.write("[collectors.cameras]\nmissing = 'smartctl is not installed'\n[collectors.doors]\nmissing = 'fails'\n")
    box.start()
    wait_until(lambda: "collector_cameras" in devices(hub).get("agent", Device(device="x", kind="agent")).facts)
    facts = devices(hub)["agent"].facts
    assert facts["collector_cameras"] == "smartctl is not installed"
    assert "collector_doors" not in facts
    assert len(hub.of(Verb.INVENTORY)) == 1
    box.write("[collectors.cameras]\nmissing = 'smartctl is still not installed'\n")
    box.reload()
    wait_until(lambda: "still" in str(devices(hub)["agent"].facts.get("collector_cameras")), what="the new reason")
    assert all(b"collector_cameras" in body for body in hub.of(Verb.INVENTORY)), "it did not flap"
    box.write()
    box.reload()
    wait_until(lambda: "collector_cameras" not in devices(hub)["agent"].facts, what="the collector is gone")


def threads() -> int:
    return sum(thread.name.startswith("collector-cameras") for thread in threading.enumerate())


def test_collectors_that_hang_do_not_pile_up_over_reloads(hub: Hub, box: Box, caplog: pytest.LogCaptureFixture) -> None:
    before = threads()
    service = box.start()

    def value() -> float | None:
        cameras = service._app.config.collectors.get("cameras")
        return cameras.value if isinstance(cameras, TicksSettings) else None

    def exchanged() -> bool:
        return not service._app.runner._successions or "former ones hang" in caplog.text

    for number in range(30):
        box.write(f"[collectors.cameras]\nhangs = true\ntimeout_seconds = 0.05\nvalue = {number}\n")
        box.reload()
        wait_until(partial(lambda number: value() == number, number), what="it is reloaded")
        wait_until(exchanged, what="exchanged, or full")
    assert "collectors wait for a restart, 17 former ones hang name=cameras" in caplog.text
    assert threads() - before == MOST_LEFT + 1
    count = len(ticks(hub, "tick"))
    wait_until(lambda: len(ticks(hub, "tick")) > count, what="the healthy one runs on")


# A process of its own


class Process:
    """The agent in a process, with systemd's end of its notification socket."""

    def __init__(self, box: Box, folder: Path, **environment: str) -> None:
        self.told: list[str] = []
        self._end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._end.bind(f"\0watchkeeper-test-{os.getpid()}-{id(self)}")
        threading.Thread(target=self._listen, daemon=True).start()
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.agent.plugins", str(box.path)],
                cwd=ROOT,
                stderr=log,
                env={**os.environ, "NOTIFY_SOCKET": f"@watchkeeper-test-{os.getpid()}-{id(self)}", **environment},
            )

    def _listen(self) -> None:
        while message := self._end.recv(4096):
            self.told += message.decode().splitlines()

    def signal(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
            one.sendto(b"", self._end.getsockname())
        self._end.close()


@pytest.fixture
def process(box: Box, tmp_path: Path) -> Iterator[Callable[..., Process]]:
    begun: list[Process] = []

    def begin(**environment: str) -> Process:
        begun.append(Process(box, tmp_path, **environment))
        return begun[-1]

    yield begin
    for one in begun:
        one.end()


def test_systemd_is_told_and_signals_are_obeyed(hub: Hub, box: Box, process: Callable[..., Process]) -> None:
    one = process(WATCHDOG_USEC="1000000")
    wait_until(lambda: "READY=1" in one.told, what="ready")
    assert (box.state / "spool.db").exists()
    wait_until(lambda: one.told.count("WATCHDOG=1") > 4, what="alive")
    wait_until(lambda: any("connected to" in line for line in one.told), what="its state")
    box.write("[collectors.cameras]\ndevices = ['late']\n")
    one.signal(signal.SIGHUP)
    wait_until(lambda: one.told.count("READY=1") == 2, what="reloaded")
    order = [line.partition("=")[0] for line in one.told if line.split("=")[0] in ("READY", "RELOADING")]
    assert order == ["READY", "RELOADING", "READY"]
    assert any(line.startswith("MONOTONIC_USEC=") for line in one.told)
    wait_until(lambda: ticks(hub, "late"), what="the new collector")
    box.write("[collectors.cameras]\nvalue = 'x'\n")
    one.signal(signal.SIGHUP)
    wait_until(lambda: one.told.count("READY=1") == 3, what="reloaded, in vain")
    assert "agent.toml:11: collectors.cameras.value" in one.log.read_text()
    wait_until(lambda: any("as before runs" in line for line in one.told), what="its state says so")
    one.signal(signal.SIGTERM)
    assert one.process.wait(30) == 0
    wait_until(lambda: "STOPPING=1" in one.told, what="the end")
    assert one.told.index("STOPPING=1") > one.told.index("READY=1")
    assert {status.state for status in hub.statuses()[:-1]} == {"online"}
    assert hub.statuses()[-1].state == "offline"


def test_it_ends_in_time_though_a_collector_hangs_and_the_spool_is_on_disk(
    hub: Hub, box: Box, process: Callable[..., Process]
) -> None:
    hub.answering = False
    box.write("[collectors.cameras]\nhangs = true\n[collectors.doors]\ndevices = ['door']\n")
    one = process()
    wait_until(lambda: len(ticks(hub, "door")) > 2, what="readings beside the hanging one")
    begun = time.monotonic()
    one.signal(signal.SIGTERM)
    assert one.process.wait(30) == 0
    assert time.monotonic() - begun < 20
    wait_until(lambda: hub.statuses()[-1].state == "offline", what="the goodbye")
    spool = Spool(box.state / "spool.db", 1 << 26)
    assert spool.stats().reports > 2
    spool.close()


def test_a_thread_that_hangs_ends_the_pings(box: Box, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("agent.service.SLOWEST_BEAT", 0.3)
    monkeypatch.setattr("agent.service.STATUS_SECONDS", 0.05)
    pings: list[float] = []
    service = box.start()
    service._notifier.watchdog_seconds = 0.2
    monkeypatch.setattr(service._notifier, "alive", lambda: pings.append(time.monotonic()))
    beat = [lambda: time.monotonic()]
    monkeypatch.setattr(service._app, "beat", lambda: beat[0]())
    wait_until(lambda: len(pings) > 3, what="pings")
    stuck = time.monotonic()
    beat[0] = lambda: stuck
    wait_until(lambda: time.monotonic() - stuck > 1.0, what="a second passes")
    silent = len(pings)
    wait_until(lambda: time.monotonic() - stuck > 1.5, what="more of it")
    assert len(pings) == silent
    beat[0] = time.monotonic
    count = len(pings)
    wait_until(lambda: len(pings) > count, what="pings again")
