"""A speaker without a protocol: a simulated box asked directly. For what no protocol's simulator can be made to do."""

from collections import Counter
from collections.abc import Mapping, Sequence

from agent.device.errors import DeviceError, Interrupted, Unsupported
from agent.recorder.model import (
    Condition,
    Drive,
    Extent,
    Identity,
    Input,
    LogEntry,
    Operation,
    RecordingPlan,
    Spans,
    Storage,
    TimeSettings,
    User,
)
from agent.recordings.plan import WEEK, Window
from agent.recordings.spans import merged
from simulator.recorder.box import Box

OPERATIONS = {
    "playback": Operation.PLAYED_BACK,
    "download": Operation.DOWNLOADED,
    "login": Operation.LOGIN,
    "login_failed": Operation.LOGIN_FAILED,
    "configure": Operation.CONFIGURED,
    "restart": Operation.RESTARTED,
    "format": Operation.DISK_FORMATTED,
    "time": Operation.TIME_SET,
}


class BoxSpeaker:
    """A Speaker. `raises` are errors by call; each call counts as one answer, or as many as `cost` says."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self.calls: Counter[str] = Counter()
        self.raises: dict[str, DeviceError] = {}
        self.cost: dict[str, int] = {}
        self.says_recording: bool | None = None
        self.released = 0
        self.forgotten = 0
        self.elapsed = 0.01
        self.account_shown = True
        self.paused = False
        self.answers = 0
        self._interrupted = False

    def _ask(self, call: str) -> None:
        if self._interrupted:
            raise Interrupted("interrupted")
        self.calls[call] += 1
        if call in self.raises:
            raise self.raises[call]
        self.answers += self.cost.get(call, 1)

    def device_time(self) -> float:
        self._ask("device_time")
        return float(int(self.box.now()))

    def identity(self) -> Identity:
        self._ask("identity")
        return Identity(self.box.manufacturer, self.box.model, self.box.firmware, self.box.serial)

    def time_settings(self) -> TimeSettings:
        self._ask("time_settings")
        return TimeSettings(self.box.ntp, tuple(self.box.ntp_servers), "CST-8", self.box.utc_offset_seconds)

    def inputs(self) -> Sequence[Input]:
        self._ask("inputs")
        return [
            Input(str(c.number), c.name, c.online, c.video_loss, c.address, c.serial, c.mac) for c in self.box.listed()
        ]

    def plans(self) -> Mapping[str, RecordingPlan]:
        self._ask("plans")
        return {
            str(c.number): RecordingPlan(c.plan_enabled, _windows(c.plan), _windows(c.motion_plan))
            for c in self.box.channels
        }

    def recording(self) -> Mapping[str, bool]:
        self._ask("recording")
        says = self.says_recording
        return {str(c.number): says if says is not None else c.stopped_at is None for c in self.box.channels}

    def extent(self, token: str) -> Extent:
        self._ask("extent")
        found = self.box.extent(int(token))
        return Extent(*found) if found is not None else Extent(None, None)

    def spans(self, token: str, begin: float, end: float, most: int = 2000) -> Spans:
        self._ask("spans")
        return merged((int(a), int(b)) for a, b in self.box.recorded(int(token), begin, end))

    def storage(self) -> Storage:
        self._ask("storage")
        drives = [
            Drive(
                str(disk.slot),
                healthy=disk.state in ("ok", "sleeping"),
                status=disk.state,
                size_bytes=disk.size_bytes,
                free_bytes=disk.free_bytes,
                temperature_celsius=disk.temperature,
            )
            for disk in self.box.disks
            if disk.state != "missing"
        ]
        return Storage(drives, self.box.overwrites)

    def condition(self) -> Condition:
        self._ask("condition")
        box = self.box
        return Condition(box.temperature, box.cpu_ratio, box.memory_ratio, box.booted_seconds_ago)

    def users(self) -> Sequence[User]:
        self._ask("users")
        return [User(user.name, user.level, user.level == "administrator") for user in self.box.users]

    def log(self, begin: float, end: float, most: int = 500) -> Sequence[LogEntry]:
        self._ask("log")
        return [
            LogEntry(one.at, OPERATIONS[one.kind], one.user, one.address, str(one.channel or ""), detail=one.detail)
            for one in sorted(self.box.log, key=lambda one: one.at)
            if begin <= one.at <= end
        ][-most:]

    def snapshot(self, token: str) -> bytes:
        raise Unsupported("no pictures")

    def release(self) -> None:
        self.released += 1

    def forget(self) -> None:
        self.forgotten += 1

    def interrupt(self) -> None:
        self._interrupted = True


def _windows(plan: Sequence[tuple[int, int, int]]) -> tuple[Window, ...]:
    return tuple(
        Window.model_validate({"days": [WEEK[day]], "from": _clock(begin), "to": _clock(end)})
        for day, begin, end in plan
    )


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds % 3600 // 60:02}"
