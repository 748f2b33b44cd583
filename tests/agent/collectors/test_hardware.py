"""The collector against simulated recorders and cameras over real sockets, as timelines."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.cameras.settings import CamerasSettings
from agent.collector import Context, Reading
from agent.collectors.hardware import Hardware, camera, plugin, recorder
from agent.device.address import Endpoint
from agent.device.manners import MANNERS
from agent.device.pause import PAUSES
from agent.hardware import voices
from agent.hardware.settings import HardwareSettings
from agent.hardware.watched import EVENTS, METRICS
from agent.recorder.directory import DIRECTORY
from agent.recorder.settings import RecordersSettings
from simulator.dahua.recorder import DahuaRecorder
from simulator.isapi.recorder import IsapiRecorder
from simulator.onvif import Camera, Misbehaviour, Recorder
from simulator.recorder.box import Box
from simulator.recorder.streams import AlertFace, AttachFace
from tests.waiting import wait_until
from wire.messages import Device, DeviceKind, Event, Sample
from wire.metrics import BY_NAME


class Clock:
    """Monotonic time that passes when told to, on top of the true one where `runs`."""

    def __init__(self, runs: bool = False) -> None:
        self.runs = runs
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now + (time.monotonic() if self.runs else 0.0)


class Streaming:
    """A recorder with an event stream, whichever it speaks."""

    def __init__(self, recorder: IsapiRecorder | DahuaRecorder) -> None:
        self.box = recorder.box
        self.host, self.port, self.on, self.off = recorder.host, recorder.port, recorder.on, recorder.off
        self.gate = recorder.gate
        self.face: AlertFace | AttachFace
        if isinstance(recorder, IsapiRecorder):
            self.speaks, self.face = "isapi", recorder.alerts
            recorder.alerts.repeat_seconds = 0.05
        else:
            self.speaks, self.face = "dahua", recorder.attach
        self.face.heartbeat_seconds = 0.05

    @property
    def asked(self) -> int:
        """Requests that we sent it, those that were only challenged included."""
        return MANNERS.of(Endpoint(self.host, self.port)).spent


Device_ = Recorder | Camera | Streaming


def table(device: Device_, tmp_path: Path, name: str = "nvr", **more: Any) -> dict[str, Any]:
    password = tmp_path / "password"
    password.write_text("secret")
    return {
        "username": "watchkeeper",
        "password_file": str(password),
        "device_timeout_seconds": 10.0,
        "devices": [{"id": name, "host": device.host, "port": device.port, "room": "rack"} | more],
    }


def listening(
    device: Device_, tmp_path: Path, clock: Clock | None = None, speaks: str = "onvif", **more: Any
) -> Hardware:
    settings = HardwareSettings.model_validate(more)
    clock = clock or Clock()
    if isinstance(device, Camera):
        cameras = CamerasSettings.model_validate(table(device, tmp_path, "gate"))
        return Hardware([camera(cameras.devices[0], cameras, settings, clock)], settings)
    recorders = RecordersSettings.model_validate(table(device, tmp_path, speaks=speaks))
    return Hardware([recorder(recorders.devices[0], recorders, settings, clock)], settings)


def values(reading: Reading) -> dict[str, dict[str, float]]:
    return {m.device: dict(m.values) for m in reading.measurements}


def events(reading: Reading) -> list[tuple[str, str, object]]:
    return [(h.device, h.type, h.data.get("active")) for h in reading.happenings]


def fits_the_wire(reading: Reading) -> None:
    claimed = {device.device: device.kind for device in reading.devices or ()}
    for m in reading.measurements:
        Sample(device=m.device, at=1, values=dict(m.values))
        assert set(m.values) <= set(METRICS)
        if m.device in claimed:
            assert all(claimed[m.device] in BY_NAME[name].kinds for name in m.values)
    for h in reading.happenings:
        Event(device=h.device, at=1, type=h.type, data=dict(h.data))
        assert h.type in EVENTS


@pytest.fixture(autouse=True)
def directory() -> Iterator[None]:
    channel = Device(device="nvr-ch1", kind=DeviceKind.CHANNEL, parent="nvr")
    camera = Device(device="gate", kind=DeviceKind.CAMERA)
    DIRECTORY.tell("nvr", {"ch1": channel, "ch2": camera, "1": channel, "2": camera})
    yield
    DIRECTORY.tell("nvr", {})


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voices, "WAIT_SECONDS", 0.01)


@pytest.fixture
def nvr() -> Iterator[Recorder]:
    with Recorder(name="nvr", channels=["ch1", "ch2", "ch3"]) as recorder:
        yield recorder


WELL = {
    *("events_subscribed", "events_unknown", "events_silence_seconds"),
    *("storage_failure", "fan_failure", "power_failure", "temperature_critical"),
}


def test_a_quiet_recorder_tells_that_it_is_well(nvr: Recorder, tmp_path: Path) -> None:
    built = listening(nvr, tmp_path)
    reading = built.collect()
    fits_the_wire(reading)
    assert events(reading) == []
    told = values(reading)["nvr"]
    assert set(told) == WELL
    assert {name for name, value in told.items() if value} == {"events_subscribed"}
    assert reading.devices is not None
    assert [(d.device, d.kind, dict(d.facts)) for d in reading.devices] == [
        ("nvr", DeviceKind.RECORDER, {"events": "pullpoint"})
    ]
    assert built.collect().devices is None
    built.close()
    assert nvr.hardware.events.subscriptions == 0


def test_a_fault_is_one_event_and_its_end_another(nvr: Recorder, tmp_path: Path) -> None:
    built = listening(nvr, tmp_path)
    built.collect()
    nvr.hardware.storage(True)
    reading = built.collect()
    fits_the_wire(reading)
    assert events(reading) == [("nvr", "hardware.storage_failure", True)]
    (happening,) = reading.happenings
    assert happening.data["part"] == "Disk1"
    assert happening.data["code"] == "Device/HardwareFailure/StorageFailure"
    assert "after_gap" not in happening.data
    assert values(reading)["nvr"]["storage_failure"] == 1
    assert events(built.collect()) == []
    nvr.hardware.storage(False)
    reading = built.collect()
    assert events(reading) == [("nvr", "hardware.storage_failure", False)]
    assert values(reading)["nvr"]["storage_failure"] == 0
    built.close()


def test_every_kind_of_fault_has_its_event(nvr: Recorder, tmp_path: Path) -> None:
    built = listening(nvr, tmp_path)
    built.collect()
    hardware = nvr.hardware
    hardware.fan(True)
    hardware.power(True)
    hardware.temperature(True)
    hardware.job("Error")
    reading = built.collect()
    fits_the_wire(reading)
    kinds = ("fan_failure", "power_failure", "temperature_critical", "recording_failure")
    assert events(reading) == [("nvr", f"hardware.{kind}", True) for kind in kinds]
    told = values(reading)["nvr"]
    assert [told[name] for name in kinds[:3]] == [1, 1, 1]
    built.close()


def test_a_channel_is_the_device_that_the_recorders_collector_found(nvr: Recorder, tmp_path: Path) -> None:
    built = listening(nvr, tmp_path)
    built.collect()
    nvr.hardware.signal_loss("ch1", True)
    nvr.hardware.tamper("ch2", True)  # told by the configuration of its source
    nvr.hardware.signal_loss("ch3", True)  # nobody has listed it
    reading = built.collect()
    fits_the_wire(reading)
    assert events(reading) == [
        ("nvr-ch1", "hardware.video_loss", True),
        ("gate", "hardware.tamper", True),
        ("nvr", "hardware.video_loss", True),
    ]
    assert reading.happenings[2].data["channel"] == "ch3"
    assert values(reading)["nvr-ch1"] == {"video_loss": 1}
    assert values(reading)["gate"] == {"tampered": 1}
    assert reading.devices is not None
    assert {d.device: d.kind for d in reading.devices} == {
        "nvr": DeviceKind.RECORDER,
        "nvr-ch1": DeviceKind.CHANNEL,
        "gate": DeviceKind.CAMERA,
    }
    assert nvr.answered["GetVideoSourceConfigurations"] == 1
    built.close()


def test_a_camera_has_one_view_whatever_it_calls_it(tmp_path: Path) -> None:
    with Camera(name="gate") as device:
        built = listening(device, tmp_path)
        built.collect()
        device.hardware.scene_change("source", True)
        device.hardware.signal_loss("elsewhere", False)
        reading = built.collect()
        fits_the_wire(reading)
        assert events(reading) == [("gate", "hardware.tamper", True)]
        assert values(reading)["gate"].items() >= {"tampered": 1, "video_loss": 0}.items()
        built.close()


def test_motion_is_nothing_and_the_unknown_is_counted(
    nvr: Recorder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    built = listening(nvr, tmp_path)
    built.collect()
    for _ in range(5):
        nvr.hardware.motion("ch1")
        nvr.hardware.happen("Device/CoffeeEmpty")
    reading = built.collect()
    assert events(reading) == []
    assert values(reading)["nvr"]["events_unknown"] == 5
    assert sum("Device/CoffeeEmpty" in record.getMessage() for record in caplog.records) == 1
    built.close()


def test_a_reboot_is_told_and_what_changed_meanwhile_carries_a_mark(nvr: Recorder, tmp_path: Path) -> None:
    built = listening(nvr, tmp_path)
    built.collect()
    nvr.hardware.fan(True)
    built.collect()
    nvr.hardware.events.end_all()
    nvr.hardware.storage(True)
    nvr.hardware.fan(False)
    nvr.hardware.reboot()
    reading = built.collect()
    fits_the_wire(reading)
    told = {h.type: dict(h.data) for h in reading.happenings}
    assert told["hardware.storage_failure"].items() >= {"active": True, "after_gap": True}.items()
    assert told["hardware.fan_failure"].items() >= {"active": False, "after_gap": True}.items()
    assert "device.rebooted" in told
    assert len(reading.happenings) == 3
    assert values(reading)["nvr"]["storage_failure"] == 1
    assert events(built.collect()) == []
    built.close()


def test_a_subscription_that_died_silently_is_noticed(nvr: Recorder, tmp_path: Path) -> None:
    clock = Clock()
    built = listening(nvr, tmp_path, clock)
    built.collect()
    nvr.hardware.events.deafen_all()
    nvr.hardware.storage(True)
    clock.now += 899
    reading = built.collect()
    assert events(reading) == []
    assert values(reading)["nvr"]["events_silence_seconds"] == 899
    clock.now += 1
    reading = built.collect()
    assert events(reading) == [("nvr", "hardware.storage_failure", True)]
    assert reading.happenings[0].data["after_gap"] is True
    assert nvr.hardware.events.subscriptions == 1
    built.close()


def test_a_recorder_that_is_gone_has_no_states(nvr: Recorder, tmp_path: Path) -> None:
    built = listening(nvr, tmp_path)
    built.collect()
    nvr.off()
    reading = built.collect()
    assert values(reading) == {"nvr": {"events_subscribed": 0, "events_unknown": 0}}
    assert reading.devices is not None
    assert reading.devices[0].facts == {"events": "unreachable"}
    nvr.on()
    assert set(values(built.collect())["nvr"]) == WELL
    built.close()


@pytest.mark.parametrize(
    "how", [Misbehaviour.GARBAGE, Misbehaviour.ENTITY_BOMB, Misbehaviour.REDIRECT, Misbehaviour.NOISE]
)
def test_a_hostile_recorder_is_a_state(nvr: Recorder, tmp_path: Path, how: Misbehaviour) -> None:
    built = listening(nvr, tmp_path)
    built.collect()
    nvr.misbehaviour = how
    reading = built.collect()
    assert values(reading)["nvr"] == {"events_subscribed": 0, "events_unknown": 0}
    assert events(reading) == []
    built.close()


def test_a_device_without_events_is_asked_again_an_hour_later(tmp_path: Path) -> None:
    clock = Clock()
    with Camera(name="gate") as device:
        del device._services[device.hardware.events.namespace]
        built = listening(device, tmp_path, clock)
        reading = built.collect()
        assert reading.devices is not None
        assert reading.devices[0].facts == {"events": "not offered"}
        before = device.requests.total()
        clock.now += 3599
        built.collect()
        assert device.requests.total() == before
        clock.now += 1
        built.collect()
        assert device.requests.total() > before
        built.close()


def test_a_refused_account_is_shown_once_and_then_rests(nvr: Recorder, tmp_path: Path) -> None:
    nvr.gate.password = "other"
    built = listening(nvr, tmp_path)
    try:
        for _ in range(3):
            reading = built.collect()
        assert nvr.refused_logins == 1
        assert values(reading)["nvr"]["events_subscribed"] == 0
    finally:
        built.close()
        PAUSES._until.clear()


def test_a_flood_of_events_is_folded_and_said(nvr: Recorder, tmp_path: Path) -> None:
    nvr.hardware.events.deafen_all()
    built = listening(nvr, tmp_path, message_limit=1000)
    built.collect()
    (watched,) = built._watched
    from agent.hardware.model import Kind, Told

    for n in range(700):
        watched._ears.hear(Told(Kind.VIDEO_LOSS, "x", True, str(n)), 1000.0)
    reading = built.collect()
    assert len(reading.happenings) == 501
    assert reading.happenings[-1].type == "hardware.flood"
    assert reading.happenings[-1].data["count"] == 200
    assert "200 events too many" in reading.problem
    built.close()


def test_requests_of_a_quiet_hour(nvr: Recorder, tmp_path: Path) -> None:
    """One pull a minute, a renewal every five, all states every fifteen; each round the digest is asked for anew."""
    clock = Clock()
    built = listening(nvr, tmp_path, clock)
    built.collect()
    before = nvr.requests
    for _ in range(60):
        clock.now += 60
        built.collect()
    asked = nvr.requests - before
    assert nvr.answered["PullMessages"] - 1 in range(60, 66)
    assert asked["Renew"] + asked["SetSynchronizationPoint"] < 30
    assert asked.total() < 160
    assert asked["CreatePullPointSubscription"] == 0
    built.close()


# -- streams ---------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["isapi", "dahua"])
def streaming(request: pytest.FixtureRequest) -> Iterator[Streaming]:
    made = IsapiRecorder(Box(channels=2)) if request.param == "isapi" else DahuaRecorder(Box(channels=2))
    with made as recorder:
        yield Streaming(recorder)


class Story:
    """A stream's rounds, made as often as it takes until something is seen; what was seen is kept."""

    def __init__(self, built: Hardware) -> None:
        self.built = built
        self.events: list[tuple[str, str, object]] = []
        self.data: list[dict[str, Any]] = []
        self.values: dict[str, dict[str, float]] = {}

    def round(self) -> None:
        reading = self.built.collect()
        fits_the_wire(reading)
        self.events += events(reading)
        self.data += [dict(h.data) for h in reading.happenings]
        self.values = values(reading)

    def until(self, condition: Any, what: str) -> None:
        def seen() -> bool:
            self.round()
            return bool(condition())

        wait_until(seen, 30, what)


