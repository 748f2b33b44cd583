"""What a simulated ONVIF device tells of its own hardware, as properties of its event service."""

import datetime
import threading
import time
from collections.abc import Callable
from typing import Any

from simulator.onvif.device import Device
from simulator.onvif.events import EventService, Message


class Hardware:
    """Offers the event service on `device`. Methods may be called from any thread, and tell subscribers at once."""

    def __init__(self, device: Device, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._device = device
        self._lock = threading.Lock()
        self._states: dict[tuple[str, str], Message] = {}
        self.events = EventService(self.states, device.device_time, device.xaddr, lambda: device.gone, monotonic)
        device.add(self.events)
        self.storage(False)
        self.fan(False)
        self.power(False)
        self.temperature(False)
        self.booted(device.device_time() - 86_400.0)

    def storage(self, failed: bool, token: str = "Disk1") -> None:  # noqa: S107 - the name of a disk
        """A disk fails, or is well."""
        self.state("Device/HardwareFailure/StorageFailure", {"Token": token}, {"Failed": failed})

    def fan(self, failed: bool) -> None:
        """A fan stands still."""
        self.state("Device/HardwareFailure/FanFailure", {"Token": "Fan1"}, {"Failed": failed})

    def power(self, failed: bool) -> None:
        """A power supply is out."""
        self.state("Device/HardwareFailure/PowerSupplyFailure", {"Token": "Power1"}, {"Failed": failed})

    def temperature(self, critical: bool) -> None:
        """It is too hot."""
        self.state("Device/HardwareFailure/TemperatureCritical", {}, {"Critical": critical})

    def signal_loss(self, source: str, on: bool) -> None:
        """No picture comes from a source."""
        self.state("VideoSource/SignalLoss", {"Source": source}, {"State": on})

    def scene_change(self, source: str, on: bool) -> None:
        """The view is another one than before."""
        self.state("VideoSource/GlobalSceneChange/ImagingService", {"Source": source}, {"State": on})

    def tamper(self, source: str, on: bool) -> None:
        """The view is covered, as a rule of the analytics tells: by the source's configuration."""
        tokens = {"VideoSourceConfigurationToken": f"{source}-configuration", "Rule": "MyTamperDetectorRule"}
        self.state("RuleEngine/TamperDetector/Tamper", tokens, {"IsTamper": on})

    def motion(self, source: str) -> None:
        """Somebody passes."""
        for on in (True, False):
            self.state("VideoSource/MotionAlarm", {"Source": source}, {"State": on})

    def job(self, state: str) -> None:
        """A recording job is Idle, Active, PartiallyActive, or in Error."""
        self.state("RecordingConfig/JobState", {"RecordingJobToken": "job1"}, {"State": state})

    def booted(self, at: float) -> None:
        """The time of the last reboot."""
        self.state("Monitoring/OperatingTime/LastReboot", {}, {"Status": at})

    def reboot(self) -> None:
        """Boot now: every subscription is gone."""
        self.events.end_all()
        self.booted(self._device.device_time())

    def happen(self, topic: str) -> None:
        """Something that is no property."""
        self.events.publish(Message(topic, {}, {}, None, self._device.device_time()))

    def state(self, topic: str, source: dict[str, str], data: dict[str, Any]) -> None:
        """Any property."""
        values = {name: _text(value) for name, value in data.items()}
        key = (topic, "/".join(source.values()))
        with self._lock:
            message = Message(topic, source, values, "Changed", self._device.device_time())
            if key in self._states and self._states[key].data == values:
                return
            self._states[key] = message
        self.events.publish(message)

    def states(self) -> list[Message]:
        """Every property as it is."""
        now = self._device.device_time()
        with self._lock:
            return [Message(m.topic, m.source, m.data, "Initialized", now) for m in self._states.values()]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return datetime.datetime.fromtimestamp(value, datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return str(value)