def story(recorder: Streaming, tmp_path: Path, clock: Clock | None = None, **more: Any) -> Story:
    settings = {"stream_silence_seconds": 1.0} | more
    built = listening(recorder, tmp_path, clock or Clock(runs=True), recorder.speaks, **settings)
    (watched,) = built._watched
    listener: Any = getattr(watched.voice, "_listener")  # noqa: B009 - of the stream's voice only
    listener._soon = listener._pause = 0.05
    return Story(built)


def repeated(told: Story) -> list[int]:
    """How often each state was told in a row."""
    (watched,) = told.built._watched
    with watched._ears._lock:
        return [state.times for state in watched._ears._states._present.values()]


def test_a_stream_tells_of_fault_repetition_and_end(streaming: Streaming, tmp_path: Path) -> None:
    clock = Clock(runs=True)
    told = story(streaming, tmp_path, clock)
    told.round()
    assert told.values["nvr"]["events_subscribed"] == 1
    clock.now += 11  # it has settled
    streaming.box.alarm("storage_failure")
    streaming.box.alarm("tamper", 2)
    streaming.box.alarm("motion", 1)
    told.until(lambda: len(told.events) == 2, "both faults")
    assert sorted(told.events) == [("gate", "hardware.tamper", True), ("nvr", "hardware.storage_failure", True)]
    told.until(lambda: told.values["nvr"].get("storage_failure") == 1, "the state")
    assert told.values["gate"]["tampered"] == 1
    if streaming.speaks == "isapi":
        wait_until(lambda: all(times > 1 for times in repeated(told)), what="repetition")
    told.round()
    streaming.box.alarm("storage_failure", on=False)
    streaming.box.alarm("tamper", 2, on=False)
    if streaming.speaks == "isapi":
        told.round()
        clock.now += 61  # nothing is said of the end
    told.until(lambda: len(told.events) >= 4, "both ends")
    assert sorted(told.events[2:]) == [("gate", "hardware.tamper", False), ("nvr", "hardware.storage_failure", False)]
    assert told.values["nvr"]["storage_failure"] == 0
    assert all(("assumed" in data) == (streaming.speaks == "isapi") for data in told.data[2:])
    told.built.close()
    wait_until(lambda: streaming.face.open == 0, what="the stream was let go")


def test_a_fault_from_before_we_listened_is_a_state_and_no_event(streaming: Streaming, tmp_path: Path) -> None:
    streaming.box.alarm("storage_failure")
    streaming.box.channel(1).video_loss = True
    told = story(streaming, tmp_path)
    told.until(lambda: told.values["nvr"].get("storage_failure") == 1, "the state")
    told.until(lambda: told.values.get("nvr-ch1") is not None, "the channel's")
    assert told.values["nvr-ch1"]["video_loss"] == 1
    assert told.events == []
    told.built.close()


def test_a_stream_that_died_silently_is_made_anew_and_tells_what_changed(streaming: Streaming, tmp_path: Path) -> None:
    clock = Clock(runs=True)
    told = story(streaming, tmp_path, clock)
    told.round()
    stream = streaming.face
    wait_until(lambda: told.built._watched[0]._ears.silence(clock()) < 0.5)
    stream.deaf = True
    streaming.box.alarm("storage_failure")
    clock.now += 601
    wait_until(lambda: stream.opened == 2, what="subscribed anew")
    stream.deaf = False
    told.until(lambda: told.events, "the fault")
    assert told.events == [("nvr", "hardware.storage_failure", True)]
    assert told.data[0]["after_gap"] is True
    told.built.close()


def test_a_reboot_ends_the_stream_and_doubles_nothing(streaming: Streaming, tmp_path: Path) -> None:
    clock = Clock(runs=True)
    told = story(streaming, tmp_path, clock)
    told.round()
    clock.now += 11
    streaming.box.alarm("fan_failure")
    told.until(lambda: told.events, "the fault")
    stream = streaming.face
    for n in range(2, 5):
        stream.end_all()
        wait_until(lambda n=n: stream.opened >= n, what="connected again")  # type: ignore[misc] # bound at once
        told.round()
    assert told.events == [("nvr", "hardware.fan_failure", True)]
    streaming.off()
    told.until(lambda: told.values["nvr"]["events_subscribed"] == 0, "its absence")
    assert set(told.values) == {"nvr"}
    assert "fan_failure" not in told.values["nvr"]
    streaming.on()
    told.until(lambda: told.values["nvr"]["events_subscribed"] == 1, "its return")
    told.built.close()


def test_an_illegal_login_is_told_once_in_a_burst(streaming: Streaming, tmp_path: Path) -> None:
    told = story(streaming, tmp_path)
    told.round()
    for _ in range(5):
        streaming.box.happen("illegal_login")
    told.until(lambda: told.events, "the login")
    for _ in range(3):
        told.round()
    assert told.events == [("nvr", "hardware.illegal_login", None)]
    assert ("address" in told.data[0]) == (streaming.speaks == "dahua")
    told.built.close()


HOSTILE = [
    b"--boundary\r\nContent-Type: application/xml\r\n\r\n" + b"x" * 400_000,
    b"\x00" * 100_000,
    b"--boundary\r\n" + b"a: b\r\n" * 5000,
    b"--boundary\r\nContent-Length: 3\r\n\r\n<EventNotificationAlert>\r\n--boundary\r\n\r\n{\r\n--boundary\r\n\n<a/>\n",
]


@pytest.mark.parametrize("n", range(len(HOSTILE)))
def test_a_hostile_stream_is_survived(streaming: Streaming, tmp_path: Path, n: int) -> None:
    clock = Clock(runs=True)
    stream = streaming.face
    stream.hostile.append(HOSTILE[n].replace(b"--boundary", b"--" + stream.boundary.encode()))
    told = story(streaming, tmp_path, clock)
    told.until(lambda: told.values.get("nvr", {}).get("events_subscribed") == 1, "a living stream")
    told.until(lambda: told.built._watched[0]._ears.silence(clock()) < 0.5, "a heartbeat")
    clock.now += 11
    streaming.box.alarm("power_failure")
    told.until(lambda: told.events, "the fault")
    assert told.events == [("nvr", "hardware.power_failure", True)]
    told.built.close()


def test_a_stream_is_let_go_at_once(streaming: Streaming, tmp_path: Path) -> None:
    told = story(streaming, tmp_path)
    told.round()
    wait_until(lambda: streaming.face.open == 1)
    begin = time.monotonic()
    told.built.interrupt()
    told.built.close()
    assert time.monotonic() - begin < 10.0
    assert not [t for t in threading.enumerate() if t.name.startswith("events-") and t.is_alive()]


def test_requests_of_a_stream_are_those_of_its_beginning(streaming: Streaming, tmp_path: Path) -> None:
    clock = Clock(runs=True)
    told = story(streaming, tmp_path, clock)
    for _ in range(5):
        told.round()
    # The stream; Dahua's five states. Each challenged: Dahua takes a nonce once.
    assert streaming.asked == (2 if streaming.speaks == "isapi" else 2 + 10)
    assert streaming.gate.refused_logins == 0
    told.built.close()


# -- which -----------------------------------------------------------------------------------------------------------


def test_recorders_are_listened_to_and_cameras_where_wanted(nvr: Recorder, tmp_path: Path) -> None:
    with Camera(name="gate") as device:
        recorders = RecordersSettings.model_validate(table(nvr, tmp_path))
        cameras = CamerasSettings.model_validate(table(device, tmp_path, "gate"))
        context = Context("agent", "host", others={"recorders": recorders, "cameras": cameras})

        def ids(**settings: Any) -> list[str]:
            built = plugin.build(HardwareSettings.model_validate(settings), context)
            return [one.device.id for hardware in built if isinstance(hardware, Hardware) for one in hardware._watched]

        assert ids() == ["nvr"]
        assert ids(cameras=True) == ["nvr", "gate"]
        assert ids(cameras=["gate"], recorders=False) == ["gate"]
        assert ids(cameras=["elsewhere"], recorders=[]) == []


def test_a_camera_that_is_a_channel_too_is_claimed_once_as_itself(nvr: Recorder, tmp_path: Path) -> None:
    with Camera(name="gate") as device:
        both = [listening(one, tmp_path)._watched[0] for one in (nvr, device)]
        built = Hardware(both, HardwareSettings())
        built.collect()
        nvr.hardware.signal_loss("ch2", True)
        reading = built.collect()
        fits_the_wire(reading)
        assert [h.device for h in reading.happenings] == ["gate"]
        assert {d.device: dict(d.facts) for d in built._told or ()} == {
            "nvr": {"events": "pullpoint"},
            "gate": {"events": "pullpoint"},
        }
        built.close()


def test_interruption_is_prompt_while_a_device_hangs(nvr: Recorder, tmp_path: Path) -> None:
    built = listening(nvr, tmp_path)
    built.collect()
    nvr.hang = True
    readings: list[Reading] = []
    thread = threading.Thread(target=lambda: readings.append(built.collect()))
    before = nvr.connections
    thread.start()
    wait_until(lambda: nvr.connections > before)
    begin = time.monotonic()
    built.interrupt()
    thread.join(10.0)
    assert readings
    assert time.monotonic() - begin < 10.0
    assert values(readings[0])["nvr"]["events_subscribed"] == 1  # our own doing tells nothing of it
    nvr.hang = False
    built.close()
    assert nvr.hardware.events.subscriptions == 0
